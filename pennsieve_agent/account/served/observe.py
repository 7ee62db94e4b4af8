"""What is there before a node is registered that Pennsieve runs itself, and the plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pennsieve_agent.account.journal import JournalEntry, new_external_id, new_token
from pennsieve_agent.account.names import node_names, token_of_role
from pennsieve_agent.account.observe import Observed, RegisterOptions
from pennsieve_agent.account.plan import check_name, own_node, platform_steps
from pennsieve_agent.account.registration import AccountPlan
from pennsieve_agent.account.served.hardening import Documents, entrant, hardened
from pennsieve_agent.account.served.role import ServedRole, documents_of
from pennsieve_agent.account.spec import Mode, NodeSpec, Settings
from pennsieve_agent.account.steps import AlreadyDone, MakeRole, Step
from pennsieve_agent.account.worlds import Worlds
from pennsieve_agent.aws.iam import IamRole, find_role
from pennsieve_agent.aws.values import AwsIdentity
from pennsieve_agent.domain.compute import Account
from pennsieve_agent.domain.iam import Ask, lets_in
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
    platform = _pinned(worlds, entrant(served.trust))
    identity = worlds.aws.identity()
    entry = _entry(worlds, identity)
    account = _account(worlds, identity)
    name = account.role_name if account else entry.role if entry else offered.role_name
    role = find_role(worlds.aws, name)
    token = (entry.token if entry else token_of_role(name)) or new_token()
    wanted = served if how.as_served else hardened(served, identity.account_id)
    spec = NodeSpec(
        names=node_names(token, options.environment, identity, name),
        node_name=options.name,
        platform_account_id=platform,
        external_id=entry.external_id if entry else new_external_id(),
        settings=Settings(mode=how.mode),
    )
    observed = Observed(
        identity, spec, account, tuple(worlds.registry.nodes(options.organization_id)),
        journal=entry,
    )  # fmt: skip
    node = own_node(observed, options)
    documents = documents_of(worlds.aws, role) if role is not None else wanted
    made = _role_step(worlds, observed, role, how)
    if not isinstance(made, AlreadyDone):
        documents = wanted
    return AccountPlan(
        spec=spec,
        organization_id=options.organization_id,
        identity=identity,
        steps=(made, *platform_steps(observed, options, node)),
        account_uuid=account.uuid if account else "",
        node_uuid=node.uuid if node else "",
        served=ServedRole(name, documents, not how.as_served, how.boundary, how.tags),
    )


def _pinned(worlds: Worlds, found: str) -> str:
    """The account that the served role would trust, which must be the platform's own."""
    known = worlds.registry.capabilities().platform_account_id
    if known and known != found:
        raise Conflict(
            f"the role that Pennsieve asks for lets in AWS account {found}, and Pennsieve is in "
            f"{known}; nothing was changed",
            where="/compute/resources/role-policy",
            hint="ask Pennsieve before you go on",
        )
    return found


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
    found = worlds.registry.accounts()
    return next((a for a in found if a.aws_account_id == identity.account_id), None)


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
