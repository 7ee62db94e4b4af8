"""A run's life: from the order to files in the dataset."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from pennsieve_agent.domain.datasets import Role
from pennsieve_agent.engine.backend import Log, Outcome, Task
from pennsieve_agent.sandbox.compute import run_log
from pennsieve_agent.sandbox.compute.run_states import RunStates
from tests.sandbox.compute.lab import ADA, BEN, CLEO, DAN, REPO, Gate, Lab, Ready, chain, wait_for

RUNS = "/compute/workflows/runs"


def test_a_run_ends_with_files_in_the_dataset(ready: Ready) -> None:
    run = ready.start()
    state = ready.lab.wait(run)
    assert state["status"] == "SUCCEEDED"
    assert [step["status"] for step in state["dag"]] == ["SUCCEEDED"] * 3
    assert state["startedAt"] <= state["completedAt"]
    files = ready.files()
    assert files["summary/first/raw/a.txt"] == "alpha"
    assert files["summary/first/raw/deep/b.txt"] == "beta"
    assert "summary/first/c.txt" not in files
    assert "summary/first/raw/a.txt" in ready.lab.packages(ready.dataset)
    assert ready.lab.lines(run, "sum") == ["copied a.txt", "copied b.txt"]
    outputs = ready.lab.client().get(f"{RUNS}/{run}").json()["outputs"]
    assert outputs == {"out.folder": "summary/first", "out.files": "2"}
    wait_for(lambda: not (ready.lab.world.data / "runs" / run).exists())


def test_the_run_object(ready: Ready) -> None:
    config = {"nodeId": "sum", "executionTarget": "standard", "version": "v1", "cpu": "4096"}
    body = ready.body(dataTargets={"out": {"params": {"TARGET_FOLDER": "results/x"}}})
    body["workflowInstanceConfiguration"]["processorConfigs"] = [config]
    made = ready.lab.client().post(RUNS, json=body).json()
    assert made["status"] == "NOT_STARTED"
    run = made["uuid"]
    ready.lab.wait(run)
    shown = ready.lab.client(BEN).get(f"{RUNS}/{run}").json()
    assert shown["processorConfigs"] == [config]
    assert shown["dataTargets"] == {"out": {"params": {"TARGET_FOLDER": "results/x"}}}
    assert shown["dataSources"] == {"src": {"packageIds": [ready.packages["raw"]]}}
    assert shown["nodes"] == [{"id": "sum", "sourceUrl": REPO, "dependsOn": ["src"]}]
    assert shown["dag"][1]["runtimeConfig"] == {"cpu": "4096"}
    assert shown["dag"][1]["status"] == "SUCCEEDED"
    assert shown["workflowName"] == "summary"
    assert shown["createdBy"] == ready.lab.user_id(ADA)
    assert shown["metrics"]["processorCount"] == 1
    assert shown["outputs"]["out.folder"] == "results/x"
    assert ready.lab.backend.tasks[0].job.cpu == 4096
    assert "results/x/raw/a.txt" in ready.files()


def test_the_dataset_never_reaches_a_program(ready: Ready) -> None:
    def spoil(task: Task, log: Log, stop: threading.Event) -> Outcome:
        del log, stop
        for path in task.input.rglob("*.txt"):
            path.write_text("spoilt")
        return Outcome(0)

    ready.lab.backend.behaviour = spoil
    ready.lab.wait(ready.start())
    assert ready.files()["raw/a.txt"] == "alpha"


def test_a_step_that_fails_fails_the_run(ready: Ready) -> None:
    def fail(task: Task, log: Log, stop: threading.Event) -> Outcome:
        del task, stop
        log("no such channel")
        return Outcome(3, "exit status 3")

    ready.lab.backend.behaviour = fail
    run = ready.start()
    state = ready.lab.wait(run)
    assert state["status"] == "FAILED"
    assert [step["status"] for step in state["dag"]] == ["SUCCEEDED", "FAILED", "NOT_STARTED"]
    assert ready.lab.lines(run, "sum") == ["no such channel", "exit status 3"]
    assert not any(path.startswith("summary/") for path in ready.files())


def test_a_step_that_writes_nothing(ready: Ready) -> None:
    ready.lab.backend.behaviour = lambda *_: Outcome(0)
    run = ready.start()
    assert ready.lab.wait(run)["status"] == "SUCCEEDED"
    assert ready.lab.lines(run, "sum") == ["warning: this step wrote no files"]
    assert ready.lab.lines(run, "out")[0] == "no files to deliver"


def test_a_full_disk_while_staging_is_said_in_words(ready: Ready) -> None:
    root = ready.lab.files.folder(ready.dataset)
    with (root / "raw" / "huge.bin").open("wb") as file:
        file.truncate(15 * 2**40)  # a sparse file: it takes no room, its copy would
    ready.lab.files.sync(ready.dataset)
    run = ready.start()
    state = ready.lab.wait(run)
    assert [state["status"], state["dag"][0]["status"]] == ["FAILED", "FAILED"]
    (line,) = ready.lab.lines(run, "src")
    assert "space" in line.lower()


def test_each_data_source_stages_its_own_packages(lab: Lab) -> None:
    nodes = [
        {"id": "one", "type": "data-source"},
        {"id": "two", "type": "data-source"},
        *({**chain()[1], "id": f"p-{source}", "dependsOn": [source]} for source in ("one", "two")),
    ]
    ready = Ready(lab, nodes)
    raw, other = ready.packages["raw/a.txt"], ready.packages["c.txt"]
    sources = {"one": {"packageIds": [raw]}, "two": {"packageIds": [other]}}
    run = ready.start(dataSources=sources)
    lab.wait(run)
    assert lab.lines(run, "p-one") == ["copied a.txt"]
    assert lab.lines(run, "p-two") == ["copied c.txt"]


def test_reading_is_for_the_workspace(ready: Ready) -> None:
    run = ready.start()
    for path in ("", "/status", "/logs?nodeId=sum"):
        assert ready.lab.client(BEN).get(f"{RUNS}/{run}{path}").status_code == 200
        assert ready.lab.client(DAN).get(f"{RUNS}/{run}{path}").status_code == 404
        assert ready.lab.client().get(f"{RUNS}/nope{path}").json() == {"message": "run not found"}
    ready.lab.wait(run)


def test_logs_by_node_and_by_application(ready: Ready) -> None:
    run = ready.start()
    ready.lab.wait(run)
    (app,) = ready.lab.client().get("/applications/store").json()

    def ask(**params: str) -> tuple[int, dict[str, Any]]:
        answer = ready.lab.client().get(f"{RUNS}/{run}/logs", params=params)
        return answer.status_code, answer.json()

    assert ask(nodeId="sum") == ask(applicationUuid=app["uuid"])
    times = [message["timestamp"] for message in ask(nodeId="sum")[1]["messages"]]
    assert times == sorted(times)
    assert all(isinstance(when, int) for when in times)
    assert ask() == (422, {"message": "missing parameter"})
    assert ask(nodeId="nope")[0] == 404
    assert ask(applicationUuid="nope")[0] == 404


def test_lines_are_readable_while_the_step_runs(ready: Ready) -> None:
    gate = ready.lab.backend.behaviour = Gate()
    run = ready.start()
    assert gate.entered.wait(10)
    assert ready.lab.lines(run, "sum") == ["waiting"]
    assert ready.lab.status(run)["dag"][1]["status"] == "STARTED"
    gate.open.set()
    ready.lab.wait(run)


def test_a_program_gone_wild_does_not_fill_the_disk(
    ready: Ready, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_log, "MAX_LINES", 10)

    def chatter(task: Task, log: Log, stop: threading.Event) -> Outcome:
        del task, stop
        for _ in range(100):
            log("x" * 100_000)
        return Outcome(0)

    ready.lab.backend.behaviour = chatter
    run = ready.start()
    ready.lab.wait(run)
    lines = ready.lab.lines(run, "sum")
    assert len(lines) == 10
    assert len(lines[0]) == run_log.MAX_LINE
    assert lines[-1].startswith("the log ends here")


def test_fifty_runs_are_executed_in_order(ready: Ready) -> None:
    runs = [ready.start(name=f"n{number}") for number in range(50)]
    for run in runs:
        assert ready.lab.wait(run)["status"] == "SUCCEEDED"
    store = ready.lab.world.store
    started = store.rows("SELECT uuid FROM workflow_runs ORDER BY started_at, seq")
    places = {row["uuid"]: place for place, row in enumerate(started)}
    assert all(abs(places[run] - number) <= 3 for number, run in enumerate(runs))
    assert len([path for path in ready.files() if path.startswith("summary/")]) == 100


def test_lists(ready: Ready) -> None:
    runs = [ready.start(name=f"n{number}") for number in range(5)]
    for run in runs:
        ready.lab.wait(run)

    def seen(who: str = ADA, **params: Any) -> tuple[list[str], str]:
        query = {"organization_id": ready.lab.organization, **params}
        answer = ready.lab.client(who).get(RUNS, params=query).json()
        return [run["name"] for run in answer["runs"]], answer["nextCursor"]

    newest = ["n4", "n3", "n2", "n1", "n0"]
    assert seen() == seen(BEN) == (newest, "")
    assert seen(status="SUCCEEDED")[0] == newest
    assert seen(status="CANCELLED")[0] == seen(status="nonsense")[0] == []
    assert seen(workflow_id=ready.workflow)[0] == newest
    assert seen(workflow_id="x")[0] == []
    assert seen(end_date="2001-01-01T00:00:00.000Z")[0] == []
    assert seen(start_date="2001-01-01T00:00:00.000Z")[0] == newest
    first, cursor = seen(limit=3)
    second, end = seen(limit=3, cursor=cursor)
    assert ([*first, *second], end) == (newest, "")
    here = {"organization_id": ready.lab.organization}
    assert ready.lab.client(DAN).get(RUNS, params=here).status_code == 403
    assert ready.lab.client().get(RUNS, params={**here, "start_date": "x"}).status_code == 400
    assert ready.lab.client(DAN).get(RUNS).json() == {"runs": [], "nextCursor": ""}


def test_a_callback_token_is_valid_while_the_run_is_started(ready: Ready) -> None:
    gate = ready.lab.backend.behaviour = Gate()
    run = ready.start()
    assert gate.entered.wait(10)
    store = ready.lab.world.store
    token = RunStates(store, ready.lab.world.now).begin(run)
    assert token is not None
    assert len(token) == 64
    row = store.row("SELECT * FROM workflow_runs WHERE uuid = ?", (run,))
    assert row is not None
    assert token not in str(dict(row))
    caller = ready.lab.parts.callback(run, token)
    assert caller is not None
    assert (caller.user_id, caller.run_id) == (ready.lab.user_id(ADA), run)
    for wrong in ("", "0" * 64, "\ud800"):
        assert ready.lab.parts.callback(run, wrong) is None
    assert ready.lab.parts.callback("nope", token) is None
    target = ready.lab.raw_client(f"Callback workflow-service:{run}:{token}")
    done = target.put(f"{RUNS}/{run}/outputs", json={"assetId": "7"})
    assert done.json() == {"outputs": {"assetId": "7"}}
    assert target.post(RUNS, json=ready.body()).status_code == 403
    assert target.post(f"{RUNS}/{run}/cancel").status_code == 403
    other = ready.start(name="other")
    assert target.get(f"{RUNS}/{other}").status_code == 404
    gate.open.set()
    ready.lab.wait(run)
    ready.lab.wait(other)
    assert ready.lab.parts.callback(run, token) is None
    assert ready.lab.client().get(f"{RUNS}/{run}").json()["outputs"]["assetId"] == "7"


def test_outputs_are_text_and_the_creators(ready: Ready) -> None:
    run = ready.start()
    ready.lab.wait(run)
    path = f"{RUNS}/{run}/outputs"
    assert ready.lab.client(BEN).put(path, json={"a": "b"}).status_code == 403
    assert ready.lab.client().put(path, json={"a": 1}).status_code == 400
    assert ready.lab.client().put(path, content=b"").status_code == 400
    assert ready.lab.client().put(path, json={"a": "b"}).json()["outputs"]["a"] == "b"


def test_reports_of_a_node(ready: Ready) -> None:
    gate = ready.lab.backend.behaviour = Gate()
    run = ready.start()
    assert gate.entered.wait(10)
    path, step = f"{RUNS}/{run}/status", f"{RUNS}/{run}/processor/sum/status"
    client = ready.lab.client()
    for wrong in ("", "DONE", "succeeded", "CANCELLED", "NOT_STARTED"):
        answer = client.put(path, json={"status": wrong})
        assert answer.json()["message"] == f"invalid workflow instance status: {wrong}"
    assert client.put(path, json={"status": "STARTED", "timestamp": -1}).status_code == 400
    assert client.put(path, json={"status": "STARTED", "timestamp": 10**12}).status_code == 400
    assert ready.lab.client(CLEO).put(path, json={"status": "FAILED"}).status_code == 403
    started = client.put(path, json={"status": "STARTED", "timestamp": 1_770_000_000})
    assert started.json()["message"].startswith("worklow instance")
    wrong_step = client.put(f"{RUNS}/{run}/processor/x/status", json={"status": "FAILED"})
    assert wrong_step.json()["message"].startswith("invalid processor x for workflow instance")
    failed = client.put(step, json={"status": "FAILED", "timestamp": 1_770_000_100})
    assert failed.status_code == 200
    state = ready.lab.status(run)
    assert state["status"] == "FAILED"
    assert state["completedAt"] == "2026-02-02T02:41:40.000Z"
    assert client.put(path, json={"status": "STARTED"}).status_code == 409
    assert client.put(step, json={"status": "STARTED"}).status_code == 409
    wait_for(lambda: not (ready.lab.world.data / "runs" / run).exists())
    assert ready.lab.status(run)["status"] == "FAILED"


def test_who_may_cancel(ready: Ready) -> None:
    gate = ready.lab.backend.behaviour = Gate()
    run = ready.start()
    assert gate.entered.wait(10)
    path, dataset = f"{RUNS}/{run}/cancel", ready.dataset
    ready.lab.roles[BEN, dataset] = Role.EDITOR
    ready.lab.roles[ADA, dataset] = Role.VIEWER
    assert ready.lab.client(BEN).post(path).status_code == 403
    assert ready.lab.client(ADA).post(path).status_code == 403
    ready.lab.roles[BEN, dataset] = Role.MANAGER
    assert ready.lab.client(BEN).post(path).status_code == 202
    assert ready.lab.wait(run)["status"] == "CANCELED"
