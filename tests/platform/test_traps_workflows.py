"""The traps at the end of ``contracts/workflows.md``, by number."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from pennsieve_agent.domain.metrics import Counters, Period
from pennsieve_agent.domain.run_filter import RunFilter
from pennsieve_agent.domain.runs import RunStatus
from pennsieve_agent.domain.sharing import AppAccess, AppSharing, Scope, Visibility
from pennsieve_agent.domain.workflows import Step, StepKind
from pennsieve_agent.errors import Invalid, NotFound, UsageProblem
from tests.fakes.scripted_platform import scripted
from tests.platform.test_applications import STORE, URL, application, version
from tests.platform.test_routes import all_routes
from tests.platform.test_runs import REQUEST, RUNS, D, run
from tests.platform.test_traps_resources import SHARES, sharing
from tests.platform.test_workflows import DEFINITIONS, NODES, STEPS, W, definition, get_one

METRICS = "v2/compute/workflows/metrics"


def test_workflows_01_the_store_is_not_asked_for_a_workspace_it_would_ignore() -> None:
    with scripted() as (script, platform):
        script.on(f"GET {STORE}", [], query={})
        platform.applications.list()


def test_workflows_02_an_expired_token_is_a_403() -> None:
    with scripted() as (script, platform):
        script.on(f"GET {RUNS}/r", {"message": "Forbidden"}, status=403)
        script.on(f"GET {RUNS}/r", run())
        platform.runs.get("r")
        assert script.sign_ins == 2


@pytest.mark.parametrize("other", [f"{URL}.git", f"{URL}/", URL.upper(), URL.replace("s:", ":")])
def test_workflows_04_another_spelling_is_another_application(other: str) -> None:
    with scripted() as (script, platform):
        script.on(f"GET {STORE}", [application(url=other), application()])
        assert [a.source_url for a in platform.applications.list(URL)] == [URL]


def test_workflows_05_private_code_may_be_visible_to_all() -> None:
    with scripted() as (script, platform):
        script.on(f"GET {STORE}", [application() | {"isPrivate": True, "visibility": "public"}])
        (found,) = platform.applications.list(URL)
    assert (found.is_private, found.visibility) == (True, "public")


def test_workflows_07_a_scope_does_not_cost_the_shares() -> None:
    before = sharing("shared", sharedWithTeams=["N:team:lab"])
    with scripted() as (script, platform):
        script.on(f"GET {SHARES}", before)
        script.on(f"PUT {SHARES}", sharing("workspace"), body={"accessScope": "workspace"})
        script.on(f"POST {SHARES}/teams", {}, status=201, body={"teamId": "N:team:lab"})
        script.on(f"GET {SHARES}", sharing("workspace", sharedWithTeams=["N:team:lab"]))
        assert platform.node_sharing.set_scope("n", Scope.WORKSPACE).teams == ("N:team:lab",)


def test_workflows_08_the_refresh_token_goes_with_a_start_alone() -> None:
    with scripted() as (script, platform):
        script.on(f"POST {RUNS}", run(), status=201)
        script.on(f"POST {RUNS}/r/cancel", {})
        platform.runs.start(REQUEST)
        platform.runs.cancel("r")
        start, cancel = script.requests
    assert "X-Refresh-Token" in start.headers
    assert b"refresh" not in start.content
    assert "X-Refresh-Token" not in cancel.headers


def test_workflows_11_processors_are_sent_and_dag_is_read() -> None:
    with scripted() as (script, platform):
        script.on(f"POST {DEFINITIONS}", definition(dag=NODES), status=201)
        made = platform.workflows.create("n", "d", W, STEPS)
        assert [n["id"] for n in json.loads(script.requests[0].content)["processors"]] == [
            step.id for step in made.steps
        ]


@pytest.mark.parametrize("answer", [b"", b"{}", b"null", b'{"uuid":"x"}'])
def test_workflows_12_200_with_next_to_nothing_is_not_found(answer: bytes) -> None:
    with scripted() as (script, platform):
        script.on(f"GET {RUNS}/x", answer)
        script.on(f"GET {DEFINITIONS}/x", answer)
        with pytest.raises(NotFound):
            platform.runs.get("x")
        with pytest.raises(NotFound):
            platform.workflows.get("x")


@pytest.mark.parametrize("name", ["uuid", "executionRunId", "id", "runId"])
def test_workflows_13_a_start_names_its_run_in_one_of_four_ways(name: str) -> None:
    with scripted() as (script, platform):
        script.on(f"POST {RUNS}", {name: "r"}, status=201)
        script.on(f"GET {RUNS}/r", run())
        assert platform.runs.start(REQUEST).uuid == "r"


def test_workflows_13_or_in_none_and_is_found_by_listing() -> None:
    with scripted() as (script, platform):
        script.on(f"POST {RUNS}", {}, status=202)
        script.on(f"GET {RUNS}", {"runs": [run("new")], "nextCursor": ""})
        assert platform.runs.start(REQUEST).uuid == "new"


@pytest.mark.parametrize("word", ["CANCELED", "CANCELLED", "canceled"])
def test_workflows_14_both_spellings_are_an_end(word: str) -> None:
    with scripted() as (script, platform):
        script.on(f"GET {RUNS}/r/status", {"status": word})
        script.on(f"GET {METRICS}/counters", {"allTime": {"canceled": 2}})
        assert platform.runs.state("r").status.is_final
        assert platform.metrics.counters(W).canceled == 2


def test_workflows_15_finalizing_is_no_end() -> None:
    with scripted() as (script, platform):
        script.on(f"GET {RUNS}/r/status", {"status": "FINALIZING"})
        status = platform.runs.state("r").status
    assert (status, status.is_final) == (RunStatus.FINALIZING, False)


@pytest.mark.parametrize("name", ["publishing_to_appstore", "PublishingToAppstore"])
def test_workflows_16_settings_of_repositories_have_other_names_in_answers(name: str) -> None:
    with scripted() as (script, platform):
        body = {"url": "u", "publish_to_discover": False, "publish_to_appstore": True}
        script.on("POST v2/repositories", {"url": "u", name: True}, body=body)
        script.on("GET v2/repository/o/r", {"full_name": "o/r", name: True})
        made = platform.github.set_publishing("u", to_discover=False, to_app_store=True)
        found = platform.github.repository("o", "r")
    assert (made.to_discover, made.to_app_store) == (False, True)
    assert (found.to_discover, found.to_app_store) == (False, True)


def test_workflows_17_times_are_compared_as_times_and_equal_ones_by_their_place() -> None:
    rows = [
        version("older", "v1", "2026-04-24 18:02:12.9 +0000 UTC"),
        version("later", "v1", "2026-04-24 18:02:12.900000001 +0000 UTC"),
        version("whole", "v1", "2026-04-24 18:02:12 +0000 UTC"),
    ]
    with scripted() as (script, platform):
        script.on(f"GET {STORE}", [application(*rows)])
        (found,) = platform.applications.list(URL)
    whole, older, later = sorted(found.versions, key=lambda row: row.created_at)
    assert (whole.uuid, older.uuid, later.uuid) == ("whole", "older", "later")


def test_workflows_18_sizes_and_values_are_text_and_empty_ones_are_not_sent() -> None:
    with scripted() as (script, platform):
        script.on(f"POST {RUNS}", run(), status=201)
        platform.runs.start(replace(REQUEST, parameters={"sum": {"A": "", "B": "1"}}))
        body = json.loads(script.requests[0].content)
    assert body["processorParams"] == {"sum": {"B": "1"}}
    config = body["workflowInstanceConfiguration"]["processorConfigs"][0]
    assert (config["cpu"], config["memory"]) == ("1024", "2048")


def test_workflows_19_ecs_is_standard() -> None:
    target = {"targetType": "x", "runtimeConfig": {"computeTypes": ["ecs", "standard", "lambda"]}}
    with scripted() as (script, platform):
        script.on("GET v2/compute/workflows/target-types", [target])
        (found,) = platform.workflows.target_types()
    assert found.compute_types == ("standard", "lambda")
    (step,) = get_one(dag=[{"id": "a", "computeType": "ecs"}]).steps
    assert step.compute_type == "standard"


def test_workflows_20_names_of_targets_are_kept_to_the_letter() -> None:
    rows = [
        {
            "targetType": name,
            "params": [{"name": parameter, "type": "string", "defaultValue": None}],
        }
        for name, parameter in (
            ("Pennsieve Dataset", "UPLOAD_BUCKET"),
            ("persistent-layer", "layerName"),
        )
    ]
    with scripted() as (script, platform):
        script.on("GET v2/compute/workflows/target-types", rows)
        found = platform.workflows.target_types()
    assert [t.name for t in found] == ["Pennsieve Dataset", "persistent-layer"]
    assert [(p.name, p.required) for t in found for p in t.parameters] == [
        ("UPLOAD_BUCKET", True),
        ("layerName", True),
    ]
    assert found[0].compute_types == ("standard", "lambda")


@pytest.mark.parametrize("allowed", ["validValues", "allowedValues"])
@pytest.mark.parametrize("default", ["default", "defaultValue"])
def test_workflows_21_four_spellings_of_two_ideas(allowed: str, default: str) -> None:
    schema = [{"name": "A", "type": "enum", allowed: ["x", "y"], default: "x"}]
    (step,) = get_one(dag=[{"id": "a", "paramSchema": schema}]).steps
    (parameter,) = step.parameters
    assert (parameter.allowed, parameter.default) == (("x", "y"), "x")


def test_workflows_22_legacy_applications_have_their_address_one_level_below() -> None:
    with scripted() as (script, platform):
        script.on(f"GET {STORE}", [{"uuid": "a", "source": {"url": URL}}])
        (found,) = platform.applications.list(URL)
    assert found.source_url == URL


def test_workflows_25_the_outcome_of_registering_is_in_the_list() -> None:
    built = version("v", "v1", "x", "error: no Dockerfile", deployments=[{"deploymentId": "d"}])
    with scripted() as (script, platform):
        script.on(f"POST {STORE}", {"deploymentId": "d"}, status=202)
        script.on(f"GET {STORE}", [application(built)])
        deployment = platform.applications.register(URL, "v1")
        found = platform.applications.build(URL, deployment)
    assert found is not None
    assert found.problem == "no Dockerfile"


def test_workflows_26_a_tag_registered_again_is_another_version() -> None:
    rows = [version("1", "v1", "2026-01-01T00:00:00Z"), version("2", "v1", "2026-01-02T00:00:00Z")]
    with scripted() as (script, platform):
        script.on(f"GET {STORE}", [application(*rows)])
        (found,) = platform.applications.list(URL)
    assert [(row.uuid, row.tag) for row in found.versions] == [("1", "v1"), ("2", "v1")]


def test_workflows_27_a_targets_defaults_are_sent_with_the_run() -> None:
    target = Step("out", StepKind.TARGET, target_type="x", default_params={"FOLDER": "a", "B": "b"})
    workflow = replace(REQUEST.workflow, steps=(target,))
    with scripted() as (script, platform):
        script.on(f"POST {RUNS}", run(), status=201)
        params = {"out": {"FOLDER": "mine"}}
        platform.runs.start(replace(REQUEST, workflow=workflow, target_params=params))
        body = json.loads(script.requests[0].content)
    assert body["dataTargets"] == {"out": {"params": {"FOLDER": "mine", "B": "b"}}}


def test_workflows_28_a_data_source_needs_a_package() -> None:
    with scripted() as (script, platform):
        with pytest.raises(UsageProblem, match="no file or folder"):
            platform.runs.start(replace(REQUEST, package_ids=()))
        script.on(f"POST {RUNS}", run(), status=201)
        without = replace(REQUEST.workflow, steps=STEPS[1:])
        platform.runs.start(replace(REQUEST, workflow=without, package_ids=()))
        assert json.loads(script.requests[0].content)["dataSources"] == {}


def test_workflows_29_steps_and_edges_are_never_changed() -> None:
    changes: list[dict[str, Any]] = [
        {"name": "n", "description": "d"},
        {"defaultParams": {"sum": {}}},
        {"versions": {"sum": "v2"}},
        {"isActive": True},
    ]
    with scripted() as (script, platform):
        for body in changes:
            script.on(f"PATCH {DEFINITIONS}/w", {}, body=body)
        platform.workflows.rename("w", "n", "d")
        platform.workflows.set_defaults("w", {"sum": {}})
        platform.workflows.set_versions("w", {"sum": "v2", "unchanged": ""})
        platform.workflows.restore("w")


def test_workflows_30_the_zip_is_the_whole_log() -> None:
    with scripted() as (script, platform):
        zipped = {"url": "https://s3.test/z"}
        script.on(f"GET {RUNS}/r/logs", zipped, query={"format": "zip"})
        script.on(f"GET {RUNS}/r/logs", {})
        assert platform.runs.log_archive("r") == "https://s3.test/z"
        with pytest.raises(NotFound, match="no archive"):
            platform.runs.log_archive("r")


@pytest.mark.parametrize("shape", ["allTime", "lastMonth", "flat"])
def test_workflows_37_counters_stand_under_any_name(shape: str) -> None:
    numbers = {"totalRuns": 3, "succeeded": 2, "failed": 1, "totalDurationSec": 9.5, "totalCost": 1}
    answer: dict[str, Any] = numbers if shape == "flat" else {shape: numbers}
    query = {"organization_id": W, "range": "lastMonth", "scope": "workflow", "id": "w"}
    with scripted() as (script, platform):
        script.on(f"GET {METRICS}/counters", answer, query=query)
        found = platform.metrics.counters(W, Period.MONTH, workflow_uuid="w")
    assert found == Counters(3, 2, 1, None, 9.5, 1.0)


def test_workflows_40_the_bare_list_of_applications_is_not_asked_for() -> None:
    assert "/applications" not in {path for _, _, path in all_routes()}


def test_applications_are_shared_by_replacing_every_grant() -> None:
    rows = [
        {"entityId": "user#N:user:ada", "accessType": "owner"},
        {"entityType": "team", "entityRawId": "N:team:lab", "accessType": "shared"},
    ]
    before = {"visibility": "private", "ownerId": "N:user:ada", "access": rows}
    body = {
        "visibility": "private",
        "users": [{"entityId": "N:user:bob"}],
        "teams": [{"entityId": "N:team:lab"}],
        "workspaces": [],
    }
    with scripted() as (script, platform):
        script.on(f"GET {STORE}/a/permissions", before)
        script.on(f"PUT {STORE}/a/permissions", before, body=body)
        now = platform.applications.sharing("a")
        more = (*now.access, AppAccess("user", "N:user:bob"))
        platform.applications.share("a", AppSharing(Visibility.PRIVATE, now.owner_id, more))
    assert (now.ids("user"), now.ids("team")) == ((), ("N:team:lab",))


def test_a_platform_that_cannot_archive_applications_says_so() -> None:
    with scripted() as (script, platform):
        script.on(f"PATCH {STORE}/a", b"unsupported path", status=422)
        with pytest.raises(Invalid, match="cannot archive or restore applications"):
            platform.applications.archive("a")


def test_runs_are_filtered_by_time_there_and_by_node_and_dataset_here() -> None:
    only = RunFilter(since="2026-01-01T00:00:00.000Z", node_uuid="node", dataset_id=D)
    rows = [run("1"), run("2", computeNodeUuid="other"), run("3", datasetId="other")]
    with scripted() as (script, platform):
        script.on(f"GET {RUNS}", {"runs": rows, "nextCursor": "c"})
        script.on(f"GET {RUNS}", {"runs": [run("4")]})
        assert [r.uuid for r in platform.runs.list(W, only=only)] == ["1", "4"]
        sent = [dict(r.url.params) for r in script.requests]
    assert [s["start_date"] for s in sent] == [only.since] * 2  # filters go with the cursor


def test_what_a_run_took() -> None:
    steps = [{"nodeId": "sum", "durationSec": 4.5, "computeType": "standard"}]
    metrics = {"executionTimeSec": 12, "totalEstimatedCost": "0.25", "nodeMetrics": steps}
    estimate = {
        "ecs": {"estimatedCost": 0.2},
        "data": {"inputBytes": 77, "estimatedCost": 0},
        "efsThroughput": {"readBytes": 1, "writeBytes": 2, "estimatedCost": "0.05"},
        "llm": None,
        "pricingVersion": "2026-11",
    }
    with scripted() as (script, platform):
        script.on(f"GET {RUNS}/r", run(metrics=metrics))
        script.on(f"GET {RUNS}/r", run(metrics=metrics | {"costEstimate": estimate}))
        script.on(f"GET {RUNS}/r", run())
        found, parted = platform.runs.metrics("r"), platform.runs.metrics("r")
        assert platform.runs.metrics("r") is None
    assert found is not None
    assert (found.seconds, found.cost, found.steps[0].seconds) == (12.0, 0.25, 4.5)
    assert (found.parts, found.input_bytes, found.packages) == ((), None, None)
    assert parted is not None
    assert (parted.parts, parted.input_bytes) == ((("machines", 0.2), ("files", 0.05)), 77)


def test_layers() -> None:
    layers = "v2/compute/workflows/compute-nodes/n/layers"
    row = {"layerName": "model", "status": "READY", "sizeBytes": 5, "estimatedMonthlyCostUsd": 0.1}
    body = {"layerName": "model", "description": "", "layerType": "data"}
    with scripted() as (script, platform):
        script.on(f"GET {layers}", {"layers": [row]})
        script.on(f"GET {layers}", {"message": "no"}, status=403)
        script.on(f"POST {layers}", {}, status=201, body=body)
        (found,) = platform.layers.list("n")
        assert platform.layers.list("n") == []
        platform.layers.create("n", "model")
        with pytest.raises(UsageProblem):
            platform.layers.create("n", "Model")
    assert (found.name, found.size, found.monthly_cost) == ("model", 5, 0.1)
