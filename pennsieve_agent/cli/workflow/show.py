"""``pennsieve workflow show``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import Shown
from pennsieve_agent.errors import UsageProblem

if TYPE_CHECKING:
    from collections.abc import Callable

    from pennsieve_agent.domain.image_findings import StepScan
    from pennsieve_agent.domain.runs import Run
    from pennsieve_agent.services.grants.identity_view import Shown as WorkflowUser
    from pennsieve_agent.services.workflows.find_workflow import LocatedWorkflow

LAST_RUNS = 5
"""So many of its runs are shown."""
Optional = Annotated[
    str | None, typer.Argument(metavar="WORKFLOW", help="Name, unique prefix or id.")
]
AsYaml = Annotated[
    bool, typer.Option("--yaml", help="Print it as a file that 'workflow add' accepts.")
]
Schema = Annotated[
    bool, typer.Option("--schema", help="Print only the JSON Schema of such a file, for editors.")
]


@command(
    "workflow show",
    answers=("workflow_details", "workflow_file", "workflow_schema"),
    examples=[
        "pennsieve workflow show spike-rate",
        "pennsieve workflow show spike-rate --yaml > workflow.yaml",
    ],
)
def show(
    context: Context, workflow: Optional = None, as_yaml: AsYaml = False, schema: Schema = False
) -> Shown:
    """A workflow: its steps, parameters, identity, grants and last runs.

    The identity is the workflow's own user on Pennsieve. On your own nodes the workflow runs as
    this user, who may use the datasets that are listed and no others.
    """
    if schema:
        return _schema()
    if workflow is None:
        raise UsageProblem(
            "missing argument 'WORKFLOW'", hint="list them with: pennsieve workflow list"
        )
    if as_yaml:
        return _file(context, workflow)
    return _details_of(context, workflow)


def _schema() -> Shown:
    import json

    from pennsieve_agent.source.composition_schema import composition_schema

    document = composition_schema()
    return Shown({"schema": document}, json.dumps(document, indent=2))


def _file(context: Context, reference: str) -> Shown:
    from pennsieve_agent.cli.workflow.composed import yaml_of
    from pennsieve_agent.cli.workflow.named import named_workflow

    located = named_workflow(context, reference)
    text = yaml_of(context, located)
    name = located.workflow.name
    return Shown({"id": located.workflow.uuid, "name": name, "yaml": text}, text.rstrip("\n"))


def _details_of(context: Context, reference: str) -> Shown:
    from pennsieve_agent.cli.workflow.code_context import code_record
    from pennsieve_agent.cli.workflow.identity import identity_context, note_unasked
    from pennsieve_agent.cli.workflow.named import named_workflow
    from pennsieve_agent.cli.workflow.show_tables import whole
    from pennsieve_agent.cli.workflow.views import visible_to
    from pennsieve_agent.console import documents, grant_documents, workflow_documents
    from pennsieve_agent.services.grants import grant_list, identity_view
    from pennsieve_agent.services.side_by_side import side_by_side
    from pennsieve_agent.services.workflows.code_visibility import code_visibility

    located = named_workflow(context, reference)
    match, who = located.workflow, identity_context(context)
    asks: list[Callable[[], Any]] = [
        lambda: code_visibility(context.platform, context.user.id),
        lambda: identity_view.shown(who, match),
        lambda: grant_list.of_nodes(who.nodes, match.uuid),
        lambda: _last_runs(context, located),
        lambda: _scans(context, match.uuid),
    ]
    code, (users, _), (granted, unasked), (runs, said), (scans, unsaid) = side_by_side(asks)
    named = {f"'{silent.node.name}'" for silent in unasked}
    note_unasked(context, unasked)
    for text in (text for text in (*said, *unsaid) if not any(name in text for name in named)):
        context.streams.note(text)
    grants, visibility = grant_list.with_names(granted, {}), code.of_workflow(match)
    pinned = code_record(context).pinned(match.uuid)
    document = {
        **workflow_documents.workflow(match),
        "pinned": list(pinned),
        "code_visibility": visibility,
        "identity": [_user(user) for user in users],
        "grants": [grant_documents.grant(row.grant, match.name, row.nodes) for row in grants],
        "last_runs": [documents.run_summary(run) for run in runs],
        "scans": [workflow_documents.image_scan(scan) for scan in scans],
    }
    visible = visible_to(match, visibility) if located.is_on_pennsieve else "your nodes"
    notes = [
        f"note: {text}" for text in code.warnings([step.source_url for step in match.processors])
    ]
    return Shown(
        document, whole(context, match, visible, users, grants, runs, pinned, scans), notes
    )


def _last_runs(context: Context, located: LocatedWorkflow) -> tuple[list[Run], list[str]]:
    """The newest runs wherever it may run, and what is to be said of places that are silent."""
    from pennsieve_agent.cli.run.places import everywhere
    from pennsieve_agent.domain.run_filter import RunQuery

    said: list[str] = []
    places = everywhere(context, said.append, pennsieve=located.is_on_pennsieve)
    return places.newest(RunQuery(limit=LAST_RUNS, workflow=located.workflow.uuid)), said


def _scans(context: Context, workflow: str) -> tuple[list[StepScan], list[str]]:
    """The scans of its images on the user's own nodes, and what is to be said of silent ones."""
    from pennsieve_agent.cli.workflow.named import nodes_of
    from pennsieve_agent.services.workflows.image_scans import image_scans

    said: list[str] = []
    return image_scans(nodes_of(context), workflow, said.append), said


def _user(value: WorkflowUser) -> dict[str, Any]:
    """A user on Pennsieve that a workflow acts as; never its key."""
    from pennsieve_agent.console.grant_documents import moment

    return {
        "kind": value.kind.value,
        "integration": value.integration,
        "name": value.name,
        "user_id": value.user or None,
        "created_at": moment(value.created) if value.created else None,
        "keys": list(value.keys),
    }
