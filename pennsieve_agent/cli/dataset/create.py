"""``pennsieve dataset create``."""

from __future__ import annotations

from typing import Annotated

import typer

from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import Shown


@command(
    "dataset create",
    answers="dataset",
    examples=["pennsieve dataset create 'Mouse EEG' --description 'Recordings of 2026' --tag eeg"],
)
def create(
    context: Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="A name no other dataset has.")],
    description: Annotated[
        str | None, typer.Option("--description", metavar="TEXT", help="What it holds.")
    ] = None,
    tag: Annotated[
        list[str] | None, typer.Option("--tag", metavar="WORD", help="A tag. Repeatable.")
    ] = None,
) -> Shown:
    """Create a dataset that you own."""
    from pennsieve_agent.console import dataset_documents

    dataset = context.platform.datasets.create(name, description or "", tuple(tag or ()))
    return Shown(
        dataset_documents.dataset(dataset),
        f"Created dataset '{dataset.name}' ({dataset.id})",
        [f"next: pennsieve dataset upload '{dataset.name}' PATH"],
    )
