"""Plan the removal of a compute node, in the order that leaves nothing unreachable.

The order is the contract's (``contracts/resources.md`` section 6, trap 43): the node's record and
its disappearance, the workspace's right, the account's record, and the AWS side last. Each step
may find its work done, so that an interrupted removal is simply run again.

An own node has no record. The record of its AWS account goes only if that very node made it, which
the name in it says, and if no other own node is there.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from pennsieve_agent.account.remove.observe_removal import (
    COUNTED_OBJECTS,
    RemovalObserved,
)
from pennsieve_agent.account.spec.names import (
    NodeNames,
)
from pennsieve_agent.account.stack.explain import Group, group_of
from pennsieve_agent.aws.values import Stack
from pennsieve_agent.domain.compute import Account

BUILT_BY_PENNSIEVE = (
    "what Pennsieve built and never deletes: policies called pennsieve-boundary-*, the bucket "
    "tfstate-ACCOUNT and buckets of logs; look for them in the AWS console"
)
"""Left behind always (``contracts/resources.md`` 2.5)."""
OF_WORKFLOWS = (
    "the Pennsieve users of workflows that are also on other nodes; they are deleted with the "
    "workflow: pennsieve workflow archive --delete"
)
KEPT_BY_AWS = (
    "what AWS keeps at no cost: a system backup of the node's table for 35 days, its deregistered "
    "job definitions for 180 days, and AWS's own service-linked roles, which all of the account "
    "shares"
)
"""Amazon DynamoDB, "Point-in-time recovery: how it works"
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/PointInTimeRecovery_Howitworks.html);
AWS Batch API reference, "DeregisterJobDefinition"
(https://docs.aws.amazon.com/batch/latest/APIReference/API_DeregisterJobDefinition.html); IAM User
Guide, "Create a service-linked role"
(https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create-service-linked-role.html)."""
_NEVER_TAKEN_BACK = (
    "the permission of the AWS account to pull images, which Pennsieve never revokes"
)

_INSIDE = "TransferFiles"
"""The function that is inside the node's network."""
_INTERFACES = (
    f"It takes AWS up to 45 minutes to delete the network interfaces of function {_INSIDE}",
)
"""See :data:`pennsieve_agent.aws.stack_events.STACK_SECONDS`."""


@dataclass(frozen=True, slots=True)
class RemovalStep:
    """One deletion. ``target`` is a uuid of the platform's, a token, or a stack's name.

    ``lines`` are what is in it.
    """

    kind: str
    target: str
    sentence: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RemovalPlan:
    """What is deleted, in order, and what is kept."""

    name: str
    organization_id: str
    steps: tuple[RemovalStep, ...]
    kept: tuple[str, ...] = ()
    names: NodeNames | None = None
    is_served: bool = False

    def to_json(self) -> dict[str, Any]:
        """The plan for ``--dry-run --json``."""
        return {
            "name": self.name,
            "organization_id": self.organization_id,
            "steps": [asdict(step) for step in self.steps],
            "kept": list(self.kept),
        }


def plan_removal(observed: RemovalObserved) -> RemovalPlan:
    """What is deleted and what is kept. Pure."""
    steps, kept = _served(observed) if observed.is_served else _own(observed)
    return RemovalPlan(
        name=observed.name,
        organization_id=observed.organization_id,
        steps=tuple(steps),
        kept=("your datasets and results on Pennsieve, which cost nothing in AWS", *kept),
        names=observed.names,
        is_served=observed.is_served,
    )


def _own(observed: RemovalObserved) -> tuple[list[RemovalStep], list[str]]:
    steps: list[RemovalStep] = []
    kept = [OF_WORKFLOWS]
    account, names = observed.account, observed.names
    number = observed.identity.account_id
    if account is not None and names is not None:
        if account.role_name != names.account_role:
            kept.append(f"the registration of AWS account {number}, which this node did not create")
        elif observed.others:
            others = ", ".join(f"'{other}'" for other in observed.others)
            kept.append(f"the registration of AWS account {number}, which {others} may use")
        else:
            steps += _account_steps(observed, account)
            kept.append(_NEVER_TAKEN_BACK)
    if observed.stack is not None:
        steps.append(_stack_step(observed, observed.stack))
        kept.append(KEPT_BY_AWS)
    if observed.remembered and names is not None:
        sentence = f"Forget compute node '{observed.name}' on this machine"
        steps.append(RemovalStep("forget_node", names.token, sentence))
    return steps, kept


def _served(observed: RemovalObserved) -> tuple[list[RemovalStep], list[str]]:
    steps: list[RemovalStep] = []
    kept: list[str] = []
    if observed.node is not None:
        sentence = (
            f"Remove compute node '{observed.name}' from Pennsieve and wait until it is deleted"
        )
        steps.append(RemovalStep("delete_node", observed.node.uuid, sentence))
    role_goes = observed.role_missing or observed.served_role
    if observed.account is not None and (observed.others or not role_goes):
        kept.append(
            f"the registration of AWS account {observed.identity.account_id}, "
            f"and role {observed.account.role_name}"
        )
    elif observed.account is not None:
        steps += _account_steps(observed, observed.account)
        kept.append(_NEVER_TAKEN_BACK)
    if observed.served_role and not observed.others:
        kept += [BUILT_BY_PENNSIEVE]
        sentence = f"Delete role {observed.served_role}, and check that it is deleted"
        steps.append(RemovalStep("delete_role", observed.served_role, sentence))
    return steps, kept


def _account_steps(observed: RemovalObserved, account: Account) -> list[RemovalStep]:
    number = observed.identity.account_id
    disable = f"Stop this workspace from using AWS account {number}"
    delete = f"Delete the registration of AWS account {number} with Pennsieve"
    return [
        RemovalStep("disable_workspace", account.uuid, disable),
        RemovalStep("delete_account", account.uuid, delete),
    ]


def _stack_step(observed: RemovalObserved, stack: Stack) -> RemovalStep:
    count = observed.objects
    many = f"more than {COUNTED_OBJECTS}" if count > COUNTED_OBJECTS else str(count)
    versions = "object version" if count == 1 else "object versions"
    sentence = (
        f"Empty the node's bucket ({many} {versions}) and its image repositories, delete its "
        f"secrets and the keys of workflows, then delete stack {stack.name} in AWS account "
        f"{observed.identity.account_id}, including the records of its runs"
    )
    lines = (
        f"{group}: {', '.join(r.logical_id for r in stack.resources if group_of(r.type) is group)}"
        for group in Group
        if any(group_of(r.type) is group for r in stack.resources)
    )
    waits = _INTERFACES if any(r.logical_id == _INSIDE for r in stack.resources) else ()
    return RemovalStep("delete_stack", stack.id, sentence, (*lines, *waits))
