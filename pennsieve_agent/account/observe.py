"""How things are, in AWS and on the platform, before a registration. Changes nothing.

The one thing it makes is a change set on a stack that exists already, to learn what an update
would do; it is deleted again at once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from pennsieve_agent.account.explain import PLATFORM_ROLE
from pennsieve_agent.account.extras import check_boundary
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
from pennsieve_agent.account.recorded import (
    installed_code,
    installed_settings,
    installed_token,
    kept_tags,
)
from pennsieve_agent.account.request import stack_request, turned_off
from pennsieve_agent.account.spec import Code, Kept, NodeSpec, Settings
from pennsieve_agent.account.wanted import Wanted, settle
from pennsieve_agent.account.worlds import Worlds
from pennsieve_agent.aws.cloudformation import (
    delete_stack,
    discard,
    discard_plans,
    find_stack,
    plan_change_set,
    template_of,
)
from pennsieve_agent.aws.iam import IamRole, find_role, policy_exists
from pennsieve_agent.aws.s3 import object_exists
from pennsieve_agent.aws.values import AwsIdentity, ResourceChange, Stack
from pennsieve_agent.domain.compute import Account, Capabilities, ComputeNode
from pennsieve_agent.domain.iam import Ask, lets_in, statements
from pennsieve_agent.domain.identity import Hosts
from pennsieve_agent.errors import Forbidden, NotFound, PlatformError, UsageProblem


@dataclass(frozen=True, slots=True)
class RegisterOptions:
    """What is asked for. ``environment`` is the word in the role's name (``environment_of``).

    ``hosts`` is where the node's functions reach the platform. ``from_stack`` names a stack that
    somebody else made of our template.
    """

    name: str
    organization_id: str
    environment: str = "prod"
    wanted: Wanted = field(default_factory=Wanted)
    hosts: Hosts = field(default_factory=Hosts)
    from_stack: str = ""


@dataclass(frozen=True, slots=True)
class Observed:
    """How things are, and the node as it should be.

    ``installed`` is the code that the stack's functions have, None while it is off; ``chosen`` are
    the settings that the stack was made from, None while there is none. ``changes`` is
    what an update of the existing stack would do now; None when there is no stack that could be
    updated. ``uploaded`` says whether the node's code is in its bucket. ``nodes`` are those of the
    workspace.
    """

    identity: AwsIdentity
    spec: NodeSpec
    account: Account | None = None
    nodes: tuple[ComputeNode, ...] = ()
    stack: Stack | None = None
    installed: Code | None = None
    chosen: Settings | None = None
    uploaded: bool = False
    changes: tuple[ResourceChange, ...] | None = None
    journal: JournalEntry | None = None
    taken: bool = False
    """Whether the stack is taken as somebody else made it, and not to be changed."""

    @property
    def names(self) -> NodeNames:
        """The names of the node's resources."""
        return self.spec.names


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
    _check_boundary(worlds, identity, options.wanted.extras.boundary)
    account = _account(worlds, identity)
    nodes = _nodes(worlds, options, entry)
    role = find_role(worlds.aws, account.role_name) if account is not None else None
    found = _found(worlds, options, entry)
    token = found.token or _token(worlds, options, entry, account, role_is_there=role is not None)
    names = node_names(
        token, options.environment, identity, account.role_name if account is not None else ""
    )
    stack = _without_shell(worlds, _own_stack(find_stack(worlds.aws, names.stack), token))
    holds_role = stack is not None and stack.holds("AWS::IAM::Role", names.role)
    template = template_of(worlds.aws, stack.id) if stack is not None else {}
    installed = installed_code(template)
    external_id = found.external_id or _external_id(entry, account)
    if role is not None and not holds_role:
        _check_trust(role, platform_account, external_id)
    spec = NodeSpec(
        names=names,
        node_name=options.name,
        platform_account_id=platform_account,
        external_id=external_id,
        makes_role=account is None or role is None or holds_role,
        api=options.hosts.api,
        api2=options.hosts.api2,
        settings=settle(options.wanted, _before(entry, template)),
        code=worlds.bundle.code if worlds.bundle is not None else installed,
        kept=kept_tags(template, stack.tags) if stack is not None and not stack.broken else Kept(),
    )
    seen = Observed(
        identity=identity,
        spec=spec,
        account=account,
        nodes=nodes,
        stack=stack,
        installed=installed,
        chosen=installed_settings(template),
        uploaded=stack is not None and _uploaded(worlds, spec),
        journal=entry,
        taken=bool(options.from_stack),
    )
    return replace(seen, changes=_changes(worlds, seen))


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


def _check_trust(role: IamRole, platform_account: str, external_id: str) -> None:
    """Refuse to build on a role that was made elsewhere and that Pennsieve could not assume."""
    ask = Ask("sts:AssumeRole", context={"sts:ExternalId": external_id})
    partition = role.arn.split(":")[1]
    if lets_in(role.trust, ask, f"arn:{partition}:iam::{platform_account}:root"):
        return
    raise UsageProblem(
        f"role {role.name} is registered for this AWS account and does not let Pennsieve in: its "
        "trust policy names others, or demands another external id",
        where=role.arn,
        hint="restore its trust policy, or remove the registration of the account, then run this "
        "again; see it with: pennsieve compute doctor",
    )


def _before(entry: JournalEntry | None, template: Mapping[str, Any]) -> Settings | None:
    """What was asked for before: by the stack itself, else by the journal."""
    found = installed_settings(template)
    return found if found is not None or entry is None else entry.settings


def _uploaded(worlds: Worlds, spec: NodeSpec) -> bool:
    if spec.code is None:
        return False
    return object_exists(worlds.aws, spec.names.bucket, spec.names.code_key(spec.code.digest))


def _without_shell(worlds: Worlds, stack: Stack | None) -> Stack | None:
    """Take away the empty shell of a plan that was never carried out; it holds nothing."""
    if stack is None or not stack.only_reviewed:
        return stack
    delete_stack(worlds.aws, stack.id)
    return None


def _own_stack(stack: Stack | None, token: str) -> Stack | None:
    if stack is None or stack.only_reviewed or stack.tags.get(TOKEN_TAG) == token:
        return stack
    raise UsageProblem(
        f"there is a stack {stack.name} in this AWS account that this program did not make",
        where=stack.id,
        hint="choose another node name with: --name",
    )


def _changes(worlds: Worlds, seen: Observed) -> tuple[ResourceChange, ...] | None:
    if seen.stack is None or not seen.stack.updatable:
        return None
    if seen.taken:
        return ()
    spec = seen.spec if seen.installed is not None else turned_off(seen.spec)
    with worlds.journal.locked():  # another terminal may be carrying out its own plan
        discard_plans(worlds.aws, seen.stack.id)
        change_set = plan_change_set(worlds.aws, stack_request(spec), sleep=worlds.sleep)
        if change_set.changes:
            discard(worlds.aws, change_set)
    return change_set.changes


@dataclass(frozen=True, slots=True)
class _Found:
    """What the stack of ``--from-stack`` says: whose it is, and the external id in its role."""

    token: str = ""
    external_id: str = field(default="", repr=False)


def _found(worlds: Worlds, options: RegisterOptions, entry: JournalEntry | None) -> _Found:
    if not options.from_stack:
        return _Found()
    if options.wanted != Wanted():
        raise UsageProblem(
            "--from-stack takes the stack as it was made; its settings are in its template",
            hint="leave the other options out, or give them to: pennsieve compute template",
        )
    if not options.from_stack.startswith(STACK_PREFIX):
        raise UsageProblem(
            f"the name of a node's stack must begin with {STACK_PREFIX}",
            hint="pennsieve compute template prints the whole name",
        )
    stack = find_stack(worlds.aws, options.from_stack)
    if stack is None:
        raise UsageProblem(
            f"there is no stack {options.from_stack} in this AWS account and region",
            hint="list them with: aws cloudformation list-stacks",
        )
    token = installed_token(template_of(worlds.aws, stack.id))
    if not token or stack.name != f"{STACK_PREFIX}{token}":
        wants = f"its name must be {STACK_PREFIX}{token}" if token else "it has another template"
        raise UsageProblem(
            f"stack {stack.name} was not made from what 'pennsieve compute template' prints: "
            f"{wants}",
            where=stack.id,
            hint="make it anew as that command says",
        )
    if entry is not None and entry.token != token:
        raise UsageProblem(
            f"compute node '{options.name}' was begun with stack {STACK_PREFIX}{entry.token}",
            where=str(worlds.journal.path),
            hint="choose another name with: --name",
        )
    return _Found(token, _demanded(worlds, stack))


def _demanded(worlds: Worlds, stack: Stack) -> str:
    """The external id that the platform's role in a stack demands; empty without such a role."""
    for resource in stack.resources:
        if resource.logical_id == PLATFORM_ROLE:
            role = find_role(worlds.aws, resource.name)
            for statement in statements(role.trust) if role is not None else ():
                found = statement.get("Condition", {}).get("StringEquals", {}).get("sts:ExternalId")
                if isinstance(found, str):
                    return found
    return ""
