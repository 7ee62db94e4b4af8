"""What a command line means: which command or page, before any command is imported. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pennsieve_agent.cli import tree
from pennsieve_agent.cli.tree.entries import Command
from pennsieve_agent.errors import UnknownCommand, UsageProblem

HELP = ("-h", "--help")
_MOST_REWRITES = 3


class Page(NamedTuple):
    """The help page of a group, "" for the program's; and whether ``--help`` was typed."""

    group: str
    by_option: bool


class Version(NamedTuple):
    """The program's version is asked for."""


class OlderAgent(NamedTuple):
    """A word of the older Pennsieve agent."""

    word: str


class Call(NamedTuple):
    """A command and what follows its words. ``notes`` say which old words were typed."""

    command: Command
    arguments: tuple[str, ...]
    notes: tuple[str, ...] = ()


Meaning = Page | Version | OlderAgent | Call


def resolve(typed: Sequence[str]) -> Meaning:
    """What was typed.

    Raises:
        UnknownCommand: there is no such command; the hint names the nearest.
        UsageProblem: an option stands where a command is expected.
    """
    words: list[str] = list(typed)
    notes: list[str] = []
    for _ in range(_MOST_REWRITES):
        step = _walk(words)
        if not isinstance(step, _Rewritten):
            return step if not isinstance(step, Call) else _noted(step, notes)
        words = step.words
        notes.append(step.note)
    raise AssertionError(f"old words lead in a circle: {typed}")


class _Rewritten(NamedTuple):
    words: list[str]
    note: str


def _noted(call: Call, notes: Sequence[str]) -> Call:
    return Call(call.command, call.arguments, tuple(notes))


def _walk(words: Sequence[str]) -> Meaning | _Rewritten:
    group, rest = "", list(words)
    while rest:
        word, rest = rest[0], rest[1:]
        path = f"{group} {word}".lstrip()
        if old := tree.OLD.get(path):
            rewritten, now = old.rewrite(rest)
            return _Rewritten(rewritten, f"note: 'pennsieve {path}' is now 'pennsieve {now}'")
        if path in tree.GROUPS or (rest and f"{path} {rest[0]}" in tree.OLD):
            group = path
            if _means_bare(group, rest):
                rest = [tree.GROUPS[group].bare, *rest]
            continue
        command = tree.COMMANDS.get(path) or _shorthand(group, word)
        if command:
            return Call(command, tuple(rest))
        return _special(group, word, rest)
    return Page(group, by_option=False)


def _means_bare(group: str, rest: Sequence[str]) -> bool:
    """Whether a group's word alone, or with options, is a command."""
    entry = tree.GROUPS.get(group)
    options_alone = not rest or (rest[0].startswith("-") and rest[0] not in HELP)
    return entry is not None and bool(entry.bare) and options_alone


def _shorthand(group: str, word: str) -> Command | None:
    """The command that ``ls`` or ``rm`` means on a level."""
    paths = (f"{group} {full}" for full in tree.SHORT.get(word, ()))
    return next((tree.COMMANDS[path] for path in paths if path in tree.COMMANDS), None)


def _special(group: str, word: str, rest: Sequence[str]) -> Meaning | _Rewritten:
    if word in HELP:
        return Page(group, by_option=True)
    if word == "help":
        return _walk([*group.split(), *rest, HELP[1]])
    if word == "version" or (word == "--version" and not group):
        return Version()
    if word.startswith("-"):
        place = f"pennsieve {group}".rstrip()
        raise UsageProblem(
            f"no such option: {word}",
            hint=f"options follow the command; see: {place} --help",
        )
    if not group and word in _older_words():
        return OlderAgent(word)
    raise unknown(group, word)


def _older_words() -> Sequence[str]:
    from pennsieve_agent.cli.older_agent import NOW

    return tuple(NOW)


def unknown(group: str, word: str) -> UnknownCommand:
    """There is no such command; the hint names what may have been meant."""
    place = f"pennsieve {group}".rstrip()
    near = nearest(group, word)
    return UnknownCommand(
        f"'{place}' has no command '{word}'",
        hint=f"did you mean: {' or '.join(near)}" if near else f"see: {place} --help",
    )


def nearest(group: str, word: str) -> list[str]:
    """Commands that look like a wrong word: on its level, else of the same name elsewhere."""
    from difflib import get_close_matches

    entries = {e.words.rpartition(" ")[2]: e.words for e in tree.level(group)}
    old = {w.rpartition(" ")[2]: o.now for w, o in tree.OLD.items() if w.startswith(f"{group} ")}
    near = [
        known[name]
        for known in (entries, old)
        for name in get_close_matches(word.casefold(), known, n=2)
    ][:2]
    if not near:
        near = [words for words in tree.COMMANDS if words.rpartition(" ")[2] == word][:2]
    return [f"pennsieve {words}" for words in near]
