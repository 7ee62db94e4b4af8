"""Many transfers at once: threads that take one after the other, until all are done or one fails.

What can be said of one file alone is that file's, and the others go on; everything else, such as
a full disk or Ctrl+C, ends all, at once.

Few threads do most where storage answers within milliseconds, as Python runs one at a time; many
do where each waits for a distant server. So there are few at first, and more while files wait and
each takes long.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

T = TypeVar("T")

FIRST = 4
LONG_SECONDS = 0.01
"""More threads help when each item takes longer than this."""
LOOK_SECONDS = 0.02
"""Between looks at how long items take."""


class Workers(Generic[T]):
    """Up to ``most`` threads that ``work`` on items; ``stop`` ends what is in flight."""

    def __init__(
        self, most: int, work: Callable[[T], None], stop: Callable[[], None], *, name: str
    ) -> None:
        self._most, self._name = max(most, 1), name
        self._work, self._stop = work, stop
        # A few in advance, so that nobody waits while the next addresses are asked for.
        self._waiting: queue.Queue[T | None] = queue.Queue(4 * self._most)
        self._failure: BaseException | None = None
        self._ended = threading.Event()
        self._threads: list[threading.Thread] = []
        self._done = self._done_before = 0
        self._looked = time.monotonic()

    def run(self, items: Iterable[T]) -> None:
        """Work on all items.

        Raises:
            BaseException: what the items or the work raise, after all threads have ended.

        """
        try:
            self._start(min(FIRST, self._most))
            for item in items:
                if self._ended.is_set():
                    break
                self._put(item)
            self._put(None)
            self._join()
        except BaseException:
            self._end()
            raise
        if self._failure is not None:
            raise self._failure

    def _start(self, count: int) -> None:
        for _ in range(count):
            name = f"{self._name} {len(self._threads)}"
            thread = threading.Thread(target=self._run, name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def _put(self, item: T | None) -> None:
        while True:
            try:
                self._waiting.put(item, timeout=LOOK_SECONDS)
            except queue.Full:
                self._look()
            else:
                self._look()
                return

    def _look(self) -> None:
        """Start more threads, if that helps."""
        now = time.monotonic()
        passed = now - self._looked
        if passed < LOOK_SECONDS or len(self._threads) >= self._most:
            return
        expected = len(self._threads) * passed / LONG_SECONDS
        is_slow = self._done - self._done_before < expected
        self._looked, self._done_before = now, self._done
        if is_slow and self._waiting.qsize() > 1:  # the last one is the end
            self._start(min(len(self._threads), self._most - len(self._threads)))

    def _join(self) -> None:
        for thread in self._threads:  # which may become more
            while thread.is_alive() and len(self._threads) < self._most:
                thread.join(LOOK_SECONDS)
                self._look()
            thread.join()

    def _end(self) -> None:
        """Let all threads come to an end, whatever waits."""
        self._ended.set()
        self._stop()
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
            self._done += 1  # a lost count, of two threads at once, does no harm
        self._waiting.put(None)  # for the next thread
