"""``pennsieve dataset``: datasets, and which workflow may use them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.cli import (
    dataset_changes,
    dataset_download,
    dataset_people,
    dataset_upload,
    options,
)
from pennsieve_agent.cli.app import group
from pennsieve_agent.domain.grants import Access

if TYPE_CHECKING:
    from pennsieve_agent.domain.datasets import DataFile

app = group("Datasets, and which workflow may use them.")
app.add_typer(dataset_changes.app)
app.add_typer(dataset_people.app)
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


app.command()(dataset_download.download)
app.command()(dataset_upload.upload)


def _total(chosen: list[DataFile]) -> str:
    from pennsieve_agent.console.words import plural, size

    return f"{plural(len(chosen), 'file')}, {size(sum(f.size for f in chosen))}"


@app.command()
def grant(
    ctx: typer.Context,
    workflow: options.Workflow,
    dataset: options.Dataset,
    access: Annotated[
        Access, typer.Option(help="read: inputs only; read-write: results are written back.")
    ] = Access.READ,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Let a workflow use a dataset; it has no access to any other."""
    from pennsieve_agent.services import grants as granting
    from pennsieve_agent.services import lookup

    context = options.use(ctx, profile, as_json=json)
    platform = context.platform
    what = lookup.workflow(platform, context.workspace_id, workflow)
    where = lookup.dataset(platform, dataset)
    changed = granting.grant(platform, what, where, access)
    if json:
        context.streams.document(
            {
                "workflow": what.name,
                "workflow_id": what.uuid,
                "dataset": where.name,
                "dataset_id": where.id,
                "access": access.value,
                "changed": changed,
            }
        )
        return
    verb = "may" if changed else "already may"
    context.streams.result(
        f"Workflow '{what.name}' {verb} {access.value.replace('-', ' and ')} dataset '{where.name}'"
    )
    if what.writes and not access.writes:
        context.streams.note(
            "note: this workflow writes results back, which needs --access read-write"
        )


@app.command()
def revoke(
    ctx: typer.Context,
    workflow: options.Workflow,
    dataset: options.Dataset,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Take a workflow's access to a dataset away; running work is not stopped."""
    from pennsieve_agent.services import grants as granting
    from pennsieve_agent.services import lookup

    context = options.use(ctx, profile, as_json=json)
    platform = context.platform
    what = lookup.workflow(platform, context.workspace_id, workflow)
    where = lookup.dataset(platform, dataset)
    had = granting.revoke(platform, what, where)
    if json:
        context.streams.document({"workflow_id": what.uuid, "dataset_id": where.id, "revoked": had})
        return
    verb = "may no longer" if had else "had no access to, and may not,"
    context.streams.result(f"Workflow '{what.name}' {verb} use dataset '{where.name}'")


@app.command()
def grants(
    ctx: typer.Context,
    dataset: DatasetArgument,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Which workflows may use a dataset."""
    from pennsieve_agent.console import documents
    from pennsieve_agent.console.tables import table
    from pennsieve_agent.console.words import when
    from pennsieve_agent.services import lookup

    context = options.use(ctx, profile, as_json=json)
    platform = context.platform
    where = lookup.dataset(platform, dataset)
    names = {w.uuid: w.name for w in platform.workflows.list(context.workspace_id)}
    found = platform.integrations.grants(where.id)
    if json:
        context.streams.document(
            [documents.grant(g, names.get(g.workflow_uuid, "")) for g in found]
        )
        return
    if not found:
        context.streams.note(f"no workflow may use dataset '{where.name}'")
        return
    rows = [
        [
            names.get(g.workflow_uuid, g.workflow_uuid),
            g.access.value,
            when(g.granted_at, context.now(), relative=context.relative),
        ]
        for g in found
    ]
    context.streams.result(table(["WORKFLOW", "ACCESS", "SINCE"], rows, context.streams))
