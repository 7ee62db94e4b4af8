"""The account and the platform of a test, and a whole registration or removal in one call."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pennsieve_agent.account.register.account_plan import AccountPlan
from pennsieve_agent.account.register.execute import apply
from pennsieve_agent.account.register.node_identity import RegisterOptions
from pennsieve_agent.account.register.observe import observe
from pennsieve_agent.account.register.plan import plan_registration
from pennsieve_agent.account.remove.execute_removal import RemovalReport, apply_removal
from pennsieve_agent.account.remove.observe_removal import RemovalOptions, observe_removal
from pennsieve_agent.account.remove.plan_removal import plan_removal
from pennsieve_agent.account.world.clients import Clients, Progress
from pennsieve_agent.account.world.node_code import Bundle
from pennsieve_agent.account.world.registration_journal import Journal
from pennsieve_agent.aws.cloudformation import stacks_called
from pennsieve_agent.aws.iam import roles_called
from pennsieve_agent.aws.session import Aws
from pennsieve_agent.domain.node_calls import NodeCalls
from pennsieve_agent.domain.own_node import OwnNode
from pennsieve_agent.errors import AgentError
from tests.account.registry import WORKSPACE, FakeRegistry

MANIFEST = {
    "schemaVersion": 2,
    "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
    "config": {"digest": "sha256:" + "a" * 64, "size": 1},
    "layers": [],
}
_ZIP = b"a zip"
BUNDLE = Bundle(_ZIP, hashlib.sha256(_ZIP).hexdigest(), "0.1.0")


class Transfer:
    """The public image of transfer jobs, and what was copied of it."""

    def __init__(self) -> None:
        self.today = "sha256:" + "7" * 64
        self.copied: list[tuple[str, str]] = []

    def digest(self) -> str:
        return self.today

    def copy(self, repository: str, digest: str, note: Callable[[str], None]) -> None:
        note("copying 1.0 MB of docker/library/python")
        self.copied.append((repository, digest))


class Node:
    """A node that is well, where its function is there, and that keeps the shares it is told of."""

    def __init__(self, aws: Aws, node: OwnNode, rows: dict[str, list[str]]) -> None:
        self.aws, self.node, self.rows = aws, node, rows

    def ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        *,
        admin: bool = False,
    ) -> Mapping[str, Any]:
        assert admin
        self.aws.call("lambda", "get_function", FunctionName=self.node.admin)
        match method, path:
            case "GET", "/health":
                return {"status": "HEALTHY", "issues": [], "resources": {}}
            case "GET", "/shares":
                return {"shares": [{"arn": a, "workflows": w} for a, w in self.rows.items()]}
            case "PUT", "/shares" if body is not None:
                self.rows[body["arn"]] = body["workflows"]
            case "DELETE", "/shares" if query is not None:
                self.rows.pop(query["arn"], None)
            case _:
                raise AssertionError((method, path))
        return {}


def answering(body: Mapping[str, Any] | AgentError) -> Callable[[OwnNode], NodeCalls]:
    """Clients of nodes that answer this to everything."""

    class Answering:
        def ask(self, *_: Any, **__: Any) -> Mapping[str, Any]:
            if isinstance(body, AgentError):
                raise body
            return body

    return lambda _: Answering()


OPTIONS = RegisterOptions("lab", WORKSPACE)


@dataclass
class Scene:
    clients: Clients
    registry: FakeRegistry
    told: list[Progress] = field(default_factory=list)
    rows: dict[str, list[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.clients = replace(self.clients, progress=self.told.append)

    @property
    def aws(self) -> Aws:
        return self.clients.aws

    def named(self, name: str) -> Scene:
        """The same clients, for a node of another name."""
        journal = Journal(self.clients.journal.path.parent, "default", name)
        return Scene(replace(self.clients, journal=journal), self.registry)

    def plan(self, options: RegisterOptions = OPTIONS) -> AccountPlan:
        options = replace(options, name=self.clients.journal.name)
        return plan_registration(observe(self.clients, options), options)

    def register(self, plan: AccountPlan | None = None) -> OwnNode:
        return apply(plan or self.plan(), self.clients)

    def remove(self) -> RemovalReport:
        options = RemovalOptions(self.clients.journal.name, WORKSPACE)
        plan = plan_removal(observe_removal(self.clients, options))
        return apply_removal(plan, self.clients)

    def stacks(self) -> list[str]:
        return [stack.name for stack in stacks_called(self.aws, "")]

    def roles(self) -> list[str]:
        """The roles of the account that Pennsieve could ever assume, or was told of."""
        return list(roles_called(self.aws, "Pennsieve", "ROLE-"))


def worked(scene: Scene) -> None:
    """What a node that worked leaves in no stack: objects, a secret, an access point."""
    names, aws = scene.plan().names, scene.aws
    for key in ("node.zip", "logs/1"):
        aws.call("s3", "put_object", Bucket=names.bucket, Key=key, Body=b"1")
    for key in ("workflows/w/read", "secrets/shared/KEY"):
        name = f"{names.parameter_prefix}{key}"
        aws.call("ssm", "put_parameter", Name=name, Value="{}", Type="SecureString")
    image = {"imageManifest": json.dumps(MANIFEST), "imageTag": "v1"}
    aws.call("ecr", "put_image", repositoryName=names.workflow_images, **image)
    (files,) = aws.call("s3files", "list_file_systems")["fileSystems"]
    # Of a run that was cut off.
    aws.call("s3files", "create_access_point", fileSystemId=files["fileSystemId"])
    name = f"{names.secret_prefix}parameters/run"
    aws.call("secretsmanager", "create_secret", Name=name, SecretString="{}")
    aws.call(
        "batch",
        "register_job_definition",
        jobDefinitionName=f"{names.stack}-run-step",
        type="container",
        containerProperties={"image": "i", "vcpus": 1, "memory": 512},
    )
