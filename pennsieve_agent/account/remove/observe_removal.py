"""Read what belongs to a compute node, on Pennsieve and in AWS, before it is removed."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice

from pennsieve_agent.account.served.role import SERVED_TAG
from pennsieve_agent.account.spec.names import (
    NODE_TAG,
    STACK_PREFIX,
    TOKEN_TAG,
    NodeNames,
    node_names,
    tag_value,
)
from pennsieve_agent.account.world.clients import Clients
from pennsieve_agent.account.world.pennsieve_account import ask_pennsieve
from pennsieve_agent.account.world.registration_journal import JournalEntry
from pennsieve_agent.aws.cloudformation import find_stack, stacks_called
from pennsieve_agent.aws.iam import find_role
from pennsieve_agent.aws.s3 import object_versions
from pennsieve_agent.aws.values import AwsIdentity, Stack
from pennsieve_agent.domain.compute import Account, ComputeNode
from pennsieve_agent.errors import NotFound, UnknownName, UsageProblem

COUNTED_OBJECTS = 1000
"""More objects than this are not counted one by one for the plan."""


@dataclass(frozen=True, slots=True)
class RemovalOptions:
    """Which node: by its exact name, and by its id where that is known.

    ``token`` is that of an own node; ``node_uuid`` of one that Pennsieve runs.
    """

    name: str
    organization_id: str
    node_uuid: str = ""
    token: str = ""


@dataclass(frozen=True, slots=True)
class RemovalObserved:
    """How things are. ``node`` is None for an own node.

    ``others`` names further nodes of the same AWS account that may be seen here. ``remembered``
    says that this machine remembers the node. ``role_missing`` and ``served_role`` are about nodes
    that Pennsieve runs. ``objects`` counts at most :data:`COUNTED_OBJECTS` and one.
    """

    identity: AwsIdentity
    name: str
    organization_id: str
    node: ComputeNode | None = None
    account: Account | None = None
    others: tuple[str, ...] = ()
    stack: Stack | None = None
    names: NodeNames | None = None
    is_served: bool = False
    remembered: bool = False
    role_missing: bool = False
    served_role: str = ""
    """The role that this program created for Pennsieve, if it exists."""
    objects: int = 0


def observe_removal(clients: Clients, options: RemovalOptions) -> RemovalObserved:
    """Look for everything that belongs to a node. Changes nothing.

    Raises:
        UsageProblem: there is nothing of this name, or it is in another AWS account.

    """
    identity = clients.aws.identity()
    entry = clients.journal.read()
    records = ask_pennsieve(clients.registry, options.organization_id, identity.account_id)
    node = _node(clients, options, entry, records.nodes)
    _check_account(node, entry, identity)
    name = options.name if node is None else node.name
    is_served = node is not None or (entry is not None and bool(entry.role))
    stack = None if is_served else _find_stack(clients, options, entry)
    if node is None and stack is None and entry is None and not options.token:
        raise UnknownName(
            f"no compute node is called '{options.name}'",
            hint="list them with: pennsieve compute list",
        )
    if is_served:
        return _observe_served(clients, options, records.account, node, entry, records.nodes)
    token = stack.tags[TOKEN_TAG] if stack is not None else entry.token if entry else options.token
    names = node_names(token, identity)
    return RemovalObserved(
        identity=identity,
        name=name,
        organization_id=options.organization_id,
        account=records.account,
        others=_other_own_nodes(clients, names),
        stack=stack,
        names=names,
        remembered=any(n.token == token for n in clients.nodes.list()),
        objects=_count(clients, names) if stack is not None else 0,
    )


def _observe_served(
    clients: Clients,
    options: RemovalOptions,
    account: Account | None,
    node: ComputeNode | None,
    entry: JournalEntry | None,
    nodes: Sequence[ComputeNode],
) -> RemovalObserved:
    """A node that Pennsieve runs: its record, and the one role in AWS."""
    identity = clients.aws.identity()
    role_name = account.role_name if account is not None else entry.role if entry else ""
    role = find_role(clients.aws, role_name) if role_name else None
    return RemovalObserved(
        identity=identity,
        name=options.name if node is None else node.name,
        organization_id=options.organization_id,
        node=node,
        account=account,
        others=tuple(n.name for n in _others(nodes, node, account)),
        is_served=True,
        role_missing=role is None,
        served_role=role.name if role is not None and SERVED_TAG in role.tags else "",
    )


def _node(
    clients: Clients,
    options: RemovalOptions,
    entry: JournalEntry | None,
    nodes: Sequence[ComputeNode],
) -> ComputeNode | None:
    """The node that Pennsieve runs; None for an own node."""
    if options.token or (entry is not None and not entry.role):
        return None
    uuid = options.node_uuid or (entry.node_uuid if entry is not None else "")
    for node in nodes:
        if node.uuid == uuid or (not uuid and node.name == options.name):
            return node
    with suppress(NotFound):
        return clients.registry.node(uuid) if uuid else None
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
        hint="choose other credentials with: --aws-profile NAME --region REGION",
    )


def _find_stack(
    clients: Clients, options: RemovalOptions, entry: JournalEntry | None
) -> Stack | None:
    token = entry.token if entry is not None else options.token
    if token:
        stack = find_stack(clients.aws, f"{STACK_PREFIX}{token}")
        return stack if stack is not None and stack.tags.get(TOKEN_TAG) == token else None
    named = [
        stack
        for stack in stacks_called(clients.aws, STACK_PREFIX)
        if stack.tags.get(NODE_TAG) == tag_value(options.name)
        and stack.name == f"{STACK_PREFIX}{stack.tags.get(TOKEN_TAG)}"
    ]
    if len(named) > 1:
        raise UsageProblem(
            f"there are {len(named)} compute nodes called '{options.name}' in this AWS account: "
            f"{', '.join(stack.tags[TOKEN_TAG] for stack in named)}",
            hint="find yours with: pennsieve compute list --aws, and name it by its id",
        )
    return find_stack(clients.aws, named[0].id) if named else None


def _other_own_nodes(clients: Clients, names: NodeNames) -> tuple[str, ...]:
    """Further own nodes in this AWS account: in this region, and those remembered elsewhere."""
    nodes = {
        stack.tags[TOKEN_TAG]: stack.tags.get(NODE_TAG, stack.name)
        for stack in stacks_called(clients.aws, STACK_PREFIX)
        if TOKEN_TAG in stack.tags and not stack.only_reviewed
    }
    nodes |= {
        n.token: n.name
        for n in clients.nodes.list()
        if n.account == names.account_id and n.is_owned
    }
    return tuple(sorted(name for token, name in nodes.items() if token != names.token))


def _others(
    nodes: Sequence[ComputeNode], node: ComputeNode | None, account: Account | None
) -> tuple[ComputeNode, ...]:
    if account is None:
        return ()
    mine = node.uuid if node is not None else ""
    return tuple(n for n in nodes if n.account_uuid == account.uuid and n.uuid != mine)


def _count(clients: Clients, names: NodeNames) -> int:
    return sum(1 for _ in islice(object_versions(clients.aws, names.bucket), COUNTED_OBJECTS + 1))
