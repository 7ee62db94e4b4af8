"""What a run is expected to cost and take, in words; and what its limits have to say to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pennsieve_agent.domain.forecast_limits import Verdict, money, verdict
from pennsieve_agent.domain.prices import price_words
from pennsieve_agent.domain.runs import NO_LIMITS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pennsieve_agent.cli.context import Context
    from pennsieve_agent.domain.forecast import Band, Forecast
    from pennsieve_agent.services.batches.prepare_batch import PreparedBatch
    from pennsieve_agent.services.runs.run_request import Prepared

_MOST_SUBJECTS = 3


def pairs(estimate: Forecast | None, region: str | None) -> list[tuple[str, str]]:
    """An estimate as details of a plan; ``region`` is the own node's, None on Pennsieve's nodes."""
    if estimate is None:
        return []
    return [
        ("cost", cost_words(estimate.usd)),
        ("time", time_words(estimate.seconds)),
        ("estimated", estimate.basis),
        ("prices", price_words(region) if region else ""),
    ]


def cost_words(usd: Band | None) -> str:
    """``about 0.12 USD (from 0.08 USD to 0.21 USD)``."""
    return _band(usd, money) if usd else "unknown"


def time_words(seconds: Band | None) -> str:
    """``about 12 min 5 s (from 8 min 0 s to 25 min 0 s)``."""
    from pennsieve_agent.console.words import span

    return _band(seconds, lambda long: span(round(long))) if seconds else "unknown"


def _band(band: Band, words: Callable[[float], str]) -> str:
    low, expected, high = (words(figure) for figure in (band.low, band.expected, band.high))
    return f"about {expected}" + ("" if low == high else f" (from {low} to {high})")


def sentence(estimate: Forecast | None) -> str:
    """An estimate in a sentence; empty where there is none."""
    if estimate is None or estimate.seconds is None:
        return ""
    cost = f"{cost_words(estimate.usd)} and " if estimate.usd else ""
    return f"estimate: {cost}{time_words(estimate.seconds)}, {estimate.basis}"


def refuse(ready: Prepared) -> None:
    """Refuse a run that its limits would end before it is done.

    Raises:
        UsageProblem: they would.
    """
    _refuse(_of_run(ready))


def say(context: Context, ready: Prepared) -> None:
    """Say what the run is expected to cost and take, and which limits may end it."""
    if words := sentence(ready.estimate):
        context.streams.note(words)
    note(context, ready)


def note(context: Context, ready: Prepared) -> None:
    """Say which limits may end the run."""
    for words in _of_run(ready).notes:
        context.streams.note(words)


def _of_run(ready: Prepared) -> Verdict:
    if ready.estimate is None:
        return Verdict()
    limits = ready.request.limits
    return verdict(ready.estimate, limits, ready.budget_left, ready.node.name)


def refuse_batch(ready: PreparedBatch) -> None:
    """Refuse a batch with runs that their limits would end, or that the month's budget would.

    Raises:
        UsageProblem: they would.
    """
    from pennsieve_agent.console.words import plural
    from pennsieve_agent.errors import UsageProblem

    over = [(name, said) for name, said in _of_runs(ready) if said.refusal]
    if over:
        first, said = over[0]
        more = f" (and {plural(len(over) - 1, 'more run')} likewise)" if len(over) > 1 else ""
        raise UsageProblem(f"'{first}': {said.refusal}{more}", hint=said.hint)
    _refuse(_of_batch(ready))


def note_batch(context: Context, ready: PreparedBatch) -> None:
    """Say which limits may end runs of the batch."""
    from pennsieve_agent.console.words import plural

    near = [(name, said) for name, said in _of_runs(ready) if said.notes]
    for name, said in near[:_MOST_SUBJECTS]:
        context.streams.note(f"'{name}': {said.notes[0]}")
    if (more := len(near) - _MOST_SUBJECTS) > 0:
        context.streams.note(f"and {plural(more, 'more run')} may be ended by their limits")
    for words in _of_batch(ready).notes:
        context.streams.note(words)


def _of_runs(ready: PreparedBatch) -> Iterable[tuple[str, Verdict]]:
    limits, name = ready.first.request.limits, ready.first.node.name
    if limits:
        for run, estimate in zip(ready.runs, ready.estimates(), strict=False):
            yield run.subject.name, verdict(estimate, limits, None, name)


def _of_batch(ready: PreparedBatch) -> Verdict:
    estimate, first = ready.estimate(), ready.first
    if estimate is None:
        return Verdict()
    return verdict(estimate, NO_LIMITS, first.budget_left, first.node.name, "batch")


def _refuse(said: Verdict) -> None:
    from pennsieve_agent.errors import UsageProblem

    if said.refusal:
        raise UsageProblem(said.refusal, hint=said.hint)
