"""How things are, in AWS and on the platform, before a registration. Changes nothing.

The one thing it makes is a change set on a stack that exists already, to learn what an update
would do; it is deleted again at once.
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field, replace

from pennsieve_agent.account.extras import Extras, check_boundary, foreign_tags
from pennsieve_agent.account.journal import JournalEntry, new_external_id, new_token
from pennsieve_agent.account.names import (
    NODE_TAG,
    ROLE_PREFIX,
    STACK_PREFIX,
    TOKEN_TAG,
    NodeNames,
    node_names,
    tag_value,
    token_of_role,
)
from pennsieve_agent.account.steps import stack_request
from pennsieve_agent.account.template import NO_EXTRAS
from pennsieve_agent.account.worlds import Worlds
from pennsieve_agent.aws.cloudformation import discard, find_stack, plan_change_set
from pennsieve_agent.aws.iam import IamRole, find_role, policy_exists
from pennsieve_agent.aws.values import AwsIdentity, ResourceChange, Stack
from pennsieve_agent.domain.compute import Account, Capabilities, ComputeNode
from pennsieve_agent.errors import Forbidden, NotFound, PlatformError, UsageProblem


@dataclass(frozen=True, slots=True)
class RegisterOptions:
    """What is asked for. ``environment`` is the word in the role's name (``environment_of``)."""

    name: str
    organization_id: str
    environment: str = "prod"
    deployment_mode: str = "basic"
    extras: Extras = NO_EXTRAS


@dataclass(frozen=True, slots=True)
class Observed:
    """How things are.

    ``changes`` is what an update of the existing stack would do; None when there is no stack that
    could be updated. ``nodes`` are those of the workspace.
    """

    identity: AwsIdentity
    platform_account_id: str
    names: NodeNames
    external_id: str = field(repr=False)
    makes_role: bool
    account: Account | None = None
    nodes: tuple[ComputeNode, ...] = ()
    stack: Stack | None = None
    changes: tuple[ResourceChange, ...] | None = None
    journal: JournalEntry | None = None
    extras: Extras = NO_EXTRAS


def observe(worlds: Worlds, options: RegisterOptions) -> Observed:
    """Look at the AWS account, the platform and the journal.

    Raises:
        PlatformError: this platform takes no self-managed nodes.
        UsageProblem: what is there stands in the way; the message says what.
        AwsError: AWS cannot be asked.

    """
    platform_account = _platform_account(worlds.registry.capabilities())
    identity = worlds.aws.identity()
    entry = _journal(worlds, identity, options)
    _check_boundary(worlds, identity, options.extras.boundary)
    account = _account(worlds, identity)
    nodes = _nodes(worlds, options, entry)
    role = find_role(worlds.aws, account.role_name) if account is not None else None
    token = _token(worlds, options, entry, account, role_is_there=role is not None)
    names = node_names(
        token, options.environment, identity, account.role_name if account is not None else ""
    )
    stack = _own_stack(find_stack(worlds.aws, names.stack), token)
    holds_role = stack is not None and stack.holds("AWS::IAM::Role", names.role)
    seen = Observed(
        identity=identity,
        platform_account_id=platform_account,
        names=names,
        external_id=_external_id(entry, account),
        makes_role=account is None or role is None or holds_role,
        account=account,
        nodes=nodes,
        stack=stack,
        journal=entry,
        extras=settled(options.extras, entry, stack, role),
    )
    return replace(seen, changes=_changes(worlds, seen, options.name))


def _platform_account(found: Capabilities) -> str:
    if not found.self_managed_nodes:
        raise PlatformError(
            "this Pennsieve does not accept self-managed compute nodes yet; nothing was changed",
            hint="try it all on this machine with: pennsieve sandbox start --detach",
        )
    if not re.fullmatch(r"\d{12}", found.platform_account_id):
        raise PlatformError(
            "Pennsieve does not say which AWS account it comes from, so that no role can trust it",
            where="/compute/resources/capabilities",
        )
    return found.platform_account_id


def _journal(
    worlds: Worlds, identity: AwsIdentity, options: RegisterOptions
) -> JournalEntry | None:
    entry = worlds.journal.read()
    if entry is None:
        return None
    begun = (entry.aws_account_id, entry.region, entry.organization_id)
    if begun != (identity.account_id, identity.region, options.organization_id):
        raise UsageProblem(
            f"compute node '{options.name}' was begun in AWS account {entry.aws_account_id}, "
            f"{entry.region}; these credentials are for {identity.account_id}, {identity.region}",
            where=str(worlds.journal.path),
            hint="use the credentials, region and workspace of before, or another --name",
        )
    return entry


def _account(worlds: Worlds, identity: AwsIdentity) -> Account | None:
    found = [a for a in worlds.registry.accounts() if a.aws_account_id == identity.account_id]
    if len(found) > 1:
        raise UsageProblem(
            f"AWS account {identity.account_id} is registered {len(found)} times by you",
            where=", ".join(account.uuid for account in found),
            hint="ask Pennsieve to delete all but one of these records",
        )
    if found and not found[0].external_id:
        raise UsageProblem(
            f"AWS account {identity.account_id} is registered already, with role "
            f"{found[0].role_name} and without an external id, which Pennsieve cannot change",
            where=found[0].uuid,
            hint="remove its nodes and that registration (older agent: pennsieve account "
            "deregister), then run this again",
        )
    return found[0] if found else None


def _nodes(
    worlds: Worlds, options: RegisterOptions, entry: JournalEntry | None
) -> tuple[ComputeNode, ...]:
    found = list(worlds.registry.nodes(options.organization_id))
    if entry is not None and entry.node_uuid not in {"", *(node.uuid for node in found)}:
        # A fresh node may be missing from the list (resources.md section 6, trap 22).
        with suppress(NotFound, Forbidden):
            found.append(worlds.registry.node(entry.node_uuid))
    return tuple(found)


def _token(
    worlds: Worlds,
    options: RegisterOptions,
    entry: JournalEntry | None,
    account: Account | None,
    *,
    role_is_there: bool,
) -> str:
    if entry is not None:
        return entry.token
    if account is None:
        return new_token()
    known = token_of_role(account.role_name)
    if not role_is_there:
        return _token_of_lost_role(account, known)
    # Begun on another machine, or the journal was lost: the stack says whose it is.
    stack = find_stack(worlds.aws, f"{STACK_PREFIX}{known}") if known else None
    if known and stack is not None and stack.tags.get(NODE_TAG) == tag_value(options.name):
        return known
    return new_token()


def _token_of_lost_role(account: Account, known: str | None) -> str:
    if not account.role_name.startswith(ROLE_PREFIX):
        raise UsageProblem(
            f"AWS account {account.aws_account_id} is registered with role {account.role_name}, "
            "which does not exist, and which Pennsieve could not assume",
            where=account.uuid,
            hint="remove that registration (older agent: pennsieve account deregister --force), "
            "then run this again",
        )
    return known or new_token()


def _external_id(entry: JournalEntry | None, account: Account | None) -> str:
    if account is not None:
        return account.external_id
    return entry.external_id if entry is not None else new_external_id()


def _check_boundary(worlds: Worlds, identity: AwsIdentity, arn: str) -> None:
    if not arn:
        return
    check_boundary(arn, identity)
    if not policy_exists(worlds.aws, arn):
        raise UsageProblem(
            f"there is no IAM policy {arn}",
            hint="ask whoever administers the AWS account for the boundary's ARN",
        )


def settled(
    asked: Extras, entry: JournalEntry | None, stack: Stack | None, role: IamRole | None
) -> Extras:
    """What was asked for now, else what was asked for before: running again keeps it."""
    if entry is not None:
        before = Extras(entry.boundary, tuple((k, v) for k, v in entry.tags))
    else:
        tags = stack.tags.items() if stack is not None else ()
        theirs = "" if role is None or _is_ours(role.boundary) else role.boundary
        before = Extras(theirs, foreign_tags(list(tags)))
    return Extras(asked.boundary or before.boundary, asked.tags or before.tags)


def _is_ours(boundary: str) -> bool:
    return boundary.rpartition("/")[2].startswith(STACK_PREFIX)


def _own_stack(stack: Stack | None, token: str) -> Stack | None:
    if stack is None or stack.only_reviewed or stack.tags.get(TOKEN_TAG) == token:
        return stack
    raise UsageProblem(
        f"there is a stack {stack.name} in this AWS account that this program did not make",
        where=stack.id,
        hint="choose another node name with: --name",
    )


def _changes(worlds: Worlds, seen: Observed, node_name: str) -> tuple[ResourceChange, ...] | None:
    if seen.stack is None or not seen.stack.updatable:
        return None
    new_role = (seen.platform_account_id, seen.external_id) if seen.makes_role else None
    request = stack_request(seen.names, node_name, new_role, seen.extras)
    change_set = plan_change_set(worlds.aws, request, sleep=worlds.sleep)
    if change_set.changes:
        discard(worlds.aws, change_set)
    return change_set.changes
