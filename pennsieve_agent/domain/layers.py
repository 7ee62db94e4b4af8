"""Layers: read-only directories on a compute node that runs may ask for."""

from __future__ import annotations

from dataclasses import dataclass

from pennsieve_agent.domain.server_word import ServerWord


class LayerStatus(ServerWord):
    """State of a layer; every other word means that it is being filled."""

    EMPTY = "EMPTY"
    READY = "READY"
    BUILDING = "BUILDING"
    UNKNOWN = "UNKNOWN"


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer (``contracts/workflows.md`` 2.6). ``size`` is in bytes, the cost in USD a month.

    A figure is None where it was not measured.
    """

    name: str
    status: LayerStatus
    kind: str = "data"
    description: str = ""
    size: int | None = None
    file_count: int | None = None
    monthly_cost: float | None = None
    created_at: str = ""
    last_accessed: str = ""
    created_by: str = ""
