"""Keys to storage that are renewed before they end."""

from __future__ import annotations

import threading
from collections.abc import Callable

from pennsieve_agent.domain.transfers import StorageKeys

MARGIN_SECONDS = 300.0
"""As the existing agent does (``contracts/core.md`` 4.2)."""


class RenewedKeys:
    """Asks for keys when first needed and five minutes before their end; one thread at a time."""

    def __init__(self, ask: Callable[[], StorageKeys], now: Callable[[], float]) -> None:
        self._ask, self._now = ask, now
        self._lock = threading.Lock()
        self._keys: StorageKeys | None = None
        self._renew_at = 0.0

    def current(self) -> StorageKeys:
        """Keys that are good for some minutes."""
        with self._lock:
            if self._keys is None or self._now() >= self._renew_at:
                self._keys = self._ask()
                left = self._keys.expires_at - self._now()
                # Keys that live only for minutes are used for three quarters of them.
                self._renew_at = self._keys.expires_at - min(MARGIN_SECONDS, max(left, 0) / 4)
            return self._keys

    def refused(self, keys: StorageKeys) -> None:
        """Storage does not accept these; ask for others, unless another thread has."""
        with self._lock:
            if self._keys is not None and self._keys.access_key == keys.access_key:
                self._keys = None
