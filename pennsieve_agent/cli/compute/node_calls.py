"""An own node that is called only when it is asked something."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pennsieve_agent.domain.node_calls import NodeCalls
    from pennsieve_agent.domain.own_node import OwnNode

_OPENING = threading.Lock()
"""Several nodes may be asked at once; which credentials to use is asked one at a time."""


class LazyNode:
    """Opens nothing, and imports nothing of AWS, before the first call."""

    def __init__(
        self,
        node: OwnNode,
        open_client: Callable[[OwnNode], NodeCalls],
        changing: Callable[[], None] = lambda: None,
    ) -> None:
        """``changing`` is told before something is asked that changes something."""
        self.node = node
        self._open = open_client
        self._changing = changing
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
        client = self._opened()
        if method != "GET":
            self._changing()
        return client.ask(method, path, query, body, admin=admin)

    def _opened(self) -> NodeCalls:
        with _OPENING:
            if self._client is None:
                self._client = self._open(self.node)
            return self._client
