"""The steps of a registration as data, each with the sentence that explains it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from pennsieve_agent.account.extras import Extras
from pennsieve_agent.account.names import NodeNames, node_tags
from pennsieve_agent.account.policies import (
    platform_access,
    platform_boundary,
    platform_trust,
)
from pennsieve_agent.account.template import NO_EXTRAS, node_template, sharing_template
from pennsieve_agent.account.words import RoleDocuments, summary
from pennsieve_agent.aws.cloudformation import StackRequest
from pennsieve_agent.aws.values import AwsIdentity, ResourceChange

_WHAT = {
    "Boundary": "a permissions boundary that you own: the most that the role can ever do",
    "PlatformRole": (
        "the role that Pennsieve assumes: only with this node's external id, for one hour at a time"
    ),
    "PlatformAccess": "its rights: call this node, read its status, journal and logs; nothing else",
    "Bucket": "a private, encrypted, versioned bucket for the node's own files",
    "BucketTlsOnly": "the bucket refuses unencrypted connections",
    "Journal": "a table in which the node keeps what it did; paid by use",
    "Logs": "a log group whose lines are kept for 90 days",
}
_VERBS = {"Add": "create", "Modify": "change", "Remove": "delete"}


class StackAction(StrEnum):
    """What a stack needs."""

    CREATE = "create"
    UPDATE = "update"
    RECREATE = "recreate"
    REJOIN = "rejoin"


@dataclass(frozen=True, slots=True)
class DeployStack:
    """Bring the node's stack to what it should be."""

    stack: str
    account_id: str
    region: str
    action: StackAction
    changes: tuple[ResourceChange, ...]
    kind = "deploy_stack"

    @property
    def sentence(self) -> str:
        """What it does and why."""
        where = f"stack {self.stack} in AWS account {self.account_id}, {self.region}"
        match self.action:
            case StackAction.CREATE:
                return f"Create {where}; it costs nothing while nothing runs"
            case StackAction.UPDATE:
                return f"Change {where}"
            case StackAction.RECREATE:
                return f"Delete the remains of a failed attempt, then create {where}"
            case StackAction.REJOIN:
                return f"Wait for AWS, which is still working on {where}"

    @property
    def lines(self) -> tuple[str, ...]:
        """One line for each resource."""
        return tuple(explain(change) for change in self.changes)


@dataclass(frozen=True, slots=True)
class RegisterAccount:
    """Tell Pennsieve about the AWS account and the role in it."""

    account_id: str
    role_name: str
    kind = "register_account"

    @property
    def sentence(self) -> str:
        """What it does and why."""
        return (
            f"Register AWS account {self.account_id} with Pennsieve, to enter by {self.role_name}"
        )


@dataclass(frozen=True, slots=True)
class AllowImagePulls:
    """Let the account pull the images that Pennsieve builds."""

    account_id: str
    kind = "allow_image_pulls"

    @property
    def sentence(self) -> str:
        """What it does and why."""
        return f"Let AWS account {self.account_id} pull the images of your workflows"


@dataclass(frozen=True, slots=True)
class EnableWorkspace:
    """Let this workspace use the account."""

    organization_id: str
    kind = "enable_workspace"

    @property
    def sentence(self) -> str:
        """What it does and why."""
        return "Let this workspace use the AWS account; only you can make nodes in it"


@dataclass(frozen=True, slots=True)
class RegisterNode:
    """Tell Pennsieve about the node."""

    name: str
    deployment_mode: str
    kind = "register_node"

    @property
    def sentence(self) -> str:
        """What it does and why."""
        return f"Register compute node '{self.name}' ({self.deployment_mode}) with Pennsieve"


@dataclass(frozen=True, slots=True)
class AwaitNode:
    """Wait until the node is usable."""

    name: str
    kind = "await_node"

    @property
    def sentence(self) -> str:
        """What it does and why."""
        return f"Wait until Pennsieve has entered the account and '{self.name}' is Enabled"


Step = DeployStack | RegisterAccount | AllowImagePulls | EnableWorkspace | RegisterNode | AwaitNode


@dataclass(frozen=True, slots=True)
class AlreadyDone:
    """A step that needs nothing, and why."""

    step: Step
    reason: str

    @property
    def kind(self) -> str:
        """The kind of the step it stands for."""
        return self.step.kind

    @property
    def sentence(self) -> str:
        """Why there is nothing to do."""
        return f"Nothing to do: {self.reason}"


@dataclass(frozen=True, slots=True)
class AccountPlan:
    """Everything that a registration will change, in order. Plain data.

    ``account_uuid`` and ``node_uuid`` are set when the platform has these records already.
    ``makes_role`` is False when the account's role was made elsewhere.
    """

    name: str
    organization_id: str
    deployment_mode: str
    identity: AwsIdentity
    names: NodeNames
    platform_account_id: str
    external_id: str = field(repr=False)
    makes_role: bool
    steps: tuple[Step | AlreadyDone, ...] = ()
    account_uuid: str = ""
    node_uuid: str = ""
    extras: Extras = NO_EXTRAS

    @property
    def role(self) -> RoleDocuments:
        """The role that Pennsieve enters by; an organisation's boundary is not read here."""
        trust = platform_trust(self.platform_account_id, self.external_id, self.names.partition)
        boundary = None if self.extras.boundary else platform_boundary(self.names)
        return RoleDocuments(self.names.role, trust, (platform_access(self.names),), boundary)

    @property
    def words(self) -> tuple[str, ...]:
        """What Pennsieve can and cannot do afterwards, and what the organisation demands."""
        return (*summary(self.role), *self.extras.lines)

    @property
    def nothing_to_do(self) -> bool:
        """Whether all of it is done already."""
        return all(isinstance(step, AlreadyDone) for step in self.steps)

    @property
    def stack_request(self) -> StackRequest:
        """The stack as it should be."""
        return stack_request(
            self.names,
            self.name,
            (self.platform_account_id, self.external_id) if self.makes_role else None,
            self.extras,
        )

    def to_json(self) -> dict[str, Any]:
        """The plan for ``--dry-run --json``. It leaves out the external id."""
        return {
            "name": self.name,
            "organization_id": self.organization_id,
            "deployment_mode": self.deployment_mode,
            "aws": asdict(self.identity),
            "platform_aws_account_id": self.platform_account_id,
            "stack": self.names.stack,
            "role": self.names.role,
            "makes_role": self.makes_role,
            "permissions_boundary": self.extras.boundary or self.names.boundary_arn,
            "tags": dict(self.extras.tags),
            "words": list(self.words),
            "nothing_to_do": self.nothing_to_do,
            "steps": [_step_json(step) for step in self.steps],
        }


def stack_request(
    names: NodeNames,
    node_name: str,
    new_role: tuple[str, str] | None,
    extras: Extras = NO_EXTRAS,
) -> StackRequest:
    """The stack of a node. ``new_role`` is Pennsieve's AWS account and the external id."""
    template = (
        node_template(names, *new_role, node_name, extras)
        if new_role is not None
        else sharing_template(names, node_name, extras)
    )
    return StackRequest(names.stack, template, node_tags(names, node_name) | dict(extras.tags))


def explain(change: ResourceChange) -> str:
    """One change of a stack in plain words."""
    verb = _VERBS.get(change.action, change.action.lower())
    what = _WHAT.get(change.logical_id, change.type)
    note = "; it is made anew, what is in it is lost" if change.replacement == "True" else ""
    return f"{verb} {change.logical_id} ({change.type}): {what}{note}"


def _step_json(step: Step | AlreadyDone) -> dict[str, Any]:
    body: dict[str, Any] = {
        "step": step.kind,
        "already_done": isinstance(step, AlreadyDone),
        "sentence": step.sentence,
    }
    if isinstance(step, DeployStack):
        body["action"] = step.action.value
        body["changes"] = [
            {**asdict(change), "sentence": explain(change)} for change in step.changes
        ]
    return body
