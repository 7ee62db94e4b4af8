"""The two worlds of a test, and the whole of a registration or a removal in one call."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pennsieve_agent.account.bundle import Bundle
from pennsieve_agent.account.execute import apply
from pennsieve_agent.account.journal import Journal
from pennsieve_agent.account.observe import RegisterOptions, observe
from pennsieve_agent.account.plan import plan_registration
from pennsieve_agent.account.registration import AccountPlan
from pennsieve_agent.account.removal import RemovalOptions, observe_removal, plan_removal
from pennsieve_agent.account.undo import RemovalReport, apply_removal
from pennsieve_agent.account.worlds import Progress, Worlds
from pennsieve_agent.aws.cloudformation import stacks_called
from pennsieve_agent.aws.iam import roles_called
from pennsieve_agent.aws.session import Aws
from pennsieve_agent.domain.compute import ComputeNode
from tests.account.registry import WORKSPACE, FakeRegistry

_ZIP = b"a zip"
BUNDLE = Bundle(_ZIP, hashlib.sha256(_ZIP).hexdigest(), "0.1.0")


def well(aws: Aws, function: str, event: Mapping[str, Any]) -> dict[str, Any]:
    """A gateway that is well, where the function is there."""
    assert event == {"method": "GET", "path": "/health"}
    aws.call("lambda", "get_function", FunctionName=function)
    return {"status": 200, "body": {"status": "HEALTHY", "issues": [], "resources": {}}}


OPTIONS = RegisterOptions("lab", WORKSPACE, environment="sbx")


@dataclass
class Scene:
    worlds: Worlds
    registry: FakeRegistry
    told: list[Progress] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.worlds = replace(self.worlds, progress=self.told.append)

    @property
    def aws(self) -> Aws:
        return self.worlds.aws

    def named(self, name: str) -> Scene:
        """The same worlds, for a node of another name."""
        journal = Journal(self.worlds.journal.path.parent, "default", name)
        return Scene(replace(self.worlds, journal=journal), self.registry)

    def plan(self, options: RegisterOptions = OPTIONS) -> AccountPlan:
        options = replace(options, name=self.worlds.journal.name)
        return plan_registration(observe(self.worlds, options), options)

    def register(self, plan: AccountPlan | None = None) -> ComputeNode:
        return apply(plan or self.plan(), self.worlds)

    def remove(self) -> RemovalReport:
        options = RemovalOptions(self.worlds.journal.name, WORKSPACE)
        plan = plan_removal(observe_removal(self.worlds, options))
        return apply_removal(plan, self.worlds)

    def stacks(self) -> list[str]:
        return [stack.name for stack in stacks_called(self.aws, "")]

    def roles(self) -> list[str]:
        """The roles of the account that Pennsieve may assume."""
        return list(roles_called(self.aws, "Pennsieve-", "ROLE-"))


def worked(scene: Scene) -> None:
    """What a node that worked leaves in no stack: objects, a secret, a job's definition."""
    names, aws = scene.plan().names, scene.aws
    for key in ("node.zip", "logs/1"):
        aws.call("s3", "put_object", Bucket=names.bucket, Key=key, Body=b"1")
    name = f"{names.secret_prefix}shared"
    aws.call("secretsmanager", "create_secret", Name=name, SecretString="{}")
    aws.call(
        "batch",
        "register_job_definition",
        jobDefinitionName=f"{names.stack}-run-step",
        type="container",
        containerProperties={"image": "i", "vcpus": 1, "memory": 512},
    )
