"""This machine, as the host of an address."""

from __future__ import annotations

from urllib.parse import urlsplit

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def is_loopback(url: str) -> bool:
    """Whether an address is of this machine; one that cannot be read is not."""
    try:
        return urlsplit(url).hostname in LOOPBACK
    except ValueError:
        return False
