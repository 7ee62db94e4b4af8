"""Many transfers at once: threads that take one after the other, until all are done or one fails.

What can be said of one file alone is that file's, and the others go on; everything else, such as
a full disk or Ctrl+C, ends all, at once.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

T = TypeVar("T")


class Workers(Generic[T]):
    """``count`` threads that ``work`` on items; ``stop`` is called to end what is in flight."""

    def __init__(
        self, count: int, work: Callable[[T], None], stop: Callable[[], None], *, name: str
    ) -> None:
        self._work, self._stop = work, stop
        # A few in advance, so that nobody waits while the next addresses are asked for.
        self._waiting: queue.Queue[T | None] = queue.Queue(4 * count)
        self._failure: BaseException | None = None
        self._ended = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, name=f"{name} {number}", daemon=True)
            for number in range(count)
        ]

    def run(self, items: Iterable[T]) -> None:
        """Work on all items.

        Raises:
            BaseException: what the items or the work raise, after all threads have ended.

        """
        for thread in self._threads:
            thread.start()
        try:
            for item in items:
                if self._ended.is_set():
                    break
                self._waiting.put(item)
            for _ in self._threads:
                self._waiting.put(None)
            for thread in self._threads:
                thread.join()
        except BaseException:
            self._end()
            raise
        if self._failure is not None:
            raise self._failure

    def _end(self) -> None:
        """Let all threads come to an end, whatever waits."""
        self._ended.set()
        self._stop()
        for _ in self._threads:
            self._waiting.put(None)  # there is room soon: what waits is passed over
        for thread in self._threads:
            thread.join()

    def _run(self) -> None:
        while (item := self._waiting.get()) is not None:
            if self._ended.is_set():
                continue
            try:
                self._work(item)
            except BaseException as error:  # noqa: BLE001 - raised again where all are waited for
                if not self._ended.is_set():
                    self._failure = error
                    self._ended.set()
                    self._stop()
