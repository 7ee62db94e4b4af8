"""An own node as the commands call it: with AWS credentials, and only when it is asked."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pennsieve_agent.cli.context import Context
    from pennsieve_agent.domain.own_node import OwnNode
    from pennsieve_agent.services.run_backend import NodeCalls


class LazyNode:
    """Opens nothing, and imports nothing of AWS, before the first call."""

    def __init__(self, context: Context, node: OwnNode) -> None:
        self._context, self._node = context, node

    def ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        *,
        admin: bool = False,
    ) -> Mapping[str, Any]:
        """See :meth:`~pennsieve_agent.services.run_backend.NodeCalls.ask`."""
        return self._client.ask(method, path, query, body, admin=admin)

    @cached_property
    def _client(self) -> NodeCalls:
        raise NotImplementedError
