"""Runs as the platform has them: started, shown, listed, reported about."""

from __future__ import annotations

from typing import Any

from pennsieve_agent.domain.datasets import Role
from tests.sandbox.compute.lab import ADA, BEN, CLEO, DAN, REPO, Ready

RUNS = "/compute/workflows/runs"


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

    ready.lab.acted.say(run, "sum", "one", "two")
    assert ask(nodeId="sum") == ask(applicationUuid=app["uuid"])
    assert [message["message"] for message in ask(nodeId="sum")[1]["messages"]] == ["one", "two"]
    times = [message["timestamp"] for message in ask(nodeId="sum")[1]["messages"]]
    assert times == sorted(times)
    assert all(isinstance(when, int) for when in times)
    assert ask() == (422, {"message": "missing parameter"})
    assert ask(nodeId="nope")[0] == 404
    assert ask(applicationUuid="nope")[0] == 404


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
    ready.lab.acted.ends = ""
    run = ready.start()
    assert ready.lab.acted.report(run, "STARTED") == 200
    store, token = ready.lab.world.store, ready.lab.acted.tokens[run]
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
    assert ready.lab.acted.report(run, "SUCCEEDED") == 200
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
    ready.lab.acted.ends = ""
    run = ready.start()
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
    assert (state["status"], state["dag"][1]["status"]) == ("STARTED", "FAILED")
    over = client.put(path, json={"status": "FAILED", "timestamp": 1_770_000_100})
    assert over.status_code == 200
    state = ready.lab.status(run)
    assert (state["status"], state["completedAt"]) == ("FAILED", "2026-02-02T02:41:40.000Z")
    assert client.put(path, json={"status": "STARTED"}).status_code == 409
    assert client.put(step, json={"status": "STARTED"}).status_code == 409


def test_who_may_cancel(ready: Ready) -> None:
    ready.lab.acted.ends = ""
    run = ready.start()
    assert ready.lab.acted.report(run, "STARTED") == 200
    path, dataset = f"{RUNS}/{run}/cancel", ready.dataset
    ready.lab.roles[BEN, dataset] = Role.EDITOR
    ready.lab.roles[ADA, dataset] = Role.VIEWER
    assert ready.lab.client(BEN).post(path).status_code == 403
    assert ready.lab.client(ADA).post(path).status_code == 403
    ready.lab.roles[BEN, dataset] = Role.MANAGER
    assert ready.lab.client(BEN).post(path).status_code == 202
    assert ready.lab.wait(run)["status"] == "CANCELED"
