"""How a run that was waited for ended: what is said of it, who is told, and the exit code."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pennsieve_agent.cli.run.at_end import NOBODY, AtEnd
from pennsieve_agent.cli.run.views import took
from pennsieve_agent.console import documents
from pennsieve_agent.console.shown import Shown
from pennsieve_agent.domain.runs import Run, RunState, RunStatus
from pennsieve_agent.errors import ExitCode, RunFailed
from pennsieve_agent.services.runs.all_runs import Located

if TYPE_CHECKING:
    from pennsieve_agent.cli.context import Context


def ended(
    context: Context,
    located: Located,
    state: RunState,
    *,
    at_end: AtEnd = NOBODY,
    has_lines: bool = False,
) -> Shown:
    """The end of one run. ``has_lines``: its lines were shown already, also in place of a document.

    Raises:
        RunFailed: it failed or was cancelled.
    """
    run = located.run
    is_document = context.as_json and not has_lines
    if not context.as_json:
        _say_why(context, located, state, has_lines=has_lines)
    at_end.tell(context, run, state)
    succeeded = state.status is RunStatus.SUCCEEDED
    if is_document:
        # The run is the one document, also when it failed; the exit code says that it did.
        code = ExitCode.OK if succeeded else RunFailed.exit_code
        return Shown(documents.run(run, state), exit_code=code)
    if not succeeded:
        raise failure(run, state)
    return Shown(notes=[_success(context, run, state)])


def ended_of_several(context: Context, located: Located, state: RunState, at_end: AtEnd) -> Shown:
    """The end of one of several runs, which is noted; the exit code is that of all."""
    run = located.run
    succeeded = state.status is RunStatus.SUCCEEDED
    if not context.as_json:
        _say_why(context, located, state, has_lines=False)
    at_end.tell(context, run, state)
    words = _success(context, run, state) if succeeded else failure(run, state).message
    return Shown(notes=[words])


def failure(run: Run, state: RunState) -> RunFailed:
    """What a run that failed, or was cancelled, is as an error."""
    label = f"run '{run.label}' {state.status.label}"
    if state.reason and not state.reason.startswith("step '"):  # no step's program is to blame
        return RunFailed(
            f"{label}: {state.reason}",
            where=run.uuid,
            hint=f"see what it did: pennsieve run show {run.typed}",
        )
    failed = next((s.id for s in state.steps if s.status is RunStatus.FAILED), "")
    return RunFailed(
        label + (f" in step '{failed}'" if failed else ""),
        where=run.uuid,
        hint=f"read why: pennsieve run logs {run.typed}" + (f" --step {failed}" if failed else ""),
    )


def _success(context: Context, run: Run, state: RunState) -> str:
    time = took(state, context.now())
    return f"run '{run.label}' {state.status.label}" + (f" in {time}" if time else "")


def _say_why(context: Context, located: Located, state: RunState, *, has_lines: bool) -> None:
    """Why it failed: step, reason, its last lines unless they were shown, and what to try."""
    from functools import partial

    from pennsieve_agent.cli.run.failed_step import failed_step, read_files
    from pennsieve_agent.domain.failure_advice import advice

    if state.status is not RunStatus.FAILED:
        return
    streams = context.streams
    read = partial(read_files, context, located)
    step = failed_step(located, state, read)
    tried = step.advice if step else ""
    if step is not None:
        streams.note(step.head(streams) if has_lines else step.text(streams))
    if words := tried or advice(state.reason, located.run, read):
        streams.note(f"next: {words}")
