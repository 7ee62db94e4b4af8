"""An estimate from what the place of a run tells of earlier ones."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pennsieve_agent.domain.compute import ComputeNode, NodeStatus
from pennsieve_agent.domain.forecast import Band, Forecast
from pennsieve_agent.domain.metrics import Counters
from pennsieve_agent.domain.runs import Run, RunLimits, RunStatus
from pennsieve_agent.domain.workflows import Step, StepKind, Workflow
from pennsieve_agent.errors import AwsError
from pennsieve_agent.services.runs.estimate_run import of_batch
from pennsieve_agent.services.runs.prepare_run import prepare
from pennsieve_agent.services.runs.run_request import RunOptions
from tests.fakes.earlier import Earlier
from tests.fakes.pennsieve import pennsieve
from tests.fakes.run_node import NODE, FakeNode, summary

THEIRS = ComputeNode("n-1", "theirs", NodeStatus.ENABLED, "a", "123456789012", "N:user:o")
FLOW = Workflow(
    "22222222-2222-4222-8222-222222222222",
    "theirs",
    steps=(
        Step("in", StepKind.SOURCE),
        Step("p", StepKind.PROCESSOR, ("in",), source_url="https://github.com/lab/two"),
    ),
)


def with_runs(*runs: dict[str, Any]) -> FakeNode:
    node = FakeNode()
    for number, run in enumerate(runs):
        id_ = f"{number:08}-0000-4000-8000-000000000000"
        node.runs[id_] = summary(id_, 1_700_000_000 + number, **run)
    return node


def estimate(node: FakeNode | None = None, limits: RunLimits | None = None, **own: Any) -> Forecast:
    options = RunOptions("Mouse EEG", limits=limits or RunLimits())
    fake, place = node or FakeNode(), replace(NODE, **own)
    ready = prepare(
        pennsieve(), [place], lambda _: fake, options, 1_700_001_000.0, earlier=Earlier()
    )
    assert ready.estimate is not None
    return ready.estimate


def test_the_workflows_runs_are_asked_for_once() -> None:
    node = with_runs(*[{"cost": 0.2, "estimate": None}] * 4)
    said = estimate(node)
    assert (said.basis, said.runs) == ("from 4 runs of v1.0.0", 4)
    assert (said.prices_date, said.region) == ("2026-11", "us-east-1")
    assert said.usd is not None
    assert said.usd.expected == pytest.approx(0.2, rel=0.01)
    assert said.seconds is not None
    assert said.seconds.expected == pytest.approx(60, rel=0.01)
    listings = [query for _, path, query in node.asked if path == "/runs" and "status" in query]
    assert [query["status"] for query in listings] == ["SUCCEEDED"]


@pytest.mark.parametrize("status", ["FAILED", "CANCELED", "STARTED", "FINALIZING", "NOT_STARTED"])
def test_runs_that_did_not_succeed_tell_nothing(status: str) -> None:
    said = estimate(with_runs({"status": status, "ended": "", "cost": None}))
    assert (said.runs, said.basis) == (0, "no runs yet: from the declared resources")


def test_a_run_without_cost_tells_the_time_alone() -> None:
    said = estimate(with_runs(*[{"cost": None}] * 3))
    assert said.basis == "from 3 runs of v1.0.0; the cost from the declared resources"
    assert said.seconds is not None
    assert said.seconds.expected == pytest.approx(60, rel=0.01)
    assert said.usd is not None


def test_on_spot_machines_the_machines_alone_are_cheaper() -> None:
    costs = {"machines": 0.1, "files": 0.1}
    node = with_runs(*[{"cost": 0.2, "costs": costs}] * 4)
    spot = estimate(node, RunLimits(spot=True))
    assert spot.usd is not None
    assert spot.usd.expected == pytest.approx(0.13, rel=0.01)
    were_spot = with_runs(*[{"cost": 0.13, "costs": {"machines": 0.03}, "spot": True}] * 4)
    usual = estimate(were_spot)
    assert usual.usd is not None
    assert usual.usd.expected == pytest.approx(0.2, rel=0.01)


def test_a_time_limit_ends_the_longest() -> None:
    said = estimate(limits=RunLimits(seconds=90))
    assert said.seconds is not None
    assert said.seconds.high == 90


def test_a_node_that_does_not_tell_refuses_no_run() -> None:
    node = FakeNode()
    ask = node.ask

    def fail(method: str, path: str, query: Any = None, body: Any = None, **how: Any) -> Any:
        if path == "/runs" and (query or {}).get("workflow"):
            raise AwsError("the node does not answer")
        return ask(method, path, query, body, **how)

    node.ask = fail  # type: ignore[method-assign]
    said = estimate(node)
    assert said.basis == "earlier runs could not be read: from the declared resources"
    assert said.seconds is not None


def test_of_regions_without_prices_it_is_said_whose_are_taken() -> None:
    assert estimate(region="eu-central-1").region == "us-east-1"
    china = estimate(with_runs({}, {}, {}), region="cn-north-1")
    assert (china.usd, china.region, china.prices_date, china.runs) == (None, "", "", 3)
    assert china.seconds is not None


def on_pennsieve(runs: tuple[Run, ...], counters: Counters) -> Forecast:
    platform = pennsieve(nodes=[THEIRS], workflows=[FLOW], runs=runs, counters=counters)
    options = RunOptions("Mouse EEG", workflow=None, node="theirs")
    ready = prepare(platform, [], lambda _: FakeNode(), options, 1.7e9, earlier=Earlier())
    assert ready.estimate is not None
    return ready.estimate


def test_pennsieves_nodes_tell_times_and_what_all_runs_cost() -> None:
    run = Run(
        "r",
        RunStatus.SUCCEEDED,
        started_at="2026-11-01T10:00:00Z",
        completed_at="2026-11-01T10:10:00Z",
        package_ids=("N:package:1", "N:package:2", "N:package:3"),
    )
    said = on_pennsieve((run,) * 4, Counters(total=4, seconds=2400.0, cost=4.8))
    assert said.basis == "from 4 runs, the cost from Pennsieve's totals of this workflow"
    assert said.seconds is not None
    assert said.seconds.expected == pytest.approx(600, rel=0.01)
    assert said.usd is not None
    assert said.usd.expected == pytest.approx(1.2, rel=0.01)
    assert (said.region, said.prices_date) == ("", "")
    assert on_pennsieve((run,), Counters()).usd is None


def test_without_runs_nobody_knows_what_pennsieves_nodes_cost() -> None:
    said = on_pennsieve((), Counters())
    assert (said.usd, said.seconds, said.runs) == (None, None, 0)
    assert said.basis == "no runs yet, and Pennsieve does not say what its nodes charge"


def test_a_batch_of_which_one_run_is_not_known_has_no_sum() -> None:
    known = Forecast(Band(1, 2, 3), Band(10, 20, 30), "from 1 run", 1)
    both = of_batch([known, known], 2)
    assert both is not None
    assert both.usd is not None
    assert both.usd.low > 2
    half = of_batch([known, replace(known, usd=None)], 2)
    assert half is not None
    assert half.usd is None
    assert of_batch([], 2) is None
