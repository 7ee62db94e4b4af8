"""What a run may take: accepted for self-managed nodes, kept, and shown (ours)."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from pennsieve_agent.sandbox.compute.deadline import Deadline
from tests.sandbox.compute.lab import Gate, Ready

RUNS = "/compute/workflows/runs"


@pytest.fixture
def own(ready: Ready) -> Ready:
    """A workspace whose node is its owner's own stack."""
    ready.lab.world.store.execute(
        "UPDATE compute_nodes SET self_managed = ?", (json.dumps({"stackName": "s"}),)
    )
    return ready


def test_a_run_shows_its_limits(own: Ready) -> None:
    asked = {"maxCostUsd": 2.5, "timeoutSeconds": 3600, "spot": True, "retries": 2}
    run = own.start(limits=asked)
    assert own.lab.client().get(f"{RUNS}/{run}").json()["limits"] == asked
    assert own.lab.wait(run)["status"] == "SUCCEEDED"


def test_a_run_without_limits_shows_none(own: Ready) -> None:
    run = own.start(limits={"spot": False, "retries": 0})
    assert "limits" not in own.lab.client().get(f"{RUNS}/{run}").json()


@pytest.mark.parametrize(
    "limits", [{"maxCostUsd": "5"}, {"maxCostUsd": -1}, {"maxCostUsd": True}, {"spot": 1}, []]
)
def test_limits_that_are_none(own: Ready, limits: Any) -> None:
    assert own.post(limits=limits).status_code == 400


def test_a_node_of_the_platforms_keeps_no_limits(ready: Ready) -> None:
    answer = ready.post(limits={"maxCostUsd": 1})
    assert (answer.status_code, answer.json()["message"]) == (
        400,
        "compute node node keeps no limits of runs",
    )


def test_a_run_whose_time_is_up_fails_and_says_why(own: Ready) -> None:
    gate = own.lab.backend.behaviour = Gate()
    run = own.start(limits={"timeoutSeconds": 1})
    assert gate.entered.wait(10)
    state = own.lab.wait(run)
    assert state["status"] == "FAILED"
    assert [step["status"] for step in state["dag"]] == ["SUCCEEDED", "FAILED", "NOT_STARTED"]
    assert own.lab.lines(run, "sum")[-1] == "the time limit of the run, 1 s, was reached"


def test_a_cancelled_run_did_not_run_out_of_time() -> None:
    halt = threading.Event()
    halt.set()
    with Deadline(0.01, halt) as deadline:
        threading.Event().wait(0.1)
    assert not deadline.passed


def test_no_limit_never_ends_a_run() -> None:
    halt = threading.Event()
    with Deadline(0, halt) as deadline:
        threading.Event().wait(0.05)
    assert not halt.is_set()
    assert not deadline.passed
