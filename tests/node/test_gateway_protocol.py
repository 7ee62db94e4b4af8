"""The protocol of a node: versions, sizes, logs, health, refusals."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from pennsieve_agent.domain.node_protocol import body_of
from pennsieve_agent.errors import NodeUnreachable
from pennsieve_agent.node import gateway
from tests.node.cloud import ADMIN
from tests.node.gateway_calls import asked, code, raw
from tests.node.owned import (
    WORKFLOW,
    Owned,
    grant,
    start,
    user,
    version,
)


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
    given = grant(node.owner)
    entry = json.loads(caplog.messages[-1].removeprefix("call "))
    assert entry["about"] == {name: given[name] for name in ("workflow", "dataset", "access")}
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
