"""Runs that are handed to their node: its gateway is asked, and reports by the run's own token."""

from __future__ import annotations

import json
import queue
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from pennsieve_agent.domain.grants import Access
from pennsieve_agent.sandbox.compute.images import HOST, REPOSITORY, Images
from pennsieve_agent.sandbox.compute.records import find_node
from pennsieve_agent.sandbox.emulation.functions import Invocation
from pennsieve_agent.sandbox.world import PLATFORM_ACCOUNT_ID
from tests.sandbox.compute.lab import REPO, SECONDS, Lab, Ready, wait_for
from tests.sandbox.emulation.account import NUMBER, REGION, Cloud, allow, open_cloud, service_trust

ROLE = "Pennsieve-Compute-sbx-00000001"
GATEWAY = "pennsieve-node-00000001-gateway"
RUNS = "/compute/workflows/runs"
NODES = "/compute/resources/compute-nodes"
Answer = dict[str, Any]


class Gateway:
    """A node's gateway that answers what it is told to, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: queue.Queue[dict[str, Any]] = queue.Queue()
        self.answers: dict[tuple[str, str], Callable[[dict[str, Any]], Answer]] = {}

    def __call__(self, event: Any, given: Invocation) -> Any:
        del given
        self.asked.put(event)
        path = "/".join("*" if len(part) == 36 else part for part in event["path"].split("/"))
        found = self.answers.get((event["method"], path))
        return found(event) if found else {"status": 202, "body": {}}

    def next(self, method: str) -> dict[str, Any]:
        while True:
            event = self.asked.get(timeout=SECONDS)
            if event["method"] == method:
                return event


class Twin:
    """A platform that hands its runs to a node in an emulated account."""

    def __init__(self, lab: Lab, cloud: Cloud) -> None:
        self.lab = lab
        self.cloud = cloud
        self.gateway = Gateway()
        trust = {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": f"arn:aws:iam::{PLATFORM_ACCOUNT_ID}:root"},
                    "Action": "sts:AssumeRole",
                    "Condition": {"StringEquals": {"sts:ExternalId": "word"}},
                }
            ],
        }
        function = f"arn:aws:lambda:{REGION}:{NUMBER}:function:{GATEWAY}"
        cloud.role(ROLE, trust, allow(("lambda:InvokeFunction", function)))
        worker = cloud.role("worker", service_trust("lambda.amazonaws.com"), allow())
        cloud.function(GATEWAY, worker, self.gateway)
        self.ready = Ready(lab)
        self.node = self.ready.node
        lab.world.store.execute(
            "UPDATE compute_accounts SET account_id = ?, role_name = ?, external_id = 'word'",
            (NUMBER, ROLE),
        )
        stack = {"stackName": "pennsieve-node-00000001", "region": REGION, "gateway": GATEWAY}
        lab.world.store.execute("UPDATE compute_nodes SET self_managed = ?", (json.dumps(stack),))

    def node_client(self, run: str, token: str) -> httpx.Client:
        return self.lab.raw_client(f"Callback workflow-service:{run}:{token}")

    def handed(self) -> tuple[str, httpx.Client]:
        """Start a run; its id, and a client with the token that the node was given."""
        run = self.ready.start()
        body = self.gateway.next("POST")["body"]
        assert (body["runId"], body["nodeId"]) == (run, self.node)
        return run, self.node_client(run, body["token"])

    def shown(self, run: str) -> Any:
        return self.lab.client().get(f"{RUNS}/{run}").json()


@pytest.fixture
def twin(tmp_path: Path) -> Iterator[Twin]:
    with open_cloud(tmp_path / "aws") as cloud:
        lab = Lab(tmp_path / "data", cloud.url)
        try:
            yield Twin(lab, cloud)
        finally:
            lab.close()


def test_a_run_is_the_nodes_from_its_token_to_its_receipt(twin: Twin) -> None:
    run, node = twin.handed()
    told = node.get(f"{RUNS}/{run}").json()
    assert told["status"] == "NOT_STARTED"
    assert told["grant"] == {"access": Access.READ_WRITE.value}
    assert "grant" not in twin.shown(run)
    assert node.put(f"{RUNS}/{run}/status", json={"status": "STARTED"}).status_code == 200
    failed = {"status": "FAILED", "reason": "out of memory"}
    assert node.put(f"{RUNS}/{run}/processor/sum/status", json=failed).status_code == 200
    assert twin.shown(run)["status"] == "STARTED"  # the node says what comes of the run
    receipt = {"totalEstimatedCost": 0.25, "executionTimeSec": 3}
    body = {"status": "FAILED", "reason": "step sum: out of memory", "metrics": receipt}
    assert node.put(f"{RUNS}/{run}/status", json={"status": "FINALIZING"}).status_code == 200
    assert node.put(f"{RUNS}/{run}/outputs", json={"a": "b"}).status_code == 200
    assert node.put(f"{RUNS}/{run}/status", json=body).status_code == 200
    shown = twin.shown(run)
    assert (shown["status"], shown["reason"]) == ("FAILED", "step sum: out of memory")
    assert shown["metrics"] == receipt
    assert [step.get("reason") for step in shown["dag"]] == [None, "out of memory", None]
    assert node.get(f"{RUNS}/{run}").status_code == 403  # the run is final


def test_a_cancel_is_done_when_the_node_says_so(twin: Twin) -> None:
    run, node = twin.handed()
    node.put(f"{RUNS}/{run}/status", json={"status": "STARTED"})
    assert twin.lab.client().post(f"{RUNS}/{run}/cancel").status_code == 202
    assert twin.gateway.next("POST")["path"] == f"/runs/{run}/cancel"
    assert twin.shown(run)["status"] == "CANCELING"
    assert node.put(f"{RUNS}/{run}/status", json={"status": "CANCELED"}).status_code == 200
    assert twin.shown(run)["status"] == "CANCELED"


def test_logs_are_the_nodes_page_by_page(twin: Twin) -> None:
    run, _ = twin.handed()
    pages = {
        None: ([{"timestamp": 1, "message": "one", "node": "sum"}], "more"),
        "more": ([{"timestamp": 2, "message": "two", "node": "sum"}], "more"),
    }

    def answer(event: dict[str, Any]) -> Answer:
        assert event["query"]["node"] == "sum"
        messages, after = pages[event["query"].get("next")]
        return {"status": 200, "body": {"messages": messages, "next": after}}

    twin.gateway.answers["GET", "/runs/*/logs"] = answer
    read = twin.lab.client().get(f"{RUNS}/{run}/logs", params={"nodeId": "sum"})
    assert read.json() == {
        "messages": [{"timestamp": 1, "message": "one"}, {"timestamp": 2, "message": "two"}]
    }
    twin.cloud.owner.client("lambda").delete_function(FunctionName=GATEWAY)
    assert twin.lab.client().get(f"{RUNS}/{run}/logs", params={"nodeId": "sum"}).status_code == 502


def test_secrets_and_allowed_processors_are_the_nodes(twin: Twin) -> None:
    client, path = twin.lab.client(), f"{NODES}/{twin.node}"
    assert client.patch(f"{path}/secrets", json={"secrets": {"A": "hidden"}}).status_code == 200
    event = twin.gateway.next("PATCH")
    assert event["query"]["scope"] == "user"
    assert event["query"]["userId"].startswith("N:user:")
    assert event["body"] == {"secrets": {"A": "hidden"}}
    keys = {"status": 200, "body": {"keys": ["B", "A"]}}
    twin.gateway.answers["GET", "/secrets"] = lambda _: keys
    assert client.get(f"{path}/shared-secrets").json() == {"keys": ["A", "B"]}
    assert client.delete(f"{path}/shared-secrets", params={"key": "A"}).status_code == 200
    assert twin.gateway.next("DELETE")["query"] == {"scope": "shared", "key": "A"}
    body = {"processors": [REPO]}
    assert client.put(f"{path}/allowed-processors", json=body).status_code == 200
    assert twin.gateway.next("PUT")["body"] == body
    twin.gateway.answers["PUT", "/allowed-processors"] = lambda _: {"status": 500, "body": {}}
    assert client.put(f"{path}/allowed-processors", json={"processors": []}).status_code == 500
    assert client.get(f"{path}/allowed-processors").json() == body


@pytest.mark.parametrize("refuses", [True, False])
def test_a_node_that_does_not_take_a_run_fails_it(twin: Twin, *, refuses: bool) -> None:
    if refuses:
        no = {"status": 409, "body": {"message": "the month's limit is reached"}}
        twin.gateway.answers["POST", "/runs"] = lambda _: no
    else:
        twin.cloud.owner.client("iam").delete_role_policy(RoleName=ROLE, PolicyName="own")
    run = twin.ready.start()
    wait_for(lambda: twin.shown(run)["status"] == "FAILED")
    reason = twin.shown(run)["reason"]
    assert ("the month's limit is reached" in reason) is refuses
    assert ("not authorized to perform: lambda:InvokeFunction" in reason) is not refuses
    listed = twin.lab.client().get(NODES, params={"account_owner": "true"}).json()
    assert ("UNREACHABLE" in json.dumps(listed)) is not refuses
    if not refuses:  # until it answers again
        function = f"arn:aws:lambda:{REGION}:{NUMBER}:function:{GATEWAY}"
        again = json.dumps(allow(("lambda:InvokeFunction", function)))
        twin.cloud.owner.client("iam").put_role_policy(
            RoleName=ROLE, PolicyName="own", PolicyDocument=again
        )
        twin.lab.client().get(f"{NODES}/{twin.node}/secrets")
        listed = twin.lab.client().get(NODES, params={"account_owner": "true"}).json()
        assert "UNREACHABLE" not in json.dumps(listed)


def test_a_run_that_the_node_no_longer_knows_ends(twin: Twin) -> None:
    run, node = twin.handed()
    node.put(f"{RUNS}/{run}/status", json={"status": "STARTED"})
    twin.gateway.answers["GET", "/runs/*/status"] = lambda _: {"status": 404, "body": {}}
    handover = twin.lab.parts.handover
    handover.look(run)
    shown = twin.shown(run)
    assert (shown["status"], shown["reason"]) == (
        "FAILED",
        "the compute node does not know this run",
    )


def test_images_are_pinned_and_lead_back_to_what_was_built(twin: Twin) -> None:
    answer = twin.lab.client().get(
        "/applications/store/registry", params={"sourceUrl": REPO, "version": "v1"}
    )
    url = answer.json()["imageUrl"]
    place, tag = url.split(":")
    assert place == f"{HOST}/{REPOSITORY}"
    repository = f"arn:aws:ecr:{REGION}:{PLATFORM_ACCOUNT_ID}:repository/{REPOSITORY}"
    rights = allow(("ecr:BatchGetImage", repository))
    role = twin.cloud.role("puller", service_trust("lambda.amazonaws.com"), rights)
    found = (
        twin.cloud.assume(role)
        .client("ecr")
        .batch_get_image(
            registryId=PLATFORM_ACCOUNT_ID, repositoryName=REPOSITORY, imageIds=[{"imageTag": tag}]
        )
    )
    digest = found["images"][0]["imageId"]["imageDigest"]
    images = Images(twin.lab.world, twin.lab.backend)
    program = images.program(f"{place}@{digest}")
    assert program is not None
    assert program.backend == "fake"
    assert images.program(url) is None  # not pinned


def test_a_node_is_enabled_when_its_gateway_is_well(twin: Twin) -> None:
    store = twin.lab.world.store
    rights = (("lambda:InvokeFunction", f"arn:aws:lambda:{REGION}:{NUMBER}:function:{GATEWAY}"),)
    twin.cloud.owner.client("iam").put_role_policy(
        RoleName=ROLE, PolicyName="own", PolicyDocument=json.dumps(allow(*rights))
    )
    account = store.row("SELECT uuid FROM compute_accounts")
    assert account is not None
    managed = {"stackName": "pennsieve-node-00000001", "region": REGION, "gateway": GATEWAY}
    states = [
        ({"status": "UNHEALTHY", "issues": ["the queue is INVALID"]}, "Failed"),
        ({"status": "HEALTHY", "issues": []}, "Enabled"),
    ]
    for health, expected in states:
        well: Answer = {"status": 200, "body": health}
        twin.gateway.answers["GET", "/health"] = lambda _, well=well: well  # type: ignore[misc]
        body = {"accountId": account["uuid"], "name": expected, "selfManaged": managed}
        assert twin.lab.client().post(NODES, json=body).status_code == 202
        row = store.row("SELECT uuid FROM compute_nodes WHERE name = ?", (expected,))
        assert row is not None
        uuid = str(row["uuid"])

        def settled(uuid: str = uuid) -> bool:
            node = find_node(store, uuid)
            return node is not None and node["task"] == ""

        wait_for(settled)
        node = find_node(store, uuid)
        assert node is not None
        assert node["status"] == expected
        assert json.loads(node["self_managed"])["gateway"] == GATEWAY
