"""What a run may take: accepted for self-managed nodes, kept, and shown (ours)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.sandbox.compute.lab import Ready

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
