"""The lines that the steps of runs write."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

from pennsieve_agent.sandbox.store import Store

FLUSH_SECONDS = 0.1
MAX_LINES = 100_000
"""Of one step, in one process of the sandbox: a program gone wild must not fill the disk."""
MAX_LINE = 16_384

_Line = tuple[str, str, int, str]


class RunLog:
    """Takes lines from any thread, and writes them together at most a tenth of a second later."""

    def __init__(self, store: Store, now: Callable[[], float]) -> None:
        self._store = store
        self._now = now
        self._lock = threading.Lock()
        self._writing = threading.Lock()
        self._lines: list[_Line] = []
        self._counts: Counter[tuple[str, str]] = Counter()
        self._last = 0
        self._waiting = threading.Event()
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start writing in the background."""
        self._thread = threading.Thread(target=self._work, name="run-log", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Write what is left, and end."""
        self._stopped.set()
        self._waiting.set()
        if self._thread is not None:
            self._thread.join()
        self.flush()

    def line(self, run_uuid: str, node_id: str, text: str) -> None:
        """Take a line."""
        with self._lock:
            count = self._counts[run_uuid, node_id] = self._counts[run_uuid, node_id] + 1
            if count > MAX_LINES:
                return
            if count == MAX_LINES:
                text = f"the log ends here: a step may write {MAX_LINES} lines"
            # Times never go back, so that sorting by them keeps the order.
            self._last = max(self._last, int(self._now() * 1000))
            text = text[:MAX_LINE].encode(errors="replace").decode()
            self._lines.append((run_uuid, node_id, self._last, text))
        self._waiting.set()

    def flush(self) -> None:
        """Write all lines taken so far."""
        with self._writing:
            with self._lock:
                lines, self._lines = self._lines, []
            if lines:
                self._store.execute_many(
                    "INSERT INTO workflow_log (run_uuid, node_id, timestamp, message)"
                    " VALUES (?, ?, ?, ?)",
                    lines,
                )

    def forget(self, run_uuid: str) -> None:
        """A run ended: nothing more will come."""
        with self._lock:
            for key in [key for key in self._counts if key[0] == run_uuid]:
                del self._counts[key]

    def read(self, run_uuid: str, node_id: str) -> list[dict[str, int | str]]:
        """A step's lines, in order."""
        self.flush()
        rows = self._store.rows(
            "SELECT timestamp, message FROM workflow_log WHERE run_uuid = ? AND node_id = ?"
            " ORDER BY seq",
            (run_uuid, node_id),
        )
        return [dict(row) for row in rows]

    def _work(self) -> None:
        while not self._stopped.is_set():
            self._waiting.wait()
            self._waiting.clear()
            self._stopped.wait(FLUSH_SECONDS)
            self.flush()
