"""An own node with its callers: the node's code in memory, AWS STS and Lambda on loopback."""

from __future__ import annotations

import json
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from pennsieve_agent.aws.node_client import NodeClient
from pennsieve_agent.aws.quick_invoke import Invoked
from pennsieve_agent.aws.session import Aws
from pennsieve_agent.aws.signing_keys import SigningKeys
from pennsieve_agent.domain.own_node import Claimed, OwnNode
from pennsieve_agent.domain.profile import AwsSettings
from pennsieve_agent.domain.tickets import MemoryTickets
from pennsieve_agent.node import admin, gateway
from tests.node.cloud import ACCOUNT, ADMIN, GATEWAY, REGION, Cloud, Key, serving
from tests.node.own_world import identity_body
from tests.node.world import SETTINGS, World

WORKFLOW = "11111111-0000-4000-8000-000000000001"
OTHER_WORKFLOW = "11111111-0000-4000-8000-000000000002"
DATASET, OTHER_DATASET = "N:dataset:d", "N:dataset:e"
ORGANIZATION = "N:organization:o"
DIGEST = "sha256:" + "a" * 64
IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/pennsieve-node-0a1b2c3d/workflows@{DIGEST}"
NODE = OwnNode("0a1b2c3d", "heart", ORGANIZATION, ACCOUNT, REGION, GATEWAY)
ADA = Claimed("Ada Lovelace", "ada@example.org")


def user(name: str, account: str = ACCOUNT) -> str:
    """A user's ARN."""
    return f"arn:aws:iam::{account}:user/{name}"


def version(
    name: str = "v1", workflow: str = WORKFLOW, *, target: str = "Pennsieve Dataset", **more: Any
) -> dict[str, Any]:
    """The document of a workflow of one step between a data source and a target."""
    work = {
        "id": "work",
        "kind": "processor",
        "dependsOn": ["in"],
        "sourceUrl": "https://github.com/lab/work",
        "tag": name,
        "commit": "c" * 40,
        "image": IMAGE,
        "computeType": "standard",
        "cpu": 1024,
        "memory": 2048,
        "parameters": [],
    }
    steps = [{"id": "in", "kind": "data-source", "dependsOn": []}, work]
    if target:
        steps.append(
            {"id": "out", "kind": "data-target", "dependsOn": ["work"], "targetType": target}
        )
    return {
        "workflow": workflow,
        "name": f"flow {workflow[-1]}",
        "description": "",
        "version": name,
        "layout": "tree",
        "needsPennsieve": "",
        "origin": "here",
        "steps": steps,
        **more,
    }


def start(**changes: Any) -> dict[str, Any]:
    """A request for a run."""
    return {
        "id": str(uuid.uuid4()),
        "name": f"first {uuid.uuid4()}",
        "workflow": WORKFLOW,
        "version": "v1",
        "dataset": DATASET,
        "packages": ["N:package:1"],
        "files": [{"path": "a/b.edf", "package": "N:package:1", "size": 7}],
        "parameters": {},
        "targets": {"out": {"TARGET_FOLDER": "results"}},
        "limits": {},
        "layers": [],
        "layout": "",
        **changes,
    }


@dataclass(frozen=True)
class InMemory:
    """AWS Lambda without a socket; what botocore does is tested where it is used."""

    cloud: Cloud
    keys: SigningKeys

    @property
    def endpoint(self) -> str:
        return self.cloud.url

    def at(self, region: str) -> InMemory:
        assert region == REGION
        return self

    def signing_keys(self) -> SigningKeys:
        return self.keys

    def invoke(self, function: str, payload: bytes) -> Invoked:
        assert function in self.cloud.keys[self.keys.key_id].may
        event = json.loads(payload)
        self.cloud.calls.append(event)
        return Invoked(json.dumps(self.cloud.functions[function](event)).encode())


@dataclass
class Owned:
    """A node, its owner, and others."""

    world: World
    cloud: Cloud
    folder: Path
    skews: dict[str, float] = field(default_factory=dict)
    sessions: list[Aws] = field(default_factory=list)

    def caller(
        self, name: str, arn: str = "", *, owner: bool = False, key: Key | None = None
    ) -> NodeClient:
        """A client with keys of its own."""
        number = f"AKIA{name.upper():0<16}"
        known = key or Key(f"secret-of-{name}", arn or user(name))
        known.may |= {ADMIN} if owner else set()
        self.cloud.keys[number] = known
        keys = SigningKeys(number, known.secret, known.token)
        return self.client(name, InMemory(self.cloud, keys), owner=owner)

    def over_http(self, name: str, *, owner: bool = False) -> NodeClient:
        """The same, with botocore and a socket between."""
        self.caller(name, owner=owner)
        number = f"AKIA{name.upper():0<16}"
        lines = f"aws_access_key_id = {number}", "aws_secret_access_key ="
        credentials, config = self.folder / f"{name}.keys", self.folder / f"{name}.config"
        credentials.write_text(
            f"[{name}]\n{lines[0]}\n{lines[1]} {self.cloud.keys[number].secret}\n"
        )
        config.write_text(f"[profile {name}]\nmax_attempts = 1\n")
        settings = AwsSettings(
            region=REGION,
            endpoint=self.cloud.url,
            config_file=config,
            credentials_file=credentials,
        )
        self.sessions.append(Aws(settings, profile=name))
        return self.client(name, self.sessions[-1], owner=owner)

    def client(self, name: str, session: Any, *, owner: bool = False) -> NodeClient:
        """A client of a session."""
        node = replace(NODE, admin=ADMIN) if owner else NODE
        return NodeClient(
            node,
            session,
            MemoryTickets(),
            Claimed(name, f"{name}@example.org"),
            lambda: self.world.now() + self.skews.get(name, 0.0),
            self.world.sleep,
        )

    def renew(self) -> None:
        """Another node in another account, at the same address."""
        self.world = World(settings=replace(SETTINGS, endpoint=self.cloud.url))
        self.skews.clear()
        self.cloud.keys.clear()
        self.cloud.calls.clear()
        self.cloud.now = self.world.now
        self.cloud.functions = {
            GATEWAY: lambda event: gateway.request_handler.handle(event, self.world.node()),
            ADMIN: lambda event: admin.request_handler.handle(event, self.world.node()),
        }

    @property
    def owner(self) -> NodeClient:
        """The node's owner."""
        return self.caller("owner", owner=True)

    def furnish(self, *, share: str = "", access: str = "read-write") -> NodeClient:
        """One version, granted on a dataset, with keys; perhaps shared. The owner's client."""
        owner = self.owner
        owner.ask("PUT", f"/workflows/{WORKFLOW}/versions/v1", body=version())
        owner.ask("PUT", f"/workflows/{WORKFLOW}/identity", body=identity_body())
        grant(owner, access=access)
        if share:
            owner.ask("PUT", "/shares", body={"arn": share, "workflows": [WORKFLOW]})
        return owner


def grant(
    owner: NodeClient,
    workflow: str = WORKFLOW,
    dataset: str = DATASET,
    access: str = "read-write",
) -> Mapping[str, Any]:
    """The owner grants."""
    body = {"workflow": workflow, "dataset": dataset, "datasetName": "d", "access": access}
    return owner.ask("PUT", "/grants", body=body)


@contextmanager
def owned() -> Iterator[Owned]:
    """A node without anything on it."""
    with tempfile.TemporaryDirectory() as folder, serving(Cloud(lambda: 0.0)) as cloud:
        node = Owned(World(), cloud, Path(folder))
        node.renew()
        yield node
        for session in node.sessions:
            session.close()
