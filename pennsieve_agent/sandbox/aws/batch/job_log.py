"""The log of a job's container: into the CloudWatch group that its definition names.

moto keeps log events in memory; here they are also written down, and given back to it at a start.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pennsieve_agent.sandbox.aws.batch.containers import log_group
from pennsieve_agent.sandbox.aws.batch.jobs import Job
from pennsieve_agent.sandbox.aws.rights.role_sessions import Lock
from pennsieve_agent.sandbox.host.store import Store

SCHEMA = """
CREATE TABLE IF NOT EXISTS job_log (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    place TEXT NOT NULL,
    stream TEXT NOT NULL,
    timestamp INTEGER NOT NULL,
    message TEXT NOT NULL
);
"""
FLUSH_SECONDS = 0.1
MAX_LINES = 100_000
"""Of one attempt: a program gone wild must not fill the disk."""
MAX_LINE = 16_384
KEPT_SECONDS = 14 * 24 * 3600
"""CloudWatch takes no events that are older (``PutLogEvents``)."""


class JobLog:
    """Writes lines, and gives moto those of earlier processes."""

    def __init__(self, store: Store, lock: Lock, now: Callable[[], float]) -> None:
        self._store = store
        self._lock = lock
        self._now = now

    def start(self) -> None:
        """Give moto what was written down. Lines whose group is gone, or old ones, are dropped."""
        oldest = int((self._now() - KEPT_SECONDS) * 1000)
        self._store.execute("DELETE FROM job_log WHERE timestamp < ?", (oldest,))
        streams = self._store.rows("SELECT DISTINCT place, stream FROM job_log")
        for saved in streams:
            key = (saved["place"], saved["stream"])
            rows = self._store.rows(
                "SELECT timestamp, message FROM job_log WHERE place = ? AND stream = ?"
                " ORDER BY seq",
                key,
            )
            if not self._give(*key, [dict(row) for row in rows]):
                self._store.execute("DELETE FROM job_log WHERE place = ? AND stream = ?", key)

    @contextmanager
    def writer(self, job: Job) -> Iterator[Callable[[str], None]]:
        """Takes the lines of an attempt; all are there when the block is left."""
        place, stream = f"{job.account} {job.region} {log_group(job)}", job.stream
        lines: list[dict[str, Any]] = []
        guard, done, count = threading.Lock(), threading.Event(), 0

        def take(text: str) -> None:
            nonlocal count
            count += 1
            if count <= MAX_LINES:
                message = text[:MAX_LINE].encode(errors="replace").decode() or " "
                with guard:
                    lines.append({"timestamp": int(self._now() * 1000), "message": message})

        def flush() -> None:
            with guard:
                some, lines[:] = list(lines), []
            if some:
                self._store.execute_many(
                    "INSERT INTO job_log (place, stream, timestamp, message) VALUES (?, ?, ?, ?)",
                    [(place, stream, line["timestamp"], line["message"]) for line in some],
                )
                self._give(place, stream, some)

        def work() -> None:
            while not done.wait(FLUSH_SECONDS):
                flush()

        thread = threading.Thread(target=work, name="job log", daemon=True)
        thread.start()
        try:
            yield take
        finally:
            done.set()
            thread.join()
            flush()

    def _give(self, place: str, stream: str, lines: list[dict[str, Any]]) -> bool:
        """Put lines into moto's log group; answers whether the group exists."""
        from moto.logs.models import logs_backends  # noqa: PLC0415 - slow

        account, region, group = place.split(" ", 2)
        with self._lock:
            its_group = logs_backends[account][region].groups.get(group)
            if its_group is None:
                return False
            if stream not in its_group.streams:
                its_group.create_log_stream(stream)
            its_group.streams[stream].put_log_events(lines)
        return True
