"""A node of one's own whose real code answers in this process, over a sandbox's AWS."""

from __future__ import annotations

import configparser
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from pennsieve_agent.domain.own_node import OwnNode
from pennsieve_agent.errors import AgentError, Conflict, Forbidden, Invalid, NotFound, PlatformError
from pennsieve_agent.node import admin
from pennsieve_agent.node.api.tickets import Tickets
from pennsieve_agent.node.node import Node
from pennsieve_agent.node.records.callers import Caller
from pennsieve_agent.settings.own_nodes_file import OwnNodes
from tests.node.world import SETTINGS

ACCOUNT, REGION, TOKEN = "123456789012", "us-east-1", "0a1b2c3d"
BUCKET = f"pennsieve-node-{TOKEN}-{ACCOUNT}-{REGION}"
REPOSITORY = f"pennsieve-node-{TOKEN}/workflows"
SIGNED = Config(signature_version="s3v4")
_ERRORS = {400: Invalid, 401: Forbidden, 403: Forbidden, 404: NotFound, 409: Conflict}


def node_in(workspace: str) -> OwnNode:
    function = f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:pennsieve-node-{TOKEN}"
    return OwnNode(
        TOKEN, "my-node", workspace, ACCOUNT, REGION, f"{function}-gateway", f"{function}-admin"
    )


@dataclass
class Owned:
    """The node. ``down`` is what calls of it raise; ``asked`` are methods and paths."""

    data: Path
    workspace: str
    down: AgentError | None = None
    asked: list[tuple[str, str]] = field(default_factory=list)

    @cached_property
    def aws(self) -> Any:
        read = configparser.ConfigParser()
        read.read([self.data / "aws" / "config", self.data / "aws" / "credentials"])
        keys = read["default"]
        session = boto3.session.Session(
            keys["aws_access_key_id"], keys["aws_secret_access_key"], region_name=REGION
        )
        clients: dict[str, Any] = {}

        def client(service: str) -> Any:
            if service not in clients:
                how = SIGNED if service == "s3" else None
                clients[service] = session.client(
                    service, endpoint_url=keys["endpoint_url"], config=how
                )
            return clients[service]

        return client

    def make(self) -> None:
        """What the node's stack would have."""
        self.aws("s3").create_bucket(Bucket=BUCKET)
        self.aws("ecr").create_repository(repositoryName=REPOSITORY, imageTagMutability="IMMUTABLE")
        self.aws("dynamodb").create_table(
            TableName=SETTINGS.table,
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
            ],
            KeySchema=[
                {"AttributeName": "pk", "KeyType": "HASH"},
                {"AttributeName": "sk", "KeyType": "RANGE"},
            ],
            BillingMode="PAY_PER_REQUEST",
        )

    def remember(self, environ: Mapping[str, str]) -> None:
        """Let the commands of this environment know the node."""
        config = Path(environ["PENNSIEVE_CONFIG"])
        OwnNodes.beside(config).put("sandbox", node_in(self.workspace))

    def forget(self, environ: Mapping[str, str]) -> None:
        OwnNodes.beside(Path(environ["PENNSIEVE_CONFIG"])).remove("sandbox", TOKEN)

    @cached_property
    def _node(self) -> Node:
        settings = replace(SETTINGS, bucket=BUCKET, admin="n-admin")
        return Node(settings, self.aws, time.time)

    @cached_property
    def _ticket(self) -> str:
        caller = Caller(f"arn:aws:iam::{ACCOUNT}:user/ada", ACCOUNT)
        return str(Tickets(self._node, "n-admin").give(caller)["value"])

    def calls(self, _: OwnNode) -> Owned:
        return self

    def ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        *,
        admin: bool = False,
    ) -> Mapping[str, Any]:
        del admin
        if self.down:
            raise self.down
        self.asked.append((method, path))
        event = {
            "protocol": 1,
            "id": secrets.token_hex(16),
            "method": method,
            "path": path,
            "query": dict(query or {}),
            "ticket": self._ticket,
        }
        answer = _handle({**event, **({"body": body} if body is not None else {})}, self._node)
        found: dict[str, Any] = answer.get("body") or {}
        if answer["status"] >= 300:
            kind = _ERRORS.get(answer["status"], PlatformError)
            raise kind(found["message"], status=answer["status"])
        return found

    def documents(self, workflow: str) -> dict[str, Any]:
        """The versions of a workflow that the node has."""
        rows = self.ask("GET", "/workflows")["workflows"]
        versions: list[str] = next((r["versions"] for r in rows if r["id"] == workflow), [])
        return {v: self.ask("GET", f"/workflows/{workflow}/versions/{v}") for v in versions}


def _handle(event: Mapping[str, Any], node: Node) -> Mapping[str, Any]:
    return admin.request_handler.handle(event, node)
