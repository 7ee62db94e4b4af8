"""A run is started once: lost answers, refusals, and programs that are killed."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from pennsieve_agent.domain.datasets import DataFile
from pennsieve_agent.domain.forecast import Forecast
from pennsieve_agent.domain.runs import RunLimits
from pennsieve_agent.errors import AwsError, Conflict, Forbidden, PlatformError, UsageProblem
from pennsieve_agent.services.runs import start_run
from pennsieve_agent.services.runs.node_runs import NodeRuns
from pennsieve_agent.services.runs.prepare_run import prepare
from pennsieve_agent.services.runs.run_request import RunOptions
from pennsieve_agent.settings.started_runs import RunJournal
from tests.fakes.clock import Clock
from tests.fakes.earlier import Earlier
from tests.fakes.pennsieve import FILES, pennsieve
from tests.fakes.run_node import DATASET, NODE, WORKFLOW, FakeNode, served

KILLS = 25


class Desk:
    """One machine and one node; ``type`` is the command."""

    def __init__(self, folder: Path) -> None:
        self.node, self.clock = FakeNode(), Clock()
        self.notes: list[str] = []
        self.journal = RunJournal(folder / "starts", self.clock.now)
        self.files: tuple[DataFile, ...] = FILES
        #: Called when the node has answered a start, before the answer arrives.
        self.on_answer: Callable[[], None] = lambda: None
        self.check: Callable[[], None] = lambda: None

    def ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        *,
        admin: bool = False,
    ) -> Mapping[str, Any]:
        answer = self.node.ask(method, path, query, body, admin=admin)
        if (method, path) == ("POST", "/runs"):
            self.on_answer()
        return answer

    def type(self, *, told: bool = True, **more: Any) -> start_run.Started:
        self.notes.clear()
        options = RunOptions("Mouse EEG", **more)
        there = pennsieve(files=self.files)
        ready = prepare(there, [NODE], lambda _: self, options, self.clock.now(), earlier=Earlier())
        with start_run.on_own_node(
            ready,
            options,
            calls=self,
            backend=NodeRuns(NODE, self, self.clock.now),
            journal=self.journal,
            note=self.notes.append,
            check=self.check,
        ) as started:
            if told:
                started.acknowledge()
            return started


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def taken() -> None:
    raise UsageProblem("there is a run called 'first' already")


def test_a_taken_name_is_refused_before_anything_is_sent(desk: Desk) -> None:
    desk.check = taken
    for _ in range(2):
        with pytest.raises(UsageProblem, match="called 'first' already"):
            desk.type(name="first")
        assert not desk.notes, "what was refused does not go on"
    assert not desk.node.starts


def test_a_start_that_goes_on_is_not_refused_because_of_its_own_run(desk: Desk) -> None:
    fail_once(desk, AwsError("the answer was lost"))
    with pytest.raises(AwsError):
        desk.type(name="first")
    desk.check = taken
    # Its own run may be what used up the budget, which the node tells when it is asked before.
    desk.node.hindrances = [{"code": "unfit", "message": "the budget is used up"}]
    assert desk.type(name="first").before
    assert len(desk.node.starts) == 1


def fail_once(desk: Desk, error: Exception) -> None:
    def fail() -> None:
        desk.on_answer = lambda: None
        raise error

    desk.on_answer = fail


def test_what_is_sent(desk: Desk) -> None:
    limits = RunLimits(5.0, 7200, spot=True, retries=1)
    started = desk.type(
        files=("raw/**",), parameters=("STYLE=fancy",), name="first run", limits=limits
    )
    body = desk.node.starts[started.run.uuid]
    estimate = Forecast.of(body.pop("estimate"))
    assert (estimate.runs, estimate.region) == (0, "us-east-1")
    assert estimate.usd is not None
    assert 0.0001 < estimate.usd.low < estimate.usd.expected < estimate.usd.high < 0.05
    assert estimate.basis == "no runs yet: from the declared resources"
    assert body == {
        "id": started.run.uuid,
        "name": "first run",
        "workflow": WORKFLOW,
        "version": "v1.0.0",
        "dataset": DATASET,
        "packages": ["N:package:1", "N:package:2"],
        "files": [
            {"path": "raw/a.txt", "package": "N:package:1", "size": 10},
            {"path": "raw/deep/b.txt", "package": "N:package:2", "size": 20},
        ],
        "parameters": {"count": {"STYLE": "fancy"}},
        "targets": {"output": {"MODE": "keep", "TARGET_FOLDER": "results/first-run"}},
        "limits": {"maxCost": 5.0, "timeoutSeconds": 7200, "spot": True, "retries": 1},
        "layers": [],
        "layout": "tree",
    }
    assert started.run.details is not None
    assert (started.run.details.input_count, started.run.details.input_bytes) == (2, 30)


def test_each_command_that_was_answered_is_a_run(desk: Desk) -> None:
    assert desk.type().run.uuid != desk.type().run.uuid
    assert len(desk.node.starts) == 2


def test_a_lost_answer_makes_no_second_run_and_is_told(desk: Desk) -> None:
    fail_once(desk, AwsError("the node does not answer"))
    with pytest.raises(AwsError):
        desk.type()
    started = desk.type()
    assert started.before
    assert len(desk.node.starts) == 1
    assert desk.notes == [
        f"the same command got no answer before; continuing that start (run {started.run.uuid})"
    ]
    assert not desk.type().before
    assert len(desk.node.starts) == 2


def test_results_that_came_meanwhile_do_not_make_it_another_run(desk: Desk) -> None:
    fail_once(desk, AwsError("the node does not answer"))
    with pytest.raises(AwsError):
        desk.type()
    desk.files = FILES[:1]
    started = desk.type()
    assert started.before
    assert len(desk.node.starts) == 1
    (body,) = desk.node.starts.values()
    assert len(body["files"]) == 3


def test_a_command_whose_user_was_not_told_goes_on(desk: Desk) -> None:
    first = desk.type(told=False)
    second = desk.type()
    assert (second.run.uuid, second.before) == (first.run.uuid, True)


def test_another_command_is_another_run(desk: Desk) -> None:
    fail_once(desk, AwsError("the node does not answer"))
    with pytest.raises(AwsError):
        desk.type()
    assert not desk.type(parameters=("STYLE=fancy",)).before
    assert len(desk.node.starts) == 2


def test_after_a_day_it_is_a_new_run(desk: Desk) -> None:
    fail_once(desk, AwsError("the node does not answer"))
    with pytest.raises(AwsError):
        desk.type()
    desk.clock.time += 24 * 3600
    assert not desk.type().before
    assert len(desk.node.starts) == 2


@pytest.mark.parametrize(
    ("error", "goes_on"),
    [
        (Forbidden("the workflow has no grant", status=403), 0),
        (Conflict("the version is gone", status=409), 0),
        (PlatformError("Pennsieve is down", status=503), 1),
        (Forbidden("the proof was refused: your clock is 7 minutes late", status=401), 1),
    ],
)
def test_a_refusal_ends_a_start_and_trouble_does_not(
    desk: Desk, error: PlatformError, goes_on: int
) -> None:
    def refuse() -> None:
        desk.node.starts.clear()
        desk.node.runs.clear()
        raise error

    desk.on_answer = refuse
    with pytest.raises(type(error)):
        desk.type()
    desk.on_answer = lambda: None
    desk.type()
    assert len(desk.notes) == goes_on


def test_a_refusal_does_not_hide_a_run_that_is_there(desk: Desk) -> None:
    first = desk.type(told=False)
    fail_once(desk, Forbidden("the grant was taken back", status=403))
    started = desk.type()
    assert (started.run.uuid, started.before) == (first.run.uuid, True)


def typed(port: int, folder: Path, files: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.services.starter", str(port), str(folder), files],
        stdout=subprocess.PIPE,
        text=True,
    )


def test_killed_at_random_moments_there_is_never_a_second_run(tmp_path: Path) -> None:
    """Each command is killed at a random moment of its start, and then typed until it tells."""
    dice = random.Random(20261128)  # noqa: S311 - moments, no secrets
    node, pause = FakeNode(), threading.Event()
    killed, folder = 0, tmp_path
    with served(node) as port:
        for number in range(KILLS):
            pattern, told = f"raw/{'*' * (1 + number % 2)}", None
            before = len(node.starts)
            first = typed(port, folder, pattern)
            assert first.stdout is not None
            assert first.stdout.readline() == "ready\n"
            pause.wait(dice.uniform(0, 0.012))
            first.send_signal(signal.SIGKILL)
            told = first.communicate()[0]
            killed += first.returncode == -signal.SIGKILL
            if not told.startswith("run "):
                told = typed(port, folder, pattern).communicate(timeout=60)[0]
            elif first.returncode:
                # Killed after it told, maybe before it wrote that down: the same command would
                # rightly tell of this run again, so the next ones are typed on another machine.
                folder = tmp_path / str(number)
            assert told.splitlines()[-1].startswith("run ")
            assert len(node.starts) == before + 1, "one command, one run"
    assert killed >= KILLS // 2
    assert len(node.starts) == KILLS
