"""Look at a node from both sides, for :mod:`~pennsieve_agent.account.doctor`. Changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import Any

from pennsieve_agent.account.doctor import Examined
from pennsieve_agent.account.journal import JournalEntry
from pennsieve_agent.account.names import (
    ROLE_PREFIX,
    STACK_PREFIX,
    TOKEN_TAG,
    NodeNames,
    node_names,
    token_of_role,
)
from pennsieve_agent.account.observe import RegisterOptions
from pennsieve_agent.account.policies import platform_access, platform_boundary
from pennsieve_agent.account.recorded import installed_code, installed_settings
from pennsieve_agent.account.request import stack_request
from pennsieve_agent.account.spec import NodeSpec, Settings
from pennsieve_agent.account.worlds import Worlds
from pennsieve_agent.aws.cloudformation import find_stack, stacks_called, template_of
from pennsieve_agent.aws.iam import (
    IamRole,
    find_role,
    managed_policy,
    policies_called,
    role_policy,
    roles_called,
)
from pennsieve_agent.aws.session import Aws
from pennsieve_agent.aws.values import AwsIdentity, Stack
from pennsieve_agent.domain.compute import Account, ComputeNode
from pennsieve_agent.domain.identity import Hosts
from pennsieve_agent.errors import AwsError

OLDER_ROLE_PREFIX = "ROLE-"
"""What older agents called the role (``contracts/resources.md`` 1.8)."""


@dataclass(frozen=True, slots=True)
class _Platform:
    account_id: str
    node: ComputeNode | None
    accounts: tuple[Account, ...]


def examine(worlds: Worlds, options: RegisterOptions, now: Callable[[], float]) -> Examined:
    """Everything that the checks are about. ``now`` is in unix seconds.

    Raises:
        PlatformError: Pennsieve cannot be asked.
        AwsError: AWS refuses to be looked at, though the credentials are good.

    """
    platform = _platform(worlds, options)
    entry = worlds.journal.read()
    try:
        identity = worlds.aws.identity()
    except AwsError as error:
        return Examined(options.name, trouble=error.message, node=platform.node, entry=entry)
    account = next((a for a in platform.accounts if a.aws_account_id == identity.account_id), None)
    names = _names(entry, account, identity, options)
    stack = find_stack(worlds.aws, names.stack) if names is not None else None
    role = find_role(worlds.aws, names.role) if names is not None else None
    seen = Examined(
        name=options.name,
        identity=identity,
        platform_account_id=platform.account_id,
        node=platform.node,
        account=account,
        entry=entry,
        names=names,
        stack=stack,
        role=role,
        boundary=managed_policy(worlds.aws, role.boundary) if role and role.boundary else None,
        leftovers=_leftovers(worlds.aws, platform.accounts, names),
        skew_seconds=clock_skew(worlds.aws, now),
    )
    return _with_drift(worlds.aws, seen, options.hosts)


def clock_skew(aws: Aws, now: Callable[[], float]) -> float | None:
    """How far this machine's clock is ahead of AWS's, in seconds; None if AWS tells no time."""
    answer = aws.call("sts", "get_caller_identity")
    headers: Mapping[str, str] = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    try:
        return now() - parsedate_to_datetime(headers["date"]).timestamp()
    except (KeyError, ValueError):
        return None


def _platform(worlds: Worlds, options: RegisterOptions) -> _Platform:
    registry = worlds.registry
    nodes = registry.nodes(options.organization_id)
    node = next((n for n in nodes if options.name in {n.name, n.uuid}), None)
    return _Platform(registry.capabilities().platform_account_id, node, tuple(registry.accounts()))


def _names(
    entry: JournalEntry | None,
    account: Account | None,
    identity: AwsIdentity,
    options: RegisterOptions,
) -> NodeNames | None:
    role = account.role_name if account is not None else ""
    token = entry.token if entry is not None else token_of_role(role)
    return node_names(token, options.environment, identity, role) if token else None


def _with_drift(aws: Aws, seen: Examined, hosts: Hosts) -> Examined:
    if seen.stack is None or seen.names is None or seen.stack.only_reviewed:
        return seen
    return replace(seen, drifted=tuple(_drifted(aws, seen, (seen.names, seen.stack), hosts)))


def _drifted(
    aws: Aws, seen: Examined, place: tuple[NodeNames, Stack], hosts: Hosts
) -> Iterable[str]:
    """What differs from the text that this program would send."""
    names, stack = place
    makes_role = stack.holds("AWS::IAM::Role", names.role)
    external_id = seen.account.external_id if seen.account else ""
    template = template_of(aws, stack.id)
    spec = NodeSpec(
        names,
        seen.node.name if seen.node else seen.name,
        seen.platform_account_id,
        external_id,
        makes_role=makes_role,
        api=hosts.api,
        api2=hosts.api2,
        settings=installed_settings(template)
        or (seen.entry.settings if seen.entry else Settings()),
        code=installed_code(template),
    )
    request = stack_request(spec)
    known = seen.account is not None or not makes_role
    if known and not _same(template, request.template):
        yield "the stack's template"
    if seen.role is None:
        return
    access = role_policy(aws, names.role, names.access_policy)
    if access is None or not _same(access, platform_access(names)):
        yield f"policy {names.access_policy}"
    ours = seen.role.boundary == names.boundary_arn
    if ours and seen.boundary is not None and not _same(seen.boundary, platform_boundary(names)):
        yield f"policy {names.boundary}"
    yield from _trust_drift(seen.role, request.template)


def _trust_drift(role: IamRole, template: Mapping[str, Any]) -> Iterable[str]:
    made = template["Resources"].get("PlatformRole")
    if made and not _same(role.trust, made["Properties"]["AssumeRolePolicyDocument"]):
        yield f"the trust policy of role {role.name}"


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _leftovers(aws: Aws, accounts: tuple[Account, ...], names: NodeNames | None) -> tuple[str, ...]:
    """What an earlier registration made and nobody has use for: registered nowhere."""
    registered = {account.role_name for account in accounts}
    registered |= {names.role} if names is not None else set()
    stacks = {s.name: s for s in stacks_called(aws, STACK_PREFIX)}
    mine = {names.stack} if names is not None else set()
    roles = roles_called(aws, ROLE_PREFIX, OLDER_ROLE_PREFIX)
    found = [f"role {role}" for role in roles if role not in registered]
    policies = policies_called(aws, STACK_PREFIX)
    found += [f"policy {p}" for p in policies if p.removesuffix("-boundary") not in stacks]
    dead = [s for s in stacks.values() if s.name not in mine and (s.broken or s.only_reviewed)]
    found += [
        f"stack {s.name} ({s.status})" for s in dead if TOKEN_TAG in s.tags or s.only_reviewed
    ]
    return tuple(found)
