"""An AWS account in which Pennsieve itself runs a node, and all that is done with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pennsieve_agent.account.rights.right import document
from pennsieve_agent.account.served.execute_served import apply_served
from pennsieve_agent.account.served.observe_served import ServedOptions, observe_served
from pennsieve_agent.account.served.plan_served import plan_served
from pennsieve_agent.account.served.role import policy_name, rights
from pennsieve_agent.account.served.served_plan import ServedPlan
from pennsieve_agent.account.world.clients import Clients
from pennsieve_agent.account.world.registration_journal import Journal
from pennsieve_agent.aws.iam import role_policy, roles_called
from pennsieve_agent.domain.compute import ComputeNode
from pennsieve_agent.domain.iam_policies import Ask, Verdict, decide
from pennsieve_agent.errors import AgentError, AwsError
from pennsieve_agent.settings.own_nodes_file import OwnNodes
from tests.account.registry import PLATFORM_ACCOUNT, FakeRegistry
from tests.account.scene import OPTIONS, Scene, answering
from tests.aws.emulator import NUMBER, reset, settings
from tests.aws.recorder import RecordingAws

if TYPE_CHECKING:
    from tests.account.mortal import Killer

ENTRANT = f"arn:aws:iam::{PLATFORM_ACCOUNT}:role/service-roles/dev-provisioner"
POLICIES = f"arn:aws:iam::{NUMBER}:policy"
_LOOKS = {"Sid": "Looks", "Effect": "Allow", "Resource": "*", "Action": [
    "iam:ListRoles", "iam:ListPolicies", "iam:GetRole", "iam:GetPolicy", "iam:ListRolePolicies",
    "iam:ListAttachedRolePolicies", "cloudformation:DescribeStacks", "tag:GetResources", "s3:*",
    "secretsmanager:ListSecrets", "batch:*", "logs:DescribeLogGroups", "dynamodb:DescribeTable",
]}  # fmt: skip
_GIVEN = document(rights(f"arn:aws:iam::{NUMBER}:role/Pennsieve-Compute-*"))


def linked(service: str) -> dict[str, str]:
    return {"iam:AWSServiceName": f"{service}.amazonaws.com"}


def check(ask: Ask) -> None:
    """Fail where the program does what ``compute policy installer --served`` does not allow."""
    looks = {"Version": "2012-10-17", "Statement": [_LOOKS]}
    assert decide(ask, [_GIVEN, looks]) is Verdict.ALLOWED, ask


class Mortal(RecordingAws):
    """May be killed after any change, and refuses the operation ``refused``."""

    killer: Killer | None = None
    refused = ""

    def call(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        if operation == self.refused:
            raise AwsError("no", aws_code="AccessDenied")
        answer = super().call(service, operation, **parameters)
        if self.killer and operation.startswith(("create_", "put_", "update_", "delete_")):
            self.killer(operation)
        return answer


@contextmanager
def served_scene(emulator: str, folder: Path) -> Iterator[Scene]:
    """The account emptied, a platform that knows nothing, and no journal."""
    reset(emulator)
    registry = FakeRegistry()
    with Mortal(settings(folder, emulator), check) as aws:
        journal = Journal(folder / "journal", "default", "lab")
        nodes = OwnNodes(folder / "own-nodes.json").of("default")
        client = answering(AgentError("there is no node"))
        yield Scene(Clients(aws, registry, journal, lambda _: None, nodes, client), registry)


def plan(scene: Scene, **how: Any) -> ServedPlan:
    options = ServedOptions(scene.clients.journal.name, OPTIONS.organization_id, **how)
    return plan_served(observe_served(scene.clients, options), options)


def register(scene: Scene, **how: Any) -> ComputeNode:
    return apply_served(plan(scene, **how), scene.clients)


def roles(scene: Scene) -> list[str]:
    return list(roles_called(scene.aws, "Pennsieve-", "ROLE-"))


def policy(scene: Scene) -> dict[str, Any]:
    (name,) = roles(scene)
    return role_policy(scene.aws, name, policy_name(name)) or {}
