"""What a run may take, as a user types it."""

from __future__ import annotations

import pytest

from pennsieve_agent.cli.run.limits import limits
from pennsieve_agent.domain.runs import RunLimits
from pennsieve_agent.errors import UsageProblem
from tests.cli.conftest import DATASET, Lab
from tests.cli.harness import Agent

START = ("run", "start", "--workflow", "word-count", "--dataset", DATASET, "--files", "raw")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90m", 5400), ("1.5h", 5400), ("2d", 172_800), ("120", 120), (" 60 s ", 60), ("3H", 10_800)],
)
def test_a_time_limit_is_read_as_people_write_it(text: str, seconds: int) -> None:
    assert limits(None, text, 0, spot=False) == RunLimits(seconds=seconds)


@pytest.mark.parametrize("text", ["", "soon", "-5m", "30s", "1w", "1h30m", "inf"])
def test_a_time_limit_that_is_none(text: str) -> None:
    with pytest.raises(
        UsageProblem, match=r"not a valid time limit \(at least one minute\)"
    ) as caught:
        limits(None, text, 0, spot=False)
    assert caught.value.hint
    assert "--time-limit 90m" in caught.value.hint


@pytest.mark.parametrize("cost", [0.0, -1.0, float("inf"), float("nan")])
def test_a_cost_that_limits_nothing(cost: float) -> None:
    with pytest.raises(UsageProblem, match="--max-cost must be more than 0"):
        limits(cost, None, 0, spot=False)


@pytest.mark.parametrize("retries", [-1, 10])
def test_retries_that_batch_does_not_make(retries: int) -> None:
    with pytest.raises(UsageProblem, match="--retries must be 0 to 9"):
        limits(None, None, retries, spot=False)


def test_limits_go_with_the_run_and_are_shown(agent: Agent, ready: Lab) -> None:
    del ready
    how = ("--max-cost", "5", "--time-limit", "2h", "--spot", "--retries", "1")
    dry = agent(*START, *how, "--dry-run")
    words = "5.00 USD, 2 h 0 min, on Spot machines, 1 retry of a failed step"
    assert words in dry.out

    started = agent(*START, *how, "--wait", "--json")
    assert started.code == 0, started.err
    assert started.document["limits"] == {
        "max_cost_usd": 5.0,
        "seconds": 7200,
        "spot": True,
        "retries": 1,
        "memory_on_oom": None,
        "keep_steps": None,
    }
    shown = agent("run", "show", started.document["id"])
    assert words in shown.out
    assert "WHY" not in shown.out


def test_a_wrong_limit_starts_nothing(agent: Agent, ready: Lab) -> None:
    del ready
    before = agent("run", "list", "--json").document
    refused = agent(*START, "--time-limit", "soon")
    assert refused.code == 2
    assert refused.err.startswith("error: 'soon' is not a valid time limit")
    assert agent("run", "list", "--json").document == before
