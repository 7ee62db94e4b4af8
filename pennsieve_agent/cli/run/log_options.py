"""The options of ``pennsieve run logs`` that choose lines, and what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Sequence
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
    int | None, typer.Option("--tail", metavar="N", help="Only the last N of these lines.")
]
Grep = Annotated[
    str | None,
    typer.Option(
        "--grep", metavar="PATTERN", help="Only lines that match this regular expression."
    ),
]


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed of them."""

    step: str | None = None
    attempt: int | None = None
    since: str | None = None
    until: str | None = None
    tail: int | None = None
    grep: str | None = None

    @property
    def is_any(self) -> bool:
        """Whether lines are chosen at all."""
        return self != NONE


NONE = Typed()


def chosen_lines(typed: Typed, run: Run, now: float, *, follow: bool) -> LogFilter:
    """The lines that are wanted of a run; ``now`` is in unix seconds.

    Raises:
        UsageProblem: a value makes no sense, or not for this run.
    """
    _check_step(typed.step, [step.id for step in run.steps], "run")
    if typed.attempt is not None:
        _check_attempts(is_own=run.details is not None)
        most = max((len(step.attempts) for step in run.states), default=0) or 1
        _check_attempt(typed.attempt, most)
    return _filter(typed, now, follow=follow)


def chosen_of_batch(
    typed: Typed, steps: Sequence[str], now: float, *, has_attempts: bool, follow: bool
) -> LogFilter:
    """The lines that are wanted of each run of a batch, which has these ``steps``.

    ``has_attempts``: the place tells attempts of steps. A run that had fewer has no such line.

    Raises:
        UsageProblem: a value makes no sense.
    """
    _check_step(typed.step, steps, "batch")
    if typed.attempt is not None:
        _check_attempts(is_own=has_attempts)
        _check_attempt(typed.attempt, typed.attempt)
    return _filter(typed, now, follow=follow)


def _filter(typed: Typed, now: float, *, follow: bool) -> LogFilter:
    if typed.tail is not None and typed.tail < 1:
        raise UsageProblem(
            f"--tail must be at least 1, not {typed.tail}", hint="for example: --tail 20"
        )
    if follow and typed.until is not None:
        raise UsageProblem(
            "--follow goes on until the end, and --until stops before",
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


def _check_step(step: str | None, names: Sequence[str], what: str) -> None:
    if step is not None and step not in names:
        raise UnknownName(
            f"the {what} has no step '{step}'", hint=f"its steps are: {', '.join(names)}"
        )


def _check_attempts(*, is_own: bool) -> None:
    if not is_own:
        raise UsageProblem(
            "a compute node that Pennsieve runs does not report attempts",
            hint="leave --attempt out; --since and --until choose lines by their time",
        )


def _check_attempt(attempt: int, most: int) -> None:
    if not 1 <= attempt <= most:
        had = "each step had one only" if most <= 1 else f"there were at most {most}"
        raise UsageProblem(
            f"there is no attempt {attempt}: {had}", hint="attempts are counted from 1"
        )
