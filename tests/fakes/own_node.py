"""A compute node of one's own in this process: its real code, called by the real client."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Self

from pennsieve_agent.aws.node_client import NodeClient
from pennsieve_agent.aws.quick_invoke import Invoked
from pennsieve_agent.aws.signing_keys import SigningKeys
from pennsieve_agent.domain.own_node import Claimed, OwnNode
from pennsieve_agent.domain.profile import Hosts
from pennsieve_agent.domain.tickets import MemoryTickets
from pennsieve_agent.errors import AwsError
from pennsieve_agent.node import admin
from pennsieve_agent.node.api.tickets import Tickets
from pennsieve_agent.node.node import Node
from pennsieve_agent.node.records.callers import Caller
from tests.node.own_world import make_table
from tests.node.world import SETTINGS

CALLER = Caller("arn:aws:iam::123456789012:user/ada", "123456789012", "AIDAEXAMPLE")
KEYS = SigningKeys("AKIAEXAMPLE", "hidden-word", "")


@dataclass
class InProcess:
    """What the client calls instead of AWS: the function itself. ``gone`` is as after removal."""

    node: Node
    gone: bool = False
    calls: int = 0
    fails_at: str = ""
    """A method and path after which nothing answers, once."""
    endpoint: str = ""

    def at(self, _region: str) -> Self:
        return self

    def signing_keys(self) -> SigningKeys:
        return KEYS

    def invoke(self, _function: str, payload: bytes) -> Invoked:
        event = json.loads(payload)
        self.calls += 1
        if self.gone:
            raise AwsError("no such function", aws_code="ResourceNotFoundException")
        if self.fails_at and f"{event['method']} {event['path']}".startswith(self.fails_at):
            self.fails_at = ""
            raise AwsError("the network is down", aws_code="EndpointConnectionError")
        # Who calls is proved to AWS, which is not here; a ticket stands for the proof.
        ticket = Tickets(self.node, self.node.settings.admin).give(CALLER)["value"]
        answer = admin.request_handler.handle({**event, "ticket": ticket}, self.node)
        return Invoked(json.dumps(answer).encode())


@dataclass
class TestNode:
    """A node: the client of its owner, and what is behind it."""

    __test__ = False
    client: NodeClient
    inside: InProcess

    @property
    def node(self) -> Node:
        return self.inside.node


def own_node(
    name: str, token: str, hosts: Hosts, make: Callable[[str], Any], now: Callable[[], float]
) -> TestNode:
    """A node with a table and parameters of its own, over an emulated AWS."""
    settings = replace(
        SETTINGS,
        token=token,
        table=f"table-{token}",
        admin=f"pennsieve-node-{token}-admin",
        api=hosts.api,
        api2=hosts.api2,
        cognito=hosts.cognito or "",
    )
    make_table(make("dynamodb"), settings.table)
    node = Node(settings, make, now, lambda _: None)
    arn = f"arn:aws:lambda:us-east-1:123456789012:function:{settings.admin}"
    about = OwnNode(token, name, "", "123456789012", "us-east-1", arn, admin=arn)
    inside = InProcess(node)
    claimed = Claimed("Ada Lovelace", "ada@example.org")
    client = NodeClient(about, inside, MemoryTickets(), claimed, now, lambda _: None)  # type: ignore[arg-type]
    return TestNode(client, inside)
