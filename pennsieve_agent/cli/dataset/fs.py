"""``pennsieve dataset fs mkdir|mv|rm``: folders and files inside a dataset."""

from __future__ import annotations

from typing import Annotated

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import NOT_CHANGED, UNCHANGED, Shown, planned

_MOST_NAMES = 3
"""How many paths a question names."""


@command(
    "dataset fs mkdir",
    answers=("dataset_folder", "planned_change"),
    examples=["pennsieve dataset fs mkdir 'Mouse EEG' raw/day-1 --parents"],
)
def mkdir(
    context: Context,
    dataset: options.DatasetArgument,
    path: Annotated[str, typer.Argument(metavar="PATH", help="In the dataset, such as raw/ct.")],
    parents: Annotated[
        bool,
        typer.Option(
            "--parents", "-p", help="Make the folders above it too; no error if it exists."
        ),
    ] = False,
    dry_run: options.DryRun = False,
) -> Shown:
    """Make a folder in a dataset."""
    from pennsieve_agent.console import dataset_documents
    from pennsieve_agent.services import lookup
    from pennsieve_agent.services.files import dataset_paths

    where = lookup.dataset(context.platform, dataset)
    if dry_run:
        above, new = dataset_paths.missing_folders(context.platform, where, path, parents=parents)
        folder_path = "/".join([above.path, *new]).strip("/")
        return planned(f"make folder {folder_path}/ in dataset '{where.name}'")
    folder = dataset_paths.make_folder(context.platform, where, path, parents=parents)
    document = {**dataset_documents.of(where), "id": folder.id, "path": folder.path}
    return Shown(document, f"Folder {folder.shown} is in dataset '{where.name}'")


@command(
    "dataset fs mv",
    answers=("dataset_moves", "planned_change"),
    examples=[
        "pennsieve dataset fs mv 'Mouse EEG' a.csv b.csv raw",
        "pennsieve dataset fs mv 'Mouse EEG' raw/a.csv raw/first.csv",
    ],
)
def mv(
    context: Context,
    dataset: options.DatasetArgument,
    sources: Annotated[
        list[str], typer.Argument(metavar="SOURCE...", help="Files and folders of the dataset.")
    ],
    destination: Annotated[
        str,
        typer.Argument(
            metavar="DESTINATION", help="A folder of the dataset, / for its root; or a new name."
        ),
    ],
    dry_run: options.DryRun = False,
) -> Shown:
    """Move or rename files and folders of a dataset."""
    from pennsieve_agent.console import dataset_documents
    from pennsieve_agent.services import lookup
    from pennsieve_agent.services.files import dataset_paths

    where = lookup.dataset(context.platform, dataset)
    moves = dataset_paths.move(context.platform, where, sources, destination, dry_run=dry_run)
    if dry_run:
        steps = "; ".join(f"{entry.path} -> {to}" for entry, to in moves)
        return planned(f"move in dataset '{where.name}': {steps}")
    pairs = [{"id": entry.id, "from": entry.path, "to": to} for entry, to in moves]
    document = {**dataset_documents.of(where), "moved": pairs}
    return Shown(document, [f"{entry.path} -> {to}" for entry, to in moves])


@command(
    "dataset fs rm",
    answers="dataset_deletions",
    examples=[
        "pennsieve dataset fs rm 'Mouse EEG' raw/day-1 --dry-run",
        "pennsieve dataset fs rm 'Mouse EEG' raw/a.csv raw/b.csv",
    ],
)
def rm(
    context: Context,
    dataset: options.DatasetArgument,
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH...", help="Files and folders of the dataset.")
    ],
    yes: options.Yes = False,
    dry_run: options.DryRun = False,
) -> Shown:
    """Delete files of a dataset, and folders with their contents."""
    from pennsieve_agent.console import dataset_documents
    from pennsieve_agent.services import lookup
    from pennsieve_agent.services.files import dataset_paths

    where = lookup.dataset(context.platform, dataset)
    entries = dataset_paths.to_delete(context.platform, where, paths)
    listed = [{"id": entry.id, "path": entry.path} for entry in entries]
    document = dataset_documents.of(where)
    if dry_run:
        plan = [f"Would delete {entry.shown}" for entry in entries]
        return Shown({**document, "would_delete": listed}, plan, [NOT_CHANGED])
    question = f"Delete {_listed([e.shown for e in entries])} of dataset '{where.name}'?"
    if not context.streams.confirm(question, assume=yes):
        return UNCHANGED
    dataset_paths.delete(context.platform, entries)
    text = [f"Deleted {entry.shown}" for entry in entries]
    return Shown({**document, "deleted": listed}, text)


def _listed(names: list[str]) -> str:
    from pennsieve_agent.console.words import plural

    if len(names) <= _MOST_NAMES:
        return ", ".join(names)
    return f"{', '.join(names[:_MOST_NAMES])} and {plural(len(names) - _MOST_NAMES, 'other')}"
