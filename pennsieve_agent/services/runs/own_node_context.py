"""What preparing a run on an own node works with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pennsieve_agent.services.runs import run_request
from pennsieve_agent.services.runs.run_input import Earlier

if TYPE_CHECKING:
    from pennsieve_agent.domain.node_calls import NodeCalls
    from pennsieve_agent.domain.own_node import OwnNode
    from pennsieve_agent.platform.client import Platform


@dataclass(frozen=True, slots=True)
class OwnNodeContext:
    """Pennsieve, the own node and what is known of ``earlier`` runs.

    ``hand_over`` is as in :func:`.prepare_run.prepare`.
    """

    platform: Platform
    node: OwnNode
    calls: NodeCalls
    earlier: Earlier
    hand_over: run_request.HandOver | None = None

    def ask(self, path: str) -> Mapping[str, Any]:
        """The node's answer to a GET."""
        return self.calls.ask("GET", path, admin=self.node.is_owned)

    @property
    def where(self) -> str:
        """The node in a sentence."""
        return f"compute node '{self.node.name}'"
