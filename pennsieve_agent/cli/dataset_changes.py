"""``pennsieve dataset create|rename|remove|mkdir|mv|rm``: changing datasets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.app import group
from pennsieve_agent.cli.context import Context
from pennsieve_agent.errors import UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.domain.datasets import Dataset

app = group("Changing datasets.")
DatasetArgument = Annotated[
    str, typer.Argument(metavar="DATASET", help="Name, unique prefix or id.")
]
Description = Annotated[
    str | None, typer.Option(metavar="TEXT", help="Describe it.", show_default=False)
]


@app.command()
def create(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="A name no other dataset has.")],
    description: Description = None,
    tag: Annotated[
        list[str] | None, typer.Option("--tag", metavar="WORD", help="A tag; may be repeated.")
    ] = None,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Make a dataset, which is yours."""
    context = options.use(ctx, profile, as_json=json)
    made = context.platform.datasets.create(name, description or "", tuple(tag or ()))
    _say(context, made, f"Created dataset '{made.name}' ({made.id})")


@app.command()
def rename(
    ctx: typer.Context,
    dataset: DatasetArgument,
    new: Annotated[str, typer.Argument(metavar="NEW", help="Its new name.")],
    description: Description = None,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Give a dataset another name, and a description. Managers may."""
    from pennsieve_agent.services import lookup

    context = options.use(ctx, profile, as_json=json)
    if not new.strip():
        raise UsageProblem("the new name is empty", hint="give a name")
    found = lookup.dataset(context.platform, dataset)
    changed = context.platform.datasets.edit(found.id, name=new.strip(), description=description)
    _say(context, changed, f"Dataset '{found.name}' is called '{changed.name}' now")


def _say(context: Context, changed: Dataset, sentence: str) -> None:
    from pennsieve_agent.console import documents

    if context.as_json:
        context.streams.document(documents.dataset(changed))
    else:
        context.streams.result(sentence)


@app.command()
def remove(
    ctx: typer.Context,
    dataset: DatasetArgument,
    yes: options.Yes = False,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Delete a dataset with all its files, for ever. Only its owner may.

    Asks for the dataset's name, letter by letter.
    """
    from pennsieve_agent.services import lookup

    context = options.use(ctx, profile, as_json=json)
    found = lookup.dataset(context.platform, dataset)
    if not yes:
        context.streams.explain(f"Dataset '{found.name}' will be deleted with all its files.")
        typed = context.streams.ask(
            "Type its name to go on", instead="add --yes to go on without being asked"
        )
        if typed != found.name:
            raise UsageProblem(
                "that is not its name; nothing was changed", hint="type it as it is listed"
            )
    context.platform.datasets.delete(found.id)
    if json:
        context.streams.document({"id": found.id, "name": found.name, "deleted": True})
    else:
        context.streams.result(f"Deleted dataset '{found.name}'")


@app.command()
def mkdir(
    ctx: typer.Context,
    dataset: DatasetArgument,
    path: Annotated[str, typer.Argument(metavar="PATH", help="Such as raw/ct.")],
    parents: Annotated[
        bool, typer.Option("--parents", "-p", help="The folders above it, too; it may exist.")
    ] = False,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Make a folder in a dataset."""
    from pennsieve_agent.services import lookup
    from pennsieve_agent.services.files import dataset_paths

    context = options.use(ctx, profile, as_json=json)
    found = lookup.dataset(context.platform, dataset)
    made = dataset_paths.make_folder(context.platform, found, path, parents=parents)
    if json:
        context.streams.document({"dataset_id": found.id, "id": made.id, "path": made.path})
    else:
        context.streams.result(f"There is a folder {made.shown} in dataset '{found.name}'")


@app.command()
def mv(
    ctx: typer.Context,
    dataset: DatasetArgument,
    sources: Annotated[
        list[str], typer.Argument(metavar="SOURCE...", help="Files and folders of the dataset.")
    ],
    destination: Annotated[
        str, typer.Argument(metavar="DESTINATION", help="A folder, / for the root; or a new name.")
    ],
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Move or rename files and folders of a dataset."""
    from pennsieve_agent.services import lookup
    from pennsieve_agent.services.files import dataset_paths

    context = options.use(ctx, profile, as_json=json)
    found = lookup.dataset(context.platform, dataset)
    moved = dataset_paths.move(context.platform, found, sources, destination)
    if json:
        pairs = [{"id": entry.id, "from": entry.path, "to": to} for entry, to in moved]
        context.streams.document({"dataset_id": found.id, "moved": pairs})
        return
    for entry, to in moved:
        context.streams.result(f"{entry.path} -> {to}")


@app.command()
def rm(
    ctx: typer.Context,
    dataset: DatasetArgument,
    wanted: Annotated[
        list[str], typer.Argument(metavar="PATH...", help="Files and folders of the dataset.")
    ],
    yes: options.Yes = False,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Delete files and folders of a dataset, folders with all that is in them."""
    from pennsieve_agent.services import lookup
    from pennsieve_agent.services.files import dataset_paths

    context = options.use(ctx, profile, as_json=json)
    found = lookup.dataset(context.platform, dataset)
    entries = dataset_paths.to_delete(context.platform, found, wanted)
    question = f"Delete {_listed([e.shown for e in entries])} of dataset '{found.name}'?"
    if not context.streams.confirm(question, assume=yes):
        context.streams.note("nothing was changed")
        return
    dataset_paths.delete(context.platform, entries)
    if json:
        gone = [{"id": entry.id, "path": entry.path} for entry in entries]
        context.streams.document({"dataset_id": found.id, "deleted": gone})
        return
    for entry in entries:
        context.streams.result(f"Deleted {entry.shown}")


def _listed(names: list[str]) -> str:
    from pennsieve_agent.console.words import plural

    shown = 3
    if len(names) <= shown:
        return ", ".join(names)
    return f"{', '.join(names[:shown])} and {plural(len(names) - shown, 'other')}"
