"""Viewer assets: what the web app shows beside, or instead of, a file (``contracts/core.md`` 3.7).

An asset is created, its objects are put below a prefix in storage, and then it is said to be ready.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from pennsieve_agent.domain.transfers import StorageKeys

CREATED, READY = "created", "ready"

PropertyValue = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class ViewerAsset:
    """An asset. ``url`` is where its objects are read, with :class:`ReadingKeys` only.

    ``status`` is ``created`` until its objects are there, and then ``ready``.
    """

    id: str
    name: str
    kind: str = ""
    status: str = ""
    url: str = ""
    package_ids: tuple[str, ...] = ()
    properties: Mapping[str, Any] = field(default_factory=dict)
    created_at: str = ""

    @property
    def is_ready(self) -> bool:
        """Whether its objects are there."""
        return self.status == READY


@dataclass(frozen=True, slots=True)
class NewAsset:
    """An asset that was just made, and the keys by which its objects get into storage."""

    asset: ViewerAsset
    keys: StorageKeys


@dataclass(frozen=True, slots=True)
class ReadingKeys:
    """What opens the assets of a dataset for an hour: a credential, which is never shown."""

    base_url: str
    key_pair_id: str
    policy: str = field(repr=False)
    signature: str = field(repr=False)

    def address(self, asset: ViewerAsset, path: str) -> str:
        """Where an object of an asset is read; the address is a credential itself.

        Raises:
            ValueError: the asset has no address.

        """
        if not asset.url:
            raise ValueError("the asset has no address")
        signed = urlencode(
            {
                "Policy": self.policy,
                "Signature": self.signature,
                "Key-Pair-Id": self.key_pair_id,
            },
            errors="replace",
        )
        below = quote(path.lstrip("/"), errors="replace")
        return f"{asset.url.rstrip('/')}/{below}?{signed}"


@dataclass(frozen=True, slots=True)
class AssetListing:
    """Assets, and what opens them; None when the platform sent nothing that does."""

    assets: tuple[ViewerAsset, ...]
    keys: ReadingKeys | None = None
