"""What all parts of the sandbox share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pennsieve_agent.sandbox.store import Store


@dataclass(frozen=True, slots=True)
class Urls:
    """Where the three ports listen, without a trailing slash."""

    api: str
    api2: str
    aws: str


@dataclass(frozen=True, slots=True)
class World:
    """The sandbox's folder, state, addresses and clock (unix seconds)."""

    data: Path
    store: Store
    urls: Urls
    now: Callable[[], float]

    @property
    def datasets(self) -> Path:
        """The folder whose folders are the datasets."""
        return self.data / "datasets"
