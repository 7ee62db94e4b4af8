"""What the platform asks a node besides starting runs: logs, secrets, health; and the relay."""

from __future__ import annotations

import io
import zipfile

import pytest

from pennsieve_agent.node import relay
from pennsieve_agent.node.identity.node_secrets import NodeSecrets
from tests.node.world import RUN, World


@pytest.fixture
def world() -> World:
    return World()


def test_the_log_is_paged_in_order_without_secrets(world: World) -> None:
    NodeSecrets(world.node()).merge("shared", {"KEY": "hush-hush"})
    world.start()
    job = world.begin_step("work")
    world.lines = [(job.stream, n, f"line {n} hush-hush") for n in range(25)]
    seen, token = [], ""
    while True:
        page = world.ask("GET", f"/runs/{RUN}/logs", node="work", limit="10", next=token)["body"]
        seen += [row["message"] for row in page["messages"]]
        token = page["next"]
        if not token:
            break
    assert seen == [f"line {n} ***" for n in range(25)]
    page = world.ask("GET", f"/runs/{RUN}/logs", since="20")["body"]
    page = world.ask("GET", f"/runs/{RUN}/logs", since="20", next=page["next"])["body"]
    assert [row["timestamp"] for row in page["messages"]] == list(range(20, 25))
    world.end(job, "SUCCEEDED", code=0)
    world.finish_all()
    kept = zipfile.ZipFile(io.BytesIO(world.objects[f"logs/{RUN}.zip"]))
    assert "hush-hush" not in kept.read("work.log").decode()
    assert world.ask("GET", f"/runs/{RUN}/archive")["body"]["url"].endswith(f"logs/{RUN}.zip")


def test_what_the_gateway_refuses(world: World) -> None:
    assert world.ask("GET", "/runs/x/status")["status"] == 404
    assert world.ask("POST", "/runs/x/cancel")["status"] == 404
    assert world.ask("POST", "/runs", {"runId": "../x", "token": "t"})["status"] == 400
    assert world.ask("DELETE", "/runs")["status"] == 404
    assert world.ask("POST", "cancel")["status"] == 404
    assert world.ask("GET", "/secrets")["status"] == 400
    assert world.ask("PATCH", "/secrets", {}, scope="shared")["status"] == 400


def test_secrets_go_in_and_never_out(world: World) -> None:
    where = {"scope": "user", "userId": "N:user:ada"}
    body = {"secrets": {"A": "one-value", "B": "two"}}
    assert world.ask("PATCH", "/secrets", body, **where)["status"] == 200
    answer = world.ask("GET", "/secrets", **where)
    assert answer["body"] == {"keys": ["A", "B"]}
    assert world.ask("GET", "/secrets", scope="shared")["body"] == {"keys": []}
    world.ask("DELETE", "/secrets", key="A", **where)
    assert world.ask("GET", "/secrets", **where)["body"] == {"keys": ["B"]}
    world.ask("DELETE", "/secrets", deleteAll="true", **where)
    assert world.parameters == {}


def test_health_says_what_is_amiss(world: World) -> None:
    assert world.ask("GET", "/health")["body"]["status"] == "HEALTHY"
    world.environments = {"q-fargate": {"status": "INVALID", "statusReason": "no role"}}
    found = world.ask("GET", "/health")["body"]
    assert found["status"] == "WARNING"
    assert found["issues"] == ["compute environment q-fargate is invalid: no role"]
    world.throttled = {"table"}
    assert len(world.ask("GET", "/health")["body"]["issues"]) == 2


def test_a_mover_is_relayed_only_what_it_may_ask(world: World) -> None:
    world.start()
    world.deliver(world.events.pop(0))

    def relayed(method: str, path: str, dataset: str) -> int:
        query = {"dataset_id": dataset}
        asked = {"run": RUN, "method": method, "path": path, "query": query, "body": {}}
        return int(relay.handle({"relay": asked}, world.node())["status"])

    assert relayed("POST", "/packages/download-manifest", "N:dataset:d") == 200
    assert relayed("POST", "/packages/download-manifest", "N:dataset:other") == 403
    assert relayed("GET", "/datasets", "N:dataset:d") == 403
    assert relayed("PUT", f"/compute/workflows/runs/{RUN}/status", "N:dataset:d") == 403
    world.finish_all()
    assert relayed("POST", "/packages/download-manifest", "N:dataset:d") == 403
