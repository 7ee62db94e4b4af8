"""What is said of code before it is built or run: rules, and where they are broken. Plain data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How much a finding matters; the words are those of SARIF (2.1.0, section 3.27.10).

    ``ERROR``: it cannot be built or run. ``WARNING``: it may fail, or lose results. ``NOTE``: good
    to know.
    """

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Place(StrEnum):
    """Where a rule matters."""

    ANYWHERE = "anywhere"
    OWN_NODE = "own-node"
    PENNSIEVE_BUILD = "pennsieve-build"


@dataclass(frozen=True, slots=True)
class Rule:
    """Something that code should do or not do.

    ``title`` is what is wrong, in a few words; ``why`` says what comes of it, and ``mend`` what to
    do where a finding does not say it itself. All are sentences without a full stop.
    """

    id: str
    level: Level
    title: str
    why: str
    mend: str
    place: Place = Place.ANYWHERE


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that is broken at a place: ``line`` counts from 1, and is 0 for a whole file.

    ``file`` is empty where it is the repository itself.
    """

    rule: Rule
    file: str
    line: int
    text: str
    mend: str = ""

    @property
    def how(self) -> str:
        """What to do."""
        return self.mend or self.rule.mend

    @property
    def where(self) -> str:
        """The place in words; empty for the repository."""
        return f"{self.file}, line {self.line}" if self.line else self.file

    def __str__(self) -> str:
        """As it is shown on one line."""
        return f"{self.where}: {self.text}" if self.where else self.text


def errors_of(findings: Sequence[Finding]) -> list[Finding]:
    """Those that keep the code from being built or run."""
    return [finding for finding in findings if finding.rule.level is Level.ERROR]
