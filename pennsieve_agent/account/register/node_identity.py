"""Which node a registration is about: what the journal, memory, AWS and the options say."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from pennsieve_agent.account.spec.names import (
    NODE_TAG,
    STACK_PREFIX,
    TOKEN_TAG,
    WORKSPACE_TAG,
    tag_value,
)
from pennsieve_agent.account.spec.options import TypedSettings
from pennsieve_agent.account.spec.spec_json import (
    installed_token,
)
from pennsieve_agent.account.world.clients import Clients
from pennsieve_agent.account.world.registration_journal import JournalEntry, new_token
from pennsieve_agent.aws.cloudformation import (
    find_stack,
    stacks_called,
    template_of,
)
from pennsieve_agent.aws.values import AwsIdentity, Stack
from pennsieve_agent.domain.own_node import OwnNode
from pennsieve_agent.domain.profile import Hosts
from pennsieve_agent.errors import UsageProblem


@dataclass(frozen=True, slots=True)
class RegisterOptions:
    """What the user asked for.

    ``organization_id`` is empty where nobody said which workspace the node is for. ``hosts`` is
    where the node's functions reach Pennsieve. ``from_stack`` names a stack that somebody else made
    of our template. ``asks_pennsieve`` is False for what is only printed, which needs no sign-in
    and changes nothing in AWS.
    """

    name: str
    organization_id: str
    typed: TypedSettings = field(default_factory=TypedSettings)
    hosts: Hosts = field(default_factory=Hosts)
    from_stack: str = ""
    asks_pennsieve: bool = True


def journal_entry(
    clients: Clients, identity: AwsIdentity, options: RegisterOptions
) -> JournalEntry | None:
    """The journal of an earlier attempt; None when there was none.

    Raises:
        UsageProblem: it was another kind of node, or in another account or workspace.

    """
    entry = clients.journal.read()
    if entry is None:
        return None
    if entry.role:
        raise UsageProblem(
            f"compute node '{options.name}' was begun as a node that Pennsieve runs",
            hint="choose another name with: --name, or add: --provisioner platform",
        )
    same_workspace = {entry.organization_id, options.organization_id} - {""}
    begun = (entry.aws_account_id, entry.region)
    if begun != (identity.account_id, identity.region) or len(same_workspace) > 1:
        raise UsageProblem(
            f"compute node '{options.name}' was begun in AWS account {entry.aws_account_id}, "
            f"{entry.region}; these credentials are for {identity.account_id}, {identity.region}",
            where=str(clients.journal.path),
            hint="use the same credentials, region and workspace as before, or another --name",
        )
    return entry


def remembered_node(
    clients: Clients, identity: AwsIdentity, options: RegisterOptions
) -> OwnNode | None:
    """What this machine remembers of a node of this name.

    Raises:
        UsageProblem: it is somewhere else, or somebody else's.

    """
    node = next((n for n in clients.nodes.list() if n.name == options.name), None)
    if node is None:
        return None
    here = (node.account, node.region) == (identity.account_id, identity.region)
    if here and node.is_owned:
        return node
    whose = "is yours" if node.is_owned else "was shared with you"
    raise UsageProblem(
        f"a compute node '{node.name}' {whose}, in AWS account {node.account}, {node.region}; "
        f"these credentials are for {identity.account_id}, {identity.region}",
        where=node.gateway,
        hint="choose another name with: --name, or other credentials with: --aws-profile",
    )


def token_of_stack(clients: Clients, options: RegisterOptions, entry: JournalEntry | None) -> str:
    """The token in the stack of ``--from-stack``; empty without that option."""
    if not options.from_stack:
        return ""
    if options.typed != TypedSettings():
        raise UsageProblem(
            "--from-stack uses the stack unchanged; its settings are in its template",
            hint="leave out the other options, or give them to: pennsieve compute policy template",
        )
    if not options.from_stack.startswith(STACK_PREFIX):
        raise UsageProblem(
            f"the name of a node's stack must begin with {STACK_PREFIX}",
            hint="see the whole name with: pennsieve compute policy template",
        )
    stack = find_stack(clients.aws, options.from_stack)
    if stack is None:
        raise UsageProblem(
            f"there is no stack {options.from_stack} in this AWS account and region",
            hint="list them with: aws cloudformation list-stacks",
        )
    token = installed_token(template_of(clients.aws, stack.id))
    if not token or stack.name != f"{STACK_PREFIX}{token}":
        wants = f"its name must be {STACK_PREFIX}{token}" if token else "it has another template"
        raise UsageProblem(
            f"stack {stack.name} was not created from what 'pennsieve compute policy template' "
            f"prints: {wants}",
            where=stack.id,
            hint="create it again as that command says",
        )
    if entry is not None and entry.token != token:
        raise UsageProblem(
            f"compute node '{options.name}' was begun with stack {STACK_PREFIX}{entry.token}",
            where=str(clients.journal.path),
            hint="choose another name with: --name",
        )
    return token


def known_token(
    clients: Clients,
    options: RegisterOptions,
    entry: JournalEntry | None,
    remembered: OwnNode | None,
) -> str:
    """The node's token: as the journal has it, as it is remembered, or a new one.

    Raises:
        UsageProblem: AWS has a node of this name that neither knows.

    """
    if entry is not None:
        return entry.token
    if remembered is not None:
        return remembered.token
    for stack in stacks_called(clients.aws, STACK_PREFIX):
        named = stack.tags.get(NODE_TAG) == tag_value(options.name)
        ours = stack.tags.get(WORKSPACE_TAG) in {options.organization_id, None}
        if named and ours and stack.name == f"{STACK_PREFIX}{stack.tags.get(TOKEN_TAG)}":
            raise UsageProblem(
                f"this AWS account already has a compute node called '{options.name}', which this "
                "machine does not know",
                where=stack.id,
                hint="if it is yours, first run: pennsieve compute list --aws; otherwise choose "
                "another name with: --name",
            )
    return new_token() if options.asks_pennsieve else _printed_token(clients, options)


def _printed_token(clients: Clients, options: RegisterOptions) -> str:
    """The token of a template that is printed: the same each time, as nothing is written down."""
    identity = clients.aws.identity()
    words = (identity.account_id, identity.region, options.organization_id, options.name)
    return hashlib.sha256("\n".join(words).encode()).hexdigest()[:8]


def check_own(stack: Stack | None, token: str) -> Stack | None:
    """The stack, if it has the node's token.

    Raises:
        UsageProblem: this program did not create it.

    """
    if stack is None or stack.only_reviewed or stack.tags.get(TOKEN_TAG) == token:
        return stack
    raise UsageProblem(
        f"there is a stack {stack.name} in this AWS account that this program did not create",
        where=stack.id,
        hint="choose another node name with: --name",
    )
