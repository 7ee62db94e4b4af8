"""What a live view of runs shows, decided from what is known of them. Pure: nothing is asked.

One run is shown with its steps; several, such as those of a batch, with a line each
(:func:`picture`). Drawing is :mod:`pennsieve_agent.console.live_view`'s.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pennsieve_agent.console import cells
from pennsieve_agent.console.printable import program_line
from pennsieve_agent.console.words import plural, size, span, usd
from pennsieve_agent.domain.run_events import Line
from pennsieve_agent.domain.runs import Run, RunState, RunStatus, StepState
from pennsieve_agent.domain.transfer_progress import progress_in
from pennsieve_agent.domain.workflows import Step, StepKind

MARKS = {
    RunStatus.NOT_STARTED: ("·", "dim"),
    RunStatus.STARTED: ("●", "cyan"),
    RunStatus.FINALIZING: ("●", "cyan"),
    RunStatus.SUCCEEDED: ("✓", "green"),
    RunStatus.FAILED: ("✗", "red"),
    RunStatus.CANCELING: ("●", "yellow"),
    RunStatus.CANCELED: ("-", "yellow"),
    RunStatus.SKIPPED: ("-", "dim"),
}
_UNKNOWN_MARK = ("?", "dim")
_NARROW = 60
"""Columns below which what a step waits for has a line of its own."""
_MOST_NAME = 28
KEYS = "Ctrl+C stops watching; the run goes on"
KEYS_OF_SEVERAL = "Ctrl+C stops watching; the runs go on"


def no_answer_words(seconds: float, why: str) -> str:
    """For how long there is no answer, in a view that goes on."""
    return f"no answer for {span(seconds)}, waiting ({why})"


@dataclass(frozen=True, slots=True)
class Watched:
    """What is known of a run. ``lines`` are the last lines of its steps, ``last`` of all."""

    run: Run
    state: RunState
    lines: Mapping[str, Line] = field(default_factory=dict)
    last: Line | None = None
    trouble: str = ""
    """Why nothing new is known now."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A line: parts of text with the style of each."""

    parts: tuple[tuple[str, str], ...]

    @property
    def text(self) -> str:
        """The line without styles."""
        return "".join(text for text, _ in self.parts)


@dataclass(frozen=True, slots=True)
class Row:
    """A step, or one of several runs. ``words`` say what it does or waits for."""

    name: str
    status: RunStatus
    time: str
    words: str


def picture(runs: Sequence[Watched], now: float, width: int, height: int) -> list[Drawn]:
    """All lines of the view, at most ``height`` of at most ``width`` columns.

    ``now`` is in unix seconds. What does not fit are rows of what has ended or not begun, which are
    counted instead.
    """
    one = runs[0] if len(runs) == 1 else None
    head = list(_head(one, now)) if one else [_plain(_several_words(runs), "bold")]
    foot = list(_foot(one)) if one else [_plain(KEYS_OF_SEVERAL, "dim")]
    rows = step_rows(one, now) if one else [run_row(watched, now) for watched in runs]
    body = _body(rows, width, max(height - len(head) - len(foot), 1))
    lines = [*head, *body, *foot]
    return [_cut(line, width) for line in lines[: max(height, 1)]]


def step_rows(watched: Watched, now: float) -> list[Row]:
    """The steps of a run, in the order of the workflow."""
    steps = {step.id: step for step in watched.run.steps}
    states = {state.id: state.status for state in watched.state.steps}
    return [
        Row(
            state.id,
            state.status,
            "" if (seconds := state.seconds(now)) is None else span(seconds),
            _step_words(watched, state, steps.get(state.id), states),
        )
        for state in watched.state.steps
    ]


def run_row(watched: Watched, now: float) -> Row:
    """One of several runs: how many of its steps are done, and what it does or waits for."""
    state = watched.state
    seconds = state.seconds(now)
    done = sum(step.status is RunStatus.SUCCEEDED for step in state.steps)
    words = f"{done} of {plural(len(state.steps), 'step')}" if state.steps else ""
    active = [step.id for step in state.steps if step.status is RunStatus.STARTED]
    doing = state.reason or ("" if state.status.is_final else ", ".join(active))
    return Row(
        watched.run.label,
        state.status,
        "" if seconds is None else span(seconds),
        ": ".join(filter(None, (words, watched.trouble or doing))),
    )


def _step_words(
    watched: Watched, state: StepState, step: Step | None, states: Mapping[str, RunStatus]
) -> str:
    """What a step does or waits for."""
    if state.status is RunStatus.NOT_STARTED:
        return _waits_for(watched, state, step, states)
    if state.status is RunStatus.STARTED:
        return _does(watched, state, step)
    if state.status is RunStatus.SUCCEEDED and len(state.attempts) > 1:
        return plural(len(state.attempts), "attempt")
    return state.reason


def _waits_for(
    watched: Watched, state: StepState, step: Step | None, states: Mapping[str, RunStatus]
) -> str:
    before = [name for name in (step.depends_on if step else ()) if name in states]
    left = [name for name in before if states[name] is not RunStatus.SUCCEEDED]
    if watched.state.status.is_final:
        return ""
    if left:
        return f"waits for step{'s' if len(left) > 1 else ''} {', '.join(left)}"
    if state.reason:
        return state.reason
    if watched.state.status is RunStatus.NOT_STARTED:
        return "in the queue of the compute node"
    return "about to start" if before or (step and step.kind is StepKind.SOURCE) else ""


def _does(watched: Watched, state: StepState, step: Step | None) -> str:
    line = watched.lines.get(state.id)
    progress = progress_in(line.text) if line else None
    attempt = f"attempt {len(state.attempts)}" if len(state.attempts) > 1 else ""
    if progress is not None:
        doing = f"{progress.verb} {size(progress.done)} of {size(progress.total)}"
    elif step and step.kind is StepKind.SOURCE:
        details = watched.run.details
        total = details.input_bytes if details else None
        doing = f"downloading {size(total)}" if total else "downloading the input"
    elif step and step.kind is StepKind.TARGET:
        doing = "uploading the results"
    else:
        doing = ""
    return ", ".join(filter(None, (state.reason, attempt, doing)))


def _head(watched: Watched, now: float) -> Iterator[Drawn]:
    run, state = watched.run, watched.state
    seconds = state.seconds(now)
    mark, style = MARKS.get(state.status, _UNKNOWN_MARK)
    time = f"  {span(seconds)}" if seconds is not None else ""
    words = f"  {state.status.label}{time}"
    yield Drawn(((f"{mark} ", style), (run.label, "bold"), (words, style)))
    if state.reason:
        yield _plain(f"  {state.reason}", style)
    place = f"on {run.node_name}" if run.node_name else ""
    words = " ".join(filter(None, (run.workflow_name, place)))
    if words:
        yield _plain(f"  {words}", "dim")
    yield _plain("", "")


def _foot(watched: Watched) -> Iterator[Drawn]:
    yield _plain("", "")
    if watched.last is not None:
        name, text = watched.last.step, program_line(watched.last.text).replace("\t", " ")
        yield Drawn(((f"{name} | ", "cyan"), (text, "")))
    if watched.state.spent is not None:
        so_far = "cost" if watched.state.status.is_final else "cost so far"
        yield _plain(f"{so_far} {usd(watched.state.spent)}, estimated", "dim")
    if watched.trouble:
        yield _plain(watched.trouble, "yellow")
    if not watched.state.status.is_final:
        yield _plain(KEYS, "dim")


def _several_words(runs: Sequence[Watched]) -> str:
    counts = dict.fromkeys((watched.state.status.label for watched in runs), 0)
    for watched in runs:
        counts[watched.state.status.label] += 1
    words = ", ".join(f"{count} {label}" for label, count in counts.items())
    return f"{plural(len(runs), 'run')}: {words}"


_FIRST = (RunStatus.FAILED, RunStatus.STARTED, RunStatus.FINALIZING, RunStatus.CANCELING)


def _body(rows: Sequence[Row], width: int, height: int) -> list[Drawn]:
    """The rows; where there are too many, those that matter, and how many others there are."""
    names = min(max((cells.width(row.name) for row in rows), default=0), _MOST_NAME, width // 3)
    times = max((cells.width(row.time) for row in rows), default=0)
    lines = [_row_lines(row, names, times, width) for row in rows]
    if sum(map(len, lines)) <= height:
        return [line for block in lines for line in block]
    by_weight = sorted(range(len(rows)), key=lambda i: (rows[i].status not in _FIRST, i))
    kept, left = set[int](), height - 1
    for i in by_weight:
        if len(lines[i]) > left:
            break
        kept.add(i)
        left -= len(lines[i])
    hidden = [row for i, row in enumerate(rows) if i not in kept]
    counts = dict.fromkeys((row.status.label for row in hidden), 0)
    for row in hidden:
        counts[row.status.label] += 1
    more = ", ".join(f"{count} {label}" for label, count in counts.items())
    shown = [line for i in sorted(kept) for line in lines[i]]
    return [*shown, _plain(f"  … and {more}", "dim")]


def _row_lines(row: Row, names: int, times: int, width: int) -> list[Drawn]:
    mark, style = MARKS.get(row.status, _UNKNOWN_MARK)
    name = cells.pad(cells.cut(row.name, names, names // 2), names)
    status = cells.pad(row.status.label, 10)
    head = ((f"{mark} ", style), (f"{name}  ", ""), (f"{status} ", style))
    if width < _NARROW:
        lines = [Drawn((*head, (row.time, "")))]
        return [*lines, _plain(f"    {row.words}", "dim")] if row.words else lines
    return [Drawn((*head, (f"{cells.pad(row.time, times)}  ", ""), (row.words, "dim")))]


def _plain(text: str, style: str) -> Drawn:
    return Drawn(((text, style),))


def _cut(line: Drawn, width: int) -> Drawn:
    """The line, no wider than the terminal."""
    parts, left = list[tuple[str, str]](), width
    for text, style in line.parts:
        if left <= 0:
            break
        short = cells.cut(text, left)
        parts.append((short, style))
        left -= cells.width(short)
    return Drawn(tuple(parts))
