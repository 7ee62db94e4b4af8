"""How runs are shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from pennsieve_agent.cli.run import record_views
from pennsieve_agent.console import documents
from pennsieve_agent.console.printable import program_line
from pennsieve_agent.console.shown import Details, Part, Shown, Table
from pennsieve_agent.console.tables import (
    ID,
    NAME,
    STATUS_STYLES,
    Column,
    Cut,
)
from pennsieve_agent.console.words import duration, plural, size, span, when
from pennsieve_agent.domain.figures import total
from pennsieve_agent.errors import PlatformError

if TYPE_CHECKING:
    from pennsieve_agent.cli.context import Context
    from pennsieve_agent.cli.run.failed_step import FailedStep
    from pennsieve_agent.domain.run_events import Change, Event, Line, NewAttempt
    from pennsieve_agent.domain.runs import (
        Run,
        RunInput,
        RunLimits,
        RunState,
    )
    from pennsieve_agent.services.runs.run_request import Prepared
    from pennsieve_agent.services.runs.start_run import Started

_COLOURS = ("cyan", "green", "yellow")
_PERSON = 4
"""Where who started a run stands in the list: after the node, who was told it."""


class EventViews:
    """Shows what happens in a run: its lines on standard output, its states on standard error."""

    def __init__(self, context: Context, run: Run, *, timestamps: bool = False) -> None:
        from pennsieve_agent.domain.workflows import StepKind

        self._streams = context.streams
        self._as_json = context.as_json
        self._timestamps = timestamps
        steps = [s.id for s in run.steps] or [s.id for s in run.states]
        processors = [s for s in run.steps if s.kind is StepKind.PROCESSOR]
        self._width = max((len(step) for step in steps), default=0)
        self._named = len(steps) > 1
        self._colours = {s.id: _COLOURS[i % len(_COLOURS)] for i, s in enumerate(processors)}

    def shown(self, events: Sequence[Event]) -> Iterator[Shown]:
        """Events that came at once. How the run ended is said at the very end, by the command."""
        from pennsieve_agent.domain.run_events import Change

        for is_change, some in groupby(events, lambda event: isinstance(event, Change)):
            if not is_change:
                yield self._lines([event for event in some if not isinstance(event, Change)])
                continue
            notes = [self._change(event) for event in some if isinstance(event, Change)]
            yield Shown(notes=[note for note in notes if note])

    def _lines(self, lines: Sequence[Line | NewAttempt]) -> Shown:
        if self._as_json:
            return Shown(lines=[documents.log_line(line, _words(line)) for line in lines])
        return Shown(text="\n".join(map(self._line, lines)))

    def _line(self, line: Line | NewAttempt) -> str:
        from pennsieve_agent.domain.run_events import NewAttempt

        words = _words(line)
        if isinstance(line, NewAttempt):
            return f"{self._prefix(line)}{self._streams.paint(f'-- {words} --', 'yellow')}"
        return f"{self._prefix(line)}{program_line(words)}"

    def _change(self, event: Change) -> str:
        if not event.step and event.status.is_final:
            return ""
        paint, label = self._streams.paint, event.status.label
        name = f"step {event.step}" if event.step else "run"
        why = f": {event.reason}" if event.reason else ""
        state = paint(label, STATUS_STYLES.get(label, "dim"))
        return f"{paint('●', 'dim')} {name}: {state}{why}"

    def _prefix(self, line: Line | NewAttempt) -> str:
        stamp = f"{documents.milliseconds(line.timestamp)} " if self._timestamps else ""
        if not self._named:
            return stamp
        name = line.step.ljust(self._width)
        colour = self._colours.get(line.step, "dim")
        return f"{stamp}{self._streams.paint(f'{name} |', colour)} "


def _words(line: Line | NewAttempt) -> str:
    """What a line says, or that its step is tried again and how the attempt before ended."""
    from pennsieve_agent.domain.run_events import Line

    if isinstance(line, Line):
        return line.text
    before = f" (attempt {line.attempt - 1}: {line.why})" if line.why else ""
    return f"attempt {line.attempt} of this step{before}"


def plan(context: Context, ready: Prepared) -> Shown:
    """What would run."""
    del context
    return Shown(
        _plan_document(ready),
        _plan_text(ready),
        notes=["nothing was started (--dry-run)"],
    )


def _plan_document(ready: Prepared) -> dict[str, Any]:
    return {
        "name": ready.request.name or None,
        **documents.plan(ready.plan),
        "workflow_version": ready.version or None,
        "node": ready.node.name,
        "node_kind": "own" if ready.own_node else "pennsieve",
        "dataset": ready.dataset.name,
        "files": [documents.file(f) for f in ready.files],
        "results_left_out": ready.input.left_out,
        "layout": ready.layout or None,
        "folder": ready.folder,
        "files_in_folder": ready.input.in_folder,
        "limits": documents.limits(ready.request.limits),
    }


def _plan_text(ready: Prepared) -> list[Part]:
    from pennsieve_agent.domain.plans import JobKind

    pairs = [
        ("workflow", f"{ready.plan.workflow_name} {ready.version}".strip()),
        ("dataset", ready.dataset.name),
        ("node", f"{ready.node.name}, {_whose(ready)}"),
        ("acts as", "the workflow's own identity" if ready.own_node else "you"),
        ("input", _input(ready)),
        ("left out", _left_out(ready)),
        ("layout", _LAYOUTS.get(ready.layout, ready.layout)),
        ("results", ready.folder),
        ("note", _shared_folder(ready)),
        ("limits", limits_words(ready.request.limits)),
    ]
    rows = [
        [
            job.id,
            job.kind.value,
            ", ".join(job.depends_on),
            f"{job.source_url} {job.tag}" if job.kind is JobKind.PROCESSOR else job.target_folder,
        ]
        for job in ready.plan.jobs
    ]
    text: list[Part] = [
        Details(pairs),
        "",
        Table(["JOB", "KIND", "AFTER", Column("CODE OR FOLDER", Cut.RUN_ON)], rows),
    ]
    settings = sorted(
        (name, value)
        for job in ready.plan.jobs
        for name, value in ready.request.parameters.get(job.id, {}).items()
    )
    if settings:
        text += [
            "",
            Table(["PARAMETER", Column("VALUE", Cut.WRAP)], [list(pair) for pair in settings]),
        ]
    return text


_LAYOUTS = {
    "tree": "tree (files in their folders, without those that all files share)",
    "flat": "flat (all files at the top of INPUT_DIR)",
}


def _whose(ready: Prepared) -> str:
    if (own := ready.own_node) is None:
        return "run by Pennsieve"
    return f"your own, AWS account {own.account}, {own.region}"


def _input(ready: Prepared) -> str:
    amount = size(total(file.size for file in ready.files))
    count = f"{plural(len(ready.files), 'file')}, {amount}"
    return f"the whole dataset: {count}" if ready.input.is_whole else count


def _left_out(ready: Prepared) -> str:
    """How many files are not input because earlier runs made them."""
    if not (count := ready.input.left_out):
        return ""
    return f"{plural(count, 'file')} of results of earlier runs"


def _shared_folder(ready: Prepared) -> str:
    """What happens in a folder for results that has files already; empty where it has none."""
    if not (count := ready.input.in_folder):
        return ""
    return (
        f"'{ready.folder}' has {plural(count, 'file')} already; where a name is taken, Pennsieve "
        "gives the new file another, such as 'a (1).txt'"
    )


def note_files(context: Context, ready: Prepared) -> None:
    """Say which files are not input, and which lie where results will."""
    if words := _shared_folder(ready):
        context.streams.note(words)
    if words := _left_out(ready):
        context.streams.note(
            f"left out: {words} (take them with --input-run RUN or --include-results)"
        )


def note_idle_patterns(context: Context, ready: Prepared) -> None:
    """Say which patterns should have left out files, and leave out none."""
    from pennsieve_agent.services.files.choose_files import idle_notes

    for note in idle_notes(ready.input.idle):
        context.streams.note(note)


def whole_dataset_question(ready: Prepared) -> str:
    """What is asked where nobody chose files."""
    return f"no files were chosen: take {_input(ready)} of '{ready.dataset.name}' as input?"


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
    context.streams.note(
        f"node '{ready.node.name}' is run by Pennsieve: the run acts as you and reaches what you "
        "reach; grants bind your own nodes only. What renews your session is handed over with it, "
        "as it would end after 60 minutes."
    )


def started(ready: Prepared, start: Started, *, followed: bool) -> Shown:
    """The run has begun, or had begun before; ``followed``: it is shown to its end."""
    run = start.run
    if start.before:
        text = f"Run '{run.label}' ({run.uuid}) had been started; no second one was made"
    else:
        text = f"Started run '{run.name or ready.request.name}' ({run.uuid})"
    what = (
        f"{ready.plan.workflow_name} on {_input(ready)} of '{ready.dataset.name}', "
        f"node '{ready.node.name}'"
    )
    if followed:
        return Shown(text=text, notes=[what])
    notes = [what, f"follow it: pennsieve run logs {run.typed} --follow"]
    return Shown(documents.run(run), text, notes)


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
    return Shown(document, [*text, "", failed.text], [f"all of it: {failed.command}"])


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
        ("input", record_views.input_words(input_, details_.layout)),
        ("results in", details_.folder or ", ".join(dict.fromkeys(folders))),
        ("estimated cost", record_views.cost_words(run, state)),
    ]
    pairs += [
        (f"{step}.{name}", value)
        for step, values in run.parameters.items()
        for name, value in values.items()
    ]
    return [Details(pairs), "", _steps_table(state, now)]


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
