"""``pennsieve dataset``: datasets, and which workflow may use them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.app import group
from pennsieve_agent.cli.dataset import download, fs, grant, share, upload

if TYPE_CHECKING:
    from pennsieve_agent.domain.datasets import DataFile

app = group("Datasets, and which workflow may use them.")
app.add_typer(fs.app)
app.add_typer(share.app)
app.add_typer(grant.app)
DatasetArgument = Annotated[
    str, typer.Argument(metavar="DATASET", help="Name, unique prefix or id.")
]


@app.command("list")
def list_(ctx: typer.Context, profile: options.Profile = None, json: options.Json = False) -> None:
    """The datasets you can see."""
    from pennsieve_agent.console import documents
    from pennsieve_agent.console.tables import table
    from pennsieve_agent.console.words import size, when

    context = options.use(ctx, profile, as_json=json)
    found = sorted(context.platform.datasets.list(), key=lambda d: d.name.casefold())
    if json:
        context.streams.document([documents.dataset(d) for d in found])
        return
    if not found:
        context.streams.note("no dataset yet; make one on the web, or ask to be added to one")
        return
    rows = [
        [
            d.name,
            d.role.value,
            "" if d.size is None else size(d.size),
            when(d.updated_at, context.now(), relative=context.relative),
            d.id,
        ]
        for d in found
    ]
    context.streams.result(table(["NAME", "ROLE", "SIZE", "UPDATED", "ID"], rows, context.streams))


@app.command()
def files(
    ctx: typer.Context,
    dataset: DatasetArgument,
    match: Annotated[
        list[str] | None,
        typer.Option("--files", metavar="GLOB", help="Only these, such as 'raw/**/*.edf'."),
    ] = None,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """The files of a dataset."""
    from pennsieve_agent.console import documents
    from pennsieve_agent.console.tables import table
    from pennsieve_agent.console.words import size
    from pennsieve_agent.domain.globs import select
    from pennsieve_agent.services import lookup

    context = options.use(ctx, profile, as_json=json)
    found = lookup.dataset(context.platform, dataset)
    listed = context.platform.datasets.files(found.id)
    chosen = select(listed, match) if match else sorted(listed, key=lambda f: f.path)
    if json:
        context.streams.document([documents.file(f) for f in chosen])
        return
    if chosen:
        rows = [[f.path, size(f.size) if context.relative else str(f.size)] for f in chosen]
        context.streams.result(table(["PATH", "SIZE"], rows, context.streams))
    context.streams.note(_total(chosen))


app.command()(download.download)
app.command()(upload.upload)


def _total(chosen: list[DataFile]) -> str:
    from pennsieve_agent.console.words import plural, size

    return f"{plural(len(chosen), 'file')}, {size(sum(f.size for f in chosen))}"
