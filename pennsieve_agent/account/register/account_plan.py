"""The plan of an own node as plain data: the node, and the steps to it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from pennsieve_agent.account.register.steps import DeployStack, Step
from pennsieve_agent.account.rights.policy_sentences import RoleDocuments, sensitive_denied, summary
from pennsieve_agent.account.rights.role_documents import roles_of
from pennsieve_agent.account.rights.statement_sentences import listing
from pennsieve_agent.account.spec.names import NodeNames
from pennsieve_agent.account.spec.node_spec import NodeSpec, Settings
from pennsieve_agent.account.spec.organisation_rules import Extras
from pennsieve_agent.account.spec.owner_choices import SettingChange, changes
from pennsieve_agent.account.spec.spec_json import settings_json
from pennsieve_agent.account.stack.costs import Costs, costs_of
from pennsieve_agent.account.stack.explain import explain, group_of
from pennsieve_agent.account.stack.network_words import network_words
from pennsieve_agent.account.stack.stack_request import stack_request
from pennsieve_agent.account.stack.storage_words import storage_words
from pennsieve_agent.account.world.steps import AlreadyDone, step_json
from pennsieve_agent.aws.cloudformation import StackRequest
from pennsieve_agent.aws.values import AwsIdentity

NO_RIGHTS = "Pennsieve has no permissions in this account: it cannot assume any of these roles"


@dataclass(frozen=True, slots=True)
class AccountPlan:
    """Everything that the registration of an own node will change, in order.

    ``account_uuid`` is set when Pennsieve has a record of the AWS account already.
    """

    spec: NodeSpec
    organization_id: str
    identity: AwsIdentity
    steps: tuple[Step | AlreadyDone, ...] = ()
    account_uuid: str = ""
    before: Settings | None = None
    """The settings of the present stack; None where there is none yet."""

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
        """What the organisation requires."""
        return self.spec.settings.extras

    @property
    def roles(self) -> tuple[RoleDocuments, ...]:
        """Every role of the node; none is for Pennsieve."""
        return roles_of(self.spec)

    @property
    def words(self) -> tuple[str, ...]:
        """What the node's roles can and cannot do, and what the organisation requires."""
        able = (summary(role, f"Role {role.name}")[0] for role in self.roles)
        never = self.never
        none = (f"None of these roles can {listing(never, 'or')}",) if never else ()
        return (NO_RIGHTS, *able, *none, self.unmasked, *self.extras.lines)

    @property
    def unmasked(self) -> str:
        """Where secrets that a step prints are seen.

        They are masked where a log is read. What writes it is AWS's log driver, and a data
        protection policy of CloudWatch masks patterns, not values
        (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/mask-sensitive-log-data.html).
        """
        return (
            f"Log group {self.names.log_group} has what steps print as they print it, secrets "
            "included: whoever may read it in this account sees them. pennsieve run logs and kept "
            "logs show *** instead"
        )

    @property
    def network(self) -> tuple[str, ...]:
        """What its network means: zones, ways out, and what stays open."""
        return network_words(self.spec)

    @property
    def storage(self) -> tuple[str, ...]:
        """What it stores: with which key, for how long, at which price."""
        return storage_words(self.spec)

    @property
    def never(self) -> list[str]:
        """The sensitive actions that none of the node's roles can do."""
        first, *others = (sensitive_denied(role) for role in self.roles)
        return [action for action in first if all(action in denied for denied in others)]

    @property
    def changed(self) -> tuple[SettingChange, ...]:
        """Which of its settings will change."""
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
        """The plan for ``--dry-run --json``."""
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
            "network": list(self.network),
            "storage": list(self.storage),
            "costs": self.costs.to_json(),
            "nothing_to_do": self.nothing_to_do,
            "steps": [_step_json(step) for step in self.steps],
        }


def _step_json(step: Step | AlreadyDone) -> dict[str, Any]:
    body = step_json(step)
    if isinstance(step, DeployStack):
        body["action"] = step.action.value
        body["changes"] = [
            {**asdict(change), "group": group_of(change.type).lower(), "sentence": explain(change)}
            for change in step.changes
        ]
    return body
