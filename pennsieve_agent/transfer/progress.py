"""How far a transfer is, added up from what many threads report."""

from __future__ import annotations

import threading
from collections.abc import Callable

from pennsieve_agent.domain.transfers import TransferProgress


class ProgressCounter:
    """Adds up files and bytes, and shows the sums. Safe to share between threads."""

    def __init__(self, files: int, size: int, show: Callable[[TransferProgress], None]) -> None:
        self._total_files, self._total_size, self._show = files, size, show
        self._files = self._size = 0
        self._lock = threading.Lock()

    def add(self, size: int, files: int = 0) -> None:
        """So many more bytes, or fewer when a file begins anew; and so many complete files."""
        with self._lock:
            self._size += size
            self._files += files
            self._show(
                TransferProgress(self._files, self._total_files, self._size, self._total_size)
            )
