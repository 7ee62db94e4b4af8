"""Read a node's state from both sides, for :mod:`.node_health`. Changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from email.utils import parsedate_to_datetime
from typing import Any

from pennsieve_agent.account.doctor.inspect_parts import look_at_parts, look_at_roles
from pennsieve_agent.account.doctor.node_health import Inspection
from pennsieve_agent.account.doctor.served_role_check import AS_SERVED, openings
from pennsieve_agent.account.register.node_identity import RegisterOptions
from pennsieve_agent.account.rights.role_documents import roles_of
from pennsieve_agent.account.served.update_role import unlike_served
from pennsieve_agent.account.spec.names import (
    ROLE_PREFIX,
    STACK_PREFIX,
    TOKEN_TAG,
    NodeNames,
    node_names,
)
from pennsieve_agent.account.spec.node_spec import NodeSpec, Settings
from pennsieve_agent.account.spec.spec_json import (
    installed_code,
    installed_name,
    installed_organization,
    installed_platform,
    installed_settings,
    installed_transfer,
    installed_zones,
    kept_in,
)
from pennsieve_agent.account.stack.functions import mover_image
from pennsieve_agent.account.stack.stack_request import stack_request
from pennsieve_agent.account.world.clients import Clients
from pennsieve_agent.account.world.node_shares import look_at_shares
from pennsieve_agent.account.world.own_node_state import own_node
from pennsieve_agent.account.world.permitted_reads import PermittedReads
from pennsieve_agent.account.world.platform_trust import trusted_account
from pennsieve_agent.aws.cloudformation import find_stack, stacks_called, template_of
from pennsieve_agent.aws.iam import (
    IamRole,
    attached_policies,
    find_role,
    managed_policy,
    policies_called,
    role_policies,
    roles_called,
)
from pennsieve_agent.aws.session import Aws
from pennsieve_agent.aws.values import Stack
from pennsieve_agent.aws.wrong_settings import sentence
from pennsieve_agent.domain.compute import Account
from pennsieve_agent.domain.own_node import OwnNode
from pennsieve_agent.domain.profile import Hosts
from pennsieve_agent.errors import AwsError, PlatformError

OLDER_ROLE_PREFIX = "ROLE-"
"""What older agents called the role (``contracts/resources.md`` 1.8)."""


def examine(clients: Clients, options: RegisterOptions, now: Callable[[], float]) -> Inspection:
    """Read everything that the checks are about. ``now`` is in unix seconds.

    Raises:
        PlatformError: Pennsieve cannot be asked.
    """
    nodes = clients.registry.nodes(options.organization_id)
    node = next((n for n in nodes if options.name in {n.name, n.uuid}), None)
    accounts = tuple(clients.registry.accounts())
    entry = clients.journal.read()
    remembered = _remembered(clients, options)
    seen = Inspection(
        options.name, node=node, own=remembered, remembered=remembered is not None, entry=entry
    )
    seen = replace(seen, served=() if _is_served(seen) else None)
    try:
        identity = clients.aws.identity()
    except AwsError as error:
        return replace(seen, trouble=sentence(error), remedy=error.hint or "")
    account = next((a for a in accounts if a.aws_account_id == identity.account_id), None)
    token = remembered.token if remembered else entry.token if entry else ""
    names = node_names(token, identity) if token else None
    aws, reads = clients.aws, PermittedReads(strict=True)
    seen = replace(
        seen,
        identity=identity,
        account=account,
        names=names,
        leftovers=reads.attempt("leftovers", lambda: _leftovers(aws, accounts, names), ()),
        skew_seconds=reads.attempt("clock", lambda: clock_skew(aws, now), None),
    )
    if seen.served is not None:
        seen = _with_openings(clients, reads, seen)
    elif names is not None:
        stack = reads.attempt("stack", lambda: find_stack(aws, names.stack), None)
        seen = _compared(clients, reads, replace(seen, stack=stack), options.hosts)
    return replace(seen, unseen=reads.unseen)


def _remembered(clients: Clients, options: RegisterOptions) -> OwnNode | None:
    named = (n for n in clients.nodes.list() if options.name in {n.name, n.token})
    return next(named, None)


def _is_served(seen: Inspection) -> bool:
    """Whether Pennsieve runs the node."""
    begun_here = seen.entry is not None and not seen.entry.role
    return seen.node is not None and seen.own is None and not begun_here


def _with_openings(clients: Clients, reads: PermittedReads, seen: Inspection) -> Inspection:
    """With the role that Pennsieve knows, whatever it is called, and what it allows too much."""
    aws = clients.aws
    name = seen.account.role_name if seen.account else ""
    role = reads.attempt("role", lambda: find_role(aws, name), None) if name else None
    nothing: tuple[str, ...] = ()
    if role is None:
        return replace(seen, role=None, served=nothing)
    boundary = reads.attempt("role's permissions", lambda: _boundary(aws, role), None)
    permitted = reads.attempt(
        "role's permissions", lambda: openings(_all_policies(aws, role.name), boundary), nothing
    )
    try:
        platform = trusted_account(clients.registry.role_policy().trust)
        unlike = reads.attempt(AS_SERVED, lambda: unlike_served(clients, role), 0)
    except PlatformError as error:
        platform, unlike, reads.unseen[AS_SERVED] = "", 0, error.message
    return replace(
        seen,
        role=role,
        boundary=boundary,
        served=permitted,
        unlike=unlike,
        platform_account_id=platform,
    )


def _all_policies(aws: Aws, role: str) -> dict[str, Mapping[str, Any]]:
    """The policies on a role and those attached to it; AWS's own among them are not read."""
    attached = {arn: managed_policy(aws, arn) for arn in attached_policies(aws, role)}
    return {**role_policies(aws, role), **{arn: doc for arn, doc in attached.items() if doc}}


def clock_skew(aws: Aws, now: Callable[[], float]) -> float | None:
    """How far this machine's clock is ahead of AWS's, in seconds; None if AWS tells no time."""
    answer = aws.call("sts", "get_caller_identity")
    headers: Mapping[str, str] = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    try:
        return now() - parsedate_to_datetime(headers["date"]).timestamp()
    except (KeyError, ValueError):
        return None


def _boundary(aws: Aws, role: IamRole | None) -> Mapping[str, Any] | None:
    return managed_policy(aws, role.boundary) if role and role.boundary else None


def _compared(
    clients: Clients, reads: PermittedReads, seen: Inspection, hosts: Hosts
) -> Inspection:
    """With what differs from what this program would create, and with the node's parts."""
    names, stack, aws = seen.names, seen.stack, clients.aws
    if stack is None or names is None or stack.only_reviewed:
        return seen
    nothing: Mapping[str, Any] = {}
    installed = reads.attempt("drift", lambda: template_of(aws, stack.id), nothing)
    spec = _spec(seen, (names, stack), installed, hosts)
    template = stack_request(spec).template
    none: tuple[str, ...] = ()
    drifted = reads.attempt("drift", lambda: tuple(look_at_roles(aws, names, template)), none)
    if installed and not _same(installed, template):
        drifted = ("the stack's template", *drifted)
    node = seen.own or own_node(spec, aws.profile or "")
    boundary = spec.settings.extras.boundary or names.boundary_arn
    parts = look_at_parts(clients, reads, node, names, spec)
    return replace(
        seen,
        drifted=drifted,
        # Where the template cannot be read, nobody knows what it should allow.
        access=tuple(document for role in roles_of(spec) for document in role.permissions)
        if installed
        else (),
        boundary_name=boundary,
        boundary=reads.attempt("permissions boundary", lambda: managed_policy(aws, boundary), None),
        parts=parts,
        transfer_image=mover_image(spec) if installed_transfer(installed) else "",
        turned_off=clients.bundle is not None and spec.code is None,
        shares=reads.attempt(
            "shares", lambda: look_at_shares(aws, clients.client(node), node), None
        )
        if parts is not None
        else None,
    )


def _spec(
    seen: Inspection, place: tuple[NodeNames, Stack], installed: Mapping[str, Any], hosts: Hosts
) -> NodeSpec:
    """The node as its stack says that it was asked for."""
    names, stack = place
    return NodeSpec(
        names,
        installed_name(installed) or seen.name,
        organization_id=installed_organization(installed),
        platform_account_id=installed_platform(installed),
        api=hosts.api,
        api2=hosts.api2,
        cognito=hosts.cognito or "",
        settings=installed_settings(installed)
        or (seen.entry.settings if seen.entry else Settings()),
        # Where the template cannot be read, the journal says what was turned on.
        code=installed_code(installed) if installed else seen.entry.code if seen.entry else None,
        # Where the template cannot be read, nothing is compared that has a digest or a zone.
        transfer_digest=installed_transfer(installed) or "sha256:",
        zones=installed_zones(installed) or ("",),
        kept=kept_in(installed, stack.tags),
    )


def _same(template: Mapping[str, Any], expected: Mapping[str, Any]) -> bool:
    return json.dumps(template, sort_keys=True) == json.dumps(expected, sort_keys=True)


def _leftovers(aws: Aws, accounts: tuple[Account, ...], names: NodeNames | None) -> tuple[str, ...]:
    """What an earlier registration created and is registered nowhere."""
    registered = {account.role_name for account in accounts}
    stacks = {s.name: s for s in stacks_called(aws, STACK_PREFIX)}
    mine = {names.stack} if names is not None else set()
    roles = roles_called(aws, ROLE_PREFIX, OLDER_ROLE_PREFIX, STACK_PREFIX)
    inner = {role for role in roles if role.startswith(tuple(f"{stack}-" for stack in stacks))}
    leftovers = [f"role {role}" for role in roles if role not in registered | inner]
    policies = policies_called(aws, STACK_PREFIX)
    leftovers += [f"policy {p}" for p in policies if p.removesuffix("-boundary") not in stacks]
    dead = [s for s in stacks.values() if s.name not in mine and (s.broken or s.only_reviewed)]
    leftovers += [
        f"stack {s.name} ({s.status})" for s in dead if TOKEN_TAG in s.tags or s.only_reviewed
    ]
    return tuple(leftovers)
