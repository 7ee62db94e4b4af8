"""``pennsieve dataset create``."""

from __future__ import annotations

from typing import Annotated

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import Shown, planned
from pennsieve_agent.errors import Conflict


@command(
    "dataset create",
    answers=("dataset", "planned_change"),
    examples=["pennsieve dataset create 'Mouse EEG' --description 'Recordings of 2026' --tag eeg"],
)
def create(
    context: Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="A name that no other dataset has.")],
    description: Annotated[
        str | None, typer.Option("--description", metavar="TEXT", help="What it holds.")
    ] = None,
    tag: Annotated[
        list[str] | None, typer.Option("--tag", metavar="WORD", help="A tag. Repeatable.")
    ] = None,
    dry_run: options.DryRun = False,
) -> Shown:
    """Create a dataset that you own."""
    from pennsieve_agent.console import dataset_documents

    if dry_run:
        if any(known.name == name for known in context.platform.datasets.list()):
            raise Conflict(f"there is a dataset '{name}' already", hint="choose another name")
        return planned(f"create dataset '{name}'")
    dataset = context.platform.datasets.create(name, description or "", tuple(tag or ()))
    return Shown(
        dataset_documents.dataset(dataset),
        f"Created dataset '{dataset.name}' ({dataset.id})",
        [f"next: pennsieve dataset upload '{dataset.name}' PATH"],
    )
