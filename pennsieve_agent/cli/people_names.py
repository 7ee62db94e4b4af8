"""How the members of a workspace and of a dataset are named.

A workflow's own user has neither name nor e-mail on Pennsieve (``contracts/core.md`` 6.3); the
machine that made it knows which it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from pennsieve_agent.cli.context import Context
from pennsieve_agent.domain.people import Member
from pennsieve_agent.domain.sharing import Collaborator

Somebody = TypeVar("Somebody", Member, Collaborator)


def kind(somebody: Member | Collaborator) -> str:
    """Whether Pennsieve says that it is a person."""
    return "person" if somebody.name or somebody.email else "integration"


def named(context: Context, people: Sequence[Somebody]) -> list[Somebody]:
    """The same people; those without a name have the one that this machine gave them, if any."""
    from pennsieve_agent.settings.workflow_identities import WorkflowIdentities

    if all(one.name for one in people):
        return list(people)
    who = context.identity
    api, workspace = context.profile.hosts.api, who.workspace.id
    store = WorkflowIdentities.beside(context.config_path, api, workspace, who.user.id)
    names = store.names()
    return [replace(one, name=one.name or names.get(one.id, "")) for one in people]
