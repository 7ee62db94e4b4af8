"""The compute node that is meant by a word: one of one's own, or one that Pennsieve runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pennsieve_agent.domain.own_node import OwnNode
from pennsieve_agent.errors import UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.cli.context import Context
    from pennsieve_agent.domain.compute import ComputeNode
    from pennsieve_agent.settings.own_nodes_file import ProfileNodes

OWN, PENNSIEVE = "own", "Pennsieve"
"""What the two kinds are called in tables."""


def memory(context: Context) -> ProfileNodes:
    """The own nodes that this machine remembers for the profile in use."""
    from pennsieve_agent.settings.own_nodes_file import OwnNodes

    return OwnNodes.beside(context.config_path).of(context.profile.name)


def node_id(node: OwnNode | ComputeNode) -> str:
    """An own node's token, or Pennsieve's id."""
    return node.token if isinstance(node, OwnNode) else node.uuid


def find(context: Context, name: str) -> OwnNode | ComputeNode:
    """A node by name, unique prefix or id.

    An own node that is named exactly is found without asking Pennsieve.

    Raises:
        UsageProblem: none or several match.
    """
    from pennsieve_agent.domain.name_matching import pick
    from pennsieve_agent.services.runs.run_nodes import kind_of

    own = memory(context).list()
    exact = [node for node in own if name in {node.name, node.token}]
    if len(exact) == 1:
        return exact[0]
    everywhere: list[OwnNode | ComputeNode] = list(exact)
    if not exact:
        everywhere = [*own, *context.platform.compute.nodes(context.workspace_id)]
    return pick(
        name,
        everywhere,
        kind="compute node",
        keys=lambda n: (node_id(n), n.name),
        list_command="pennsieve compute list",
        where=kind_of,
    )


def find_whole(context: Context, name: str) -> OwnNode | ComputeNode:
    """A node by its full name or id, for what cannot be undone.

    Raises:
        UsageProblem: none has it.
    """
    from pennsieve_agent.domain.name_matching import need_whole

    node = find(context, name)
    need_whole(name, node_id(node), node.name, "compute node")
    return node


def find_pennsieves(context: Context, name: str, why: str, instead: str) -> ComputeNode:
    """A node that Pennsieve runs; ``why`` says why not an own one, ``instead`` what to type.

    Raises:
        UsageProblem: none or several match, or it is an own node.
    """
    node = find(context, name)
    if not isinstance(node, OwnNode):
        return node
    raise UsageProblem(f"compute node '{node.name}' is your own: {why}", hint=instead)
