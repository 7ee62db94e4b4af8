"""What an officer reads besides the roles: callers, names, and what rests on ids. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pennsieve_agent.account.rights.caller_sentences import (
    Registered,
    by_name,
    owners_can,
    users_can,
)
from pennsieve_agent.account.rights.isolation_sentences import rests_on_ids
from pennsieve_agent.account.rights.policy_sentences import RoleDocuments

NOT_THERE = (
    "not known: this machine knows no node of this name, or it did not answer; run this again when "
    "workflows are on it"
)


@dataclass(frozen=True, slots=True)
class Section:
    """Some sentences under a title; ``key`` is for programs."""

    key: str
    title: str
    lines: tuple[str, ...]


def sections(roles: Sequence[RoleDocuments], registered: Registered | None) -> tuple[Section, ...]:
    """Everything but the roles themselves. ``registered`` is None where no node could be asked."""
    names = by_name(registered) if registered is not None else [NOT_THERE]
    apart = rests_on_ids(roles) or ("nothing",)
    return (
        Section(
            "users_can",
            "What users of the node can do, by its function gateway, once it is shared with them",
            tuple(users_can()),
        ),
        Section(
            "owner_can",
            "What whoever AWS lets call its function admin can do",
            tuple(owners_can()),
        ),
        Section("by_name", "Who may use what today, by name", tuple(names)),
        Section(
            "rests_on_ids",
            "What keeps runs of one node apart only by ids that nobody can guess",
            tuple(apart),
        ),
    )
