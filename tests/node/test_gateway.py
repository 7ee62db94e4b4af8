"""What the owner of a node may, and what a user may; AWS STS checks the signatures."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from pennsieve_agent.aws.node_proof import proof_of
from pennsieve_agent.aws.signing_keys import SigningKeys
from pennsieve_agent.domain.node_protocol import body_of
from pennsieve_agent.errors import Conflict, Forbidden, Invalid, NodeUnreachable, NotFound
from pennsieve_agent.node import gateway, reconciler
from pennsieve_agent.node.jobs.tasks import OUTPUTS_PATH, RECEIPT_PATH
from tests.node.cloud import ACCOUNT, ADMIN, GATEWAY, Key
from tests.node.owned import (
    DATASET,
    DIGEST,
    IMAGE,
    OTHER_DATASET,
    OTHER_WORKFLOW,
    WORKFLOW,
    Owned,
    grant,
    owned,
    start,
    user,
    version,
)


@pytest.fixture
def node() -> Iterator[Owned]:
    with owned() as found:
        yield found


def raw(node: Owned, name: str = "bob", function: str = GATEWAY, **changes: Any) -> dict[str, Any]:
    """A request with its proof, as a client makes it; ``changes`` are made before signing."""
    event = {"protocol": 1, "id": uuid.uuid4().hex, "method": "GET", "path": "/health", "query": {}}
    event |= {"person": {"name": name, "email": ""}, **changes}
    number = f"AKIA{name.upper():0<16}"
    key = node.cloud.keys[number]
    keys = SigningKeys(number, key.secret, key.token)
    return event | {"proof": proof_of(keys, function, event, node.cloud.url, node.world.now())}


def asked(node: Owned, event: dict[str, Any], function: str = GATEWAY) -> dict[str, Any]:
    answer: dict[str, Any] = node.cloud.functions[function](event)
    return answer


def code(answer: dict[str, Any]) -> tuple[int, str]:
    return answer["status"], answer["body"]["code"]


# Runs -------------------------------------------------------------------------------------------


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
    assert run["node"] == {"version": "1.2.3", "protocol": 1, "token": "0a1b2c3d"}
    steps = {step["id"]: step for step in run["steps"]}
    assert [steps[name]["kind"] for name in steps] == ["data-source", "processor", "data-target"]
    assert (steps["work"]["commit"], steps["work"]["digest"]) == ("c" * 40, DIGEST)
    assert [row["exitCode"] for row in steps["work"]["attempts"]] == [0]
    assert steps["work"]["started"] <= steps["work"]["ended"]
    files = bob.ask("GET", f"/runs/{asks['id']}/files")
    assert files == {"files": asks["files"], "next": ""}
    assert bob.ask("GET", f"/runs/{asks['id']}/archive")["url"].endswith(f"{asks['id']}.zip")
    assert not node.world.reports  # nobody but the node keeps an own run


def test_a_step_is_told_its_dataset_and_runs_the_registered_image(node: Owned) -> None:
    owner = node.furnish()
    owner.ask("POST", "/runs", body=start(parameters={"work": {"LEVEL": "3"}}))
    node.world.deliver(node.world.events.pop(0))
    (work,) = [job for job in node.world.jobs.values() if "-work-" in job.name]
    container = work.definition["containerProperties"]
    names = {row["name"]: row["value"] for row in container["environment"]}
    assert container["image"] == IMAGE
    assert (names["LEVEL"], names["ENVIRONMENT"]) == ("3", "prod")
    assert (names["DATASET_ID"], names["ORGANIZATION_ID"]) == (DATASET, "N:organization:o")
    tasks = [json.loads(data) for key, data in node.world.objects.items() if "runs/" in key]
    assert {task["dataset"] for task in tasks} == {DATASET}


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
        ({"packages": []}, Invalid, "reads files, and no file was chosen"),
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
    with pytest.raises(Invalid, match="more than AWS Fargate has"):
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


def relayed(node: Owned, run: str, method: str, path: str, body: Any = None) -> dict[str, Any]:
    """What a transfer job of a run is answered."""
    event = {"run": run, "method": method, "path": path, "query": {}, "body": body}
    answer: dict[str, Any] = reconciler.handle({"relay": event}, node.world.node())
    return answer


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
    assert receipt["input"]["files"] == asks["files"]
    assert (receipt["caller"], receipt["parameters"]) == (user("bob"), asks["parameters"])
    work = receipt["steps"][1]
    assert (work["commit"], work["digest"], work["status"]) == ("c" * 40, DIGEST, "SUCCEEDED")
    assert receipt["cost"] >= 0
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


# Whose ------------------------------------------------------------------------------------------


def test_users_see_their_own_runs_and_the_owner_sees_all(node: Owned) -> None:
    owner = node.furnish()
    owner.ask("PUT", "/shares", body={"arn": ACCOUNT, "workflows": [WORKFLOW]})
    bob, eve = node.caller("bob"), node.caller("eve")
    ids = []
    for client in (bob, eve, bob, owner):
        node.world.clock += 1
        ids.append(start()["id"])
        client.ask("POST", "/runs", body=start(id=ids[-1]))
    assert [run["id"] for run in bob.ask("GET", "/runs")["runs"]] == [ids[2], ids[0]]
    assert [run["id"] for run in eve.ask("GET", "/runs")["runs"]] == [ids[1]]
    everything = owner.ask("GET", "/runs")["runs"]
    assert [run["id"] for run in everything] == ids[::-1]
    assert all("owner" not in run for run in everything)
    for path in ("", "/files", "/outputs", "/logs", "/archive"):
        with pytest.raises(NotFound):
            eve.ask("GET", f"/runs/{ids[0]}{path}")
    with pytest.raises(NotFound):
        eve.ask("POST", f"/runs/{ids[0]}/cancel")
    owner.ask("POST", f"/runs/{ids[0]}/cancel")
    node.world.finish_all()
    assert bob.ask("GET", f"/runs/{ids[0]}")["status"] == "CANCELED"
    with pytest.raises(Conflict, match="has ended"):
        bob.ask("POST", f"/runs/{ids[0]}/cancel")


def test_the_list_of_runs_is_filtered_and_paged(node: Owned) -> None:
    owner = node.furnish(share=user("bob"))
    owner.ask("PUT", f"/workflows/{OTHER_WORKFLOW}/versions/v1", body=version("v1", OTHER_WORKFLOW))
    owner.ask("PUT", f"/workflows/{OTHER_WORKFLOW}/identity", body={"read": None})
    began = node.world.clock
    ids = []
    for number in range(7):
        node.world.clock += 10
        client = node.caller("bob") if number % 2 else owner
        ids.append(client.ask("POST", "/runs", body=start(name=f"r{number}"))["run"])
    node.world.finish_all()

    def listed(**query: str) -> list[str]:
        found, token = [], ""
        while True:
            page = owner.ask("GET", "/runs", {**query, "limit": "2", "next": token})
            found += [run["name"] for run in page["runs"]]
            if not (token := page["next"]):
                return found

    assert listed() == ["r6", "r5", "r4", "r3", "r2", "r1", "r0"]
    assert listed(caller=user("bob")) == ["r5", "r3", "r1"]
    assert listed(person="BOB@example.org") == ["r5", "r3", "r1"]
    assert listed(status="FAILED,CANCELED") == []
    assert listed(status="SUCCEEDED", dataset=DATASET, workflow="flow 1") == listed()
    assert listed(workflow=OTHER_WORKFLOW) == []
    assert listed(since=str(began + 25), until=str(began + 55)) == ["r4", "r3", "r2"]
    assert listed(since="2026-09-22T00:00:00Z", until="2026-09-21") == []
    with pytest.raises(Invalid, match="since must be a time"):
        owner.ask("GET", "/runs", {"since": "yesterday"})


@pytest.mark.parametrize(
    ("shared", "caller", "is_let_in"),
    [
        (ACCOUNT, user("bob"), True),
        (f"arn:aws:iam::{ACCOUNT}:root", user("bob"), True),
        ("999999999999", user("bob"), False),
        ("999999999999", user("bob", "999999999999"), True),
        (user("bob"), user("bob"), True),
        (user("bob"), user("lab/bob"), False),
        (user("bob"), user("bob", "999999999999"), False),
        (
            "arn:aws:iam::123456789012:role/lab/Reader",
            "arn:aws:sts::123456789012:assumed-role/Reader/laptop",
            True,
        ),
        (
            "arn:aws:sts::123456789012:assumed-role/Reader/laptop",
            "arn:aws:sts::123456789012:assumed-role/Reader/other",
            True,
        ),
        (
            "arn:aws:iam::123456789012:role/Reader",
            "arn:aws:sts::123456789012:assumed-role/Reader2/laptop",
            False,
        ),
        (
            "arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Lab_1",
            "arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Lab_1/ada",
            True,
        ),
    ],
)
def test_whom_a_share_lets_in(node: Owned, shared: str, caller: str, is_let_in: bool) -> None:  # noqa: FBT001 - a case
    owner = node.furnish(share=shared)
    owner.ask("GET", "/health")
    bob = node.caller("bob", caller)
    if is_let_in:
        assert [row["id"] for row in bob.ask("GET", "/workflows")["workflows"]] == [WORKFLOW]
    else:
        with pytest.raises(Forbidden, match="not shared with"):
            bob.ask("GET", "/workflows")


def test_people_of_single_sign_on_see_their_own_and_sessions_of_a_role_are_one(
    node: Owned,
) -> None:
    owner = node.furnish(share=ACCOUNT)
    del owner
    role = "arn:aws:sts::123456789012:assumed-role"
    ada = node.caller("ada", f"{role}/AWSReservedSSO_Lab_1/ada")
    ben = node.caller("ben", f"{role}/AWSReservedSSO_Lab_1/ben")
    run = ada.ask("POST", "/runs", body=start())["run"]
    with pytest.raises(NotFound):
        ben.ask("GET", f"/runs/{run}")
    one, other = node.caller("one", f"{role}/Lab/a"), node.caller("other", f"{role}/Lab/b")
    run = one.ask("POST", "/runs", body=start())["run"]
    assert other.ask("GET", f"/runs/{run}")["id"] == run


def test_a_user_is_told_of_what_is_shared_and_of_nothing_else(node: Owned) -> None:
    owner = node.furnish(share=user("bob"))
    other = version("v1", OTHER_WORKFLOW, target="")
    owner.ask("PUT", f"/workflows/{OTHER_WORKFLOW}/versions/v1", body=other)
    bob = node.caller("bob")
    assert bob.ask("GET", "/workflows")["workflows"] == [
        {
            "id": WORKFLOW,
            "name": "flow 1",
            "versions": ["v1"],
            "latest": "v1",
            "grants": [{"dataset": DATASET, "access": "read-write"}],
            "identity": "read-write",
        }
    ]
    assert bob.ask("GET", f"/workflows/{WORKFLOW}/versions/v1") == version()
    with pytest.raises(NotFound):
        bob.ask("GET", f"/workflows/{OTHER_WORKFLOW}/versions/v1")
    assert len(owner.ask("GET", "/workflows")["workflows"]) == 2
    owner.ask("DELETE", "/shares", {"arn": user("bob")})
    with pytest.raises(Forbidden):
        bob.ask("GET", "/workflows")


OWNERS = [
    ("PUT", f"/workflows/{WORKFLOW}/versions/v9"),
    ("DELETE", f"/workflows/{WORKFLOW}"),
    ("PUT", f"/workflows/{WORKFLOW}/identity"),
    ("PUT", "/grants"),
    ("GET", "/grants"),
    ("DELETE", "/grants"),
    ("PUT", "/shares"),
    ("GET", "/shares"),
    ("POST", "/archives"),
]


@pytest.mark.parametrize(("method", "path"), OWNERS)
def test_what_is_the_owners_is_not_on_the_users_function(
    node: Owned, method: str, path: str
) -> None:
    node.furnish(share=user("bob"))
    node.caller("bob")
    answer = asked(node, raw(node, method=method, path=path, body={}))
    assert code(answer) == (404, "no-such-request")


def test_secrets_are_each_persons_own(node: Owned) -> None:
    owner = node.furnish(share=ACCOUNT)
    bob, eve = node.caller("bob", user("a-b")), node.caller("eve", user("a/b"))
    bob.ask("PATCH", "/secrets", body={"secrets": {"KEY": "one-value"}})
    assert bob.ask("GET", "/secrets") == {"keys": ["KEY"]}
    assert eve.ask("GET", "/secrets") == {"keys": []}
    assert owner.ask("GET", "/secrets", {"user": user("a-b")}) == {"keys": ["KEY"]}
    owner.ask("PATCH", "/secrets", {"scope": "shared"}, {"secrets": {"ALL": "every-value"}})
    for client, query in ((bob, {"scope": "shared"}), (eve, {"user": user("a-b")})):
        with pytest.raises(Forbidden, match="only the node's owner"):
            client.ask("GET", "/secrets", query)
    for name in ("SESSION_TOKEN", "1X", "A B"):
        with pytest.raises(Invalid):
            bob.ask("PATCH", "/secrets", body={"secrets": {name: "x"}})
    run = bob.ask("POST", "/runs", body=start())["run"]
    node.world.deliver(node.world.events.pop(0))
    (work,) = [job for job in node.world.jobs.values() if "-work-" in job.name]
    names = [row["name"] for row in work.definition["containerProperties"]["secrets"]]
    assert names == ["ALL", "KEY"]
    node.world.lines = [(f"run/{run}/work/default/1", 5, "it says every-value and one-value")]
    lines = bob.ask("GET", f"/runs/{run}/logs", {"step": "work"})["messages"]
    assert lines == [{"timestamp": 5, "message": "it says *** and ***", "step": "work"}]
    bob.ask("DELETE", "/secrets", {"key": "KEY"})
    assert bob.ask("GET", "/secrets") == {"keys": []}


# The registry -----------------------------------------------------------------------------------


def test_a_version_never_changes(node: Owned) -> None:
    owner = node.furnish()
    owner.ask("PUT", f"/workflows/{WORKFLOW}/versions/v1", body=version())
    with pytest.raises(Conflict, match="versions never change"):
        owner.ask("PUT", f"/workflows/{WORKFLOW}/versions/v1", body=version(description="new"))
    owner.ask("DELETE", f"/workflows/{WORKFLOW}/versions/v1")
    assert owner.ask("GET", "/workflows")["workflows"] == []
    assert owner.ask("GET", "/grants")["grants"] == []
    assert node.world.parameters == {}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"workflow": OTHER_WORKFLOW}, "another workflow"),
        ({"layout": "round"}, "layout must be one of"),
        ({"steps": []}, "between one and"),
        ({"steps": [{"id": "a", "kind": "dance"}]}, "unknown kind"),
        ({"steps": [{"id": "a", "kind": "processor", "image": "python:3"}]}, "digest"),
        (
            {"steps": [{"id": "a", "kind": "data-target", "targetType": "Mail"}]},
            "target 'a' must be one of",
        ),
        ({"steps": [{"id": "a", "kind": "data-source", "dependsOn": ["b"]}]}, "do not exist: b"),
        ({"steps": [{"id": "a", "kind": "data-source", "dependsOn": ["a"]}]}, "circle"),
        ({"steps": [{"id": "a", "kind": "data-source"}] * 2}, "two steps have the same id"),
    ],
)
def test_what_is_no_version_is_refused(node: Owned, change: dict[str, Any], words: str) -> None:
    with pytest.raises(Invalid, match=words):
        node.owner.ask("PUT", f"/workflows/{WORKFLOW}/versions/v1", body=version() | change)
    assert not node.world.parameters


def test_a_version_of_200_steps_with_long_names_is_registered_and_starts(node: Owned) -> None:
    owner = node.furnish()
    document = version("wide", target="")
    work = document["steps"][1]
    long = [work | {"id": f"{n:03d}{'x' * 117}", "dependsOn": ["in"]} for n in range(200)]
    document["steps"] = [document["steps"][0], *long]
    owner.ask("PUT", f"/workflows/{WORKFLOW}/versions/wide", body=document)
    run = owner.ask("POST", "/runs", body=start(version="wide", targets={}))["run"]
    node.world.deliver(node.world.events.pop(0))
    shown = owner.ask("GET", f"/runs/{run}")
    assert (shown["status"], len(shown["steps"])) == ("STARTED", 201)
    assert len(node.world.jobs) == 201
    assert max(len(json.dumps(item, default=str)) for item in node.world.items.values()) < 400_000


def test_grants_are_listed_with_who_and_when(node: Owned) -> None:
    owner = node.furnish()
    grant(owner, OTHER_WORKFLOW, OTHER_DATASET, "read")
    (row,) = owner.ask("GET", "/grants", {"dataset": OTHER_DATASET})["grants"]
    assert row["by"] == {"name": "owner", "email": "owner@example.org"}
    assert (row["access"], row["at"]) == ("read", node.world.clock)
    assert len(owner.ask("GET", "/grants", {"workflow": WORKFLOW})["grants"]) == 1
    for body in ({"workflow": "x y", "dataset": DATASET}, {"workflow": "w", "dataset": "d"}):
        with pytest.raises(Invalid):
            owner.ask("PUT", "/grants", body={**body, "access": "read"})
    with pytest.raises(Invalid, match="access must be read or read-write"):
        grant(owner, access="write")


# Proof ------------------------------------------------------------------------------------------


def test_a_proof_is_asked_for_once_in_a_quarter_of_an_hour(node: Owned) -> None:
    node.furnish(share=user("bob"))
    bob, before = node.caller("bob"), node.cloud.asked_sts
    for _ in range(3):
        bob.ask("GET", "/workflows")
    assert node.cloud.asked_sts == before + 1
    node.world.clock += 1000
    bob.ask("GET", "/workflows")
    assert node.cloud.asked_sts == before + 2


def test_a_ticket_is_good_for_its_time_and_its_function_alone(node: Owned) -> None:
    node.furnish(share=user("owner"))
    first = asked(node, raw(node, "owner"))
    ticket, until = first["ticket"]["value"], first["ticket"]["until"]
    assert until == int(node.world.clock) + 900
    assert ticket not in str(node.world.items)
    again = {"protocol": 1, "method": "GET", "path": "/health", "ticket": ticket}
    assert asked(node, again)["status"] == 200
    assert code(asked(node, again, ADMIN)) == (401, "ticket")
    assert code(asked(node, again | {"ticket": "0" * 64})) == (401, "ticket")
    assert code(asked(node, {**again, "ticket": None})) == (401, "no-proof")
    node.world.clock += 901
    assert code(asked(node, again)) == (401, "ticket")


def test_a_ticket_of_another_caller_gives_what_that_one_may_and_no_more(node: Owned) -> None:
    """It is as secret as a password of 15 minutes; what it opens is looked up at each call."""
    owner = node.furnish(share=user("bob"))
    node.caller("bob")
    first = asked(node, raw(node))
    stolen = {"protocol": 1, "ticket": first["ticket"]["value"], "method": "GET"}
    as_eve = stolen | {"person": {"name": "Eve", "email": "eve@example.org"}}
    assert code(asked(node, as_eve | {"path": "/shares"}, ADMIN)) == (401, "ticket")
    assert code(asked(node, as_eve | {"path": "/shares"})) == (404, "no-such-request")
    begun = asked(node, as_eve | {"method": "POST", "path": "/runs", "body": start()})
    (run,) = owner.ask("GET", "/runs")["runs"]
    assert (run["id"], run["caller"]) == (begun["body"]["run"], user("bob"))
    owner.ask("DELETE", "/shares", {"arn": user("bob")})
    assert asked(node, as_eve | {"path": "/runs"})["status"] == 403


def test_a_proof_is_good_for_one_request_of_one_function(node: Owned) -> None:
    node.furnish(share=user("bob"))
    node.caller("bob")
    before = node.cloud.asked_sts
    event = raw(node)
    assert asked(node, event)["status"] == 200
    assert code(asked(node, event)) == (401, "replayed")
    lies: dict[str, list[dict[str, Any]]] = {
        "wrong-request": [
            {"path": "/runs"},
            {"person": {"name": "eve"}},
            {"id": "0" * 32},
            {"body": {"a": 1}},
        ],
        "no-id": [{"id": "1"}, {"id": ""}],
    }
    for word, changes in lies.items():
        for change in changes:
            assert code(asked(node, raw(node) | change)) == (401, word)
    assert code(asked(node, raw(node, function=ADMIN))) == (401, "wrong-request")
    elsewhere = GATEWAY.replace("n-gateway", "m-gateway")
    assert code(asked(node, raw(node, function=elsewhere))) == (401, "wrong-request")
    assert node.cloud.asked_sts == before + 1  # nothing else was ever sent to AWS


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"host": "evil.example.org"}, "wrong-host"),
        ({"content-type": "text/plain"}, "malformed"),
        ({"authorization": "Bearer x"}, "malformed"),
        ({"x-forwarded-for": "1.2.3.4"}, "malformed"),
        ({"x-amz-date": "20200101T000000Z"}, "malformed"),
        ({"x-amz-date": "now"}, "malformed"),
        ({"x-amz-security-token": "token"}, "unsigned-header"),
        ({"host": "a\r\nx: y"}, "malformed"),
        ({"host": None}, "malformed"),
        ({"host": 5}, "malformed"),
    ],
)
def test_a_proof_that_is_not_one_is_never_sent_on(
    node: Owned, change: dict[str, Any], word: str
) -> None:
    node.furnish(share=user("bob"))
    node.caller("bob")
    event, before = raw(node), node.cloud.asked_sts
    event["proof"] = {k: v for k, v in {**event["proof"], **change}.items() if v is not None}
    assert code(asked(node, event)) == (401, word)
    assert code(asked(node, event | {"proof": "x"})) == (401, "malformed")
    assert node.cloud.asked_sts == before


def test_a_header_that_is_not_signed_proves_nothing(node: Owned) -> None:
    """The binding could be put on somebody's proof for another place."""
    node.furnish(share=user("bob"))
    node.caller("bob")
    event = raw(node)
    proof = event["proof"]
    unsigned = proof["authorization"].replace(";x-pennsieve-node", "")
    event["proof"] = proof | {"authorization": unsigned}
    assert code(asked(node, event)) == (401, "unsigned-header")


def test_a_wrong_signature_is_refused_by_aws(node: Owned) -> None:
    node.furnish(share=user("bob"))
    node.caller("bob")
    event = raw(node)
    wrong = event["proof"]["authorization"][:-4] + "0000"
    event["proof"]["authorization"] = wrong
    assert code(asked(node, event)) == (401, "refused")


def test_an_old_proof_says_how_far_the_clock_is_off(node: Owned) -> None:
    node.furnish(share=user("bob"))
    bob = node.caller("bob")
    node.skews["bob"] = -400
    with pytest.raises(Forbidden, match="clock is 400 seconds behind"):
        bob.ask("GET", "/workflows")
    node.skews["bob"] = 301
    with pytest.raises(Forbidden, match="clock is 301 seconds ahead"):
        bob.ask("GET", "/workflows")
    node.skews["bob"] = 299
    bob.ask("GET", "/workflows")


def test_redirects_of_the_question_are_not_followed(node: Owned) -> None:
    node.furnish(share=user("bob"))
    node.caller("bob")
    node.cloud.redirect = f"{node.cloud.url}/elsewhere"
    answer = asked(node, raw(node))
    assert code(answer) == (401, "refused")


def test_a_session_proves_itself_with_its_token(node: Owned) -> None:
    node.furnish(share=f"arn:aws:iam::{ACCOUNT}:role/Reader")
    key = Key(
        "hidden", "arn:aws:sts::123456789012:assumed-role/Reader/s", token="session", may={GATEWAY}
    )
    assert node.caller("session", key=key).ask("GET", "/workflows")["workflows"]


# The protocol -----------------------------------------------------------------------------------


@pytest.mark.parametrize("spoken", [None, 0, 2, "1"])
def test_another_protocol_is_refused_before_anything_else(node: Owned, spoken: Any) -> None:
    answer = asked(node, {"protocol": spoken, "method": "GET", "path": "/health"})
    assert answer["status"] == 426
    assert answer["body"]["protocol"] == {"least": 1, "most": 1}
    assert (answer["protocol"], answer["version"]) == (1, "1.2.3")


def test_answers_are_packed_when_they_are_large(node: Owned) -> None:
    owner = node.furnish()
    document = version("text", description="x" * 200_000)
    owner.ask("PUT", f"/workflows/{WORKFLOW}/versions/text", body=document)
    event = raw(node, "owner", ADMIN, path=f"/workflows/{WORKFLOW}/versions/text")
    answer = asked(node, event, ADMIN)
    assert "body" not in answer
    assert body_of(answer) == document
    bad = raw(node, "owner", ADMIN, packed="not base64!")
    assert code(asked(node, bad, ADMIN)) == (400, "bad-body")


def test_calls_are_logged_without_what_must_not_be_seen(
    node: Owned, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="pennsieve_agent.node.api.request_handler")
    node.furnish(share=user("bob"))
    bob = node.caller("bob")
    bob.ask("PATCH", "/secrets", body={"secrets": {"KEY": "one-value"}})
    bob.ask("GET", "/secrets")
    entry = json.loads(caplog.messages[-1].removeprefix("call "))
    assert entry["who"] == user("bob")
    assert entry["claimed"]["email"] == "bob@example.org"
    assert (entry["method"], entry["path"], entry["status"]) == ("GET", "/secrets", 200)
    assert (entry["function"], entry["at"]) == ("n-gateway", node.world.clock)
    for secret in (
        "one-value",
        "Signature=",
        *(e.get("ticket") or "-" * 9 for e in node.cloud.calls),
    ):
        assert secret not in caplog.text


def test_health_tells_of_the_way_to_pennsieve(node: Owned) -> None:
    owner = node.furnish()
    found = owner.ask("GET", "/health")
    assert (found["status"], found["version"], found["protocol"]) == ("HEALTHY", "1.2.3", 1)
    node.world.down = True
    (issue,) = owner.ask("GET", "/health")["issues"]
    assert "Pennsieve does not answer the compute node at http://api/auth" in issue


def test_what_aws_refuses_the_node_is_said(node: Owned) -> None:
    owner = node.furnish()
    owner.ask("GET", "/workflows")
    node.world.throttled = {"lambda", "functions"}
    with pytest.raises(NodeUnreachable, match="AWS refuses"):
        owner.ask("POST", "/runs", body=start())
    node.world.throttled = set()
    assert gateway.request_handler.handle({}, node.world.node())["status"] == 426
