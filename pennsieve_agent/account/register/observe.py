"""Read AWS and Pennsieve before an own node is registered. Changes nothing.

The one thing it creates is a change set on a stack that exists already, to learn what an update
would do; it is deleted again at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pennsieve_agent.account.register.choose_place import zones_for, zones_there
from pennsieve_agent.account.register.node_identity import (
    RegisterOptions,
    check_own,
    journal_entry,
    known_token,
    remembered_node,
    token_of_stack,
)
from pennsieve_agent.account.rights.resource_handlers import STACK_TYPES
from pennsieve_agent.account.spec.names import (
    NodeNames,
    node_names,
)
from pennsieve_agent.account.spec.node_spec import Code, Kept, NodeSpec, Settings
from pennsieve_agent.account.spec.options import TypedSettings, settle
from pennsieve_agent.account.spec.organisation_rules import check_boundary
from pennsieve_agent.account.spec.spec_json import (
    installed_code,
    installed_organization,
    installed_platform,
    installed_settings,
    installed_transfer,
    kept_in,
)
from pennsieve_agent.account.stack.stack_request import stack_request, turned_off
from pennsieve_agent.account.world.clients import Clients
from pennsieve_agent.account.world.pennsieve_account import PennsieveRecords, ask_pennsieve
from pennsieve_agent.account.world.registration_journal import JournalEntry
from pennsieve_agent.aws.cloudformation import (
    delete_stack,
    discard,
    discard_plans,
    find_stack,
    plan_change_set,
    template_of,
)
from pennsieve_agent.aws.iam import policy_exists
from pennsieve_agent.aws.s3 import object_exists
from pennsieve_agent.aws.values import AwsIdentity, ResourceChange, Stack
from pennsieve_agent.domain.compute import Account, ComputeNode
from pennsieve_agent.domain.own_node import OwnNode
from pennsieve_agent.errors import AgentError, NotPermitted, UsageProblem


@dataclass(frozen=True, slots=True)
class Observed:
    """How things are, and the node as it should be.

    ``installed`` is the code that the stack's functions have, None while it is off; ``chosen`` are
    the settings that the stack was made from, None while there is none. ``changes`` is
    what an update of the existing stack would do now; None when there is no stack that could be
    updated. ``uploaded`` says whether the node's code is in its bucket, ``transferred`` which image
    for moving files is in its repository. ``nodes`` are those of the workspace that Pennsieve runs.
    ``remembered`` is what this machine remembers of the node.
    """

    identity: AwsIdentity
    spec: NodeSpec
    account: Account | None = None
    nodes: tuple[ComputeNode, ...] = ()
    stack: Stack | None = None
    installed: Code | None = None
    chosen: Settings | None = None
    uploaded: bool = False
    transferred: str = ""
    changes: tuple[ResourceChange, ...] | None = None
    journal: JournalEntry | None = None
    remembered: OwnNode | None = None
    aws_profile: str = ""
    taken: bool = False
    """Whether somebody else made the stack, which is then used unchanged."""

    @property
    def names(self) -> NodeNames:
        """The names of the node's resources."""
        return self.spec.names


def observe(clients: Clients, options: RegisterOptions) -> Observed:
    """Look at the AWS account, Pennsieve and the journal.

    Raises:
        UsageProblem: what is there stands in the way; the message says what.
        AwsError: AWS cannot be asked.

    """
    identity = clients.aws.identity()
    entry = journal_entry(clients, identity, options)
    remembered = remembered_node(clients, identity, options)
    _check_boundary(clients, identity, options.typed.extras.boundary)
    records = _records(clients, options, identity)
    token = token_of_stack(clients, options, entry)
    token = token or known_token(clients, options, entry, remembered)
    names = node_names(token, identity)
    stack = check_own(find_stack(clients.aws, names.stack), token)
    stack = _without_empty(clients, stack, delete=options.asks_pennsieve)
    template = template_of(clients.aws, stack.id) if stack is not None else {}
    installed = installed_code(template)
    before = _before(entry, template)
    typed = options.typed if before else _within_boundary(clients, names, options.typed)
    settings = settle(typed, before)
    zones = zones_there(clients.aws, stack, template)
    spec = replace(
        _spec(clients, options, names, template, settings),
        zones=zones or zones_for(clients.aws, settings, names.region),
        platform_account_id=records.app_store or installed_platform(template),
        kept=kept_in(template, stack.tags) if stack is not None and not stack.broken else Kept(),
    )
    observed = Observed(
        identity=identity,
        spec=spec,
        account=records.account,
        nodes=records.nodes,
        stack=stack,
        installed=installed,
        chosen=installed_settings(template),
        uploaded=stack is not None and _uploaded(clients, spec),
        transferred=installed_transfer(template) if installed else "",
        journal=entry,
        remembered=remembered,
        aws_profile=clients.aws.profile or "",
        taken=bool(options.from_stack),
    )
    return replace(observed, changes=_changes(clients, observed, options))


def _spec(
    clients: Clients,
    options: RegisterOptions,
    names: NodeNames,
    template: Mapping[str, Any],
    settings: Settings,
) -> NodeSpec:
    """The node as it should be, with the code and the transfer image of today."""
    bundle = clients.bundle
    return NodeSpec(
        names=names,
        node_name=options.name,
        organization_id=_organization(options, template),
        api=options.hosts.api,
        api2=options.hosts.api2,
        cognito=options.hosts.cognito or "",
        settings=settings,
        code=bundle.code if bundle is not None else installed_code(template),
        transfer_digest=_transfer_digest(clients, options, template),
    )


def _records(clients: Clients, options: RegisterOptions, identity: AwsIdentity) -> PennsieveRecords:
    if not options.asks_pennsieve:
        return PennsieveRecords()
    return ask_pennsieve(clients.registry, options.organization_id, identity.account_id)


def _organization(options: RegisterOptions, template: Mapping[str, Any]) -> str:
    """The workspace that the node is for: that of its stack, as a node is for one alone."""
    before = installed_organization(template)
    if before and options.organization_id and before != options.organization_id:
        raise UsageProblem(
            f"compute node '{options.name}' is for another Pennsieve workspace ({before})",
            hint="use the profile of that workspace, or create another node with: --name",
        )
    return before or options.organization_id


def _transfer_digest(
    clients: Clients, options: RegisterOptions, template: Mapping[str, Any]
) -> str:
    """The digest of the transfer image that the node should have: today's, or the present one.

    A stack that somebody else made is used unchanged, with the digest that is in it.
    """
    before = installed_transfer(template)
    if clients.transfer is None or (options.from_stack and before):
        return before
    try:
        return clients.transfer.digest()
    except AgentError:
        if not before:
            raise
        return before


def _check_boundary(clients: Clients, identity: AwsIdentity, arn: str) -> None:
    if not arn:
        return
    check_boundary(arn, identity)
    if not policy_exists(clients.aws, arn):
        raise UsageProblem(
            f"there is no IAM policy {arn}",
            hint="ask the administrator of the AWS account for the boundary's ARN",
        )


def _within_boundary(clients: Clients, names: NodeNames, typed: TypedSettings) -> TypedSettings:
    """A new node's settings, with the account's own boundary where an administrator made one."""
    if typed.extras.boundary:
        return typed
    arn = names.account_boundary_arn
    try:
        exists = policy_exists(clients.aws, arn)
    except NotPermitted:  # whoever may not look at it registers without it, if they may do that
        exists = False
    return replace(typed, extras=replace(typed.extras, boundary=arn)) if exists else typed


def _before(entry: JournalEntry | None, template: Mapping[str, Any]) -> Settings | None:
    """What was asked for before: by the stack itself, else by the journal."""
    installed = installed_settings(template)
    return installed if installed is not None or entry is None else entry.settings


def _uploaded(clients: Clients, spec: NodeSpec) -> bool:
    if spec.code is None:
        return False
    return object_exists(clients.aws, spec.names.bucket, spec.names.code_key(spec.code.digest))


def _without_empty(clients: Clients, stack: Stack | None, *, delete: bool) -> Stack | None:
    """Leave out the empty stack of a plan that was never carried out; it has no resources."""
    if stack is None or not stack.only_reviewed:
        return stack
    if delete:
        delete_stack(clients.aws, stack.id)
    return None


def _changes(
    clients: Clients, observed: Observed, options: RegisterOptions
) -> tuple[ResourceChange, ...] | None:
    if observed.stack is None or not observed.stack.updatable:
        return None
    if observed.taken or not options.asks_pennsieve:  # a change set would be a change in AWS
        return ()
    spec = observed.spec if observed.installed is not None else turned_off(observed.spec)
    with clients.journal.locked():  # another terminal may be carrying out its own plan
        discard_plans(clients.aws, observed.stack.id)
        change_set = plan_change_set(
            clients.aws, stack_request(spec), sleep=clients.sleep, types=STACK_TYPES
        )
        if change_set.changes:
            discard(clients.aws, change_set)
    return change_set.changes
