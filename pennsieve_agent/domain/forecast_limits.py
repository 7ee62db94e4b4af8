"""An estimate beside what a run may take: what refuses it, and what is said of it. Pure.

A run that would be ended by its limit with near certainty costs money and gives nothing, so it is
refused where even the low figure is above. Where it is likely or possible, somebody is told: the
limit is there to end it.
"""

from __future__ import annotations

from dataclasses import dataclass

from pennsieve_agent.domain.forecast import Band, Forecast
from pennsieve_agent.domain.runs import RunLimits

_CENT, _LEAST = 0.01, 0.000001


@dataclass(frozen=True, slots=True)
class Verdict:
    """``refusal`` says why nothing is started, ``notes`` what may end it; empty for nothing."""

    refusal: str = ""
    hint: str = ""
    notes: tuple[str, ...] = ()


def verdict(
    estimate: Forecast, limits: RunLimits, budget_left: float | None, node: str, what: str = "run"
) -> Verdict:
    """What the limits and the month's budget of a node have to say to the estimate of a run.

    ``budget_left`` is in USD, None where there is no budget. ``what`` is "run", or the "batch" of
    which it is the estimate, and then has no limits.
    """
    of_limit = _limit(estimate, limits, what)
    of_budget = _budget(estimate, budget_left, node, what)
    first = of_limit if of_limit.refusal else of_budget
    return Verdict(
        first.refusal,
        first.hint,
        (*of_limit.notes, *of_budget.notes, *_time(estimate, limits, what)),
    )


def _limit(estimate: Forecast, limits: RunLimits, what: str) -> Verdict:
    usd, most = estimate.usd, limits.max_cost
    if usd is None or not most:
        return Verdict()
    if usd.low > most:
        return Verdict(
            f"the {what} is expected to cost {money(usd.expected)} and at least {money(usd.low)} "
            f"({estimate.basis}); its limit of {money(most)} would end it too early",
            f"give it more with: --max-cost {_above(usd.high)}; or leave --max-cost out",
        )
    return Verdict(notes=_notes(usd, most, f"its limit of {money(most)}", what))


def _budget(estimate: Forecast, left: float | None, node: str, what: str) -> Verdict:
    usd = estimate.usd
    if usd is None or left is None:
        return Verdict()
    budget = f"this month's budget of compute node '{node}'"
    if usd.low > left:
        return Verdict(
            f"{budget} has {money(left)} left, but the {what} is expected to cost "
            f"{money(usd.expected)}, at least {money(usd.low)} ({estimate.basis})",
            "choose fewer files, wait for next month, or raise the budget with: pennsieve compute "
            f"update {node} --monthly-budget USD",
        )
    return Verdict(notes=_notes(usd, left, f"{budget}, which has {money(left)} left", what))


def _notes(usd: Band, most: float, limit: str, what: str) -> tuple[str, ...]:
    if usd.high <= most:
        return ()
    if usd.expected > most:
        words = f"will probably be ended by {limit}: it is expected to cost {money(usd.expected)}"
    else:
        words = f"may be ended by {limit}: it may cost up to {money(usd.high)}"
    return (f"the {what} {words}",)


def _time(estimate: Forecast, limits: RunLimits, what: str) -> tuple[str, ...]:
    seconds, most = estimate.seconds, limits.seconds
    if seconds is None or not most or seconds.expected < most:
        return ()
    words = "will probably be ended by its time limit: half of such runs take longer"
    return (f"the {what} {words} ({estimate.basis})",)


def money(amount: float) -> str:
    """USD with two digits, or as many as a smaller amount needs; a little is not nothing."""
    if amount >= _CENT or not amount:
        return f"{amount:.2f} USD"
    if amount >= _CENT**2:
        return f"{amount:.4f} USD"
    return f"{amount:.6f} USD" if amount >= _LEAST else "<0.000001 USD"


def _above(amount: float) -> str:
    """An amount that is enough, with two digits."""
    whole = int(amount * 100) + 1
    return f"{whole / 100:.2f}"
