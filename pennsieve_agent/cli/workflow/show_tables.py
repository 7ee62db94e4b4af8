"""The tables of ``pennsieve workflow show``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pennsieve_agent.console.shown import Details, Part, Table
from pennsieve_agent.console.tables import Column, Cut

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from pennsieve_agent.cli.context import Context
    from pennsieve_agent.domain.image_findings import StepScan
    from pennsieve_agent.domain.parameters import Parameter
    from pennsieve_agent.domain.runs import Run
    from pennsieve_agent.domain.workflows import Step, Workflow
    from pennsieve_agent.services.grants.grant_list import Listed
    from pennsieve_agent.services.grants.identity_view import Shown as WorkflowUser

_DIGEST_SHOWN = len("sha256:") + 12


def whole(
    context: Context,
    workflow: Workflow,
    visible: str,
    users: Sequence[WorkflowUser],
    grants: Sequence[Listed],
    runs: Sequence[Run],
    pinned: Collection[str],
    scans: Sequence[StepScan],
) -> list[Part]:
    """All of a workflow: what it is, its steps and parameters, its identity, grants and runs."""
    from pennsieve_agent.console.step_graph import StepGraph

    parts: list[Part] = [_details(context, workflow, visible)]
    if is_branched(workflow.steps):
        parts += ["", StepGraph(workflow.steps)]
    tables = [
        *_tables(workflow, pinned),
        *_scans(scans),
        *_identity(context, users),
        *_grants(context, grants),
    ]
    for table in (*tables, *_runs(context, runs)):
        parts += ["", table]
    return parts


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


def is_branched(steps: Sequence[Step]) -> bool:
    """Whether the steps are more than a line, which the table shows as well."""
    after = [parent for step in steps for parent in step.depends_on]
    return len(set(after)) < len(after) or any(len(step.depends_on) > 1 for step in steps)


def _tables(workflow: Workflow, pinned: Collection[str]) -> Iterator[Table]:
    steps = [
        [
            s.id,
            s.kind.value,
            ", ".join(s.depends_on),
            s.source_url or s.target_type,
            _tag(s, pinned),
        ]
        for s in workflow.steps
    ]
    code = Column("CODE OR TARGET", Cut.RUN_ON)
    yield Table(["STEP", "TYPE", "AFTER", code, "TAG"], steps)
    yield from _images(workflow)
    yield from _parameters(workflow)


def _tag(step: Step, pinned: Collection[str]) -> str:
    return f"{step.tag} (pinned)" if step.id in pinned else step.tag


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


def _identity(context: Context, users: Sequence[WorkflowUser]) -> Iterator[Table]:
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
                ", ".join(user.keys) or "nowhere that this machine knows",
            ]
        )
    if rows:
        yield Table(["IDENTITY", "USER", "CREATED", Column("KEY IS IN", Cut.WRAP)], rows)


def _grants(context: Context, grants: Sequence[Listed]) -> Iterator[Table]:
    """The datasets that it may use on own nodes."""
    from pennsieve_agent.console.grant_documents import moment
    from pennsieve_agent.console.words import when

    rows = [
        [
            row.grant.dataset_name or row.grant.dataset,
            row.grant.access.value,
            when(moment(row.grant.at), context.now(), relative=context.relative),
            ", ".join(row.nodes),
        ]
        for row in grants
    ]
    if rows:
        spare = [Column(name, Cut.END, spare=True) for name in ("GRANTED", "NODES")]
        yield Table(["MAY USE DATASET", "ACCESS", *spare], rows)


def _runs(context: Context, runs: Sequence[Run]) -> Iterator[Table]:
    """Its last runs."""
    from pennsieve_agent.console.words import duration, when

    now = context.now()
    rows = [
        [
            run.name or run.uuid,
            run.status.label,
            run.node_name or run.node_uuid or "-",
            when(run.started_at or run.created_at, now, relative=context.relative),
            duration(run.started_at, run.completed_at, now),
        ]
        for run in runs
    ]
    if rows:
        node = Column("NODE", Cut.MIDDLE, spare=True)
        yield Table(["LAST RUNS", "STATUS", node, "STARTED", "TOOK"], rows)
