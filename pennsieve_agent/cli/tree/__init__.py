"""The table of all commands: what is typed, where it is, one line about it.

It is static, so that a help page and a wrong word import no command. Help, the README, the
completions and the tests read it. Groups are singular; ``list``, ``show`` and ``update`` mean the
same everywhere; ``delete`` is permanent, ``remove`` takes off this machine's list. A level has 14
commands at most, in the order in which they are first needed.
"""

from __future__ import annotations

from collections.abc import Iterator

from pennsieve_agent.cli.tree import compute, dataset, machine, run, sandbox, secret, workflow
from pennsieve_agent.cli.tree.entries import Command, Entry, Group, Old

MOST_ON_A_LEVEL = 14
_MODULES = (machine, dataset, workflow, run, compute, secret, sandbox)

ENTRIES: tuple[Entry, ...] = tuple(entry for module in _MODULES for entry in module.COMMANDS)
OLD: dict[str, Old] = {old.words: old for module in _MODULES for old in module.OLD}
SHORT = {"ls": ("list",), "rm": ("remove", "delete"), "remove": ("delete",)}
"""Words that many type; on each level they mean the first of these that it has."""

GROUPS: dict[str, Group] = {e.words: e for e in ENTRIES if isinstance(e, Group)}
COMMANDS: dict[str, Command] = {e.words: e for e in ENTRIES if isinstance(e, Command)}


def level(group: str) -> Iterator[Entry]:
    """The commands and groups right below a group; "" is the first level."""
    return (e for e in ENTRIES if e.words.rpartition(" ")[0] == group)


def walk(group: str = "") -> Iterator[Command]:
    """All commands below a group, in the order of the help pages."""
    for entry in level(group):
        if isinstance(entry, Command):
            yield entry
        else:
            yield from walk(entry.words)
