"""What several runs cost together."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pennsieve_agent.domain.cost_sums import cost_sum, grouped
from pennsieve_agent.domain.forecast import Band, Forecast
from pennsieve_agent.domain.runs import Run, RunDetails, RunStatus

SAID = Forecast(Band(0.1, 0.2, 0.4), None, "from 3 runs", 3)
DETAILS = RunDetails(
    cost=0.3,
    costs={"machines": 0.2, "files": 0.1, "logs": 0.0},
    step_costs={"work": 0.2},
    estimate=SAID,
)
DONE = Run(
    "a",
    RunStatus.SUCCEEDED,
    workflow_uuid="w",
    started_at="2026-11-01T10:00:00Z",
    completed_at="2026-11-01T10:01:00Z",
    details=DETAILS,
)
FAILED = replace(DONE, status=RunStatus.FAILED, details=replace(DETAILS, cost=0.05, costs={}))
RUNNING = replace(
    DONE, status=RunStatus.STARTED, completed_at="", details=RunDetails(estimate=SAID)
)


def test_of_a_batch_half_done_those_that_succeeded_are_compared() -> None:
    sums = cost_sum([DONE, DONE, FAILED, RUNNING])
    assert (sums.counted, sums.compared) == (3, 2)
    assert sums.usd == pytest.approx(0.65)
    assert sums.compared_usd == pytest.approx(0.6)
    assert sums.kinds == pytest.approx({"machines": 0.4, "files": 0.2})
    assert sums.steps["work"] == pytest.approx(0.6)
    assert sums.estimate is not None
    assert sums.estimate.usd is not None
    assert 0.2 < sums.estimate.usd.low < 0.4 < sums.estimate.usd.high <= 0.8


def test_without_an_estimate_of_each_nothing_is_compared() -> None:
    silent = replace(DONE, details=replace(DETAILS, estimate=None))
    assert cost_sum([DONE, silent]).estimate is None
    assert cost_sum([RUNNING]).counted == 0
    assert cost_sum([]).kinds == {}


def test_runs_are_put_together_the_dearest_first() -> None:
    other = replace(DONE, workflow_uuid="x", details=replace(DETAILS, cost=9.0))
    groups = grouped([DONE, RUNNING, other, FAILED], lambda run: (run.workflow_uuid, "name"))
    assert [(group.id, group.runs, group.uncounted) for group in groups] == [
        ("x", 1, 0),
        ("w", 3, 1),
    ]
    assert groups[1].usd == pytest.approx(0.35)
    assert groups[1].seconds == 120
