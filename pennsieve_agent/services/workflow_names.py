"""A workflow by name, wherever it is: on Pennsieve, or on an own node alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pennsieve_agent.domain.matching import pick
from pennsieve_agent.errors import AwsError, NodeError, PlatformError
from pennsieve_agent.services.node_documents import decode_workflows

if TYPE_CHECKING:
    from pennsieve_agent.domain.own_node import OwnNode
    from pennsieve_agent.platform.client import Platform
    from pennsieve_agent.services.run_backend import NodeCalls


def find(platform: Platform, nodes: Sequence[tuple[OwnNode, NodeCalls]], wanted: str) -> str:
    """The id of the workflow that is meant. A node that cannot be reached is not looked at.

    Raises:
        UsageProblem: none or several match.
    """
    known = {w.uuid: w.name for w in platform.workflows.list(platform.workspace_id())}
    for node, calls in nodes:
        try:
            answer = calls.ask("GET", "/workflows", admin=node.is_owned)
        except (PlatformError, AwsError, NodeError):
            continue  # listing its runs says so
        for row in decode_workflows(answer, f"compute node '{node.name}'"):
            known.setdefault(row.uuid, row.name)
    return pick(
        wanted,
        known.items(),
        kind="workflow",
        keys=lambda pair: pair,
        list_command="pennsieve workflow list",
    )[0]
