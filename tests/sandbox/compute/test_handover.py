"""Runs that are handed to their node: its gateway is asked, and reports as who started them."""

from __future__ import annotations

import json
import queue
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from pennsieve_agent.sandbox.aws.functions.functions import Invocation
from pennsieve_agent.sandbox.compute.apps.images import HOST, REPOSITORY, Images
from pennsieve_agent.sandbox.compute.nodes.node_gateway import note_place
from pennsieve_agent.sandbox.compute.runs import run_sessions
from pennsieve_agent.sandbox.host.world import PLATFORM_ACCOUNT_ID
from tests.sandbox.aws.account import NUMBER, REGION, Cloud, allow, open_cloud, service_trust
from tests.sandbox.compute.lab import REPO, SECONDS, Lab, Ready, wait_for

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
            "UPDATE compute_accounts SET account_id = ?, role_name = ?",
            (NUMBER, ROLE),
        )
        note_place(lab.world.store, self.node, REGION, GATEWAY)

    def callback(self, run: str, token: str) -> httpx.Client:
        return self.lab.raw_client(f"Callback workflow-service:{run}:{token}")

    def handed(self) -> tuple[str, httpx.Client, httpx.Client]:
        """Start a run; its id, and clients with the session and the token of the node."""
        run = self.ready.start()
        body = self.gateway.next("POST")["body"]
        assert (body["runId"], body["nodeId"]) == (run, self.node)
        return run, self.lab.client(body["session"]), self.callback(run, body["token"])

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


def test_a_run_is_its_persons_and_its_token_is_good_while_it_is_started(twin: Twin) -> None:
    run, node, token = twin.handed()
    assert token.get(f"{RUNS}/{run}").status_code == 403  # it is not STARTED yet
    shown = node.get(f"{RUNS}/{run}").json()
    assert shown["status"] == "NOT_STARTED"
    assert node.put(f"{RUNS}/{run}/status", json={"status": "STARTED"}).status_code == 200
    assert token.get(f"{RUNS}/{run}").json()["status"] == "STARTED"
    failed = {"status": "FAILED"}
    assert token.put(f"{RUNS}/{run}/processor/sum/status", json=failed).status_code == 200
    assert twin.shown(run)["status"] == "STARTED"  # the node says what comes of the run
    assert token.put(f"{RUNS}/{run}/outputs", json={"a": "b"}).status_code == 200
    assert node.put(f"{RUNS}/{run}/status", json={"status": "FINALIZING"}).status_code == 200
    assert token.get(f"{RUNS}/{run}").status_code == 403
    assert node.put(f"{RUNS}/{run}/status", json=failed).status_code == 200
    shown = twin.shown(run)
    assert shown["status"] == "FAILED"
    assert shown["metrics"]["processorCount"] == 1
    assert not {"reason", "grant", "limits"} & set(shown)
    assert set(shown["dag"][1]) >= {"id", "status"}
    assert token.get(f"{RUNS}/{run}").status_code == 403


def test_the_session_is_kept_until_the_node_has_it(twin: Twin) -> None:
    headers = {"Authorization": "Bearer ada@example.org", "X-Refresh-Token": "again"}
    answer = twin.lab.client().post(RUNS, json=twin.ready.body(), headers=headers)
    body = twin.gateway.next("POST")["body"]
    assert (body["session"], body["refresh"]) == ("ada@example.org", "again")
    store, run = twin.lab.world.store, str(answer.json()["uuid"])
    wait_for(lambda: run_sessions.kept(store, run) == run_sessions.RunSession())


def test_a_cancel_is_done_when_the_node_says_so(twin: Twin) -> None:
    run, node, _ = twin.handed()
    node.put(f"{RUNS}/{run}/status", json={"status": "STARTED"})
    assert twin.lab.client().post(f"{RUNS}/{run}/cancel").status_code == 202
    assert twin.gateway.next("POST")["path"] == f"/runs/{run}/cancel"
    assert twin.shown(run)["status"] == "CANCELING"
    assert node.put(f"{RUNS}/{run}/status", json={"status": "CANCELED"}).status_code == 200
    assert twin.shown(run)["status"] == "CANCELED"


def test_logs_are_the_nodes_page_by_page(twin: Twin) -> None:
    run, _, _ = twin.handed()
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
def test_a_node_that_does_not_take_a_run_fails_it(
    twin: Twin, caplog: pytest.LogCaptureFixture, *, refuses: bool
) -> None:
    if refuses:
        no = {"status": 409, "body": {"message": "the month's limit is reached"}}
        twin.gateway.answers["POST", "/runs"] = lambda _: no
    else:
        twin.cloud.owner.client("iam").delete_role_policy(RoleName=ROLE, PolicyName="own")
    run = twin.ready.start()
    wait_for(lambda: twin.shown(run)["status"] == "FAILED")
    reason = caplog.text  # no route has it
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


def test_a_run_that_the_node_no_longer_knows_ends(
    twin: Twin, caplog: pytest.LogCaptureFixture
) -> None:
    run, node, _ = twin.handed()
    node.put(f"{RUNS}/{run}/status", json={"status": "STARTED"})
    twin.gateway.answers["GET", "/runs/*/status"] = lambda _: {"status": 404, "body": {}}
    twin.lab.parts.handover.look(run)
    assert twin.shown(run)["status"] == "FAILED"
    assert "the compute node does not know this run" in caplog.text


def test_an_end_that_the_node_cannot_report_is_seen(twin: Twin) -> None:
    """Its session has ended, and the run's token with STARTED."""
    run, node, _ = twin.handed()
    node.put(f"{RUNS}/{run}/status", json={"status": "STARTED"})
    node.put(f"{RUNS}/{run}/processor/src/status", json={"status": "SUCCEEDED", "timestamp": 7})
    before = twin.shown(run)["dag"][0]
    steps = [{"id": each, "status": "SUCCEEDED"} for each in ("src", "sum", "out", "unknown")]
    states: list[dict[str, Any]] = [
        {"status": "FINALIZING", "steps": []},
        {"status": "SUCCEEDED", "steps": steps},
    ]
    for state in states:
        answer: Answer = {"status": 200, "body": state}
        twin.gateway.answers["GET", "/runs/*/status"] = lambda _, answer=answer: answer  # type: ignore[misc]
        twin.lab.parts.handover.look(run)
        expected = "SUCCEEDED" if state["steps"] else "STARTED"
        assert twin.shown(run)["status"] == expected
    shown = twin.shown(run)
    assert [step["status"] for step in shown["dag"]] == ["SUCCEEDED"] * 3
    assert shown["dag"][0] == before


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
