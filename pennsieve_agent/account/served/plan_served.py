"""What the registration of a node that Pennsieve runs will do: desired minus observed. Pure."""

from __future__ import annotations

from pennsieve_agent.account.served.hardening import hardened
from pennsieve_agent.account.served.observe_served import ServedObserved, ServedOptions
from pennsieve_agent.account.served.role import ServedRole
from pennsieve_agent.account.served.served_plan import ServedPlan
from pennsieve_agent.account.served.steps import (
    AwaitNode,
    MakeRole,
    RegisterNode,
    RegisterRole,
    ReplaceRecord,
    ServedStep,
)
from pennsieve_agent.account.spec.names import token_of_role
from pennsieve_agent.account.world.account_steps import account_steps
from pennsieve_agent.account.world.registration_journal import new_external_id, new_token
from pennsieve_agent.account.world.steps import AlreadyDone, unless_done
from pennsieve_agent.aws.iam import IamRole
from pennsieve_agent.domain.compute import ComputeNode, NodeStatus
from pennsieve_agent.domain.iam_policies import Ask, lets_in
from pennsieve_agent.errors import Conflict, UsageProblem


def plan_served(observed: ServedObserved, options: ServedOptions) -> ServedPlan:
    """The steps from how things are to a usable node.

    Raises:
        UsageProblem, Conflict: what is there stands in the way.

    """
    account, entry, name = observed.account, observed.entry, observed.role_name
    node = _node(observed, options)
    role_step = _role_step(observed, options)
    documents = observed.documents
    if not isinstance(role_step, AlreadyDone):
        number = observed.identity.account_id
        documents = observed.served if options.as_served else hardened(observed.served, number)
    return ServedPlan(
        name=options.name,
        organization_id=options.organization_id,
        identity=observed.identity,
        mode=options.mode,
        token=(entry.token if entry else token_of_role(name)) or new_token(),
        role=ServedRole(name, documents, not options.as_served, options.boundary, options.tags),
        platform_account_id=observed.platform_account_id,
        steps=(
            role_step,
            *_record_steps(observed),
            *account_steps(
                observed.identity.account_id,
                options.organization_id,
                account,
                entry,
                in_use=node is not None,
            ),
            *_node_steps(options, node),
        ),
        account_uuid=account.uuid if account else "",
        node_uuid=node.uuid if node else "",
        external_id=entry.external_id if entry else new_external_id(),
    )


def _record_steps(observed: ServedObserved) -> tuple[ServedStep | AlreadyDone, ...]:
    number = observed.identity.account_id
    register = RegisterRole(number, observed.role_name)
    if observed.own_record is not None:
        return ReplaceRecord(number, observed.own_record.uuid), register
    if observed.account is None:
        return (register,)
    reason = f"AWS account {number} is registered with role {observed.account.role_name}"
    return (AlreadyDone(register, reason),)


def _node_steps(
    options: ServedOptions, node: ComputeNode | None
) -> tuple[ServedStep | AlreadyDone, ...]:
    name = options.name
    rows: tuple[tuple[ServedStep, bool, str], ...] = (
        (
            RegisterNode(name, options.mode),
            node is not None,
            f"compute node '{name}' is registered",
        ),
        (
            AwaitNode(name),
            node is not None and node.status is NodeStatus.ENABLED,
            f"compute node '{name}' is Enabled",
        ),
    )
    return unless_done(rows)


def _node(observed: ServedObserved, options: ServedOptions) -> ComputeNode | None:
    """The node that an earlier run of this registration created, if it exists.

    Raises:
        UsageProblem: there is a node of this name that the journal does not know.

    """
    same = [n for n in observed.nodes if n.name.casefold() == options.name.casefold()]
    ours = [n for n in same if _created_by_us(observed, n)]
    if ours:
        return ours[0]
    if same:
        raise UsageProblem(
            f"there is already a compute node called '{same[0].name}' ({same[0].status.value})",
            where=same[0].uuid,
            hint="choose another name with: --name, or see it with: pennsieve compute show "
            f"'{same[0].name}'",
        )
    return None


def _created_by_us(observed: ServedObserved, node: ComputeNode) -> bool:
    entry = observed.entry
    if entry is None or node.status is NodeStatus.DESTROYING:
        return False
    if entry.node_uuid:
        return node.uuid == entry.node_uuid
    if observed.account is None:
        return False
    is_new = entry.nodes_before is not None and node.uuid not in entry.nodes_before
    return is_new and node.account_uuid == observed.account.uuid


def _role_step(observed: ServedObserved, options: ServedOptions) -> ServedStep | AlreadyDone:
    """Create the role, finish it, or leave the one that the account is registered with."""
    entry, account, role = observed.entry, observed.account, observed.role
    step = MakeRole(observed.role_name, not options.as_served)
    if role is None:
        return step
    if account is None and (entry is None or entry.role != role.name):
        raise Conflict(
            f"there is already a role {role.name}, which this program did not create",
            where=role.arn,
            hint="run the same command again: Pennsieve proposes another name each time",
        )
    complete = bool(observed.documents.permissions)
    if account is None and not (complete and MakeRole.kind in (entry.done if entry else ())):
        return step
    if account is not None and not complete and entry is not None:
        return step
    _check_trust(role, observed.platform_account_id)
    return AlreadyDone(step, f"role {role.name} exists")


def _check_trust(role: IamRole, platform: str) -> None:
    who = f"arn:aws:iam::{platform}:role/service-roles/any"
    if lets_in(role.trust, Ask("sts:AssumeRole", context={"aws:PrincipalArn": who}), who):
        return
    raise UsageProblem(
        f"the AWS account is registered with role {role.name}, which Pennsieve can assume only "
        "with an external id; Pennsieve sends none for nodes that it runs itself",
        where=role.arn,
        hint="leave --provisioner out, or remove the nodes of your own in this account first",
    )
