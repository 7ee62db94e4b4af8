"""``pennsieve workflow``: analysis code from git, registered to run."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.cli import (
    options,
    workflow_apps,
    workflow_changes,
    workflow_identity,
    workflow_views,
)
from pennsieve_agent.cli.app import group
from pennsieve_agent.cli.found_workflow import found_workflow
from pennsieve_agent.errors import UsageProblem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pennsieve_agent.domain.workflows import Workflow

_NONE = "no workflow yet; add one with: pennsieve workflow add GITHUB_URL"

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
    build: Annotated[
        str,
        typer.Option(
            metavar="auto|pennsieve|here",
            help="Who builds it: Pennsieve (GitHub, at a tag), or this machine's Docker.",
        ),
    ] = "auto",
    public: Annotated[
        bool,
        typer.Option("--public", help="Show the code in the App Store to every Pennsieve user."),
    ] = False,
    layout: Annotated[
        str | None,
        typer.Option(
            metavar="tree|flat",
            help="Of the input on your own nodes: in its folders, or all files at the top.",
        ),
    ] = None,
    needs_pennsieve: Annotated[
        str | None,
        typer.Option(
            metavar="[=read|write|no]",
            help="Give its steps a key of the workflow's own Pennsieve identity.",
        ),
    ] = None,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Register code from git as a workflow.

    The repository needs a Dockerfile; its program reads INPUT_DIR and writes OUTPUT_DIR. An app.yml
    beside it declares parameters and resources. Code on GitHub at a tag is built by Pennsieve; any
    other is built here, and lives on your own compute nodes alone.
    """
    from contextlib import closing

    from pennsieve_agent.cli.compute.node_images import LazyEngine, desks
    from pennsieve_agent.services.workflows import register_workflow, workflow_steps
    from pennsieve_agent.services.workflows.build_choice import Build
    from pennsieve_agent.services.workflows.version_request import LAYOUTS
    from pennsieve_agent.source.fetch import is_public

    context = options.use(ctx, profile, as_json=json)
    wish = register_workflow.Wish(
        name,
        Build(_one_of("--build", build, tuple(Build))),
        public,
        _one_of("--layout", layout, LAYOUTS) if layout is not None else None,
        _needs(needs_pennsieve),
    )
    note = context.streams.note
    with (
        tempfile.TemporaryDirectory(prefix="pennsieve-") as folder,
        closing(LazyEngine(context)) as engine,
    ):
        found = workflow_steps.inspect_all(repositories, ref, Path(folder), note)
        means = register_workflow.Means(
            context.platform,
            context.workspace_id,
            desks(context, engine),
            engine,
            is_public,
            context.sleep,
            note,
        )
        added = register_workflow.add(means, found, wish)
    workflow_views.show_added(context, added)


def _one_of(option: str, given: str, allowed: Sequence[str]) -> str:
    if given not in allowed:
        raise UsageProblem(
            f"{option} is {', '.join(allowed[:-1])} or {allowed[-1]}, not '{given}'",
            hint=f"for example: {option} {allowed[0]}",
        )
    return given


def _needs(given: str | None) -> str | None:
    if given is None:
        return None
    found = _one_of("--needs-pennsieve", given, ("read", "write", "no"))
    return "" if found == "no" else found


@app.command("list")
def list_(
    ctx: typer.Context,
    archived: Annotated[bool, typer.Option("--archived", help="Archived ones, instead.")] = False,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """The workspace's workflows, and those that live on your own nodes alone."""
    from pennsieve_agent.services.workflows import find_workflow, node_versions

    context = options.use(ctx, profile, as_json=json)
    found = list(context.platform.workflows.list(context.workspace_id, archived=archived))
    found.sort(key=lambda w: w.name.casefold())
    desks = [(node, context.node_calls(node)) for node in context.own_nodes]
    known, silent = node_versions.on_nodes([] if archived else desks)
    alone = find_workflow.only_on_nodes(context.platform, context.workspace_id, found, known)
    for each in silent:
        context.streams.note(f"node '{each.node.name}' cannot be asked: {each.error.message}")
    if not found and not alone and not json:
        none = "no workflow is archived" if archived else _NONE
        context.streams.note(none)
        return
    workflow_views.show_list(context, found, known, alone)


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

    context = options.use(ctx, profile, as_json=json)
    found = found_workflow(context, workflow).workflow
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


@app.command()
def remove(
    ctx: typer.Context,
    workflow: options.Workflow,
    yes: options.Yes = False,
    profile: options.Profile = None,
    json: options.Json = False,
) -> None:
    """Remove a workflow that lives on your own nodes alone, for good.

    Pennsieve deletes no workflow: one that it knows is archived instead, and stays on the nodes
    for its runs.
    """
    from pennsieve_agent.cli.found_workflow import nodes_of
    from pennsieve_agent.cli.identity_desk import desk_of, tell_unasked
    from pennsieve_agent.services.grants import identity_renewal
    from pennsieve_agent.services.workflows import find_workflow

    context = options.use(ctx, profile, as_json=json)
    found = found_workflow(context, workflow)
    if found.is_on_pennsieve:
        workflow_identity.archive(ctx, workflow, yes=yes, profile=profile, json=json)
        return
    what = found.workflow
    question = (
        f"Remove workflow '{what.name}', which lives on your own nodes alone, with its grants and "
        "its own identity? It cannot be restored"
    )
    if not context.streams.confirm(question, assume=yes):
        context.streams.note("nothing was changed")
        return
    ended = identity_renewal.end(desk_of(context), what)
    tell_unasked(context, ended.unasked)
    nodes = find_workflow.remove_everywhere(nodes_of(context), what.uuid)
    if json:
        context.streams.document(
            {"id": what.uuid, "name": what.name, "archived": False, "removed_from": nodes}
        )
        return
    context.streams.result(f"Removed workflow '{what.name}' from: {', '.join(nodes)}")
