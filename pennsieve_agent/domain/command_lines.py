"""The command line of a step: words with placeholders, which each run fills. Pure.

``{input}`` and ``{output}`` are the step's folders, ``{NAME}`` is the value of a parameter inside a
word, and ``{NAME...}``, a word of its own, is one word for each word of the value; ``{level}`` is
the level of a BIDS App. What stands between the words ``[`` and ``]`` is left out where a parameter
in it has no value. No shell reads any of it. The words follow the image's entry point, as the
arguments of ``docker run`` do.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

INPUT, OUTPUT, LEVEL = "input", "output", "level"
PARTICIPANT, GROUP = "participant", "group"
LEVELS = (PARTICIPANT, GROUP)
"""Levels of analysis of BIDS Apps (https://doi.org/10.1371/journal.pcbi.1005209)."""
SUBJECT = "subject"
"""The parameter that the standard command line of BIDS Apps reads."""
MOST_CHARACTERS = 4096
_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)(\.\.\.)?\}")
_OPEN, _CLOSE = "[", "]"
_BIDS_APP = ("{input}", "{output}", "{level}")
_SUBJECTS = ("[", "--participant-label", "{subject...}", "]")


class CommandLineFault(ValueError):  # noqa: N818 - a verdict
    """A command line that no run could fill; the text is a phrase such as "has no words"."""


@dataclass(frozen=True, slots=True)
class CommandLine:
    """The words of a step's command line.

    ``bids`` is the level of analysis where it is that of a BIDS App, else empty. ``continues`` is
    the step whose output this one goes on with: the step reads what that one reads, and finds in
    its own output what that one made.
    """

    words: tuple[str, ...]
    bids: str = ""
    continues: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters that it reads, each once."""
        used = (match[1] for word in self.words for match in _PLACEHOLDER.finditer(word))
        ours = {INPUT, OUTPUT, *((LEVEL,) if self.bids else ())}
        return tuple(name for name in dict.fromkeys(used) if name not in ours)

    @property
    def text(self) -> str:
        """As it may be typed."""
        return " ".join(_shown(word) for word in self.words)

    def check(self, parameters: Collection[str]) -> None:
        """See that a run can fill it from these parameters.

        Raises:
            CommandLineFault: what is wrong.

        """
        if not self.words:
            raise CommandLineFault("has no words")
        if sum(map(len, self.words)) > MOST_CHARACTERS:
            raise CommandLineFault(f"is longer than {MOST_CHARACTERS} characters")
        if self.bids and self.bids not in LEVELS:
            raise CommandLineFault(f"has a level of BIDS Apps other than {' and '.join(LEVELS)}")
        if self.bids and not any(f"{{{LEVEL}}}" in word for word in self.words):
            raise CommandLineFault(f"has no {{{LEVEL}}}, which tells a BIDS App its level")
        for _ in _parts(self.words):
            pass
        for word in self.words:
            spread = next((m for m in _PLACEHOLDER.finditer(word) if m[2]), None)
            if spread and spread[0] != word:
                raise CommandLineFault(f"has {spread[0]} inside the word {word!r}")
        if unknown := [name for name in self.names if name not in parameters]:
            raise CommandLineFault(
                f"reads {{{unknown[0]}}}, which is neither a parameter nor input or output"
            )

    def filled(self, folders: Mapping[str, str], values: Mapping[str, str]) -> list[str]:
        """The words of one run: ``folders`` has ``input`` and ``output``, ``values`` parameters."""
        known = {**values, **folders, **({LEVEL: self.bids} if self.bids else {})}
        words = []
        for part, optional in _parts(self.words):
            names = [match[1] for word in part for match in _PLACEHOLDER.finditer(word)]
            if optional and not all(known.get(name, "").strip() for name in names):
                continue
            words += [filled for word in part for filled in _filled(word, known)]
        return words

    def to_json(self) -> dict[str, Any]:
        """As the document of a workflow version has it."""
        about = {"bids": self.bids, "continues": self.continues}
        return {"words": list(self.words), **{k: v for k, v in about.items() if v}}

    @classmethod
    def of(cls, value: object) -> Self | None:
        """As the document of a version has it; None for a list, which has no placeholders.

        Raises:
            CommandLineFault: it is something else.

        """
        if not isinstance(value, Mapping):
            return None
        words = value.get("words")
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            raise CommandLineFault("must be a list of words")
        return cls(tuple(words), str(value.get("bids") or ""), str(value.get("continues") or ""))


def parse(text: str) -> tuple[str, ...]:
    """The words of a typed command line.

    Raises:
        CommandLineFault: a quotation mark is not closed.

    """
    try:
        return tuple(shlex.split(text))
    except ValueError:
        raise CommandLineFault("has a quotation mark that is not closed") from None


def of_bids_app(level: str, parameters: Collection[str]) -> CommandLine:
    """The standard command line of BIDS Apps, which reads the parameter ``subject`` if it is one.

    https://bids-apps.neuroimaging.io/about/
    """
    return CommandLine((*_BIDS_APP, *(_SUBJECTS if SUBJECT in parameters else ())), level)


def _parts(words: Sequence[str]) -> Iterator[tuple[list[str], bool]]:
    """The words in parts, each with whether it may be left out."""
    part: list[str] = []
    optional = False
    for word in words:
        if word == (_OPEN if optional else _CLOSE):
            raise CommandLineFault("has a [ within [ ]" if optional else "has a ] without a [")
        if word in {_OPEN, _CLOSE}:
            yield part, optional
            part, optional = [], not optional
            continue
        part.append(word)
    if optional:
        raise CommandLineFault("has a [ without a ]")
    yield part, False


def _filled(word: str, known: Mapping[str, str]) -> list[str]:
    match = _PLACEHOLDER.fullmatch(word)
    if match and match[2]:
        return known.get(match[1], "").split()
    return [_PLACEHOLDER.sub(lambda one: known.get(one[1], ""), word)]


def _shown(word: str) -> str:
    """A word as it may be typed; a placeholder needs no quotation marks."""
    plain = _PLACEHOLDER.sub("x", word)
    return word if plain in {_OPEN, _CLOSE} or shlex.quote(plain) == plain else shlex.quote(word)
