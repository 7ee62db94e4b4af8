"""What all parts of the sandbox share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pennsieve_agent.sandbox.host.store import Store

USER_ACCOUNT_ID = "123456789012"
"""The emulated AWS account of the sandbox's user: the one moto gives every unknown key."""

PLATFORM_ACCOUNT_ID = "740463337177"
"""The emulated AWS account from which the platform assumes the users' roles."""


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
