from __future__ import annotations

from dataclasses import replace
from typing import Any

import httpx
import pytest

from pennsieve_agent.domain.runs import (
    LogMessage,
    Run,
    RunLimits,
    RunRequest,
    RunStatus,
    StepState,
)
from pennsieve_agent.domain.workflows import Workflow
from pennsieve_agent.errors import (
    Conflict,
    Forbidden,
    NotFound,
    PlatformError,
    Unreachable,
    UsageProblem,
)
from tests.fakes.scripted_platform import WORKSPACE, scripted
from tests.platform.test_workflows import NODES, STEPS

RUNS = "v2/compute/workflows/runs"
D = "N:dataset:d"
WORKFLOW = Workflow("w", "edf-summary", organization_id=WORKSPACE, steps=STEPS)
REQUEST = RunRequest(
    WORKFLOW,
    "node",
    D,
    ("N:package:1", "N:collection:2"),
    name="edf 20s",
    parameters={"sum": {"WINDOW": "20", "EMPTY": ""}, "none": {}},
    target_params={"out": {"TARGET_FOLDER": "summaries"}},
)
BODY = {
    "workflowInstanceConfiguration": {
        "workflowId": "w",
        "computeNodeId": "node",
        "processorConfigs": [
            {
                "nodeId": "sum",
                "executionTarget": "standard",
                "version": "v1",
                "cpu": "1024",
                "memory": "2048",
            },
            {"nodeId": "out", "executionTarget": "lambda"},
        ],
    },
    "datasetId": D,
    "dataSources": {"src": {"packageIds": ["N:package:1", "N:collection:2"]}},
    "name": "edf 20s",
    "processorParams": {"sum": {"WINDOW": "20"}},
    "dataTargets": {"out": {"params": {"TARGET_FOLDER": "summaries"}}},
}


def run(uuid: str = "r", **more: Any) -> dict[str, Any]:
    return {
        "uuid": uuid,
        "name": "edf 20s",
        "status": "STARTED",
        "workflowUuid": "w",
        "computeNodeUuid": "node",
        "datasetId": D,
        **more,
    }


def test_start_sends_the_contracts_body_and_what_renews_the_session() -> None:
    with scripted() as (script, platform):
        script.on(f"POST {RUNS}", run(), status=201, body=BODY)
        started = platform.runs.start(REQUEST)
    assert (started.uuid, started.status, started.steps) == ("r", RunStatus.STARTED, STEPS)
    assert script.requests[0].headers["X-Refresh-Token"] == "refresh"


def test_start_sends_a_data_targets_defaults_which_the_platform_would_ignore() -> None:
    target = {"id": "out", "type": "data-target", "defaultParams": {"A": "1", "B": "1"}}
    with scripted() as (script, platform):
        script.on("GET v2/compute/workflows/definitions/w", {"uuid": "w", "dag": [target]})
        script.on(f"POST {RUNS}", run())
        workflow = platform.workflows.get("w")
        request = RunRequest(workflow, "node", D, (), target_params={"out": {"B": "2"}})
        platform.runs.start(request)
    body = httpx.Response(200, content=script.requests[-1].content).json()
    assert body["dataTargets"] == {"out": {"params": {"A": "1", "B": "2"}}}
    assert body["dataSources"] == {}
    assert not {"name", "processorParams"} & body.keys()


@pytest.mark.parametrize("name", ["uuid", "executionRunId", "id", "runId"])
def test_start_finds_the_id_under_any_of_its_names(name: str) -> None:
    with scripted() as (script, platform):
        script.on(f"POST {RUNS}", {name: "r"}, status=202)
        script.on(f"GET {RUNS}/r", run())
        assert platform.runs.start(REQUEST).uuid == "r"


def test_start_of_a_run_that_is_not_readable_yet_is_told_from_the_request() -> None:
    with scripted() as (script, platform):
        script.on(f"POST {RUNS}", {"id": "r"}, status=202)
        script.on(f"GET {RUNS}/r", {"message": "error no records found"}, status=404)
        started = platform.runs.start(REQUEST)
    assert started == Run(
        "r",
        RunStatus.NOT_STARTED,
        name="edf 20s",
        workflow_uuid="w",
        workflow_name="edf-summary",
        node_uuid="node",
        dataset_id=D,
        organization_id=WORKSPACE,
        steps=STEPS,
        package_ids=REQUEST.package_ids,
        parameters=REQUEST.parameters,
        target_params=REQUEST.target_params,
    )


def test_start_without_any_id_is_found_by_listing() -> None:
    rows = [
        run("done", status="SUCCEEDED"),
        run("older", startedAt="2026-01-01T00:00:00Z"),
        run("elsewhere", computeNodeUuid="other"),
        run("new", status="NOT_STARTED"),
    ]
    query = {"organization_id": WORKSPACE, "workflow_id": "w", "limit": "100"}
    with scripted() as (script, platform):
        script.on(f"POST {RUNS}", {"message": "Workflow successfully initiated"})
        script.on(f"GET {RUNS}", {"runs": []}, query=query)
        script.on(f"GET {RUNS}", {"runs": rows}, query=query)
        assert platform.runs.start(REQUEST).uuid == "new"


def test_start_that_never_shows_up() -> None:
    with scripted() as (script, platform):
        script.on(f"POST {RUNS}", {})
        for _ in range(6):
            script.on(f"GET {RUNS}", {"runs": None})
        with pytest.raises(PlatformError, match="does not show it yet"):
            platform.runs.start(REQUEST)


def test_start_whose_answer_is_lost_is_not_sent_again_and_says_where_to_look() -> None:
    with scripted() as (script, platform):
        script.on(f"POST {RUNS}", httpx.ReadTimeout("lost"))
        with pytest.raises(Unreachable) as caught:
            platform.runs.start(REQUEST)
    assert "pennsieve run list" in (caught.value.hint or "")


def test_start_refused_for_want_of_a_grant() -> None:
    with scripted() as (script, platform):
        script.on(f"POST {RUNS}", {"error": "workflow w is not granted"}, status=403)
        with pytest.raises(Forbidden, match="workflow w is not granted"):
            platform.runs.start(REQUEST)


def test_list_repeats_its_filters_with_the_cursor() -> None:
    query = {"organization_id": "o", "workflow_id": "w", "status": "FAILED", "limit": "100"}
    with scripted() as (script, platform):
        page = {"runs": [run("1", status="FAILED")], "nextCursor": "c"}
        script.on(f"GET {RUNS}", page, query=query)
        page = {"runs": [run("2", status="FAILED"), run("3")]}  # a server that ignores filters
        script.on(f"GET {RUNS}", page, query=query | {"cursor": "c"})
        found = platform.runs.list("o", workflow_id="w", status=RunStatus.FAILED)
        assert [r.uuid for r in found] == ["1", "2"]


def test_list_with_a_limit_asks_for_no_more_pages() -> None:
    with scripted() as (script, platform):
        page = {"runs": [run("1"), run("2")], "nextCursor": "c"}
        script.on(f"GET {RUNS}", page, query={"organization_id": "o", "limit": "2"})
        assert [r.uuid for r in platform.runs.list("o", limit=2)] == ["1", "2"]


def test_a_limit_may_be_any_number() -> None:
    with scripted() as (script, platform):
        script.on(f"GET {RUNS}", {"runs": [run("1")]})
        assert [r.uuid for r in platform.runs.list("o", limit=2**63)] == ["1"]


def test_list_as_a_bare_array() -> None:
    with scripted() as (script, platform):
        script.on(f"GET {RUNS}", [run("1")])
        assert [r.uuid for r in platform.runs.list("o")] == ["1"]


def test_a_run_with_everything() -> None:
    answer = run(
        dag=[
            *NODES[:1],
            NODES[1] | {"status": "STARTED", "startedAt": "2026-01-02T03:04:05Z"},
            NODES[2],
        ],
        dataSources={"src": {"packageIds": ["N:package:1", "N:package:1"]}, "b": None},
        processorParams={"sum": {"WINDOW": 20}, "x": "y"},
        dataTargets={"out": {"params": {"TARGET_FOLDER": "f"}}},
        outputs={"assetId": "a", "count": 3, "deep": {}},
        startedAt="2026-01-02T03:04:05.123456Z",
        createdBy="N:user:ada",
        metrics={"new": True},
    )
    with scripted() as (script, platform):
        script.on(f"GET {RUNS}/r", answer)
        found = platform.runs.get("r")
    assert found.steps == STEPS
    assert found.states[1] == StepState("sum", RunStatus.STARTED, "2026-01-02T03:04:05.000Z")
    assert found.states[2].status is RunStatus.NOT_STARTED
    assert found.package_ids == ("N:package:1",)
    assert found.parameters == {"sum": {"WINDOW": "20"}}
    assert found.target_params == {"out": {"TARGET_FOLDER": "f"}}
    assert found.outputs == {"assetId": "a", "count": "3"}
    assert found.started_at == "2026-01-02T03:04:05.123Z"


def test_the_least_a_container_relies_on_is_a_run() -> None:
    with scripted() as (script, platform):
        script.on(f"GET {RUNS}/r", {"uuid": "r", "datasetId": D, "dataSources": {}})
        assert platform.runs.get("r").status is RunStatus.UNKNOWN


@pytest.mark.parametrize("answer", [b"", b"null", b"{}", b'{"uuid":"r"}', b'{"uuid":"r","dag":[]}'])
def test_200_with_nothing_is_no_run(answer: bytes) -> None:
    with scripted() as (script, platform):
        script.on(f"GET {RUNS}/r", answer)
        script.on(f"GET {RUNS}/r/status", answer)
        with pytest.raises(NotFound, match="there is no run r"):
            platform.runs.get("r")
        with pytest.raises(NotFound, match="there is no run r"):
            platform.runs.state("r")


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("CANCELED", RunStatus.CANCELED),
        ("CANCELLED", RunStatus.CANCELED),
        ("FINALIZING", RunStatus.FINALIZING),
        ("succeeded", RunStatus.SUCCEEDED),
        ("PAUSED", RunStatus.UNKNOWN),
    ],
)
def test_state(word: str, status: RunStatus) -> None:
    dag = [{"id": "sum", "status": word, "startedAt": "", "completedAt": None}]
    with scripted() as (script, platform):
        script.on(f"GET {RUNS}/r/status", {"status": word, "startedAt": 1767323045000, "dag": dag})
        state = platform.runs.state("r")
    assert state.status is status
    assert state.started_at == "2026-01-02T03:04:05.000Z"
    assert state.steps == (StepState("sum", status),)


def test_log_timestamps_are_milliseconds_or_text() -> None:
    messages = [
        {"timestamp": 1767323045123, "message": "a\n"},
        {"timestamp": "2026-01-02T03:04:05.124Z", "message": "b"},
        {"timestamp": "1767323045125", "message": ""},
        {"utcTime": "2026-01-02T03:04:05Z", "message": None},
        {"message": "no time"},
    ]
    with scripted() as (script, platform):
        script.on(f"GET {RUNS}/r/logs", {"messages": messages}, query={"nodeId": "sum"})
        assert platform.runs.logs("r", "sum") == [
            LogMessage(1767323045123, "a"),
            LogMessage(1767323045124, "b"),
            LogMessage(1767323045125, ""),
            LogMessage(1767323045000, ""),
            LogMessage(0, "no time"),
        ]


@pytest.mark.parametrize("answer", [b"", b"null", b"{}", b'{"messages":null}'])
def test_no_logs_yet(answer: bytes) -> None:
    with scripted() as (script, platform):
        script.on(f"GET {RUNS}/r/logs", answer)
        assert platform.runs.logs("r", "sum") == []


def test_cancel_of_a_run_that_has_ended() -> None:
    with scripted() as (script, platform):
        script.on(f"POST {RUNS}/r/cancel", b"", status=202, body=None)
        script.on(f"POST {RUNS}/r/cancel", {"message": "run has ended"}, status=409)
        platform.runs.cancel("r")
        with pytest.raises(Conflict, match="run has ended"):
            platform.runs.cancel("r")


def test_fewer_runs_than_none_are_not_asked_for() -> None:
    with scripted() as (_, platform), pytest.raises(UsageProblem):
        platform.runs.list("o", limit=-1)


def test_no_runs_are_none() -> None:
    with scripted() as (_, platform):
        assert list(platform.runs.list("o", limit=0)) == []


def test_limits_never_go_to_pennsieve() -> None:
    with scripted() as (script, platform):
        script.on(f"POST {RUNS}", run(), status=201, body=BODY)
        platform.runs.start(replace(REQUEST, limits=RunLimits(2.5, 60, retries=1)))
