"""What is there before a node is registered that Pennsieve runs itself, and the plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pennsieve_agent.account.register.account_plan import AccountPlan
from pennsieve_agent.account.register.observe import Observed, RegisterOptions
from pennsieve_agent.account.register.plan import account_steps, check_name
from pennsieve_agent.account.register.steps import (
    AlreadyDone,
    AwaitNode,
    MakeRole,
    RegisterNode,
    ReplaceRecord,
    Step,
)
from pennsieve_agent.account.served.hardening import Documents, entrant, hardened
from pennsieve_agent.account.served.role import ServedRole, documents_of
from pennsieve_agent.account.spec.names import OWN_ROLE_PREFIX, node_names, token_of_role
from pennsieve_agent.account.spec.node_spec import Mode, NodeSpec, Settings
from pennsieve_agent.account.world.clients import Worlds
from pennsieve_agent.account.world.pennsieve_account import find_account
from pennsieve_agent.account.world.registration_journal import (
    JournalEntry,
    new_external_id,
    new_token,
)
from pennsieve_agent.aws.iam import IamRole, find_role
from pennsieve_agent.aws.values import AwsIdentity
from pennsieve_agent.domain.compute import Account, ComputeNode, NodeStatus
from pennsieve_agent.domain.iam_policies import Ask, lets_in
from pennsieve_agent.errors import Conflict, UsageProblem


@dataclass(frozen=True, slots=True)
class ServedOptions:
    """What is asked for of the role. ``as_served`` leaves our denials out."""

    mode: Mode = Mode.BASIC
    as_served: bool = False
    boundary: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


def plan_served(worlds: Worlds, options: RegisterOptions, how: ServedOptions) -> AccountPlan:
    """Look at the AWS account, the platform and the journal; the steps to a usable node.

    The platform is asked before AWS is touched, and names are written down before anything is
    made: an account that is registered keeps its role, and a role that was begun is finished
    (``contracts/resources.md`` 2.5).

    Raises:
        PlatformError: what Pennsieve serves is no role that may be made.
        UsageProblem, Conflict: what is there stands in the way.
        AwsError: AWS cannot be asked.

    """
    check_name(options)
    offered = worlds.registry.role_policy()
    served = Documents(offered.trust, offered.permissions)
    platform = entrant(served.trust)
    _check_not_own(worlds, options)
    identity = worlds.aws.identity()
    entry = _entry(worlds, identity)
    account = _account(worlds, identity)
    replaced: tuple[Step, ...] = ()
    if account is not None and account.role_name.startswith(OWN_ROLE_PREFIX):
        # Pennsieve changes a role in no record (``contracts/resources.md`` 1.5).
        replaced = (ReplaceRecord(identity.account_id, account.uuid),)
        account = None
    name = account.role_name if account else entry.role if entry else offered.role_name
    role = find_role(worlds.aws, name)
    token = (entry.token if entry else token_of_role(name)) or new_token()
    wanted = served if how.as_served else hardened(served, identity.account_id)
    spec = NodeSpec(
        names=node_names(token, options.environment, identity, name),
        node_name=options.name,
        platform_account_id=platform,
        settings=Settings(mode=how.mode),
    )
    observed = Observed(
        identity, spec, account, tuple(worlds.registry.nodes(options.organization_id)),
        journal=entry,
    )  # fmt: skip
    node = _node(observed, options)
    documents = documents_of(worlds.aws, role) if role is not None else wanted
    made = _role_step(worlds, observed, role, how)
    if not isinstance(made, AlreadyDone):
        documents = wanted
    return AccountPlan(
        spec=spec,
        organization_id=options.organization_id,
        identity=identity,
        steps=(
            made,
            *replaced,
            *account_steps(observed, options, name, in_use=node is not None),
            *_node_steps(options, how, node),
        ),
        account_uuid=account.uuid if account else "",
        node_uuid=node.uuid if node else "",
        served=ServedRole(name, documents, not how.as_served, how.boundary, how.tags),
        external_id=entry.external_id if entry else new_external_id(),
    )


def _node_steps(
    options: RegisterOptions, how: ServedOptions, node: ComputeNode | None
) -> tuple[Step | AlreadyDone, ...]:
    name = options.name
    rows: tuple[tuple[Step, bool, str], ...] = (
        (
            RegisterNode(name, how.mode),
            node is not None,
            f"compute node '{name}' is registered",
        ),
        (
            AwaitNode(name),
            node is not None and node.status is NodeStatus.ENABLED,
            f"compute node '{name}' is Enabled",
        ),
    )
    return tuple(AlreadyDone(step, why) if ready else step for step, ready, why in rows)


def _node(observed: Observed, options: RegisterOptions) -> ComputeNode | None:
    """The node that an earlier run of this registration made, if it is there.

    Raises:
        UsageProblem: a node of this name is there that the journal does not know.

    """
    same = [n for n in observed.nodes if n.name.casefold() == options.name.casefold()]
    ours = [n for n in same if _made_by_us(observed, n)]
    if ours:
        return ours[0]
    if same:
        raise UsageProblem(
            f"there is a compute node called '{same[0].name}' already ({same[0].status.value})",
            where=same[0].uuid,
            hint="choose another name with: --name, or see it with: pennsieve compute show "
            f"{same[0].uuid}",
        )
    return None


def _made_by_us(observed: Observed, node: ComputeNode) -> bool:
    entry = observed.journal
    if entry is None or node.status is NodeStatus.DESTROYING:
        return False
    if entry.node_uuid:
        return node.uuid == entry.node_uuid
    if observed.account is None:
        return False
    asked = entry.nodes_before is not None and node.uuid not in entry.nodes_before
    return asked and node.account_uuid == observed.account.uuid


def _check_not_own(worlds: Worlds, options: RegisterOptions) -> None:
    """Refuse the name of an own node: two nodes of one name cannot be told apart."""
    folded = options.name.casefold()
    if found := next((n for n in worlds.nodes.list() if n.name.casefold() == folded), None):
        raise UsageProblem(
            f"there is a compute node of your own called '{found.name}'",
            where=found.gateway,
            hint="choose another name with: --name",
        )


def _entry(worlds: Worlds, identity: AwsIdentity) -> JournalEntry | None:
    entry = worlds.journal.read()
    if entry is None:
        return None
    name = worlds.journal.name
    if not entry.role:
        raise UsageProblem(
            f"compute node '{name}' was begun as a node of your own",
            hint="choose another name with: --name, or leave --provisioner out",
        )
    if entry.aws_account_id != identity.account_id:
        raise UsageProblem(
            f"compute node '{name}' was begun in AWS account {entry.aws_account_id}; these "
            f"credentials are for {identity.account_id}",
            hint="choose others with: --aws-profile NAME, or another name with: --name",
        )
    return entry


def _account(worlds: Worlds, identity: AwsIdentity) -> Account | None:
    return find_account(worlds.registry, identity.account_id)


def _role_step(
    worlds: Worlds, observed: Observed, role: IamRole | None, how: ServedOptions
) -> Step | AlreadyDone:
    """Make the role, finish it, or leave the one that the account is registered with."""
    names, entry, account = observed.names, observed.journal, observed.account
    step = MakeRole(names.role, observed.identity.account_id, not how.as_served)
    if role is None:
        return step
    if account is None and (entry is None or entry.role != role.name):
        raise Conflict(
            f"there is a role {role.name} already, and nothing here made it",
            where=role.arn,
            hint="run the same command again: Pennsieve gives another name each time",
        )
    complete = bool(documents_of(worlds.aws, role).permissions)
    if account is None and not (complete and MakeRole.kind in (entry.done if entry else ())):
        return step
    if account is not None and not complete and entry is not None:
        return step
    _check_enters(role, observed.spec.platform_account_id)
    return AlreadyDone(step, f"role {role.name} is there")


def _check_enters(role: IamRole, platform: str) -> None:
    who = f"arn:aws:iam::{platform}:role/service-roles/any"
    if lets_in(role.trust, Ask("sts:AssumeRole", context={"aws:PrincipalArn": who}), who):
        return
    raise UsageProblem(
        f"the AWS account is registered with role {role.name}, which does not let Pennsieve in "
        "without its external id; Pennsieve sends none for nodes that it runs itself",
        where=role.arn,
        hint="leave --provisioner out, or remove the nodes of your own in this account first",
    )
