"""Runs on an own node, as its users start and see them through the gateway."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace
from typing import Any

import pytest

from pennsieve_agent.domain.forecast import Band, Forecast
from pennsieve_agent.domain.receipt.form import is_unchanged
from pennsieve_agent.errors import Conflict, Forbidden, Invalid, NotFound
from pennsieve_agent.node import relay
from pennsieve_agent.node.jobs.tasks import OUTPUTS_PATH, RECEIPT_PATH
from pennsieve_agent.node.records.run_store import RunStore
from tests.domain.receipt.examples import faults
from tests.node.gateway_calls import relayed
from tests.node.owned import (
    DATASET,
    DIGEST,
    IMAGE,
    OTHER_DATASET,
    OTHER_WORKFLOW,
    WORKFLOW,
    Owned,
    start,
    user,
    version,
)
from tests.node.services import Refusal


def test_a_user_starts_a_run_of_what_the_owner_registered(node: Owned) -> None:
    node.furnish(share=user("bob"))
    bob = node.caller("bob")
    asks = start(parameters={"work": {"LEVEL": "3"}}, limits={"retries": 1, "maxCost": 2.5})
    answer = bob.ask("POST", "/runs", body=asks)
    assert answer == {"run": asks["id"], "created": True}
    node.world.finish_all()
    run = bob.ask("GET", f"/runs/{asks['id']}")
    assert (run["status"], run["reason"]) == ("SUCCEEDED", "")
    assert run["workflow"] == {"id": WORKFLOW, "name": "flow 1", "version": "v1"}
    assert (run["caller"], run["person"]["name"]) == (user("bob"), "bob")
    assert run["input"] == {"layout": "tree", "count": 1, "bytes": 7}
    assert (run["parameters"], run["folder"]) == ({"work": {"LEVEL": "3"}}, "results")
    assert run["limits"] == {"retries": 1, "maxCost": 2.5}
    assert run["cost"] == run["metrics"]["totalEstimatedCost"]
    assert run["node"] == {
        "version": "1.2.3",
        "protocol": 1,
        "token": "0a1b2c3d",
        "codeDigest": "a" * 64,
    }
    steps = {step["id"]: step for step in run["steps"]}
    assert [steps[name]["kind"] for name in steps] == ["data-source", "processor", "data-target"]
    assert (steps["work"]["commit"], steps["work"]["digest"]) == ("c" * 40, DIGEST)
    assert [row["exitCode"] for row in steps["work"]["attempts"]] == [0]
    assert steps["work"]["started"] <= steps["work"]["ended"]
    files = bob.ask("GET", f"/runs/{asks['id']}/files")
    assert files == {"files": asks["files"], "next": ""}
    assert bob.ask("GET", f"/runs/{asks['id']}/archive")["url"].endswith(f"{asks['id']}.zip")
    assert not node.world.reports  # nobody but the node keeps an own run


ESTIMATE = Forecast(Band(0.01, 0.02, 0.04), Band(60, 90, 200), "no runs yet", 0).document()


def test_what_was_said_of_the_cost_before_is_kept_with_the_run(node: Owned) -> None:
    owner = node.furnish()
    asks = start(estimate=ESTIMATE)
    assert owner.ask("POST", "/runs", body=asks)["created"] is True
    # Another run has ended meanwhile, so more is known; it is the same request.
    other = {**asks, "estimate": {**ESTIMATE, "runs": 1}}
    assert owner.ask("POST", "/runs", body=other)["created"] is False
    node.world.finish_all()
    (listed,) = owner.ask("GET", "/runs")["runs"]
    assert listed["estimate"] == ESTIMATE
    assert sum(listed["costs"].values()) == pytest.approx(listed["cost"], abs=1e-5)
    assert set(listed["costs"]) == {"machines", "files", "transfers", "logs", "functions"}
    assert listed["stepCosts"]["work"] > 0
    assert owner.ask("GET", f"/runs/{asks['id']}")["estimate"] == ESTIMATE
    with pytest.raises(Invalid, match="'more' is not part of an estimate"):
        owner.ask("POST", "/runs", body=start(estimate={**ESTIMATE, "more": 1}))


def test_a_step_is_told_its_dataset_and_runs_the_registered_image(node: Owned) -> None:
    owner = node.furnish()
    owner.ask("POST", "/runs", body=start(parameters={"work": {"LEVEL": "3"}}))
    node.world.deliver(node.world.events.pop(0))
    (work,) = [job for job in node.world.jobs.values() if "-work-" in job.name]
    container = work.definition["containerProperties"]
    names = {row["name"]: row["value"] for row in container["environment"]}
    assert container["image"] == IMAGE
    assert ("LEVEL" in names, names["ENVIRONMENT"]) == (False, "prod")  # test_step_parameters.py
    assert (names["DATASET_ID"], names["ORGANIZATION_ID"]) == (DATASET, "N:organization:o")
    tasks = [json.loads(data) for key, data in node.world.objects.items() if "runs/" in key]
    assert {task["dataset"] for task in tasks} == {DATASET}


def alone(**changes: Any) -> dict[str, Any]:
    """A version of one step that reads no dataset and writes none."""
    (_, work) = version(target="")["steps"]
    step = {**work, "dependsOn": [], "command": ["python3", "-c", "print(1)"], **changes}
    return version("alone", steps=[step])


def without_files(**changes: Any) -> dict[str, Any]:
    none: dict[str, Any] = {"dataset": "", "packages": [], "files": [], "targets": {}}
    return start(version="alone", **none, **changes)


def test_what_moves_no_files_needs_no_dataset_no_grant_and_no_key(node: Owned) -> None:
    owner = node.owner
    path = f"/workflows/{WORKFLOW}"
    owner.ask("PUT", f"{path}/versions/alone", body=alone())
    asks = without_files()
    owner.ask("POST", "/runs", body=asks)
    owner.ask("DELETE", path)  # an accepted run has all that it needs
    node.world.finish_all()
    run = owner.ask("GET", f"/runs/{asks['id']}")
    assert (run["status"], run["dataset"]) == ("SUCCEEDED", "")
    assert run["input"] == {"layout": "tree", "count": 0, "bytes": 0}
    (work,) = [job for job in node.world.jobs.values() if "-work-" in job.name]
    container = work.definition["containerProperties"]
    assert container["command"] == ["python3", "-c", "print(1)"]
    assert "DATASET_ID" not in {row["name"] for row in container["environment"]}
    assert owner.ask("GET", "/workflows") == {"workflows": []}


def test_what_moves_files_needs_a_dataset(node: Owned) -> None:
    owner = node.furnish()
    path = f"/workflows/{WORKFLOW}/versions"
    with pytest.raises(Invalid, match="moves files, so its runs need a dataset"):
        owner.ask("POST", "/runs", body=start(dataset=""))
    keyed = {**alone(), "version": "keyed", "needsPennsieve": "read"}
    owner.ask("PUT", f"{path}/keyed", body=keyed)
    with pytest.raises(Invalid, match="need a dataset"):
        owner.ask("POST", "/runs", body={**without_files(), "version": "keyed"})
    owner.ask("PUT", f"{path}/alone", body=alone())
    with pytest.raises(Forbidden, match="has no grant on dataset"):  # which its step is told
        owner.ask("POST", "/runs", body={**without_files(), "dataset": OTHER_DATASET})


def test_the_command_of_a_step_is_held_to_its_form(node: Owned) -> None:
    path = f"/workflows/{WORKFLOW}/versions/alone"
    for command, why in (
        ("python3", "list of words"),
        ([1], "list of words"),
        (["x" * 4097], "4096"),
    ):
        with pytest.raises(Invalid, match=why):
            node.owner.ask("PUT", path, body=alone(command=command))


def test_a_program_without_a_command_is_the_image_s_own(node: Owned) -> None:
    node.furnish().ask("POST", "/runs", body=start())
    node.world.deliver(node.world.events.pop(0))
    (work,) = [job for job in node.world.jobs.values() if "-work-" in job.name]
    assert "command" not in work.definition["containerProperties"]


def test_the_same_request_twice_is_one_run(node: Owned) -> None:
    node.furnish(share=user("bob"))
    bob, asks = node.caller("bob"), start()
    assert bob.ask("POST", "/runs", body=asks)["created"]
    assert not bob.ask("POST", "/runs", body=asks)["created"]
    with pytest.raises(Conflict, match="another run has this id"):
        bob.ask("POST", "/runs", body=asks | {"name": "second"})
    node.owner.ask("PUT", "/shares", body={"arn": user("eve"), "workflows": [WORKFLOW]})
    with pytest.raises(Conflict):
        node.caller("eve").ask("POST", "/runs", body=asks)
    while node.world.events:
        node.world.deliver(node.world.events.pop(0))
    assert len(node.world.jobs) == 3


@pytest.mark.parametrize(
    ("changes", "kind", "words"),
    [
        ({"version": "v2"}, NotFound, "version 'v2' of this workflow is not registered"),
        ({"workflow": OTHER_WORKFLOW}, Forbidden, "not shared with you"),
        ({"dataset": OTHER_DATASET}, Forbidden, "has no grant on dataset N:dataset:e"),
        ({"id": "1"}, Invalid, "'id' of a run"),
        ({"packages": ["N:dataset:e"]}, Invalid, "'packages' of a run"),
        ({"packages": []}, Invalid, "reads files, but no file was chosen"),
        ({"sources": {"other": ["N:package:1"]}}, Invalid, "no data source .* 'other'"),
        ({"limits": {"retries": 1000}}, Invalid, "limit 'retries'"),
        ({"limits": {"maxCost": float("nan")}}, Invalid, "limit 'maxCost'"),
        ({"targets": {"out": {"DATASET_ID": "N:dataset:e"}}}, Invalid, "DATASET_ID"),
        ({"targets": {"out": {"TARGET_FOLDER": "../x"}}}, Invalid, "stay inside the dataset"),
        ({"targets": {"work": {"A": "b"}}}, Invalid, "no data target"),
        ({"parameters": {"work": {"SESSION_TOKEN": "x"}}}, Invalid, "SESSION_TOKEN"),
        ({"layers": ["../etc"]}, Invalid, "'layers' of a run"),
    ],
)
def test_a_run_that_the_owner_did_not_allow_is_refused(
    node: Owned, changes: dict[str, Any], kind: type[Exception], words: str
) -> None:
    node.furnish(share=user("bob"))
    with pytest.raises(kind, match=words):
        node.caller("bob").ask("POST", "/runs", body=start(**changes))
    assert not node.world.events
    assert not [key for key in node.world.items if key[0].startswith("RUN")]


def test_a_grant_to_read_is_not_enough_to_deliver(node: Owned) -> None:
    owner = node.furnish(access="read")
    with pytest.raises(Forbidden, match="may only read dataset"):
        owner.ask("POST", "/runs", body=start())
    for name, target in (("asset", "Pennsieve Package Asset"), ("layer", "persistent-layer")):
        owner.ask(
            "PUT", f"/workflows/{WORKFLOW}/versions/{name}", body=version(name, target=target)
        )
    with pytest.raises(Forbidden):
        owner.ask("POST", "/runs", body=start(version="asset"))
    with pytest.raises(Invalid, match="writes to a layer, and no layer is named"):
        owner.ask("POST", "/runs", body=start(version="layer"))
    layer = {"out": {"layerName": "atlas"}}
    assert owner.ask("POST", "/runs", body=start(version="layer", targets=layer))["created"]


def test_parameters_that_nothing_declares(node: Owned) -> None:
    owner = node.furnish()
    document = version("v2")
    document["steps"][1]["parameters"] = [{"name": "LEVEL", "type": "number", "default": "1"}]
    owner.ask("PUT", f"/workflows/{WORKFLOW}/versions/v2", body=document)
    typo = {"version": "v2", "parameters": {"work": {"LEVLE": "3"}}}
    with pytest.raises(Invalid, match="no parameter called 'LEVLE'; did you mean 'LEVEL'"):
        owner.ask("POST", "/runs", body=start(**typo))
    wrong = {"version": "v2", "parameters": {"work": {"LEVEL": "high"}}}
    with pytest.raises(Invalid, match="must be a number"):
        owner.ask("POST", "/runs", body=start(**wrong))
    assert owner.ask("POST", "/runs", body=start(**typo, undeclared=True))["created"]


def test_a_run_keeps_the_defaults_and_the_node_version_that_it_was_started_with(
    node: Owned,
) -> None:
    owner = node.furnish()
    document = version("v2")
    document["steps"][1]["parameters"] = [
        {"name": "LEVEL", "type": "number", "default": "1"},
        {"name": "STYLE", "type": "string", "default": "plain"},
    ]
    owner.ask("PUT", f"/workflows/{WORKFLOW}/versions/v2", body=document)
    asks = start(version="v2", parameters={"work": {"LEVEL": "3"}})
    owner.ask("POST", "/runs", body=asks)
    node.world.settings = replace(node.world.settings, version="9.9.9")
    run = owner.ask("GET", f"/runs/{asks['id']}")
    assert run["parameters"] == {"work": {"LEVEL": "3", "STYLE": "plain"}}
    assert run["node"]["version"] == "1.2.3"
    assert run["cost"] is None, "nothing is counted before the end"
    node.world.finish_all()
    assert owner.ask("GET", f"/runs/{asks['id']}")["cost"] > 0, "each start is paid"
    (listed,) = owner.ask("GET", "/runs")["runs"]
    assert listed["cost"] == owner.ask("GET", f"/runs/{asks['id']}")["cost"]


@pytest.mark.parametrize(
    ("files", "count", "size"),
    [
        ([], None, None),
        ([{"path": "a", "package": "N:package:1"}], 1, None),
        ([{"path": "a", "package": "N:package:1", "size": None}], 1, None),
        ([{"path": "a", "package": "N:package:1", "size": 5}], 1, 5),
    ],
)
def test_what_nobody_counted_is_unknown_and_not_0(
    node: Owned, files: list[dict[str, Any]], count: int | None, size: int | None
) -> None:
    owner = node.furnish()
    asks = start(files=files)
    owner.ask("POST", "/runs", body=asks)
    run = owner.ask("GET", f"/runs/{asks['id']}")
    assert run["input"] == {"layout": "tree", "count": count, "bytes": size}


def test_a_name_is_one_runs(node: Owned) -> None:
    owner = node.furnish(share=user("bob"))
    asks = start(name="first run")
    assert owner.ask("POST", "/runs", body=asks)["created"]
    for name in ("first run", "first-run", "First Run"):  # one folder, or one on some machines
        with pytest.raises(Conflict, match=f"a run on this node is called '{name}' already"):
            node.caller("bob").ask("POST", "/runs", body=start(name=name))
    assert not owner.ask("POST", "/runs", body=asks)["created"], "the same request is no other run"
    assert owner.ask("POST", "/runs", body=start(name="first run 2"))["created"]
    for _ in range(2):
        assert owner.ask("POST", "/runs", body=start(name=""))["created"]


def test_what_the_node_cannot_do_is_said_at_once(node: Owned) -> None:
    owner = node.furnish()
    document = version("gpu")
    document["steps"][1]["computeType"] = "gpu"
    owner.ask("PUT", f"/workflows/{WORKFLOW}/versions/gpu", body=document)
    with pytest.raises(Invalid, match="needs a GPU"):
        owner.ask("POST", "/runs", body=start(version="gpu"))
    document = version("large")
    document["steps"][1]["memory"] = 999_999
    owner.ask("PUT", f"/workflows/{WORKFLOW}/versions/large", body=document)
    with pytest.raises(Invalid, match="more than AWS Fargate offers"):
        owner.ask("POST", "/runs", body=start(version="large"))
    node.world.settings = replace(node.world.settings, monthly_budget="0.01")
    spent = {"pk": {"S": "COST#2026-09"}, "sk": {"S": "x"}, "usd": {"N": "1"}}
    node.world.items["COST#2026-09", "x"] = spent
    with pytest.raises(Invalid, match="budget"):
        owner.ask("POST", "/runs", body=start())


def test_without_keys_of_the_workflow_nothing_starts(node: Owned) -> None:
    owner = node.furnish()
    owner.ask("DELETE", f"/workflows/{WORKFLOW}/identity")
    with pytest.raises(Conflict, match="has no key on this node to read datasets"):
        owner.ask("POST", "/runs", body=start())


def test_a_large_request_is_packed_and_kept_in_the_bucket(node: Owned) -> None:
    owner = node.furnish()
    names = [f"N:package:{uuid.uuid4()}" for _ in range(5000)]
    files = [{"path": f"run/{n}.edf", "package": n, "size": 1} for n in names]
    asks = start(packages=names, files=files)
    owner.ask("POST", "/runs", body=asks)
    node.world.finish_all()
    assert max(len(json.dumps(item, default=str)) for item in node.world.items.values()) < 400_000
    shown, token = [], ""
    while True:
        page = owner.ask("GET", f"/runs/{asks['id']}/files", {"limit": "2000", "next": token})
        shown += page["files"]
        if not (token := page["next"]):
            break
    assert shown == files
    assert owner.ask("GET", f"/runs/{asks['id']}")["status"] == "SUCCEEDED"


def test_what_a_run_delivered_and_its_receipt(node: Owned) -> None:
    owner = node.furnish(share=user("bob"))
    bob, asks = node.caller("bob"), start(parameters={"work": {"LEVEL": "3"}})
    run = bob.ask("POST", "/runs", body=asks)["run"]
    node.world.finish_all_of("in")
    node.world.finish_all_of("work")
    answer = relayed(node, run, "GET", RECEIPT_PATH)["body"]
    receipt = json.loads(answer["text"])
    assert answer["name"] == "pennsieve-run.json"
    assert receipt["workflow"] == {"id": WORKFLOW, "name": "flow 1", "version": "v1"}
    read = [{"path": row["path"], "size": row["size"]} for row in receipt["inputs"]["files"]]
    assert read == [{"path": row["path"], "size": row["size"]} for row in asks["files"]]
    assert receipt["who"]["caller"] == user("bob")
    assert receipt["parameters"] == asks["parameters"]
    work = receipt["steps"][1]
    assert (work["commit"], work["digest"], work["status"]) == ("c" * 40, DIGEST, "succeeded")
    assert receipt["cost"]["usd"] >= 0
    assert faults(receipt) == []
    assert is_unchanged(receipt)
    files = [{"path": f"results/{n}", "package": f"N:package:{n}", "size": n} for n in range(3)]
    for told in (files[:2], files[1:], files[:2]):
        noted = relayed(node, run, "PUT", OUTPUTS_PATH, {"step": "out", "files": told})
        assert noted["status"] == 200
    wrong = relayed(node, run, "PUT", OUTPUTS_PATH, {"step": "work", "files": files})
    assert wrong["status"] == 403
    assert bob.ask("GET", f"/runs/{run}/outputs") == {"files": files, "next": ""}
    assert (
        owner.ask("GET", f"/runs/{run}/outputs", {"limit": "2", "next": "1"})["files"] == files[1:]
    )
    node.world.finish_all()
    assert relayed(node, run, "GET", RECEIPT_PATH)["body"] == {}


def test_a_grant_that_is_taken_back_ends_the_run_that_needs_it(node: Owned) -> None:
    owner = node.furnish()
    asks = start()
    owner.ask("POST", "/runs", body=asks)
    node.world.deliver(node.world.events.pop(0))
    (job,) = node.world.ready()
    node.world.begin(job)
    owner.ask("DELETE", "/grants", {"workflow": WORKFLOW, "dataset": DATASET})
    node.world.finish_all()
    node.world.tick()
    run = owner.ask("GET", f"/runs/{asks['id']}")
    assert run["status"] == "FAILED"
    assert "its grant was revoked" in run["reason"]


def test_the_clock_ends_a_run_whose_grant_has_ended(node: Owned) -> None:
    owner = node.furnish()
    until = node.world.clock + 250
    body = {"workflow": WORKFLOW, "dataset": DATASET, "access": "read-write", "until": until}
    owner.ask("PUT", "/grants", body=body)
    asks = start()
    owner.ask("POST", "/runs", body=asks)
    node.world.deliver(node.world.events.pop(0))
    (job,) = node.world.ready()
    node.world.begin(job)
    node.world.events.clear()  # nothing of AWS Batch's wakes it: the clock alone does
    node.world.tick()
    node.world.finish_all()
    node.world.tick()
    run = owner.ask("GET", f"/runs/{asks['id']}")
    assert run["status"] == "FAILED"
    assert "may no longer change dataset N:dataset:d: its grant ended on 2026-" in run["reason"]


def test_the_relay_says_that_the_grant_has_ended(node: Owned) -> None:
    owner = node.furnish()
    asks = start()
    owner.ask("POST", "/runs", body=asks)
    node.world.deliver(node.world.events.pop(0))
    until = node.world.clock + 10
    body = {"workflow": WORKFLOW, "dataset": DATASET, "access": "read-write", "until": until}
    owner.ask("PUT", "/grants", body=body)
    node.world.sleep(10)
    query = {"dataset_id": DATASET}
    event = {"run": asks["id"], "method": "POST", "path": "/packages/download-manifest"}
    answer = relay.handle({"relay": {**event, "query": query, "body": {}}}, node.world.node())
    assert answer["status"] == 403
    assert "its grant ended on 2026-" in str(answer)


@pytest.mark.parametrize("broken", ["", "AccessDeniedException"])
def test_images_and_quotas_of_the_account_are_looked_at(node: Owned, broken: str) -> None:
    owner = node.furnish()
    node.world.quotas = {"L-3032A538": 0.5, "L-36FBB829": 64.0}
    asks = {name: start()[name] for name in ("id", "workflow", "version", "dataset")}
    if broken:  # what AWS does not let it see, it does not tell
        for call in ("images.describe_images", "quotas.get_service_quota"):
            node.world.broken[call] = lambda: Refusal(broken)
    answer = owner.ask("POST", "/checks", body=asks)
    if broken:
        assert (answer["problems"], answer["quotas"]) == ([], [])
        return
    image, quota = answer["problems"]
    assert image == {
        "code": "no-image",
        "message": "the image of step 'work' is not in the node's registry any more",
    }
    assert "step 'work' needs 1 processors, and AWS lets this account use 0.5" in quota["message"]
    assert "--quota-code L-3032A538 --desired-value 64 --region" in quota["message"]
    node.world.pushed[DIGEST] = node.world.clock
    spot = owner.ask("POST", "/checks", body={**asks, "limits": {"spot": True}})
    assert spot["problems"] == []
    assert spot["quotas"] == [{"name": "Fargate Spot vCPU resource count", "processors": 64.0}]


def test_what_hinders_a_run_is_told_at_once_and_nothing_is_started(node: Owned) -> None:
    owner = node.furnish()
    asks = {name: start()[name] for name in ("id", "workflow", "version", "dataset")}
    node.world.pushed[DIGEST] = node.world.clock
    assert owner.ask("POST", "/checks", body=asks) == {
        "problems": [],
        "budgetLeft": None,
        "quotas": [],
    }
    large = version("large")
    large["steps"][1]["cpu"] = 99 * 1024
    owner.ask("PUT", f"/workflows/{WORKFLOW}/versions/large", body=large)
    owner.ask("DELETE", f"/workflows/{WORKFLOW}/identity")
    node.world.settings = replace(node.world.settings, monthly_budget="5")
    RunStore(node.world.node()).note_cost("2026-09", "other", 6.0)
    answer = owner.ask("POST", "/checks", body={**asks, "version": "large"})
    told = answer["problems"]
    assert answer["budgetLeft"] == 0
    assert [row["code"] for row in told] == ["no-identity", "unfit", "unfit"]
    assert "has no key on this node" in told[0]["message"]
    assert "budget of the compute node, 5.00 USD, is used up" in told[1]["message"]
    assert "step 'work'" in told[2]["message"]
    assert owner.ask("GET", "/runs")["runs"] == []
    with pytest.raises(NotFound, match="is not registered on this node"):
        owner.ask("POST", "/checks", body={**asks, "version": "none"})
    with pytest.raises(Forbidden, match="is not shared with"):
        node.caller("bob").ask("POST", "/checks", body=asks)
