"""Which compute node a run goes to: an own node, or one that Pennsieve runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pennsieve_agent.domain.compute import ComputeNode, NodeStatus
from pennsieve_agent.domain.name_matching import pick
from pennsieve_agent.domain.own_node import OwnNode
from pennsieve_agent.errors import Ambiguous, UnknownName, UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.platform.client import Platform

AnyNode = ComputeNode | OwnNode


def choose(platform: Platform, own: Sequence[OwnNode], reference: str | None) -> AnyNode:
    """The node of that name; without a name, the only one there is.

    Raises:
        UsageProblem: there is none, there are several, or it is not enabled.
    """
    theirs = platform.compute.nodes(platform.workspace_id())
    if reference is None:
        return _only(own, theirs)
    everywhere: list[AnyNode] = [*own, *theirs]
    node = pick(
        reference,
        everywhere,
        kind="compute node",
        keys=lambda n: (node_id(n), n.name),
        list_command="pennsieve compute list",
        where=kind_of,
    )
    return _enabled(node)


def node_id(node: AnyNode) -> str:
    """An own node's token, or Pennsieve's id."""
    return node.token if isinstance(node, OwnNode) else node.uuid


def kind_of(node: AnyNode) -> str:
    """Whose node it is, in words."""
    return f"your account {node.account}" if isinstance(node, OwnNode) else "Pennsieve"


def _only(own: Sequence[OwnNode], theirs: Sequence[ComputeNode]) -> AnyNode:
    enabled = [node for node in theirs if node.status is NodeStatus.ENABLED]
    candidates: list[AnyNode] = [*own, *enabled]
    if len(candidates) == 1:
        return candidates[0]
    if candidates:
        mine = sorted(node.name for node in own)
        others = [f"{name} (run by Pennsieve)" for name in sorted(n.name for n in enabled)]
        raise Ambiguous(
            f"which compute node? There are {', '.join([*mine, *others])}", hint="add: --node NAME"
        )
    if not theirs:
        raise UnknownName(
            "there is no compute node yet",
            hint="create one with: pennsieve compute register; to find one that you already have: "
            "pennsieve compute list",
        )
    return _enabled(theirs[0])


def _enabled(node: AnyNode) -> AnyNode:
    if isinstance(node, OwnNode) or node.status is NodeStatus.ENABLED:
        return node
    raise UsageProblem(
        f"compute node '{node.name}' is {node.status.value.lower()}, not enabled",
        where=node.uuid,
        hint=f"see: pennsieve compute show '{node.name}'",
    )
