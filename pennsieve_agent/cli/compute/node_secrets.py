"""The secrets of a node: asked of Pennsieve, or of an own node itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pennsieve_agent.domain.own_node import OwnNode

if TYPE_CHECKING:
    from pennsieve_agent.cli.context import Context
    from pennsieve_agent.domain.compute import ComputeNode
    from pennsieve_agent.domain.node_calls import NodeCalls

_SHARED, _MINE = {"scope": "shared"}, {"scope": "user"}


@dataclass(frozen=True, slots=True)
class Secrets:
    """The secrets of one node. Values go in and never out."""

    context: Context
    node: OwnNode | ComputeNode

    @property
    def node_id(self) -> str:
        """The node's id."""
        return self.node.token if isinstance(self.node, OwnNode) else self.node.uuid

    def names(self, *, shared: bool) -> list[str]:
        """The names of the caller's own secrets, or of those that everybody's runs get."""
        if isinstance(self.node, OwnNode):
            if shared and not self.node.is_owned:
                return []  # its owner alone sees them
            answer = self._own(self.node).ask("GET", "/secrets", _scope(shared=shared))
            return [str(name) for name in answer.get("keys") or ()]
        secrets = self.context.platform.node_secrets
        read = secrets.shared_names if shared else secrets.names
        return list(read(self.node_id))

    def set(self, values: Mapping[str, str], *, shared: bool) -> None:
        """Set some; others stay.

        Raises:
            UsageProblem: a name or a value is one that no node takes.
        """
        if isinstance(self.node, OwnNode):
            from pennsieve_agent.platform.compute.node_secrets import checked

            body = {"secrets": checked(values)}
            self._own(self.node).ask("PATCH", "/secrets", _scope(shared=shared), body, admin=shared)
            return
        secrets = self.context.platform.node_secrets
        (secrets.set_shared if shared else secrets.set)(self.node_id, dict(values))

    def remove(self, name: str, *, shared: bool) -> None:
        """Remove one; its value is lost."""
        if isinstance(self.node, OwnNode):
            query = {**_scope(shared=shared), "key": name}
            self._own(self.node).ask("DELETE", "/secrets", query, admin=shared)
            return
        secrets = self.context.platform.node_secrets
        (secrets.remove_shared if shared else secrets.remove)(self.node_id, name)

    def _own(self, node: OwnNode) -> NodeCalls:
        return self.context.node_calls(node)


def _scope(*, shared: bool) -> dict[str, str]:
    return dict(_SHARED if shared else _MINE)
