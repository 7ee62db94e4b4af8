"""What a check is: a request, and the answer that the contract documents."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class Surface(Enum):
    """Which of the platform's addresses is asked (``contracts/core.md`` 0)."""

    V1 = "v1"
    V2 = "v2"
    SIGN_IN = "cognito"


class Asker(Enum):
    """Who asks, and with what in ``Authorization``."""

    OWNER = "owner"
    VIEWER = "viewer"
    STRANGER = "member without a role on the dataset"
    NOBODY = "nobody"
    FORGED = "forged token"
    EXPIRED = "expired token"
    ID_TOKEN = "ID token"  # noqa: S105 - the kind of a token
    DEAD_RUN = "callback token of no run"


@dataclass(frozen=True, slots=True)
class Json:
    """A body that is JSON of a shape, whatever its Content-Type says."""

    shape: Any


@dataclass(frozen=True, slots=True)
class Text:
    """A body that is not JSON, and matches a regular expression from end to end."""

    pattern: str


@dataclass(frozen=True, slots=True)
class Nothing:
    """An empty body."""


Body = Json | Text | Nothing | None
"""None: whatever."""


@dataclass(frozen=True, slots=True)
class Check:
    """One request and what must come back.

    ``section`` is the contract's file and section. ``path``, the values of ``query`` and the texts
    in ``body`` may name values that are known by then, in braces (``{#name}``: as a number).
    ``sent`` are headers of the request, ``headers`` patterns for those of the answer. ``keep``
    names values to take out of the answer, by a dotted path. ``reads`` says that nothing is
    changed; ``hosted`` is False for what only a sandbox can be asked, because it is ours or because
    it asks with more than one key.
    """

    section: str
    title: str
    surface: Surface
    method: str
    path: str
    status: frozenset[int]
    answer: Body = None
    asker: Asker = Asker.OWNER
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    sent: Mapping[str, str] = field(default_factory=dict)
    keep: Mapping[str, str] = field(default_factory=dict)
    reads: bool = True
    hosted: bool = True

    @property
    def name(self) -> str:
        """Section and title: unique in the suite."""
        return f"{self.section}: {self.title}"


@dataclass(frozen=True, slots=True)
class Section:
    """Makes the checks of one section of the contract on one surface."""

    section: str
    surface: Surface

    def get(self, title: str, path: str, status: int, answer: Body = None, **more: Any) -> Check:
        """A check that reads."""
        allowed = frozenset({status})
        return Check(self.section, title, self.surface, "GET", path, allowed, answer=answer, **more)

    def change(
        self, request: str, title: str, status: int, answer: Body = None, **more: Any
    ) -> Check:
        """A check that changes something, unless ``reads``; ``request`` is method and path.

        Such a one is never asked of a hosted workspace.
        """
        method, _, path = request.partition(" ")
        allowed, more = frozenset({status}), {"reads": False, **more}
        return Check(
            self.section, title, self.surface, method, path, allowed, answer=answer, **more
        )
