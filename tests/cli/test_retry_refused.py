"""Why a run is not gone on with from a step, in one sentence each."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cli.conftest import DATASET, Scene
from tests.cli.harness import Agent
from tests.fakes.run_node import summary

RUN = "c" * 8


def typed(agent: Agent, *words: str, code: int = 0) -> Any:
    result = agent(*words)
    assert result.code == code, result.err
    return result


@pytest.mark.parametrize("days", ["15", "-1"])
def test_days_that_are_none(agent: Agent, days: str) -> None:
    told = typed(agent, "run", "start", "-d", DATASET, "--all", "--keep-steps", days, code=2)
    assert f"what steps made cannot be kept for {days} days" in told.err
    assert "give 0 to 14 days" in told.err


SENT = ("run", "start", "-d", DATASET, "--files", "raw", "--keep-steps", "7")
EACH = ("run", "start", "-d", DATASET, "--each-file", "raw/*", "--keep-steps", "7")


def test_a_run_on_this_machine_keeps_no_steps(agent: Agent) -> None:
    told = typed(agent, *SENT, "--local", code=2)
    assert "a run on this machine has no limits of cost and time" in told.err
    assert "--memory-on-oom and --keep-steps; Ctrl+C ends the run" in told.err


def test_a_batch_that_is_gone_on_with_has_its_days_already(agent: Agent) -> None:
    told = typed(agent, "run", "start", "--resume", "study", "--keep-steps", "7", code=2)
    assert "--keep-steps and --resume cannot be given together" in told.err


@pytest.mark.parametrize("words", [("--then", "true"), ("--webhook", "https://lab.example/x")])
def test_nobody_is_told_of_a_retry_that_is_not_waited_for(
    scene: Scene, words: tuple[str, str]
) -> None:
    ended(scene)
    told = typed(scene.agent, "run", "retry", RUN, *words, code=2)
    assert "--then and --webhook need a command that waits for the run's end" in told.err
    assert [method for method, _, _ in scene.node.asked if method == "POST"] == []


def test_an_address_that_nothing_is_sent_to_is_refused_before_a_retry(scene: Scene) -> None:
    ended(scene)
    told = typed(scene.agent, "run", "retry", RUN, "--wait", "--webhook", "lab", code=2)
    assert "webhook" in told.err
    assert [method for method, _, _ in scene.node.asked if method == "POST"] == []


def ended(scene: Scene, **more: Any) -> None:
    rows = [{"id": "count", "kind": "processor", "status": "FAILED"}]
    scene.node.runs[RUN] = summary(RUN, 4_000_000_000, status="FAILED", steps=rows, **more)


KEPT = {"limits": {"keepSteps": 7}}


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({}, "what its steps made was deleted when it ended, as it was started without"),
        (KEPT, "none of its steps had finished, so nothing was kept"),
        (
            {**KEPT, "keptUntil": "2096-10-09T00:00:00Z", "filesOf": RUN},
            "what its steps made was kept for 7 days, which are over",
        ),
        (
            {**KEPT, "keptUntil": "2096-10-09T00:00:00Z", "filesOf": "d" * 8},
            "run dddddddd goes on with what its steps made; retry that one",
        ),
    ],
)
def test_why_nothing_is_taken_over(scene: Scene, more: dict[str, Any], words: str) -> None:
    ended(scene, **more)
    told = typed(scene.agent, "run", "retry", RUN, "--from", "count", code=2)
    assert f"cannot go on from step 'count': {words}" in told.err
    assert "start all steps again: pennsieve run retry" in told.err


def test_a_step_that_there_is_not(scene: Scene) -> None:
    ended(scene, **KEPT)
    told = typed(scene.agent, "run", "retry", RUN, "--from", "x", code=2)
    assert "the run has no step 'x'" in told.err
    assert "its steps are: count" in told.err
