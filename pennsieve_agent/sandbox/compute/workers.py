"""Threads that take work from a queue."""

from __future__ import annotations

import logging
import queue
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)

STOP_SECONDS = 20.0


class Workers:
    """Some threads that handle ids in the order they were put in.

    What a handler raises is logged and ends only that piece of work.
    """

    def __init__(self, name: str, handle: Callable[[str], None], count: int = 1) -> None:
        self._name = name
        self._handle = handle
        self._count = count
        self._queue: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._stopping = threading.Event()

    def start(self) -> None:
        """Start the threads."""
        for number in range(self._count):
            thread = threading.Thread(target=self._work, name=f"{self._name}-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def put(self, key: str) -> None:
        """Queue a piece of work."""
        self._queue.put(key)

    def stop(self, timeout: float = STOP_SECONDS) -> None:
        """Let what is being handled end, within ``timeout`` seconds, and leave the rest."""
        self._stopping.set()
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join(timeout)
        self._threads.clear()

    def _work(self) -> None:
        while True:
            key = self._queue.get()
            if key is None or self._stopping.is_set():
                return
            try:
                self._handle(key)
            except Exception:
                if self._stopping.is_set():
                    return  # what it worked with may be gone; it is done again after a restart
                log.exception("%s failed on %s", self._name, key)
