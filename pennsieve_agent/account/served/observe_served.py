"""How things are before a node is registered that Pennsieve runs. Changes nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pennsieve_agent.account.served.hardening import Documents
from pennsieve_agent.account.served.role import documents_of
from pennsieve_agent.account.spec.names import OWN_ROLE_PREFIX, check_node_name
from pennsieve_agent.account.spec.node_spec import Mode
from pennsieve_agent.account.world.clients import Clients
from pennsieve_agent.account.world.pennsieve_account import find_account
from pennsieve_agent.account.world.platform_trust import trusted_account
from pennsieve_agent.account.world.registration_journal import JournalEntry
from pennsieve_agent.aws.iam import IamRole, find_role
from pennsieve_agent.aws.values import AwsIdentity
from pennsieve_agent.domain.compute import Account, ComputeNode
from pennsieve_agent.errors import UsageProblem


@dataclass(frozen=True, slots=True)
class ServedOptions:
    """What is asked for. ``as_served`` leaves our Deny statements out of the role.

    ``boundary`` and ``tags`` are what an organisation demands of the role.
    """

    name: str
    organization_id: str
    mode: Mode = Mode.BASIC
    as_served: bool = False
    boundary: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ServedObserved:
    """How things are.

    ``served`` are the documents that Pennsieve serves today, ``platform_account_id`` is the AWS
    account that they let in. ``account`` is Pennsieve's record of the AWS account, if it names a
    role; ``own_record`` is one that was made for nodes of the user's own. ``role_name`` is what the
    role is called, or will be; ``role`` and its ``documents`` are None and empty until it exists.
    """

    identity: AwsIdentity
    served: Documents
    platform_account_id: str
    role_name: str
    entry: JournalEntry | None = None
    account: Account | None = None
    own_record: Account | None = None
    role: IamRole | None = None
    documents: Documents = field(default_factory=lambda: Documents({}, {}))
    nodes: tuple[ComputeNode, ...] = ()


def observe_served(clients: Clients, options: ServedOptions) -> ServedObserved:
    """Look at the platform, the AWS account and the journal.

    The platform is asked before AWS is touched (``contracts/resources.md`` 2.5).

    Raises:
        PlatformError: what Pennsieve serves is not a role that may be created.
        UsageProblem: the name is taken or unusable, or was begun elsewhere.
        AwsError: AWS cannot be asked.

    """
    check_node_name(options.name)
    offered = clients.registry.role_policy()
    platform = trusted_account(offered.trust)
    _check_not_own(clients, options)
    identity = clients.aws.identity()
    entry = _entry(clients, identity)
    record = find_account(clients.registry, identity.account_id)
    # Pennsieve cannot change the role in a record (``contracts/resources.md`` 1.5), so a record
    # for nodes of one's own, whose role does not exist, has to be replaced.
    is_own = record is not None and record.role_name.startswith(OWN_ROLE_PREFIX)
    account = None if is_own else record
    # An account that is registered keeps its role, and a role that was begun is finished.
    name = account.role_name if account else entry.role if entry else offered.role_name
    role = find_role(clients.aws, name)
    return ServedObserved(
        identity=identity,
        served=Documents(offered.trust, offered.permissions),
        platform_account_id=platform,
        role_name=name,
        entry=entry,
        account=account,
        own_record=record if is_own else None,
        role=role,
        documents=documents_of(clients.aws, role) if role is not None else Documents({}, {}),
        nodes=tuple(clients.registry.nodes(options.organization_id)),
    )


def _check_not_own(clients: Clients, options: ServedOptions) -> None:
    """Refuse the name of an own node: two nodes of one name cannot be told apart."""
    folded = options.name.casefold()
    if own := next((n for n in clients.nodes.list() if n.name.casefold() == folded), None):
        raise UsageProblem(
            f"you already have a compute node of your own called '{own.name}'",
            where=own.gateway,
            hint="choose another name with: --name",
        )


def _entry(clients: Clients, identity: AwsIdentity) -> JournalEntry | None:
    entry = clients.journal.read()
    if entry is None:
        return None
    name = clients.journal.name
    if not entry.role:
        raise UsageProblem(
            f"compute node '{name}' was begun as a node of your own",
            hint="choose another name with: --name, or leave --provisioner out",
        )
    if entry.aws_account_id != identity.account_id:
        raise UsageProblem(
            f"compute node '{name}' was begun in AWS account {entry.aws_account_id}; these "
            f"credentials are for {identity.account_id}",
            hint="choose other credentials with: --aws-profile NAME, or another name with: --name",
        )
    return entry
