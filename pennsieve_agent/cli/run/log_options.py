"""The options of ``pennsieve run logs`` that choose lines, and what is wrong with them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.cli.run import moments
from pennsieve_agent.domain.log_filter import LogFilter
from pennsieve_agent.errors import UnknownName, UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.domain.runs import Run

Step = Annotated[str | None, typer.Option("--step", "-s", metavar="STEP", help="Only this step.")]
Attempt = Annotated[
    int | None,
    typer.Option("--attempt", metavar="N", help="Only this attempt of each step; the first is 1."),
]
Since = Annotated[
    str | None,
    typer.Option("--since", metavar="TIME", help="Only newer lines: 10m, 2h, 2026-11-28T10:00."),
]
Until = Annotated[
    str | None, typer.Option("--until", metavar="TIME", help="Only older lines, as for --since.")
]
Tail = Annotated[
    int | None, typer.Option("--tail", metavar="N", help="Only the last N lines of those.")
]
Grep = Annotated[
    str | None,
    typer.Option("--grep", metavar="PATTERN", help="Only lines with this regular expression."),
]


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed of them."""

    step: str | None
    attempt: int | None
    since: str | None
    until: str | None
    tail: int | None
    grep: str | None

    @property
    def is_any(self) -> bool:
        """Whether lines are chosen at all."""
        return self != Typed(None, None, None, None, None, None)


def chosen_lines(typed: Typed, run: Run, now: float, *, follow: bool) -> LogFilter:
    """The lines that are wanted of a run; ``now`` is in unix seconds.

    Raises:
        UsageProblem: a value makes no sense, or not for this run.
    """
    _check_step(run, typed.step)
    _check_attempt(run, typed.attempt)
    if typed.tail is not None and typed.tail < 1:
        raise UsageProblem(f"{typed.tail} lines cannot be shown", hint="for example: --tail 20")
    if follow and typed.until is not None:
        raise UsageProblem(
            "--follow goes on until the run ends, and --until stops before",
            hint="leave one of them out",
        )
    since = moments.milliseconds(typed.since, now, "--since") if typed.since else 0
    until = moments.milliseconds(typed.until, now, "--until") if typed.until else 0
    if until and since >= until:
        raise UsageProblem(
            f"no line is after {typed.since} and before {typed.until}",
            hint="--since has to be before --until",
        )
    return LogFilter(since, until, typed.attempt or 0, _pattern(typed.grep), is_followed=follow)


def refuse_for_batch(typed: Typed, batch: str) -> None:
    """Refuse what chooses lines of one run alone.

    Raises:
        UsageProblem: it was typed.
    """
    values = {
        "--attempt": typed.attempt,
        "--since": typed.since,
        "--until": typed.until,
        "--tail": typed.tail,
        "--grep": typed.grep,
    }
    if option := next((name for name, value in values.items() if value is not None), ""):
        raise UsageProblem(
            f"'{batch}' is a batch, and {option} is for a run",
            hint="name one of its runs, or choose by --subject, --failed and --step",
        )


def _pattern(text: str | None) -> re.Pattern[str] | None:
    if not text:
        return None
    try:
        return re.compile(text)
    except re.error as error:
        raise UsageProblem(
            f"'{text}' is not a regular expression: {error}",
            hint=f"for the text itself, type: --grep '{re.escape(text)}'",
        ) from None


def _check_step(run: Run, step: str | None) -> None:
    names = [s.id for s in run.steps]
    if step is not None and step not in names:
        raise UnknownName(
            f"the run has no step '{step}'", hint=f"its steps are: {', '.join(names)}"
        )


def _check_attempt(run: Run, attempt: int | None) -> None:
    if attempt is None:
        return
    if run.details is None:
        raise UsageProblem(
            "a compute node that Pennsieve runs does not tell attempts",
            hint="leave --attempt out; --since and --until choose lines by their time",
        )
    most = max((len(step.attempts) for step in run.states), default=0) or 1
    if not 1 <= attempt <= most:
        had = "each step had one" if most == 1 else f"there were at most {most}"
        raise UsageProblem(f"there is no attempt {attempt}: {had}", hint="the first is --attempt 1")
