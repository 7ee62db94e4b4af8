"""How runs are shown."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pennsieve_agent.console import documents
from pennsieve_agent.console.tables import STATUS_STYLES, details, table
from pennsieve_agent.console.words import duration, plural, size, span, when
from pennsieve_agent.errors import PlatformError

if TYPE_CHECKING:
    from pennsieve_agent.cli.context import Context
    from pennsieve_agent.domain.runs import OutputFile, Run, RunDetails, RunLimits, RunState
    from pennsieve_agent.services.follow_run import Event, Line
    from pennsieve_agent.services.prepare_run import Prepared
    from pennsieve_agent.services.start_run import Started

#: Select Graphic Rendition: the escape sequences that only set colours.
_SGR = re.compile(r"\x1b\[([0-9;]*)m")
_COLOURS = ("cyan", "green", "yellow")
_PERSON = 4
"""Where who started a run stands in the list: after the node, who was told it."""


class LinePrinter:
    """Prints what happens in a run: its lines on standard output, its states on standard error."""

    def __init__(self, context: Context, run: Run, *, timestamps: bool = False) -> None:
        from pennsieve_agent.domain.workflows import StepKind

        self._context = context
        self._timestamps = timestamps
        steps = [s.id for s in run.steps] or [s.id for s in run.states]
        processors = [s for s in run.steps if s.kind is StepKind.PROCESSOR]
        self._width = max((len(step) for step in steps), default=0)
        self._named = len(steps) > 1
        self._colours = {s.id: _COLOURS[i % len(_COLOURS)] for i, s in enumerate(processors)}

    def show(self, event: Event) -> None:
        """Print one event."""
        import json

        from pennsieve_agent.services.follow_run import Change

        streams = self._context.streams
        if isinstance(event, Change):
            # How the run ended is said at the very end, by the command.
            ended = not event.step and event.status.is_final
            if not self._context.as_json and not ended:
                name = f"step {event.step}" if event.step else "run"
                label = streams.paint(
                    event.status.label, STATUS_STYLES.get(event.status.label, "dim")
                )
                why = f": {event.reason}" if event.reason else ""
                streams.note(f"{streams.paint('●', 'dim')} {name}: {label}{why}")
            return
        if self._context.as_json:
            streams.result(json.dumps(line_document(event), ensure_ascii=False))
            return
        streams.result(f"{self._prefix(event)}{_safe(event.text, colours=streams.colour)}")

    def _prefix(self, line: Line) -> str:
        stamp = f"{_clock(line.timestamp)} " if self._timestamps else ""
        if not self._named:
            return stamp
        name = line.step.ljust(self._width)
        colour = self._colours.get(line.step, "dim")
        return f"{stamp}{self._context.streams.paint(f'{name} |', colour)} "


def _clock(timestamp: int) -> str:
    at = datetime.fromtimestamp(timestamp / 1000, tz=UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _safe(text: str, *, colours: bool) -> str:
    """Only a program's colours may pass, and only to a terminal; the rest could garble it."""
    parts = _SGR.split(text)
    kept = ["".join(c for c in part if c.isprintable() or c == "\t") for part in parts]
    if not colours:
        return "".join(kept[::2])
    return "".join(f"\x1b[{part}m" if i % 2 else part for i, part in enumerate(kept))


def line_document(line: Line) -> dict[str, Any]:
    """A log line for ``--json``."""
    return {"step": line.step, "timestamp": line.timestamp, "message": line.text}


def show_plan(context: Context, ready: Prepared) -> None:
    """What would run."""
    from pennsieve_agent.domain.plans import JobKind

    if context.as_json:
        document = documents.plan(ready.plan)
        files = None if ready.files is None else [documents.file(f) for f in ready.files]
        extra = {
            "node": ready.node.name,
            "node_kind": "own" if ready.own_node else "pennsieve",
            "dataset": ready.dataset.name,
            "files": files,
            "workflow_version": ready.version or None,
            "layout": ready.layout or None,
            "limits": documents.limits(ready.request.limits),
            "folder": ready.folder,
        }
        context.streams.document({**document, **extra, "name": ready.request.name})
        return
    streams = context.streams
    pairs = [
        ("workflow", f"{ready.plan.workflow_name} {ready.version}".strip()),
        ("dataset", ready.dataset.name),
        ("node", f"{ready.node.name}, {_whose(ready)}"),
        ("acts as", "the workflow's own identity" if ready.own_node else "you"),
        ("input", _input(ready)),
        ("layout", _LAYOUTS.get(ready.layout, ready.layout)),
        ("results", ready.folder),
        ("limits", limits_words(ready.request.limits)),
    ]
    streams.result(details(pairs, streams))
    rows = [
        [
            job.id,
            job.kind.value,
            ", ".join(job.depends_on),
            f"{job.source_url} {job.tag}" if job.kind is JobKind.PROCESSOR else job.target_folder,
        ]
        for job in ready.plan.jobs
    ]
    streams.result("")
    streams.result(table(["JOB", "KIND", "AFTER", "CODE OR FOLDER"], rows, streams))
    settings = sorted(
        (name, value)
        for job in ready.plan.jobs
        for name, value in ready.request.parameters.get(job.id, {}).items()
    )
    if settings:
        streams.result("")
        streams.result(table(["PARAMETER", "VALUE"], [list(pair) for pair in settings], streams))
    streams.note("nothing was started (--dry-run)")


_LAYOUTS = {
    "tree": "tree (files in their folders, without those that all files share)",
    "flat": "flat (all files at the top of INPUT_DIR)",
}


def _whose(ready: Prepared) -> str:
    if (own := ready.own_node) is None:
        return "run by Pennsieve"
    return f"your own, AWS account {own.account}, {own.region}"


def _input(ready: Prepared) -> str:
    if ready.files is None:
        return "the whole dataset"
    total = size(sum(file.size for file in ready.files))
    count = f"{plural(len(ready.files), 'file')}, {total}"
    return f"the whole dataset: {count}" if ready.whole_dataset else count


def note_undeclared(context: Context, ready: Prepared) -> None:
    """Say which parameters no step declares: a typo is passed on as well."""
    from pennsieve_agent.engine.run_parameters import undeclared_notes

    for sentence in undeclared_notes(ready.request.workflow, ready.request.parameters):
        context.streams.note(sentence)


def warn_pennsieve_node(context: Context, ready: Prepared) -> None:
    """What a run on a node of Pennsieve's means, before it is started.

    It acts as the person (``contracts/workflows.md`` section 8, trap 8), and the refresh token of
    the session goes with it, as its own session would end after 60 minutes (5.5).
    """
    context.streams.explain(
        f"node '{ready.node.name}' is run by Pennsieve: the run acts as you and reaches what you "
        "reach; grants bind your own nodes only. What renews your session is handed over with it, "
        "as it would end after 60 minutes."
    )


def say_started(context: Context, ready: Prepared, started: Started, *, followed: bool) -> None:
    """The run has begun, or had begun before."""
    if context.as_json:
        return
    run = started.run
    if started.before:
        context.streams.result(
            f"Run '{run.label}' ({run.uuid}) had been started; no second one was made"
        )
    else:
        context.streams.result(f"Started run '{run.name or ready.request.name}' ({run.uuid})")
    context.streams.note(
        f"{ready.plan.workflow_name} on {_input(ready)} of '{ready.dataset.name}', "
        f"node '{ready.node.name}'"
        + ("" if followed else "\nfollow it: pennsieve run logs --follow")
    )


def say_ended(context: Context, run: Run, state: RunState) -> None:
    """The run has succeeded."""
    took = duration(state.started_at, state.completed_at, context.now())
    context.streams.note(
        f"run '{run.label}' {state.status.label}" + (f" in {took}" if took else "")
    )


def runs_table(context: Context, runs: Sequence[Run]) -> str:
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
    columns = ["NAME", "STATUS", "WORKFLOW", "NODE", "STARTED", "TOOK", "ID"]
    if len(callers) > 1:
        columns.insert(_PERSON, "BY (CLAIMED)")
    return table(columns, rows, context.streams)


def show_run(context: Context, run: Run, state: RunState) -> None:
    """All of one run."""
    from pennsieve_agent.domain.runs import RunDetails

    streams, now = context.streams, context.now()
    details_ = run.details or RunDetails()
    folders = [v["TARGET_FOLDER"] for v in run.target_params.values() if v.get("TARGET_FOLDER")]
    pairs = [
        ("run", run.name),
        ("id", run.uuid),
        ("status", state.status.label),
        ("workflow", f"{run.workflow_name} {details_.workflow_version}".strip()),
        ("dataset", _dataset_name(context, run)),
        ("node", run.node_name or run.node_uuid),
        ("started by", _who(details_)),
        ("started", when(state.started_at, now, relative=context.relative)),
        ("took", duration(state.started_at, state.completed_at, now)),
        ("why", state.reason),
        ("limits", limits_words(run.limits)),
        ("input", _given(details_)),
        ("results in", details_.folder or ", ".join(dict.fromkeys(folders))),
        ("estimated cost", f"{details_.cost:.4f} USD" if details_.cost else ""),
    ]
    pairs += [
        (f"{step}.{name}", value)
        for step, values in run.parameters.items()
        for name, value in values.items()
    ]
    streams.result(details(pairs, streams))
    streams.result("")
    streams.result(_steps_table(context, state))
    if code := _code_rows(run):
        streams.result("")
        streams.result(table(["STEP", "CODE", "COMMIT", "IMAGE"], code, streams))


def _steps_table(context: Context, state: RunState) -> str:
    """The steps; columns that would be empty are left out."""
    now = context.now()
    rows = [
        [
            s.id,
            s.status.label,
            duration(s.started_at, s.completed_at, now),
            str(len(s.attempts)) if len(s.attempts) > 1 else "",
            s.reason,
        ]
        for s in state.steps
    ]
    columns = ["STEP", "STATUS", "TOOK", "ATTEMPTS", "WHY"]
    kept = [i for i in range(len(columns)) if i < 3 or any(row[i] for row in rows)]  # noqa: PLR2004
    return table(
        [columns[i] for i in kept], [[row[i] for i in kept] for row in rows], context.streams
    )


def _code_rows(run: Run) -> list[list[str]]:
    """What each processor ran, where the node keeps it."""
    code = run.details.code if run.details else {}
    return [
        [
            step.id,
            f"{step.source_url} {step.tag}".strip(),
            code[step.id].commit[:12],
            code[step.id].digest.rpartition("@")[2],
        ]
        for step in run.steps
        if step.id in code and (step.source_url or code[step.id].digest)
    ]


def _who(details_: RunDetails) -> str:
    """Who started a run: AWS's word first, then what he called himself."""
    if not details_.caller:
        return ""
    claims = details_.person_name or details_.person_email
    return f"{details_.caller} ({claims}, as claimed)" if claims else details_.caller


def _given(details_: RunDetails) -> str:
    if not details_.layout:
        return ""
    count = plural(details_.input_count, "file")
    return f"{count}, {size(details_.input_bytes)}, layout {details_.layout}"


def limits_words(limits: RunLimits) -> str:
    """What a run may take, in words; empty when nothing limits it."""
    parts = [
        f"{limits.max_cost:.2f} USD" if limits.max_cost else "",
        span(limits.seconds) if limits.seconds else "",
        "on Spot machines" if limits.spot else "",
        f"{plural(limits.retries, 'retry', 'retries')} of a failed step" if limits.retries else "",
    ]
    return ", ".join(part for part in parts if part)


def _dataset_name(context: Context, run: Run) -> str:
    """The dataset's name; its id when it is gone or hidden, which must not hide the run."""
    try:
        return context.platform.datasets.get(run.dataset_id).name
    except PlatformError:
        return run.dataset_id


def show_outputs(context: Context, run: Run, written: Sequence[OutputFile]) -> None:
    """What a run left behind."""
    streams = context.streams
    if context.as_json:
        files = [documents.output_file(f) for f in written]
        streams.document({"run": run.uuid, "files": files, "outputs": dict(run.outputs)})
        return
    if written:
        rows = [[f.path, size(f.size) if context.relative else str(f.size)] for f in written]
        streams.result(table(["PATH", "SIZE"], rows, streams))
    # A target's folder and number of files are what was just listed.
    said = [(k, v) for k, v in sorted(run.outputs.items()) if not k.endswith((".folder", ".files"))]
    if said:
        streams.result(details(said, streams))
    if not written and not run.outputs:
        ended = "wrote nothing" if run.status.is_final else "has written nothing yet"
        streams.note(f"run '{run.label}' {ended}")
        return
    streams.note(f"{plural(len(written), 'file')}, {size(sum(f.size for f in written))}")
