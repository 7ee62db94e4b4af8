"""How runs are shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pennsieve_agent.cli.run import record_views
from pennsieve_agent.cli.run.measured_views import measured_table
from pennsieve_agent.console import documents
from pennsieve_agent.console.shown import Details, Part, Shown, Table
from pennsieve_agent.console.tables import ID, NAME, Column, Cut
from pennsieve_agent.console.words import duration, plural, size, span, usd, when
from pennsieve_agent.domain.workflows import StepKind
from pennsieve_agent.errors import PlatformError

if TYPE_CHECKING:
    from pennsieve_agent.cli.context import Context
    from pennsieve_agent.cli.run.failed_step import FailedStep
    from pennsieve_agent.domain.runs import Run, RunInput, RunLimits, RunState

_MB = 1024 * 1024
_PERSON = 4
"""Where who started a run stands in the list: after the node, who was told it."""


def took(state: RunState, now: float) -> str:
    """How long a run took, in words; ``now`` is in unix seconds."""
    return duration(state.started_at, state.completed_at, now)


def runs_table(context: Context, runs: Sequence[Run]) -> Table:
    """Runs, one a row; with who says that they started it, where several people's runs are there.

    That is what a caller tells an own node. AWS has confirmed his identity, which ``run show`` has.
    """
    callers = {run.details.caller for run in runs if run.details}
    rows = []
    for run in runs:
        row = [
            run.name or "-",
            run.status.label,
            run.workflow_name,
            run.node_name or run.node_uuid or "-",
            when(run.started_at, context.now(), relative=context.relative),
            duration(run.started_at, run.completed_at, context.now()),
            run.uuid,
        ]
        if len(callers) > 1:
            row.insert(_PERSON, (run.details.person_name if run.details else "") or "-")
        rows.append(row)
    workflow, node = (Column(name, Cut.MIDDLE, spare=True) for name in ("WORKFLOW", "NODE"))
    columns: list[str | Column] = [NAME, "STATUS", workflow, node, "STARTED", "TOOK", ID]
    if len(callers) > 1:
        columns.insert(_PERSON, Column("BY (CLAIMED)", Cut.END, spare=True))
    return Table(columns, rows)


def run(
    context: Context, value: Run, state: RunState, input_: RunInput, failed: FailedStep | None
) -> Shown:
    """All of one run; of one that failed, why."""
    document = {**documents.run(value, state, input_), "failed_step": failed and failed.to_json()}
    text = [
        *_run_text(context, value, state, input_),
        *record_views.code(value),
        *record_views.input_files(context, value, input_),
    ]
    if failed is None:
        return Shown(document, text)
    return Shown(document, [*text, "", failed.text], failed.notes)


def _run_text(context: Context, run: Run, state: RunState, input_: RunInput) -> list[Part]:
    from pennsieve_agent.domain.runs import RunDetails

    now = context.now()
    details_ = run.details or RunDetails()
    folders = [v["TARGET_FOLDER"] for v in run.target_params.values() if v.get("TARGET_FOLDER")]
    pairs = [
        ("run", run.name),
        ("id", run.uuid),
        ("status", state.status.label),
        ("workflow", f"{run.workflow_name} {details_.workflow_version}".strip()),
        ("dataset", _dataset_name(context, run)),
        ("node", record_views.node_words(run)),
        ("started by", record_views.who_words(run)),
        ("started", when(state.started_at, now, relative=context.relative)),
        ("took", duration(state.started_at, state.completed_at, now)),
        ("why", state.reason),
        ("limits", limits_words(run.limits)),
        ("steps kept", record_views.kept_words(context, details_)),
        ("mail", record_views.mail_words(context, details_.mail, is_over=state.status.is_final)),
        ("taken over", record_views.taken_words(details_)),
        ("input", record_views.input_words(input_, details_.layout)),
        ("results in", details_.folder or ", ".join(dict.fromkeys(folders))),
        ("estimated cost", record_views.cost_words(run, state)),
    ]
    pairs += [
        (f"{step}.{name}", value)
        for step, values in run.parameters.items()
        for name, value in values.items()
    ]
    steps: list[Part] = ["", _steps_table(state, now)] if state.steps else []
    programs = {step.id for step in run.steps if step.kind is StepKind.PROCESSOR}
    return [Details(pairs), *steps, *_memory_table(state), *measured_table(state, programs)]


def _memory_table(state: RunState) -> list[Part]:
    """Each try of the steps that were repeated with more memory; nothing where none was."""
    rows = [
        [
            step.id,
            str(number),
            size(one.memory * _MB),
            duration(one.started_at, one.completed_at, 0) if one.completed_at else "",
            one.reason,
        ]
        for step in state.steps
        if len({one.memory for one in step.attempts}) > 1
        for number, one in enumerate(step.attempts, 1)
    ]
    columns: list[str | Column] = ["STEP", "ATTEMPT", "MEMORY", "TOOK", Column("WHY", Cut.WRAP)]
    return ["", Table(columns, rows)] if rows else []


def _steps_table(state: RunState, now: float) -> Table:
    """The steps; columns that would be empty are left out."""
    rows = [
        [
            s.id,
            s.status.label,
            record_views.step_time(s, now),
            str(len(s.attempts)) if len(s.attempts) > 1 else "",
            s.reason,
        ]
        for s in state.steps
    ]
    columns: list[str | Column] = ["STEP", "STATUS", "TOOK", "ATTEMPTS", Column("WHY", Cut.WRAP)]
    kept = [i for i in range(len(columns)) if i < 3 or any(row[i] for row in rows)]  # noqa: PLR2004
    return Table([columns[i] for i in kept], [[row[i] for i in kept] for row in rows])


def limits_words(limits: RunLimits) -> str:
    """What a run may take, in words; empty when nothing limits it."""
    parts = [
        usd(limits.max_cost) if limits.max_cost else "",
        span(limits.seconds) if limits.seconds else "",
        "on Spot machines" if limits.spot else "",
        f"{plural(limits.retries, 'retry', 'retries')} of a failed step" if limits.retries else "",
        f"x{limits.memory_on_oom:g} memory for a step that ran out of it"
        if limits.memory_on_oom
        else "",
        f"steps kept for {plural(limits.keep_steps, 'day')} if it fails"
        if limits.keep_steps
        else "",
    ]
    return ", ".join(part for part in parts if part)


def _dataset_name(context: Context, run: Run) -> str:
    """The dataset's name; its id when it is gone or hidden, which must not hide the run."""
    try:
        return context.platform.datasets.get(run.dataset_id).name
    except PlatformError:
        return run.dataset_id
