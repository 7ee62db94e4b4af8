"""An own node as the commands call it: with AWS credentials, and only when it is asked."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pennsieve_agent.cli.context import Context
    from pennsieve_agent.domain.node_calls import NodeCalls
    from pennsieve_agent.domain.own_node import OwnNode

_OPENING = threading.Lock()
"""Several nodes may be asked at once; which credentials to use is asked one at a time."""


class LazyNode:
    """Opens nothing, and imports nothing of AWS, before the first call."""

    def __init__(self, context: Context, node: OwnNode) -> None:
        self.node = node
        self._context = context
        self._client: NodeCalls | None = None

    def ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        *,
        admin: bool = False,
    ) -> Mapping[str, Any]:
        """See :meth:`~pennsieve_agent.domain.node_calls.NodeCalls.ask`."""
        return self._opened().ask(method, path, query, body, admin=admin)

    def _opened(self) -> NodeCalls:
        with _OPENING:
            if self._client is None:
                self._client = self._open()
            return self._client

    def _open(self) -> NodeCalls:
        from pennsieve_agent.cli.node_clients import client

        context = self._context
        return client(context, context.aws(self.node.region, self.node.aws_profile or None))(
            self.node
        )
