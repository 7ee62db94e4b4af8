"""Find the own nodes in an AWS account, by the tags of their stacks."""

from __future__ import annotations

from pennsieve_agent.account.spec.names import (
    NODE_TAG,
    STACK_PREFIX,
    TOKEN_TAG,
    WORKSPACE_TAG,
    node_names,
)
from pennsieve_agent.account.spec.node_spec import Settings
from pennsieve_agent.account.spec.spec_json import installed_code, installed_settings
from pennsieve_agent.account.world.own_node_state import node_of
from pennsieve_agent.aws.cloudformation import stacks_called, template_of
from pennsieve_agent.aws.session import Aws
from pennsieve_agent.domain.own_node import OwnNode


def nodes_in(aws: Aws, organization_id: str) -> tuple[OwnNode, ...]:
    """The own nodes for a workspace in the account and region of a session, by name.

    A stack that an administrator made by hand may name no workspace; it is taken, too.

    Raises:
        AwsError: AWS cannot be asked.

    """
    identity = aws.identity()
    nodes = []
    for stack in stacks_called(aws, STACK_PREFIX):
        token = stack.tags.get(TOKEN_TAG, "")
        workspace = stack.tags.get(WORKSPACE_TAG, "")
        ours = stack.name == f"{STACK_PREFIX}{token}" and workspace in {"", organization_id}
        if not ours or stack.only_reviewed or stack.broken or stack.status.startswith("DELETE"):
            continue
        template = template_of(aws, stack.id)
        code, settings = installed_code(template), installed_settings(template) or Settings()
        nodes.append(
            node_of(
                node_names(token, identity),
                stack.tags.get(NODE_TAG) or stack.name,
                organization_id,
                aws_profile=aws.profile or "",
                mode=settings.mode.value,
                version=code.version if code is not None else "",
            )
        )
    return tuple(sorted(nodes, key=lambda node: (node.name.casefold(), node.token)))
