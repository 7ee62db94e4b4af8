"""The whole of a registration as plain data: a node, and the steps to it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from pennsieve_agent.account.register.steps import AlreadyDone, DeployStack, Step
from pennsieve_agent.account.rights.policy_sentences import RoleDocuments, fears, summary
from pennsieve_agent.account.rights.role_documents import roles_of
from pennsieve_agent.account.rights.statement_sentences import listing
from pennsieve_agent.account.served.hardening import wildcards
from pennsieve_agent.account.served.role import ServedRole
from pennsieve_agent.account.spec.names import NodeNames
from pennsieve_agent.account.spec.node_spec import NodeSpec, Settings
from pennsieve_agent.account.spec.organisation_rules import Extras
from pennsieve_agent.account.spec.owner_choices import Changed, changes
from pennsieve_agent.account.spec.spec_json import settings_json
from pennsieve_agent.account.stack.costs import Costs, costs_of
from pennsieve_agent.account.stack.explain import explain, group_of
from pennsieve_agent.account.stack.stack_request import stack_request
from pennsieve_agent.aws.cloudformation import StackRequest
from pennsieve_agent.aws.values import AwsIdentity

NO_RIGHTS = "Pennsieve has no rights in this account: no role of the node lets it in"


@dataclass(frozen=True, slots=True)
class AccountPlan:
    """Everything that a registration will change, in order.

    ``account_uuid`` and ``node_uuid`` are set when Pennsieve has these records already; an own
    node has none of its own.
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
    """The one role of a node that Pennsieve itself runs; None for an own node."""
    external_id: str = field(default="", repr=False)
    """What the record of the AWS account says for nodes that Pennsieve runs."""

    @property
    def name(self) -> str:
        """The node's name."""
        return self.spec.node_name

    @property
    def names(self) -> NodeNames:
        """The names of its resources."""
        return self.spec.names

    @property
    def extras(self) -> Extras:
        """What the organisation demands."""
        return self.spec.settings.extras

    @property
    def roles(self) -> tuple[RoleDocuments, ...]:
        """Every role: of an own node its parts' own, else the one that Pennsieve enters by."""
        if self.served is not None:
            documents = self.served.documents
            permissions = (documents.permissions,)
            return (RoleDocuments(self.served.name, documents.trust, permissions),)
        return roles_of(self.spec)

    @property
    def words(self) -> tuple[str, ...]:
        """What Pennsieve and the node's own roles can and cannot do, and what is demanded."""
        if self.served is not None:
            return (*summary(self.roles[0]), *self.extras.lines)
        able = (summary(role, f"Role {role.name}")[0] for role in self.roles)
        first, *others = (fears(role) for role in self.roles)
        never = [fear for fear in first if all(fear in each for each in others)]
        none = (f"None of these roles can {listing(never, 'or')}",) if never else ()
        return (NO_RIGHTS, *able, *none, *self.extras.lines)

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
        """The plan for ``--dry-run --json``. It leaves the external id out."""
        if self.served is not None:
            return self._served_json(self.served)
        return {
            "name": self.name,
            "provisioner": "own",
            "organization_id": self.organization_id,
            "deployment_mode": self.spec.settings.mode.value,
            "settings": settings_json(self.spec.settings),
            "changed_settings": [change.to_json() for change in self.changed],
            "aws": asdict(self.identity),
            "stack": self.names.stack,
            "gateway": self.names.function_arn(self.names.gateway),
            "admin": self.names.function_arn(self.names.admin),
            "rights_of_pennsieve": [],
            "images_from_aws_account": self.spec.platform_account_id or None,
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
