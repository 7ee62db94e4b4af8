"""Limits and budgets beside an estimate, before anything is started."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pennsieve_agent.domain.forecast import Band, Forecast
from pennsieve_agent.domain.forecast_limits import Verdict, money, verdict
from pennsieve_agent.domain.runs import NO_LIMITS, RunLimits

SAID = Forecast(Band(1, 2, 4), Band(600, 1200, 2400), "from 14 runs of v1.2.0", 14)


def of(
    limits: RunLimits = NO_LIMITS, left: float | None = None, estimate: Forecast = SAID
) -> Verdict:
    return verdict(estimate, limits, left, "lab")


def test_what_fits_is_not_spoken_of() -> None:
    assert of(RunLimits(4.0, 3600), left=4) == Verdict()
    assert of() == Verdict()


def test_a_limit_below_the_least_refuses() -> None:
    said = of(RunLimits(0.5))
    assert said.refusal == (
        "the run is expected to cost 2.00 USD and at least 1.00 USD (from 14 runs of v1.2.0); "
        "its limit of 0.50 USD would end it too early"
    )
    assert "--max-cost 4.01" in said.hint


@pytest.mark.parametrize(
    ("most", "words"),
    [
        (1.5, "will probably be ended by its limit of 1.50 USD: it is expected to cost 2.00 USD"),
        (3.0, "may be ended by its limit of 3.00 USD: it may cost up to 4.00 USD"),
    ],
)
def test_a_limit_in_the_band_is_told(most: float, words: str) -> None:
    said = of(RunLimits(most))
    assert (said.refusal, said.notes) == ("", (f"the run {words}",))


def test_the_months_budget_counts_likewise() -> None:
    said = of(left=0.25)
    assert said.refusal.startswith(
        "this month's budget of compute node 'lab' has 0.25 USD left, but the run is expected to "
        "cost 2.00 USD, at least 1.00 USD"
    )
    assert "--monthly-budget" in said.hint
    (note,) = of(left=3).notes
    assert note == (
        "the run may be ended by this month's budget of compute node 'lab', which has 3.00 USD "
        "left: it may cost up to 4.00 USD"
    )


def test_a_time_limit_that_is_probably_too_short_is_told() -> None:
    short = replace(SAID, seconds=Band(600, 1200, 2400).up_to(900))
    (note,) = of(RunLimits(seconds=900), estimate=short).notes
    assert "ended by its time limit" in note
    assert not of(RunLimits(seconds=2000)).notes


def test_without_prices_nothing_is_held_against_them() -> None:
    assert of(RunLimits(0.01), left=0.0, estimate=replace(SAID, usd=None)) == Verdict()


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        (0, "0.00 USD"),
        (2.5, "2.50 USD"),
        (0.0034, "0.0034 USD"),
        (0.00002, "0.000020 USD"),
        (1e-9, "<0.000001 USD"),
    ],
)
def test_small_amounts_are_readable(amount: float, words: str) -> None:
    assert money(amount) == words
