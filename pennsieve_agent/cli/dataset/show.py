"""``pennsieve dataset show``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pennsieve_agent.cli import options
from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import Details, Part, Shown, Table
from pennsieve_agent.console.tables import ID, NAME, Column

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pennsieve_agent.domain.sharing import Collaborators


@command(
    "dataset show",
    answers="dataset_details",
    examples=["pennsieve dataset show 'Mouse EEG'"],
)
def show(context: Context, dataset: options.DatasetArgument) -> Shown:
    """A dataset, and who is on it with which role."""
    from pennsieve_agent.cli import people_names
    from pennsieve_agent.console import dataset_documents
    from pennsieve_agent.console.words import size, when
    from pennsieve_agent.services import lookup

    match = lookup.dataset(context.platform, dataset)
    on_it = context.platform.collaborators.get(match.id)
    kinds = [people_names.kind(user) for user in on_it.users]
    on_it = replace(on_it, users=tuple(people_names.named(context, on_it.users)))
    pairs = [
        ("name", match.name),
        ("id", match.id),
        ("description", match.description),
        ("your role", match.role.value),
        ("size", "" if match.size is None else size(match.size)),
        ("updated", when(match.updated_at, context.now(), relative=context.relative)),
    ]
    columns: list[str | Column] = [NAME, "ROLE", "KIND", "E-MAIL", ID]
    text: list[Part] = [
        Details(pairs),
        "",
        Table(columns, _rows(on_it, kinds, context.workspace_id)),
    ]
    return Shown(dataset_documents.dataset_details(match, on_it), text)


def _rows(on_it: Collaborators, kinds: Sequence[str], workspace_id: str) -> list[list[str]]:
    from pennsieve_agent.domain.datasets import Role

    rows = [
        [u.name or "-", u.role.value, kind, u.email, u.id]
        for u, kind in zip(on_it.users, kinds, strict=True)
    ]
    rows += [[t.name, t.role.value, "team", "", t.id] for t in on_it.teams]
    if on_it.workspace_role not in {Role.NONE, Role.UNKNOWN}:
        role = on_it.workspace_role.value
        rows.append(["everybody in the workspace", role, "workspace", "", workspace_id])
    return rows
