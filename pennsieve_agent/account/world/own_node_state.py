"""An own node as this machine remembers it, and whether it answers its owner."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pennsieve_agent.account.spec.names import NodeNames
from pennsieve_agent.account.spec.node_spec import NodeSpec
from pennsieve_agent.account.world.clients import Clients
from pennsieve_agent.domain.own_node import OwnNode
from pennsieve_agent.domain.poll_delays import pauses
from pennsieve_agent.errors import AgentError

HEALTH = ("GET", "/health")
HEALTH_SECONDS = 60.0


def own_node(spec: NodeSpec, aws_profile: str = "") -> OwnNode:
    """What to remember of a node; ``aws_profile`` names the credentials that made it."""
    return node_of(
        spec.names,
        spec.node_name,
        spec.organization_id,
        aws_profile=aws_profile,
        mode=spec.settings.mode.value,
        version=spec.code.version if spec.code is not None else "",
    )


def node_of(names: NodeNames, name: str, organization_id: str, **more: str) -> OwnNode:
    """A node by its names; ``more`` are further fields of :class:`OwnNode`."""
    return OwnNode(
        token=names.token,
        name=name,
        organization_id=organization_id,
        account=names.account_id,
        region=names.region,
        gateway=names.function_arn(names.gateway),
        admin=names.function_arn(names.admin),
        **more,
    )


def check_node(node: OwnNode, clients: Clients) -> str:
    """Ask until the node is healthy; new roles and functions take some seconds to work in AWS.

    Raises:
        AgentError: it does not answer, or reports problems.

    """
    trouble: AgentError | None = None
    client = clients.client(node)
    for pause in pauses(HEALTH_SECONDS):
        try:
            issues = issues_of(client.ask(*HEALTH, admin=True))
        except AgentError as error:
            trouble = error
        else:
            if not issues:
                return "the node answers that it is healthy"
            trouble = AgentError(
                f"the node answers, but reports problems: {'; '.join(issues)}",
                where=node.admin,
                hint="run the same command again, or find out more with: pennsieve compute doctor",
            )
        clients.sleep(pause)
    raise trouble or AgentError("the node was not asked", where=node.admin)


def issues_of(body: Mapping[str, Any]) -> list[str]:
    """The problems that a node reports."""
    issues = body.get("issues")
    return [str(issue) for issue in issues] if isinstance(issues, list) else []
