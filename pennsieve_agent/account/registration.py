"""The whole of a registration as plain data: a node, and the steps to it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from pennsieve_agent.account.chosen import Changed, changes
from pennsieve_agent.account.costs import Costs, costs_of
from pennsieve_agent.account.explain import explain, group_of
from pennsieve_agent.account.extras import Extras
from pennsieve_agent.account.names import NodeNames
from pennsieve_agent.account.recorded import settings_json
from pennsieve_agent.account.request import stack_request
from pennsieve_agent.account.roles import roles_of
from pennsieve_agent.account.sentences import listing
from pennsieve_agent.account.served.hardening import wildcards
from pennsieve_agent.account.served.role import ServedRole
from pennsieve_agent.account.spec import NodeSpec, Settings
from pennsieve_agent.account.steps import AlreadyDone, DeployStack, Step
from pennsieve_agent.account.words import RoleDocuments, fears, summary
from pennsieve_agent.aws.cloudformation import StackRequest
from pennsieve_agent.aws.values import AwsIdentity


@dataclass(frozen=True, slots=True)
class AccountPlan:
    """Everything that a registration will change, in order.

    ``account_uuid`` and ``node_uuid`` are set when the platform has these records already.
    """

    spec: NodeSpec
    organization_id: str
    identity: AwsIdentity
    steps: tuple[Step | AlreadyDone, ...] = ()
    account_uuid: str = ""
    node_uuid: str = ""
    before: Settings | None = None
    """What its owner had chosen until now, as the stack says; None where there is none yet."""
    served: ServedRole | None = None
    """The one role of a node that Pennsieve itself runs; None for a node of the user's own."""

    @property
    def name(self) -> str:
        """The node's name."""
        return self.spec.node_name

    @property
    def names(self) -> NodeNames:
        """The names of its resources."""
        return self.spec.names

    @property
    def makes_role(self) -> bool:
        """Whether its stack makes the account's one role; False when that was made elsewhere."""
        return self.spec.makes_role

    @property
    def external_id(self) -> str:
        """What Pennsieve must say to be let in."""
        return self.spec.external_id

    @property
    def extras(self) -> Extras:
        """What the organisation demands."""
        return self.spec.settings.extras

    @property
    def roles(self) -> tuple[RoleDocuments, ...]:
        """Every role, the one that Pennsieve enters by first."""
        if self.served is not None:
            documents = self.served.documents
            permissions = (documents.permissions,)
            return (RoleDocuments(self.served.name, documents.trust, permissions),)
        return roles_of(self.spec)

    @property
    def role(self) -> RoleDocuments:
        """The role that Pennsieve enters by."""
        return self.roles[0]

    @property
    def words(self) -> tuple[str, ...]:
        """What Pennsieve and the node's own roles can and cannot do, and what is demanded."""
        platform, *inner = self.roles
        able = (summary(role, f"Role {role.name}")[0] for role in inner)
        never = [fear for fear in fears(platform) if all(fear in fears(role) for role in inner)]
        none = (f"None of these roles can {listing(never, 'or')}",) if inner and never else ()
        return (*summary(platform), *able, *none, *self.extras.lines)

    @property
    def changed(self) -> tuple[Changed, ...]:
        """Which of its settings will be others."""
        return changes(self.before, self.spec.settings)

    @property
    def costs(self) -> Costs:
        """What the node will cost."""
        return costs_of(self.spec)

    @property
    def nothing_to_do(self) -> bool:
        """Whether all of it is done already."""
        return all(isinstance(step, AlreadyDone) for step in self.steps)

    @property
    def stack_request(self) -> StackRequest:
        """The stack as it should be."""
        return stack_request(self.spec)

    def to_json(self) -> dict[str, Any]:
        """The plan for ``--dry-run --json``. It leaves out the external id."""
        if self.served is not None:
            return self._served_json(self.served)
        return {
            "name": self.name,
            "provisioner": "self",
            "organization_id": self.organization_id,
            "deployment_mode": self.spec.settings.mode.value,
            "settings": settings_json(self.spec.settings),
            "changed_settings": [change.to_json() for change in self.changed],
            "aws": asdict(self.identity),
            "platform_aws_account_id": self.spec.platform_account_id,
            "stack": self.names.stack,
            "role": self.names.role,
            "makes_role": self.makes_role,
            "permissions_boundary": self.extras.boundary or self.names.boundary_arn,
            "tags": dict(self.extras.tags),
            "words": list(self.words),
            "costs": self.costs.to_json(),
            "nothing_to_do": self.nothing_to_do,
            "steps": [_step_json(step) for step in self.steps],
        }

    def _served_json(self, served: ServedRole) -> dict[str, Any]:
        return {
            "name": self.name,
            "provisioner": "platform",
            "organization_id": self.organization_id,
            "deployment_mode": self.spec.settings.mode.value,
            "aws": asdict(self.identity),
            "platform_aws_account_id": self.spec.platform_account_id,
            "role": served.name,
            "hardened": served.hardened,
            "permissions_boundary": served.boundary,
            "tags": dict(served.tags),
            "documents": asdict(served.documents),
            "wildcards": list(wildcards(served.documents.permissions)),
            "words": list(self.words),
            "nothing_to_do": self.nothing_to_do,
            "steps": [_step_json(step) for step in self.steps],
        }


def _step_json(step: Step | AlreadyDone) -> dict[str, Any]:
    body: dict[str, Any] = {
        "step": step.kind,
        "already_done": isinstance(step, AlreadyDone),
        "sentence": step.sentence,
    }
    if isinstance(step, DeployStack):
        body["action"] = step.action.value
        body["changes"] = [
            {**asdict(change), "group": group_of(change.type).lower(), "sentence": explain(change)}
            for change in step.changes
        ]
    return body
