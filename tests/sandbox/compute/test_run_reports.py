"""What is said about runs after the fact: archives of logs, numbers, lists, and steps."""

from __future__ import annotations

import base64
import io
import json
import zipfile
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from pennsieve_agent.sandbox.compute.runs.log_archive import ARCHIVE_SECONDS
from tests.sandbox.compute.lab import ADA, BEN, DAN, REPO, Lab, Ready, chain

RUNS = "/compute/workflows/runs"
COUNTERS = "/compute/workflows/metrics/counters"
NOTHING = {
    "totalRuns": 0,
    "succeeded": 0,
    "failed": 0,
    "canceled": 0,
    "totalDurationSec": 0,
    "totalCost": 0,
}


def _fetch(lab: Lab, url: str, **headers: str) -> httpx.Response:
    parts = urlsplit(url)
    transport = httpx.WSGITransport(app=lab.app())
    with httpx.Client(transport=transport, base_url="http://sandbox") as client:
        return client.get(f"{parts.path}?{parts.query}", headers=headers)


def _archive(lab: Lab, run: str) -> str:
    answer = lab.client().get(f"{RUNS}/{run}/logs", params={"format": "zip"})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["url"])


def test_the_archive_holds_all_logs_and_the_run(lab: Lab) -> None:
    nodes = chain()
    nodes[1]["id"] = nodes[2]["dependsOn"][0] = "../sum é"
    ready = Ready(lab, nodes)
    run = ready.start()
    lab.wait(run)
    lab.acted.say(run, "../sum é", "copied a.txt", "copied b.txt")
    url = _archive(lab, run)
    assert url.startswith(f"{lab.world.urls.api2}/log-archives/")
    got = _fetch(lab, url)
    assert (got.status_code, got.headers["content-type"]) == (200, "application/zip")
    with zipfile.ZipFile(io.BytesIO(got.content)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [
            "run.json",
            "logs/01-src.log",
            "logs/02-sum.log",
            "logs/03-out.log",
        ]
        shown = json.loads(archive.read("run.json"))
        lines = archive.read("logs/02-sum.log").decode().splitlines()
    assert (shown["uuid"], shown["status"]) == (run, "SUCCEEDED")
    assert shown["dataSources"] == {"src": {"packageIds": [ready.packages["raw"]]}}
    assert [line.partition(" ")[2] for line in lines] == ["copied a.txt", "copied b.txt"]
    assert lines[0].startswith("1970-01-01T")
    assert _fetch(lab, _archive(lab, run)).content == got.content  # made once


def test_no_archive_before_the_end(ready: Ready) -> None:
    ready.lab.acted.ends = ""
    run = ready.start()
    assert ready.lab.acted.report(run, "STARTED") == 200
    answer = ready.lab.client().get(f"{RUNS}/{run}/logs", params={"format": "zip"})
    text = "the logs are archived when the run has ended"
    assert (answer.status_code, answer.json()) == (404, {"message": text})
    ready.lab.acted.finish(run, "SUCCEEDED")


def test_addresses_of_archives_are_refused_like_those_of_s3(ready: Ready) -> None:
    lab = ready.lab
    run = ready.start()
    lab.wait(run)
    url = _archive(lab, run)
    own = _fetch(lab, url, Authorization=f"Bearer {ADA}")
    assert (own.status_code, "InvalidArgument" in own.text) == (400, True)
    forged = base64.urlsafe_b64encode(json.dumps(["x", 2**40]).encode()).decode()
    signature = urlsplit(url).query
    for wrong in (
        f"{url}0",
        url.partition("?")[0],
        f"/log-archives/{forged}?{signature}",
        "/log-archives/x?X-Amz-Signature=%F0%9F%92%A5",
    ):
        answer = _fetch(lab, wrong)
        assert (answer.status_code, "SignatureDoesNotMatch" in answer.text) == (403, True)
    (lab.world.data / "log-archives" / f"{run}.zip").unlink()
    assert _fetch(lab, url).status_code == 404
    lab.now += ARCHIVE_SECONDS
    late = _fetch(lab, url)
    assert (late.status_code, "Request has expired" in late.text) == (403, True)


def test_who_gets_an_archive(ready: Ready) -> None:
    run = ready.start()
    ready.lab.wait(run)
    path = f"{RUNS}/{run}/logs"
    assert ready.lab.client(BEN).get(path, params={"format": "zip"}).status_code == 200
    assert ready.lab.client(DAN).get(path, params={"format": "zip"}).status_code == 404


def test_the_numbers_of_an_ended_run(ready: Ready) -> None:
    ready.lab.acted.ends = ""
    run = ready.start()
    assert ready.lab.acted.report(run, "STARTED") == 200
    assert "metrics" not in ready.lab.client().get(f"{RUNS}/{run}").json()
    ready.lab.acted.finish(run, "SUCCEEDED")
    metrics = ready.lab.client().get(f"{RUNS}/{run}").json()["metrics"]
    assert metrics["executionTimeSec"] > 0
    assert metrics["totalEstimatedCost"] == 0
    assert (metrics["processorCount"], metrics["targetCount"]) == (1, 1)
    assert metrics["packagesProcessed"] == 1
    assert set(metrics["costEstimate"]) == {
        *("lambda", "ecs", "stepFunctions", "data", "efsThroughput", "cloudWatchLogs", "llm"),
        "pricingVersion",
    }
    steps = {step["nodeId"]: step for step in metrics["nodeMetrics"]}
    assert set(steps) == {"src", "sum", "out"}
    assert steps["sum"]["status"] == "SUCCEEDED"
    assert steps["sum"]["durationSec"] > 0
    assert steps["sum"]["computeType"] == "standard"


def _counters(lab: Lab, email: str = ADA, **query: str) -> dict[str, Any]:
    answer = lab.client(email).get(COUNTERS, params=query)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    assert list(body) == ["allTime"]  # whatever the range (trap 37)
    return dict(body["allTime"])


def test_counters(ready: Ready) -> None:
    lab, org = ready.lab, ready.lab.organization
    assert _counters(lab, organization_id=org) == NOTHING
    for status in ("SUCCEEDED", "FAILED", "CANCELED"):
        run = ready.start()
        lab.wait(run)
        lab.world.store.execute(
            "UPDATE workflow_runs SET status = ?, started_at = '2026-02-02T00:00:00.000Z',"
            " completed_at = '2026-02-02T00:00:01.500Z' WHERE uuid = ?",
            (status, run),
        )
    everything = {
        "totalRuns": 3,
        "succeeded": 1,
        "failed": 1,
        "canceled": 1,
        "totalDurationSec": 4.5,
        "totalCost": 0,
    }
    assert _counters(lab, organization_id=org) == everything
    assert _counters(lab, BEN, organization_id=org, range="lastMonth") == everything
    assert _counters(lab, organization_id=org, scope="workflow", id=ready.workflow) == everything
    assert _counters(lab, organization_id=org, scope="application", id=REPO) == everything
    assert _counters(lab, organization_id=org, scope="workflow", id="x") == NOTHING
    assert _counters(lab, organization_id=org, scope="application", id="x") == NOTHING
    assert _counters(lab) == NOTHING  # personal runs
    lab.now += 31 * 24 * 3600
    assert _counters(lab, organization_id=org, range="lastMonth") == NOTHING
    assert _counters(lab, organization_id=org, range="lastYear") == everything
    assert _counters(lab, organization_id=org, range="allTime") == everything


@pytest.mark.parametrize(
    ("query", "status", "text"),
    [
        ({"organization_id": "N:organization:other"}, 403, "forbidden"),
        ({"range": "lastWeek"}, 400, "invalid range lastWeek"),
        ({"scope": "node", "id": "x"}, 400, "scope must be workflow or application, with an id"),
        ({"scope": "workflow"}, 400, "scope must be workflow or application, with an id"),
        (
            {"organization_id": "N:organization:other", "range": "x"},
            403,
            "forbidden",
        ),
    ],
)
def test_counters_that_are_refused(lab: Lab, query: dict[str, str], status: int, text: str) -> None:
    answer = lab.client().get(COUNTERS, params=query)
    assert (answer.status_code, answer.json()) == (status, {"message": text})


def test_the_export_has_no_files(lab: Lab) -> None:
    path = "/compute/workflows/metrics/export"
    answer = lab.client().get(path, params={"organization_id": lab.organization})
    assert (answer.status_code, answer.json()) == (200, {"urls": []})
    other = lab.client().get(path, params={"organization_id": "N:organization:other"})
    assert (other.status_code, other.json()) == (403, {"message": "forbidden"})


def test_older_nodes_name_a_step_by_its_application(ready: Ready) -> None:
    ready.lab.acted.ends = ""
    run = ready.start()
    assert ready.lab.acted.report(run, "STARTED") == 200
    (app,) = ready.lab.client().get("/applications/store").json()
    answer = ready.lab.client().put(
        f"{RUNS}/{run}/processor/{app['uuid']}/status",
        json={"status": "FINALIZING", "timestamp": 1_770_000_000},
    )
    assert answer.status_code == 200
    state = {step["id"]: step["status"] for step in ready.lab.status(run)["dag"]}
    assert state["sum"] == "FINALIZING"
    ready.lab.acted.finish(run, "SUCCEEDED")


def test_no_interactive_sessions(ready: Ready) -> None:
    body = ready.body()
    body["workflowInstanceConfiguration"]["processorConfigs"] = [
        {"nodeId": "sum", "interactive": True, "sessionType": "jupyter"}
    ]
    answer = ready.lab.client().post(RUNS, json=body)
    text = "interactive sessions are not part of the sandbox"
    assert (answer.status_code, answer.json()) == (400, {"message": text})
    run = ready.start()
    answer = ready.lab.client().get(f"{RUNS}/{run}/session/connect")
    text = "no active session for this run"
    assert (answer.status_code, answer.json()) == (404, {"message": text})
    answer = ready.lab.client(DAN).get(f"{RUNS}/{run}/session/connect")
    assert (answer.status_code, answer.json()) == (404, {"message": "run not found"})
    ready.lab.wait(run)
