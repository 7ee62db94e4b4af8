"""``pennsieve dataset update``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import UNCHANGED, Shown, planned
from pennsieve_agent.errors import UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.domain.people import Member


@command(
    "dataset update",
    answers=("dataset", "planned_change"),
    examples=[
        "pennsieve dataset update 'Mouse EEG' --name 'Mouse EEG 2026'",
        "pennsieve dataset update 'Mouse EEG' --owner grace@example.org",
    ],
)
def update(
    context: Context,
    dataset: options.DatasetArgument,
    name: Annotated[str | None, typer.Option("--name", metavar="NAME", help="A new name.")] = None,
    description: Annotated[
        str | None, typer.Option("--description", metavar="TEXT", help="What it holds.")
    ] = None,
    owner: Annotated[
        str | None,
        typer.Option(
            "--owner",
            metavar="PERSON",
            help="A member who becomes its owner: e-mail address or name. Only they can give it "
            "back.",
        ),
    ] = None,
    yes: options.Yes = False,
    dry_run: options.DryRun = False,
) -> Shown:
    """Change a dataset's name, description or owner.

    A manager of the dataset can change its name and description; only its owner can give it to
    somebody else.
    """
    from pennsieve_agent.console import dataset_documents
    from pennsieve_agent.services import find_people, lookup

    _check(name, description, owner)
    platform = context.platform
    before = lookup.dataset(platform, dataset)
    person = find_people.member(platform, context.workspace_id, owner) if owner else None
    if dry_run:
        return planned(f"change dataset '{before.name}': {_changes(name, description, person)}")
    question = f"Make {person.name} the owner of dataset '{before.name}'?" if person else ""
    if question and not context.streams.confirm(question, assume=yes):
        return UNCHANGED
    after, said = before, []
    if name is not None or description is not None:
        new = name.strip() if name is not None else before.name
        after = platform.datasets.edit(before.id, name=new, description=description)
        said.append(f"Updated dataset '{after.name}'")
    if person:
        platform.collaborators.set_owner(before.id, person.id)
        after = platform.datasets.get(before.id)
        said.append(f"{person.name} is now the owner of dataset '{after.name}'")
    return Shown(dataset_documents.dataset(after), said)


def _changes(name: str | None, description: str | None, owner: Member | None) -> str:
    parts = [
        f"name '{name.strip()}'" if name else "",
        "" if description is None else f"description '{description}'",
        f"owner {owner.name}" if owner else "",
    ]
    return ", ".join(part for part in parts if part)


def _check(name: str | None, description: str | None, owner: str | None) -> None:
    """Refuse a change of nothing, and an empty name.

    Raises:
        UsageProblem: it is one of these.
    """
    if name is None and description is None and owner is None:
        raise UsageProblem(
            "nothing to change was given", hint="add --name, --description or --owner"
        )
    if name is not None and not name.strip():
        raise UsageProblem("the new name is empty", hint="give a name, for example: --name 'EEG'")
