"""What calls the functions of one own compute node, by protocol 1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from pennsieve_agent.domain.own_node import OwnNode


class NodeCalls(Protocol):
    """Calls to one own compute node."""

    def ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        *,
        admin: bool = False,
    ) -> Mapping[str, Any]:
        """The body of the node's answer. ``admin`` says that only its owner may ask this.

        Raises:
            AwsError, NodeError: the node cannot be called.
            PlatformError: it refused, in its own words.

        """
        ...


class NodeAdmin(NodeCalls, Protocol):
    """Calls to an own compute node by its owner."""

    @property
    def node(self) -> OwnNode:
        """Which node it is."""
        ...
