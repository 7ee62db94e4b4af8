"""What the table of commands is made of. Plain data: nothing here imports a command.

Named tuples, as a data class takes a millisecond of each start to be made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple


class Section(StrEnum):
    """The headings under which a help page lists commands."""

    EVERY_DAY = "Every day"
    ADMINISTRATION = "Administration"


class Group(NamedTuple):
    """A word that has commands below it. ``examples`` are on its help page.

    ``bare`` is the command below it that is meant where none is typed.
    """

    words: str
    help: str
    examples: tuple[str, ...]
    section: Section = Section.EVERY_DAY
    bare: str = ""


class Command(NamedTuple):
    """A command: what is typed, the module of ``pennsieve_agent.cli`` that has it, and one line."""

    words: str
    module: str
    help: str
    section: Section = Section.EVERY_DAY


_NONE: Mapping[str, str] = {}


class Old(NamedTuple):
    """Words that were typed before and still work, with a note; no help page lists them.

    ``now`` is what is typed today: a command or a group, and options that belong to it. Where the
    old command did two things, ``with_option`` maps an option of the old command to what stands
    for both now, such as ``{"--download": "run download --to"}``. Where what followed the first
    argument is an option now, ``later`` is its name: ``dataset rename OLD NEW`` became
    ``dataset update OLD --name NEW``.
    """

    words: str
    now: str
    with_option: Mapping[str, str] = _NONE
    later: str = ""

    def rewrite(self, rest: Sequence[str]) -> tuple[list[str], str]:
        """What is typed today for these words and the ``rest`` after them; and it in short."""
        for option, now in self.with_option.items():
            used = [word for word in rest if word == option or word.startswith(f"{option}=")]
            if used:
                *words, renamed = now.split()
                kept = [renamed + w.removeprefix(option) if w in used else w for w in rest]
                return [*words, *kept], now
        if self.later:
            return [*self.now.split(), *_as_options(rest, self.later)], f"{self.now} {self.later}"
        words = [word for word in self.now.split() if not word.startswith("-")]
        options = [word for word in self.now.split() if word.startswith("-")]
        return [*words, *rest[: _separator(rest)], *options, *rest[_separator(rest) :]], self.now


def _as_options(words: Sequence[str], option: str) -> Iterator[str]:
    """Words in which each argument but the first is the value of an option.

    Where the second is missing, the option has no value, and the command says so: it must not do
    what it does without that option.
    """
    arguments, expects_value, only_arguments = 0, False, False
    for word in words:
        if word == "--" and not only_arguments:
            only_arguments = True
        elif expects_value or (word.startswith("-") and not only_arguments):
            expects_value = not expects_value and word not in _FLAGS and "=" not in word
            yield word
        else:
            arguments += 1
            yield word if arguments == 1 else f"{option}={word}"
    if arguments == 1:
        yield option


def _separator(words: Sequence[str]) -> int:
    """Where options end."""
    return list(words).index("--") if "--" in words else len(words)


Entry = Group | Command
_FLAGS = {"--json", "--yes", "-y", "--help", "-h"}
"""Options without a value of the commands whose arguments became options."""
