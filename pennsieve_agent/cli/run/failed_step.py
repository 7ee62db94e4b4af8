"""Why a run failed: the step, its reason, and the last lines that it printed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pennsieve_agent.domain.failure_advice import ReadFiles, advice
from pennsieve_agent.errors import AgentError

if TYPE_CHECKING:
    from pennsieve_agent.cli.context import Context
    from pennsieve_agent.console.streams import Streams
    from pennsieve_agent.domain.runs import Run, RunState
    from pennsieve_agent.services.runs.all_runs import Located

LINES = 20


@dataclass(frozen=True, slots=True)
class FailedStep:
    """The step that ended a run. ``lines`` is None where its log cannot be read.

    ``advice`` is what to try, empty where nobody can tell.
    """

    run: Run
    step: str
    reason: str
    lines: Sequence[str] | None
    advice: str = ""

    @property
    def command(self) -> str:
        """What shows all that it printed."""
        from shlex import quote

        return f"pennsieve run logs {self.run.typed} --step {quote(self.step)}"

    def to_json(self) -> dict[str, Any]:
        """The document."""
        lines = None if self.lines is None else list(self.lines)
        return {
            "step": self.step,
            "reason": self.reason or None,
            "last_lines": lines,
            "command": self.command,
            "advice": self.advice or None,
        }

    @property
    def notes(self) -> list[str]:
        """What to type to see more, and what to try."""
        return [f"all of it: {self.command}", *([f"next: {self.advice}"] if self.advice else [])]

    def head(self, streams: Streams) -> str:
        """The step and the reason."""
        head = f"Step '{self.step}' failed" + (f": {self.reason}" if self.reason else "")
        return streams.wrapped(head) if streams.out_is_terminal else head

    def text(self, streams: Streams) -> str:
        """The reason, and the lines below it."""
        from pennsieve_agent.console.printable import program_line
        from pennsieve_agent.console.words import plural

        head = self.head(streams)
        if self.lines is None:
            return f"{head}\nIts log cannot be read now"
        if not self.lines:
            return f"{head}\nIt printed nothing"
        shown = [f"  {program_line(line)}" for line in self.lines]
        return "\n".join([head, f"Its last {plural(len(shown), 'line')}:", *shown])


def failed_step(
    located: Located, state: RunState, read: Callable[[], ReadFiles] | None = None
) -> FailedStep | None:
    """The first step that failed; None for a run that did not fail, or in no step.

    ``read`` tells which files it has read, where that is to be said.
    """
    from pennsieve_agent.domain.runs import RunStatus

    failed = [step for step in state.steps if step.status is RunStatus.FAILED]
    if state.status is not RunStatus.FAILED or not failed:
        return None
    step = min(failed, key=lambda one: one.completed_at or "9")
    try:
        messages = located.backend.last_lines(located.run.uuid, [step], LINES)
        lines = [message.message for message in messages]
    except AgentError:  # the run itself is known, and worth showing
        lines = None
    reason = step.reason or _exit(step.attempts)
    return FailedStep(located.run, step.id, reason, lines, advice(reason, located.run, read))


def read_files(context: Context, located: Located) -> ReadFiles:
    """The files that a run has read, as far as they can be told."""
    run = located.run
    try:
        files = located.backend.input(run).files or ()
        dataset = context.platform.datasets.get(run.dataset_id).name
    except AgentError:  # the run itself is known, and worth showing
        return ReadFiles(run.dataset_id)
    return ReadFiles(dataset, [file.path for file in files])


def _exit(attempts: Sequence[Any]) -> str:
    """What became of the last try, where the step gives no reason."""
    if not attempts:
        return ""
    last = attempts[-1]
    return last.reason or ("" if last.exit_code is None else f"exit code {last.exit_code}")
