"""The people of a workspace, and their teams."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Member:
    """A person. ``id`` is ``N:user:<uuid>``; ``role`` is that in the workspace, if it was said.

    ``number`` is the same person's number; an integration's user has neither name nor e-mail.
    """

    id: str
    name: str
    email: str
    role: str = ""
    number: int = 0


@dataclass(frozen=True, slots=True)
class Team:
    """A team. ``id`` is ``N:team:<uuid>``; names are not unique.

    A system team, such as the publishers, cannot be put on a dataset (``contracts/core.md`` 3.3).
    """

    id: str
    name: str
    member_count: int | None = None
    is_system: bool = False
