"""Take a compute node away again, in the order that strands nothing, and prove it gone.

The order is the contract's (``contracts/resources.md`` section 6, trap 43): the node's record and
its disappearance, the workspace's right, the account's record, and the AWS side last. Each step
may find its work done, so that an interrupted removal is simply run again.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

from pennsieve_agent.account.explain import PLATFORM_ROLE, Group, group_of
from pennsieve_agent.account.journal import JournalEntry
from pennsieve_agent.account.names import (
    NODE_TAG,
    STACK_PREFIX,
    TOKEN_TAG,
    NodeNames,
    node_names,
    tag_value,
)
from pennsieve_agent.account.served.role import SERVED_TAG
from pennsieve_agent.account.worlds import Worlds
from pennsieve_agent.aws.cloudformation import find_stack, stacks_called
from pennsieve_agent.aws.iam import find_role
from pennsieve_agent.aws.s3 import object_versions
from pennsieve_agent.aws.values import AwsIdentity, Stack
from pennsieve_agent.domain.compute import Account, ComputeNode
from pennsieve_agent.errors import NotFound, UsageProblem

BUILT_BY_PENNSIEVE = (
    "what Pennsieve built and never takes away: policies called pennsieve-boundary-*, the bucket "
    "tfstate-ACCOUNT and buckets of logs; look for them in the AWS console"
)
"""Left behind always (``contracts/resources.md`` 2.5)."""
COUNTED_OBJECTS = 1000
"""More objects than this are not counted one by one for the plan."""


@dataclass(frozen=True, slots=True)
class RemovalOptions:
    """What is asked for: a node by its exact name, or by ``node_uuid`` when that is known."""

    name: str
    organization_id: str
    node_uuid: str = ""


@dataclass(frozen=True, slots=True)
class RemovalObserved:
    """How things are. ``others`` are further nodes of the same account that may be seen here.

    ``role_in_stack`` says that the account's role goes when the stack goes; ``role_gone`` that it
    is not there any more. ``objects`` counts at most :data:`COUNTED_OBJECTS` and one.
    """

    identity: AwsIdentity
    name: str
    organization_id: str
    node: ComputeNode | None = None
    account: Account | None = None
    others: tuple[ComputeNode, ...] = ()
    stack: Stack | None = None
    names: NodeNames | None = None
    role_in_stack: bool = False
    role_gone: bool = False
    served_role: str = ""
    """The role that this program made of what Pennsieve asks for, if it is there."""
    objects: int = 0


@dataclass(frozen=True, slots=True)
class RemovalStep:
    """One thing that goes. ``target`` is a uuid of the platform's or a stack's name.

    ``lines`` are what is in it.
    """

    kind: str
    target: str
    sentence: str
    lines: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RemovalPlan:
    """What goes, in order, and what stays. ``takes_role`` says that the role goes too."""

    name: str
    organization_id: str
    steps: tuple[RemovalStep, ...]
    kept: tuple[str, ...] = ()
    names: NodeNames | None = None
    takes_role: bool = False

    def to_json(self) -> dict[str, Any]:
        """The plan for ``--dry-run --json``."""
        return {
            "name": self.name,
            "organization_id": self.organization_id,
            "steps": [asdict(step) for step in self.steps],
            "kept": list(self.kept),
        }


def observe_removal(worlds: Worlds, options: RemovalOptions) -> RemovalObserved:
    """Look for everything that belongs to a node. Changes nothing.

    Raises:
        UsageProblem: there is nothing of this name, or it is in another AWS account.

    """
    identity = worlds.aws.identity()
    entry = worlds.journal.read()
    nodes = worlds.registry.nodes(options.organization_id)
    node = _node(worlds, options, entry, nodes)
    _check_account(node, entry, identity)
    stack = _find_stack(worlds, options.name if node is None else node.name, entry)
    if node is None and stack is None and entry is None:
        raise UsageProblem(
            f"no compute node is called '{options.name}'",
            hint="list them with: pennsieve compute list",
        )
    accounts = worlds.registry.accounts()
    account = next((a for a in accounts if a.aws_account_id == identity.account_id), None)
    wanted = account.role_name if account is not None else entry.role if entry else ""
    role = find_role(worlds.aws, wanted) if wanted else None
    token = stack.tags[TOKEN_TAG] if stack is not None else entry.token if entry else ""
    role_name = account.role_name if account is not None else ""
    names = node_names(token, "", identity, role_name or _role_of(stack)) if token else None
    return RemovalObserved(
        identity=identity,
        name=options.name if node is None else node.name,
        organization_id=options.organization_id,
        node=node,
        account=account,
        others=_others(nodes, node, account),
        stack=stack,
        names=names,
        role_in_stack=bool(_role_of(stack)) and role_name in {"", _role_of(stack)},
        role_gone=role is None,
        served_role=role.name if role is not None and SERVED_TAG in role.tags else "",
        objects=_count(worlds, names) if stack is not None and names is not None else 0,
    )


def plan_removal(observed: RemovalObserved) -> RemovalPlan:
    """What goes and what stays. Pure.

    Raises:
        UsageProblem: other nodes need the role that would go with this one's stack.

    """
    if observed.role_in_stack and observed.others:
        other = observed.others[0].name
        raise UsageProblem(
            f"compute node '{other}' uses the role in this node's stack",
            hint=f"remove it first with: pennsieve compute remove '{other}'",
        )
    role_goes = observed.role_in_stack or observed.role_gone or observed.served_role
    leaves_account = observed.others or not role_goes
    steps, kept = (
        _node_steps(observed),
        ["your datasets and results on Pennsieve, which cost nothing in AWS"],
    )
    if observed.account is not None and leaves_account:
        kept.append(
            f"the registration of AWS account {observed.identity.account_id}, "
            f"and role {observed.account.role_name}"
        )
    elif observed.account is not None:
        steps += _account_steps(observed, observed.account)
        kept.append("the right of the AWS account to pull images, which Pennsieve never takes back")
    if observed.stack is not None:
        steps.append(_stack_step(observed, observed.stack))
    if observed.served_role and not observed.others:
        kept += [BUILT_BY_PENNSIEVE]
        sentence = f"Delete role {observed.served_role}, and see that it is gone"
        steps.append(RemovalStep("delete_role", observed.served_role, sentence))
    return RemovalPlan(
        name=observed.name,
        organization_id=observed.organization_id,
        steps=tuple(steps),
        kept=tuple(kept),
        names=observed.names,
        takes_role=observed.role_in_stack,
    )


def _node(
    worlds: Worlds,
    options: RemovalOptions,
    entry: JournalEntry | None,
    nodes: Sequence[ComputeNode],
) -> ComputeNode | None:
    uuid = options.node_uuid or (entry.node_uuid if entry is not None else "")
    for node in nodes:
        if node.uuid == uuid or (not uuid and node.name == options.name):
            return node
    with suppress(NotFound):
        return worlds.registry.node(uuid) if uuid else None
    return None


def _check_account(
    node: ComputeNode | None, entry: JournalEntry | None, identity: AwsIdentity
) -> None:
    there = node.aws_account_id if node is not None else entry.aws_account_id if entry else ""
    region = entry.region if entry is not None else identity.region
    if there in {"", identity.account_id} and region == identity.region:
        return
    raise UsageProblem(
        f"the compute node is in AWS account {there}, {region}; these credentials are for "
        f"{identity.account_id}, {identity.region}",
        hint="choose others with: --aws-profile NAME --region REGION",
    )


def _find_stack(worlds: Worlds, name: str, entry: JournalEntry | None) -> Stack | None:
    if entry is not None:
        found = find_stack(worlds.aws, f"{STACK_PREFIX}{entry.token}")
        return found if found is not None and found.tags.get(TOKEN_TAG) == entry.token else None
    for stack in stacks_called(worlds.aws, STACK_PREFIX):
        named = stack.tags.get(NODE_TAG) == tag_value(name)
        if named and stack.name == f"{STACK_PREFIX}{stack.tags.get(TOKEN_TAG)}":
            return find_stack(worlds.aws, stack.id)
    return None


def _role_of(stack: Stack | None) -> str:
    """The role that Pennsieve assumes, where it is in this stack."""
    resources = stack.resources if stack is not None else ()
    return next((r.name for r in resources if r.logical_id == PLATFORM_ROLE), "")


def _others(
    nodes: Sequence[ComputeNode], node: ComputeNode | None, account: Account | None
) -> tuple[ComputeNode, ...]:
    if account is None:
        return ()
    mine = node.uuid if node is not None else ""
    return tuple(n for n in nodes if n.account_uuid == account.uuid and n.uuid != mine)


def _count(worlds: Worlds, names: NodeNames) -> int:
    return sum(1 for _ in islice(object_versions(worlds.aws, names.bucket), COUNTED_OBJECTS + 1))


def _node_steps(observed: RemovalObserved) -> list[RemovalStep]:
    if observed.node is None:
        return []
    sentence = f"Remove compute node '{observed.name}' from Pennsieve and wait until it is gone"
    return [RemovalStep("delete_node", observed.node.uuid, sentence)]


def _account_steps(observed: RemovalObserved, account: Account) -> list[RemovalStep]:
    number = observed.identity.account_id
    disable = f"Take back this workspace's use of AWS account {number}"
    delete = f"Delete the registration of AWS account {number} with Pennsieve"
    return [
        RemovalStep("disable_workspace", account.uuid, disable),
        RemovalStep("delete_account", account.uuid, delete),
    ]


def _stack_step(observed: RemovalObserved, stack: Stack) -> RemovalStep:
    count = observed.objects
    many = f"more than {COUNTED_OBJECTS}" if count > COUNTED_OBJECTS else str(count)
    versions = "object version" if count == 1 else "object versions"
    role = ", with the role that Pennsieve assumed" if observed.role_in_stack else ""
    sentence = (
        f"Empty the node's bucket ({many} {versions}), then delete stack {stack.name} in AWS "
        f"account {observed.identity.account_id}{role}"
    )
    lines = (
        f"{group}: {', '.join(r.logical_id for r in stack.resources if group_of(r.type) is group)}"
        for group in Group
        if any(group_of(r.type) is group for r in stack.resources)
    )
    return RemovalStep("delete_stack", stack.id, sentence, tuple(lines))
