"""An own node as the commands call it: with AWS credentials, and only when it is asked."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pennsieve_agent.errors import AgentError

if TYPE_CHECKING:
    from pennsieve_agent.aws.node_client import NodeClient
    from pennsieve_agent.cli.context import Context
    from pennsieve_agent.domain.own_node import Claimed, OwnNode

_OPENING = threading.Lock()
"""Several nodes may be asked at once; which credentials to use is asked one at a time."""


class LazyNode:
    """Opens nothing, and imports nothing of AWS, before the first call."""

    def __init__(self, context: Context, node: OwnNode) -> None:
        self.node = node
        self._context = context
        self._client: NodeClient | None = None

    def ask(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        *,
        admin: bool = False,
    ) -> Mapping[str, Any]:
        """See :meth:`~pennsieve_agent.services.run_backend.NodeCalls.ask`."""
        return self._opened().ask(method, path, query, body, admin=admin)

    def _opened(self) -> NodeClient:
        with _OPENING:
            if self._client is None:
                self._client = self._open()
            return self._client

    def _open(self) -> NodeClient:
        from pennsieve_agent.aws.node_client import NodeClient

        context = self._context
        return NodeClient(
            self.node,
            context.aws(self.node.region, self.node.aws_profile or None),
            context.tickets,
            self._claimed(),
            context.now,
            context.sleep,
        )

    def _claimed(self) -> Claimed:
        """Who the caller says he is; nobody, while Pennsieve cannot say it."""
        from pennsieve_agent.domain.own_node import Claimed

        try:
            user = self._context.user
        except AgentError:
            return Claimed()
        return Claimed(user.name, user.email)
