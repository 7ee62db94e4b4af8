"""Runs that are cancelled, and what a restart of the platform finds."""

from __future__ import annotations

import pytest

from tests.sandbox.compute.lab import Ready, wait_for

RUNS = "/compute/workflows/runs"


def cancel(ready: Ready, run: str) -> int:
    answer = ready.lab.client().post(f"{RUNS}/{run}/cancel")
    assert set(answer.json()) == {"message"}
    return answer.status_code


def test_a_cancelled_run_is_its_nodes_to_end_and_ends_once(ready: Ready) -> None:
    ready.lab.acted.ends = ""
    run = ready.start()
    assert ready.lab.acted.report(run, "STARTED") == 200
    assert cancel(ready, run) == 202
    state = ready.lab.wait(run)
    assert state["status"] == "CANCELED"
    assert state["completedAt"]
    assert cancel(ready, run) == 409
    assert ready.lab.acted.report(run, "SUCCEEDED") == 409
    assert ready.lab.status(run)["status"] == "CANCELED"


def test_a_run_that_was_never_handed_over_is_handed_over_after_a_restart(ready: Ready) -> None:
    ready.lab.parts.stop()
    run = ready.start()
    assert not ready.lab.acted.tokens
    ready.lab.restart()
    assert ready.lab.wait(run)["status"] == "SUCCEEDED"


def test_a_cancel_that_no_node_heard_is_said_again_after_a_restart(ready: Ready) -> None:
    ready.lab.acted.ends = ""
    run = ready.start()
    assert ready.lab.acted.report(run, "STARTED") == 200
    ready.lab.parts.stop()
    assert cancel(ready, run) == 202
    ready.lab.restart()
    assert ready.lab.wait(run)["status"] == "CANCELED"


def test_a_run_whose_node_is_silent_ends(ready: Ready, caplog: pytest.LogCaptureFixture) -> None:
    ready.lab.acted.silent = True
    run = ready.start()
    assert ready.lab.wait(run)["status"] == "FAILED"
    assert "the compute node does not answer: nobody is there" in caplog.text


def test_deleting_a_node_waits_for_its_runs(ready: Ready) -> None:
    ready.lab.acted.ends = ""
    run = ready.start()
    assert ready.lab.acted.report(run, "STARTED") == 200
    path = f"/compute/resources/compute-nodes/{ready.node}"
    refused = ready.lab.client().delete(path)
    assert refused.status_code == 409
    assert refused.json()["message"].startswith("compute node has 1 active workflow execution(s)")
    ready.lab.acted.report(run, "SUCCEEDED")
    wait_for(lambda: ready.lab.status(run)["status"] == "SUCCEEDED")
    assert ready.lab.client().delete(path).status_code == 202
