"""The plan of a node that Pennsieve runs, as plain data: its one role, and the steps to it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from pennsieve_agent.account.rights.policy_sentences import RoleDocuments, administrator, summary
from pennsieve_agent.account.served.hardening import wildcards
from pennsieve_agent.account.served.role import ServedRole
from pennsieve_agent.account.served.steps import ServedStep
from pennsieve_agent.account.spec.node_spec import Mode
from pennsieve_agent.account.spec.organisation_rules import Extras
from pennsieve_agent.account.world.steps import AlreadyDone, step_json
from pennsieve_agent.aws.values import AwsIdentity
from pennsieve_agent.domain.iam_policies import many, statements


@dataclass(frozen=True, slots=True)
class ServedPlan:
    """Everything that a registration will change, in order.

    ``token`` marks the journal; ``account_uuid`` and ``node_uuid`` are set where Pennsieve has
    these records already; ``external_id`` is what the record of the AWS account says.
    """

    name: str
    organization_id: str
    identity: AwsIdentity
    mode: Mode
    token: str
    role: ServedRole
    platform_account_id: str
    steps: tuple[ServedStep | AlreadyDone, ...] = ()
    account_uuid: str = ""
    node_uuid: str = ""
    external_id: str = field(default="", repr=False)

    @property
    def administrator(self) -> str:
        """The sentence that comes first: that Pennsieve can act with any role; else empty."""
        sentence = administrator(self._role)
        if sentence and self.role.boundary:
            sentence += f", unless the permissions boundary {self.role.boundary} denies that"
        return sentence

    @property
    def words(self) -> tuple[str, ...]:
        """What Pennsieve can and cannot do by the role, and what the organisation demands."""
        rules = Extras(self.role.boundary, tuple(self.role.tags.items()))
        can, cannot = summary(self._role)
        if self.administrator:  # else the sentence would be a comfort that is none
            cannot += ", by itself; by a role that it passes it may"
        return (can, cannot, *rules.lines)

    @property
    def _role(self) -> RoleDocuments:
        documents = self.role.documents
        return RoleDocuments(self.role.name, documents.trust, (documents.permissions,))

    @property
    def wildcards(self) -> tuple[str, ...]:
        """The services of which the role allows every action."""
        return wildcards(self.role.documents.permissions)

    @property
    def partly(self) -> tuple[str, ...]:
        """The services of which the role allows some actions."""
        services = dict.fromkeys(
            action.partition(":")[0]
            for statement in statements(self.role.documents.permissions)
            if statement.get("Effect") == "Allow"
            for action in map(str, many(statement.get("Action")))
        )
        return tuple(service for service in services if service not in self.wildcards)

    @property
    def nothing_to_do(self) -> bool:
        """Whether all of it is done already."""
        return all(isinstance(step, AlreadyDone) for step in self.steps)

    def to_json(self) -> dict[str, Any]:
        """The plan for ``--dry-run --json``. It leaves the external id out."""
        return {
            "name": self.name,
            "provisioner": "platform",
            "organization_id": self.organization_id,
            "deployment_mode": self.mode.value,
            "aws": asdict(self.identity),
            "platform_aws_account_id": self.platform_account_id,
            "role": self.role.name,
            "hardened": self.role.hardened,
            "permissions_boundary": self.role.boundary,
            "tags": dict(self.role.tags),
            "documents": asdict(self.role.documents),
            "wildcards": list(self.wildcards),
            "words": [*filter(None, (self.administrator, *self.words))],
            "nothing_to_do": self.nothing_to_do,
            "steps": [step_json(step) for step in self.steps],
        }
