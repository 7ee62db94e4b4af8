"""``pennsieve workflow show``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import Details, Part, Shown, Table
from pennsieve_agent.console.tables import Column, Cut
from pennsieve_agent.errors import UsageProblem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pennsieve_agent.domain.parameters import Parameter
    from pennsieve_agent.domain.workflows import Step, Workflow
    from pennsieve_agent.services.grants.identity_view import Shown as WorkflowUser
    from pennsieve_agent.services.workflows.image_scans import StepScan


_DIGEST_SHOWN = len("sha256:") + 12
Optional = Annotated[
    str | None, typer.Argument(metavar="WORKFLOW", help="Name, unique prefix or id.")
]
AsYaml = Annotated[
    bool, typer.Option("--yaml", help="As a file that 'workflow add' takes, on standard output.")
]
Schema = Annotated[
    bool, typer.Option("--schema", help="Only the JSON Schema of such a file, for editors.")
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
    """A workflow: its steps, parameters and identity.

    The identity is the workflow's own user on Pennsieve, as which it runs on your own nodes.
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


def _details_of(context: Context, workflow: str) -> Shown:
    from pennsieve_agent.cli.workflow.identity import identity_context, note_unasked
    from pennsieve_agent.cli.workflow.named import named_workflow, nodes_of
    from pennsieve_agent.cli.workflow.views import visible_to
    from pennsieve_agent.console import workflow_documents
    from pennsieve_agent.console.step_graph import StepGraph
    from pennsieve_agent.services.grants import identity_view
    from pennsieve_agent.services.workflows.code_visibility import code_visibility
    from pennsieve_agent.services.workflows.image_scans import image_scans

    located = named_workflow(context, workflow)
    match = located.workflow
    code = code_visibility(context.platform, context.user.id)
    visibility = code.of_workflow(match)
    scans = image_scans(nodes_of(context), match.uuid, context.streams.note)
    users, unasked = identity_view.shown(identity_context(context), match)
    note_unasked(context, unasked)
    document = {
        **workflow_documents.workflow(match),
        "code_visibility": visibility,
        "identity": [_user(user) for user in users],
        "scans": [workflow_documents.image_scan(scan) for scan in scans],
    }
    visible = visible_to(match, visibility) if located.is_on_pennsieve else "your nodes"
    text: list[Part] = [_details(context, match, visible)]
    if is_branched(match.steps):
        text += ["", StepGraph(match.steps)]
    for table in (*_tables(context, match, users), *_scans(scans)):
        text += ["", table]
    warnings = code.warnings([step.source_url for step in match.processors])
    return Shown(document, text, [f"note: {warning}" for warning in warnings])


def is_branched(steps: Sequence[Step]) -> bool:
    """Whether the steps are more than a line, which the table shows as well."""
    after = [parent for step in steps for parent in step.depends_on]
    return len(set(after)) < len(after) or any(len(step.depends_on) > 1 for step in steps)


def _details(context: Context, workflow: Workflow, visible: str) -> Details:
    from pennsieve_agent.console.words import when

    added = when(workflow.created_at, context.now(), relative=context.relative)
    return Details(
        [
            ("name", workflow.name),
            ("id", workflow.uuid),
            ("description", workflow.description),
            ("visible to", visible),
            ("added", added),
        ]
    )


def _tables(context: Context, workflow: Workflow, users: Sequence[WorkflowUser]) -> Iterator[Table]:
    steps = [
        [s.id, s.kind.value, ", ".join(s.depends_on), s.source_url or s.target_type, s.tag]
        for s in workflow.steps
    ]
    code = Column("CODE OR TARGET", Cut.RUN_ON)
    yield Table(["STEP", "TYPE", "AFTER", code, "TAG"], steps)
    yield from _images(workflow)
    yield from _parameters(workflow)
    if users:
        yield _identity(context, users)


def _images(workflow: Workflow) -> Iterator[Table]:
    rows = [
        [s.id, _digest(s.image), *([s.command.text] if s.command else [])]
        for s in workflow.steps
        if s.image
    ]
    has_lines = any(step.command for step in workflow.steps)
    columns: list[str | Column] = [
        "STEP",
        "IMAGE",
        *([Column("COMMAND LINE", Cut.WRAP)] if has_lines else []),
    ]
    if rows:
        yield Table(columns, [[*row, *[""] * (len(columns) - len(row))] for row in rows])


def _scans(scans: Sequence[StepScan]) -> Iterator[Table]:
    """What Amazon ECR found in the images, on each node where there are several."""
    has_nodes = len({row.node for row in scans}) > 1
    rows = [
        [
            *([row.node] if has_nodes else []),
            row.step,
            row.scan.words,
            "; ".join(finding.words for finding in row.scan.worst),
        ]
        for row in scans
    ]
    columns: list[str | Column] = ["NODE"] if has_nodes else []
    columns += ["STEP", *(Column(name, Cut.WRAP) for name in ("SCAN BY AMAZON ECR", "WORST"))]
    if rows:
        yield Table(columns, rows)


def _parameters(workflow: Workflow) -> Iterator[Table]:
    """The parameters of each step, with the value that a run gets where it gives none."""
    has_steps = len(workflow.processors) > 1
    rows = [
        [
            *([s.id] if has_steps else []),
            p.name,
            "|".join(p.allowed) or p.type.value,
            _default(s, p),
            p.description,
        ]
        for s in workflow.processors
        for p in s.parameters
    ]
    columns: list[str | Column] = ["STEP"] if has_steps else []
    columns += ["PARAMETER", *(Column(name, Cut.WRAP) for name in ("TYPE", "DEFAULT", "MEANING"))]
    if rows:
        yield Table(columns, rows)


def _default(step: Step, parameter: Parameter) -> str:
    default = step.default_params.get(parameter.name, parameter.default)
    return "(required)" if default is None else default


def _digest(image: str) -> str:
    """The start of an image's digest, by which people tell it from others."""
    return image.rpartition("@")[2][:_DIGEST_SHOWN]


def _identity(context: Context, users: Sequence[WorkflowUser]) -> Table:
    from pennsieve_agent.console.grant_documents import moment
    from pennsieve_agent.console.words import when

    rows = []
    for user in users:
        created = moment(user.created) if user.created else ""
        rows.append(
            [
                user.name,
                user.user,
                when(created, context.now(), relative=context.relative),
                ", ".join(user.keys) or "no place that is known here",
            ]
        )
    return Table(["IDENTITY", "USER", "CREATED", Column("KEY IS IN", Cut.WRAP)], rows)


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
