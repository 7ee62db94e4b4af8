"""Runs that are cancelled, and runs that a restart of the sandbox cuts off."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from pennsieve_agent.domain.runs import RunStatus
from pennsieve_agent.engine.backend import Log, Outcome, Task
from pennsieve_agent.sandbox.compute import delivery
from pennsieve_agent.sandbox.compute.delivery import Deliveries
from pennsieve_agent.sandbox.compute.mover import DatasetMover
from pennsieve_agent.sandbox.compute.run_states import RunStates
from tests.sandbox.compute.lab import REPO, Gate, Lab, Ready, chain, copy_files, wait_for

RUNS = "/compute/workflows/runs"


def cancel(ready: Ready, run: str) -> int:
    answer = ready.lab.client().post(f"{RUNS}/{run}/cancel")
    assert set(answer.json()) == {"message"}
    return answer.status_code


def steps(ready: Ready, run: str) -> list[str]:
    return [step["status"] for step in ready.lab.status(run)["dag"]]


def test_cancelling_a_step_that_runs(ready: Ready) -> None:
    gate = ready.lab.backend.behaviour = Gate()
    run = ready.start()
    assert gate.entered.wait(10)
    assert cancel(ready, run) == 202
    state = ready.lab.wait(run)
    assert state["status"] == "CANCELED"
    assert state["completedAt"]
    assert steps(ready, run) == ["SUCCEEDED", "CANCELED", "NOT_STARTED"]
    assert cancel(ready, run) == 409
    assert not any(path.startswith("summary/") for path in ready.files())
    wait_for(lambda: not (ready.lab.world.data / "runs" / run).exists())


def test_cancelling_a_queued_run_takes_effect_at_once(ready: Ready) -> None:
    gate = ready.lab.backend.behaviour = Gate()
    busy = [ready.start(name=f"busy{number}") for number in range(3)]
    wait_for(lambda: len(ready.lab.backend.tasks) == 3)
    queued = ready.start(name="queued")
    assert cancel(ready, queued) == 202
    assert ready.lab.status(queued)["status"] == "CANCELED"
    assert steps(ready, queued) == ["NOT_STARTED"] * 3
    gate.open.set()
    for run in busy:
        assert ready.lab.wait(run)["status"] == "SUCCEEDED"
    assert {task.run_id for task in ready.lab.backend.tasks} == set(busy)


def test_cancelling_while_files_are_delivered(
    ready: Ready, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = Deliveries.deliver
    entered, cancelled = threading.Event(), threading.Event()

    def slow(self: Deliveries, source: Path, relative: str, *where: Path) -> str:
        entered.set()
        assert cancelled.wait(10)
        return plain(self, source, relative, *where)

    monkeypatch.setattr(Deliveries, "deliver", slow)
    run = ready.start()
    assert entered.wait(10)
    assert cancel(ready, run) == 202
    cancelled.set()
    assert ready.lab.wait(run)["status"] == "CANCELED"
    assert steps(ready, run) == ["SUCCEEDED", "SUCCEEDED", "CANCELED"]
    assert set(ready.files()) == {"c.txt", "raw/a.txt", "raw/deep/b.txt"}  # no half of a file


def test_cancelling_and_finishing_at_once_ends_in_one_way(ready: Ready) -> None:
    for number in range(15):
        gate = ready.lab.backend.behaviour = Gate()
        run = ready.start(name=f"n{number}")
        assert gate.entered.wait(10)
        gate.open.set()
        accepted = cancel(ready, run) == 202
        state = ready.lab.wait(run)
        assert state["status"] == ("CANCELED" if accepted else "SUCCEEDED")
        assert not {"STARTED", "CANCELING"} & set(steps(ready, run))


@pytest.mark.parametrize("winner", ["end", "cancel"])
def test_of_two_changes_of_state_one_happens(ready: Ready, winner: str) -> None:
    ready.lab.parts.stop()
    run = ready.start()
    states = RunStates(ready.lab.world.store, ready.lab.world.now)
    states.begin(run)
    assert states.finalize(run)
    changes: dict[str, Callable[[], bool]] = {
        "end": lambda: states.end(run, RunStatus.SUCCEEDED),
        "cancel": lambda: states.ask_cancel(run),
    }
    assert changes.pop(winner)()
    (loser,) = changes.values()
    assert not loser()
    assert states.settle_cancel(run) is (winner == "cancel")


def test_a_failed_branch_stops_the_others(lab: Lab) -> None:
    nodes = [chain()[0], *({**chain()[1], "id": name} for name in ("good", "bad"))]
    gate = lab.backend.by_job["good"] = Gate()

    def fail(task: Task, log: Log, stop: threading.Event) -> Outcome:
        del task, log, stop
        assert gate.entered.wait(10)
        return Outcome(1, "exit status 1")

    lab.backend.by_job["bad"] = fail
    ready = Ready(lab, nodes)
    run = ready.start()
    assert lab.wait(run)["status"] == "FAILED"
    assert steps(ready, run) == ["SUCCEEDED", "CANCELED", "FAILED"]


def test_a_restart_continues_where_it_was(lab: Lab) -> None:
    second = {**chain()[1], "id": "second", "dependsOn": ["sum"]}
    ready = Ready(lab, [*chain()[:2], second, {**chain()[2], "dependsOn": ["second"]}])
    seen: list[list[str]] = []

    def first_time(task: Task, log: Log, stop: threading.Event) -> Outcome:
        (task.output / "half").write_text("half written")
        return gate(task, log, stop)

    def again(task: Task, log: Log, stop: threading.Event) -> Outcome:
        seen.append([path.name for path in task.output.iterdir()])
        return copy_files(task, log, stop)

    gate = Gate()
    lab.backend.by_job["second"] = first_time
    run = ready.start()
    assert gate.entered.wait(10)
    queued = [ready.start(name=f"n{number}") for number in range(4)]
    lab.parts.stop()
    row = lab.world.store.row("SELECT status FROM workflow_runs WHERE uuid = ?", (run,))
    assert row == {"status": "STARTED"}
    lab.backend.by_job["second"] = again
    lab.restart()
    assert lab.wait(run)["status"] == "SUCCEEDED"
    for other in queued:
        assert lab.wait(other)["status"] == "SUCCEEDED"
    assert seen[0] == []
    ran = [task.job.id for task in lab.backend.tasks if task.run_id == run]
    assert ran == ["sum", "second", "second"]
    assert lab.lines(run, "second") == [
        "waiting",
        "the sandbox was stopped during this step; it runs again from its beginning",
        "copied a.txt",
        "copied b.txt",
    ]
    assert sorted(p for p in ready.files() if p.startswith("summary/first")) == [
        "summary/first/raw/a.txt",
        "summary/first/raw/deep/b.txt",
    ]


def test_a_restart_while_delivering_delivers_nothing_twice(
    ready: Ready, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = Deliveries.deliver
    after_one, stopping = threading.Event(), threading.Event()

    def interrupted(self: Deliveries, source: Path, relative: str, *where: Path) -> str:
        path = plain(self, source, relative, *where)
        after_one.set()
        assert stopping.wait(10)
        return path

    run = ""
    with monkeypatch.context() as patch:
        patch.setattr(Deliveries, "deliver", interrupted)
        run = ready.start()
        assert after_one.wait(10)
        stopper = threading.Thread(target=ready.lab.parts.stop)
        stopper.start()
        wait_for(ready.lab.parts._dispatcher._closing.is_set)
        stopping.set()
        stopper.join()
    ready.lab.restart()
    assert ready.lab.wait(run)["status"] == "SUCCEEDED"
    assert [path for path in ready.files() if path.startswith("summary/")] == [
        "summary/first/raw/a.txt",
        "summary/first/raw/deep/b.txt",
    ]


@pytest.mark.parametrize(
    ("status", "done", "end"),
    [
        ("FINALIZING", "SUCCEEDED", "SUCCEEDED"),
        ("FINALIZING", "FAILED", "FAILED"),
        ("STARTED", "FAILED", "FAILED"),
        ("STARTED", "STARTED", "SUCCEEDED"),
        ("NOT_STARTED", "NOT_STARTED", "SUCCEEDED"),
        ("CANCELING", "STARTED", "CANCELED"),
    ],
)
def test_every_state_left_by_a_crash_comes_to_an_end(
    ready: Ready, status: str, done: str, end: str
) -> None:
    ready.lab.parts.stop()
    run = ready.start()
    store = ready.lab.world.store
    store.execute("UPDATE workflow_runs SET status = ?", (status,))
    store.execute("UPDATE workflow_steps SET status = ?", (done,))
    stray = ready.lab.world.data / "runs" / "of-nobody"
    stray.mkdir(parents=True)
    ready.lab.restart()
    assert ready.lab.wait(run)["status"] == end
    assert not {"STARTED", "CANCELING"} & set(steps(ready, run))


def test_an_application_that_went_away_fails_the_run_in_words(ready: Ready) -> None:
    ready.lab.parts.stop()
    run = ready.start()
    ready.lab.world.store.execute("UPDATE app_versions SET status = 'error'")
    ready.lab.restart()
    assert ready.lab.wait(run)["status"] == "FAILED"
    assert ready.lab.lines(run, "src") == [f"application {REPO} v1 is not deployed"]


def test_a_grant_revoked_while_the_run_was_queued(ready: Ready) -> None:
    ready.lab.parts.stop()
    run = ready.start()
    ready.lab.grants.clear()
    ready.lab.restart()
    assert ready.lab.wait(run)["status"] == "FAILED"
    (line,) = ready.lab.lines(run, "src")
    assert line == f"workflow summary has no grant on dataset {ready.dataset}"
    assert ready.lab.backend.tasks == []


def test_cancelling_in_the_middle_of_a_big_file(
    ready: Ready, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "PIECE_BYTES", 1)
    plain, ids = DatasetMover._check_halt, itertools.count()
    entered, cancelled = threading.Event(), threading.Event()

    def third_byte(self: DatasetMover) -> None:
        if next(ids) == 3:
            entered.set()
            assert cancelled.wait(10)
        plain(self)

    monkeypatch.setattr(DatasetMover, "_check_halt", third_byte)
    run = ready.start()
    assert entered.wait(10)
    assert cancel(ready, run) == 202
    cancelled.set()
    assert ready.lab.wait(run)["status"] == "CANCELED"
    assert steps(ready, run) == ["CANCELED", "NOT_STARTED", "NOT_STARTED"]


def test_deleting_a_node_waits_for_its_runs(ready: Ready) -> None:
    gate = ready.lab.backend.behaviour = Gate()
    run = ready.start()
    assert gate.entered.wait(10)
    path = f"/compute/resources/compute-nodes/{ready.node}"
    refused = ready.lab.client().delete(path)
    assert refused.status_code == 409
    assert refused.json()["message"].startswith("compute node has 1 active workflow execution(s)")
    gate.open.set()
    ready.lab.wait(run)
    assert ready.lab.client().delete(path).status_code == 202
