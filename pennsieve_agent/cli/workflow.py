"""``pennsieve workflow``: analysis code from git, registered to run."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.cli import options, workflow_apps, workflow_changes, workflow_identity
from pennsieve_agent.cli.app import group

if TYPE_CHECKING:
    from pennsieve_agent.domain.workflows import Workflow

app = group("Analysis code from git, registered to run.")
app.add_typer(workflow_changes.app)
app.add_typer(workflow_identity.app)
app.add_typer(workflow_apps.app, name="app")


@app.command()
def add(
    ctx: typer.Context,
    repositories: Annotated[
        list[str],
        typer.Argument(
            metavar="REPO...",
            help="Git URL or folder, REPO@TAG for a tag. Several make a chain: each step reads "
            "what the one before wrote.",
        ),
    ],
    ref: Annotated[
        str | None,
        typer.Option(metavar="TAG", help="Tag, branch or commit. Default: the newest version tag."),
    ] = None,
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="Default: the manifest's name.")
    ] = None,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Register code from git as a workflow.

    The repository needs a Dockerfile; its program reads INPUT_DIR and writes OUTPUT_DIR. An app.yml
    beside it declares parameters and resources.
    """
    from pennsieve_agent.console import documents
    from pennsieve_agent.services import workflows

    context = options.use(ctx, profile, as_json=json)
    with tempfile.TemporaryDirectory(prefix="pennsieve-") as folder:
        found = workflows.inspect_all(repositories, ref, Path(folder), context.streams.note)
        added = workflows.add(
            context.platform,
            context.workspace_id,
            found,
            name,
            context.sleep,
            context.streams.note,
        )
    if json:
        commits = [
            {"source_url": c.source_url, "tag": c.tag, "commit": c.commit} for c in added.checkouts
        ]
        document = {**documents.workflow(added.workflow), "sources": commits}
        context.streams.document({**document, "created": added.created})
        return
    verb = "Added" if added.created else "Up to date:"
    context.streams.result(f"{verb} workflow '{added.workflow.name}' ({added.workflow.uuid})")
    context.streams.note(f"next: pennsieve dataset grant '{added.workflow.name}' --dataset DATASET")


@app.command("list")
def list_(
    ctx: typer.Context,
    archived: Annotated[bool, typer.Option("--archived", help="Archived ones, instead.")] = False,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """The workspace's workflows."""
    from pennsieve_agent.console import documents
    from pennsieve_agent.console.tables import table
    from pennsieve_agent.console.words import when

    context = options.use(ctx, profile, as_json=json)
    found = list(context.platform.workflows.list(context.workspace_id, archived=archived))
    found.sort(key=lambda w: w.name.casefold())
    if json:
        context.streams.document([documents.workflow(w) for w in found])
        return
    if not found and archived:
        context.streams.note("no workflow is archived")
        return
    if not found:
        context.streams.note("no workflow yet; add one with: pennsieve workflow add GITHUB_URL")
        return
    rows = [
        [
            w.name,
            w.description,
            when(w.created_at, context.now(), relative=context.relative),
            w.uuid,
        ]
        for w in found
    ]
    context.streams.result(table(["NAME", "DESCRIPTION", "ADDED", "ID"], rows, context.streams))


@app.command()
def show(
    ctx: typer.Context,
    workflow: options.Workflow,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """A workflow's steps and parameters."""
    from pennsieve_agent.console import documents
    from pennsieve_agent.console.tables import details, table
    from pennsieve_agent.console.words import when
    from pennsieve_agent.services import lookup

    context = options.use(ctx, profile, as_json=json)
    found = lookup.workflow(context.platform, context.workspace_id, workflow)
    if json:
        own = workflow_identity.identity_document(context, found)
        context.streams.document({**documents.workflow(found), "identity": own})
        return
    streams = context.streams
    streams.result(
        details(
            [
                ("name", found.name),
                ("id", found.uuid),
                ("description", found.description),
                ("added", when(found.created_at, context.now(), relative=context.relative)),
            ],
            streams,
        )
    )
    identity = workflow_identity.identity_section(context, found)
    for section in (*_sections(found), *((identity,) if identity else ())):
        streams.result("")
        streams.result(table(section[0], section[1], streams, wrap_last=True))


def _sections(found: Workflow) -> list[tuple[list[str], list[list[str]]]]:
    steps = [
        [s.id, s.kind.value, ", ".join(s.depends_on), s.source_url or s.target_type, s.tag]
        for s in found.steps
    ]
    sections = [(["STEP", "TYPE", "AFTER", "CODE OR TARGET", "TAG"], steps)]
    parameters = [
        [
            p.name,
            "|".join(p.allowed) or p.type.value,
            "(required)" if p.default is None else p.default,
            p.description,
        ]
        for s in found.processors
        for p in s.parameters
    ]
    if parameters:
        sections.append((["PARAMETER", "TYPE", "DEFAULT", "MEANING"], parameters))
    return sections
