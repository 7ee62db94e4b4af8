"""The log of a job's container: into the CloudWatch group that its definition names.

CloudWatch keeps all of a log. Here a program gone wild must not fill the disk, so of each attempt
the beginning and the end are kept: why a program failed stands in its last lines. moto would keep
all of it in memory; it knows the groups and streams, and the lines are here.
"""

from __future__ import annotations

import heapq
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from pennsieve_agent.engine.output_lines import cut
from pennsieve_agent.sandbox.aws.batch.containers import log_group
from pennsieve_agent.sandbox.aws.batch.jobs import Job
from pennsieve_agent.sandbox.aws.rights.role_sessions import Lock
from pennsieve_agent.sandbox.host.store import Store

SCHEMA = """
CREATE TABLE IF NOT EXISTS log_streams (
    id INTEGER PRIMARY KEY, place TEXT NOT NULL, stream TEXT NOT NULL, UNIQUE (place, stream)
);
CREATE TABLE IF NOT EXISTS log_lines (
    stream INTEGER NOT NULL, timestamp INTEGER NOT NULL, seq INTEGER NOT NULL,
    message TEXT NOT NULL, PRIMARY KEY (stream, timestamp, seq)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS job_log (seq INTEGER, place TEXT, stream TEXT, timestamp, message TEXT);
INSERT OR IGNORE INTO log_streams (place, stream) SELECT DISTINCT place, stream FROM job_log;
INSERT OR IGNORE INTO log_lines
    SELECT s.id, j.timestamp, j.seq, j.message
    FROM job_log j JOIN log_streams s USING (place, stream);
DROP TABLE job_log;
"""
"""``job_log`` is where earlier versions had the lines."""
FLUSH_SECONDS = 0.05
MOST_WAITING, MOST_WAITING_BYTES = 5000, 1024 * 1024
"""Lines in memory; a program that writes faster waits for the disk."""
MOST_BYTES = 256 * 1024 - 26
"""Of an event of the driver ``awslogs``; a longer line is several, and nothing in them says so
(Docker, "Amazon CloudWatch Logs logging driver", ``maximumBytesPerEvent``). CloudWatch takes 1 MB
(https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html), but
what writes a container's log on Fargate is that driver."""
KEPT_BYTES = 64 * 1024 * 1024
"""Of the beginning of an attempt's log, and of its end."""
KEPT_SECONDS = 14 * 24 * 3600
"""CloudWatch takes no events that are older (``PutLogEvents``)."""
Position = tuple[int, int, int]
"""Of a line: its time, the number of its stream, its number there."""
START: Position = (0, 0, -1)


LogLine = tuple[int, int, int, str]
"""Its position, which orders all lines, and its message. Times are in unix milliseconds."""


def log_place(job: Job) -> str:
    """Where a job's log is: ``ACCOUNT REGION GROUP``."""
    return f"{job.account} {job.region} {log_group(job)}"


class JobLog:
    """Writes lines and reads them. ``kept`` is in bytes, of each end of a log."""

    def __init__(
        self, store: Store, lock: Lock, now: Callable[[], float], kept: int = KEPT_BYTES
    ) -> None:
        self._store = store
        self._lock = lock
        self._now = now
        self._kept = kept

    def start(self) -> None:
        """Tell moto of the streams of earlier processes; old lines and lost groups are dropped."""
        oldest = int((self._now() - KEPT_SECONDS) * 1000)
        self._store.execute("DELETE FROM log_lines WHERE timestamp < ?", (oldest,))
        for row in self._store.rows("SELECT * FROM log_streams"):
            if not self._tell(row["place"], row["stream"]):
                self._store.execute("DELETE FROM log_lines WHERE stream = ?", (row["id"],))
                self._store.execute("DELETE FROM log_streams WHERE id = ?", (row["id"],))

    @contextmanager
    def writer(self, job: Job) -> Iterator[Callable[[str], None]]:
        """Takes the lines of an attempt; all are there when the block is left."""
        with self.writing(log_place(job), job.stream) as take:
            yield take

    @contextmanager
    def writing(self, place: str, stream: str) -> Iterator[Callable[[str], None]]:
        """Takes the lines of a stream of a group, ``ACCOUNT REGION GROUP``."""
        names = (place, stream)
        self._store.execute(
            "INSERT OR IGNORE INTO log_streams (place, stream) VALUES (?, ?)", names
        )
        row = self._store.row("SELECT id FROM log_streams WHERE place = ? AND stream = ?", names)
        attempt = _Attempt(self._store, row["id"] if row else 0, self._now, self._kept)
        self._tell(*names)
        done = threading.Event()

        def work() -> None:
            while not done.wait(FLUSH_SECONDS):
                attempt.flush()

        thread = threading.Thread(target=work, name="job log", daemon=True)
        thread.start()
        try:
            yield attempt.take
        finally:
            done.set()
            thread.join()
            attempt.flush()

    def streams(self, place: str, chosen: Callable[[str], bool]) -> dict[int, str]:
        """The streams of a group, ``ACCOUNT REGION GROUP``, by number."""
        rows = self._store.rows("SELECT id, stream FROM log_streams WHERE place = ?", (place,))
        return {row["id"]: row["stream"] for row in rows if chosen(row["stream"])}

    def lines(
        self, streams: Iterable[int], after: Position, begin: int, end: int, most: int
    ) -> Iterable[LogLine]:
        """Lines of these streams by time, behind ``after``; ``begin`` and ``end`` are times."""
        return heapq.merge(*(self._of_stream(n, after, begin, end, most) for n in streams))

    def _of_stream(
        self, number: int, after: Position, begin: int, end: int, most: int
    ) -> Iterable[LogLine]:
        at, last, seq = after
        # Lines of one moment are in the order of their streams.
        behind = seq if number == last else (-1 if number > last else 1 << 62)
        rows = self._store.rows(
            "SELECT timestamp, seq, message FROM log_lines WHERE stream = ?"
            " AND (timestamp, seq) > (?, ?) AND timestamp >= ? AND timestamp <= ?"
            " ORDER BY timestamp, seq LIMIT ?",
            (number, at, behind, begin, end or 1 << 62, most),
        )
        return [(row["timestamp"], number, row["seq"], row["message"]) for row in rows]

    def _tell(self, place: str, stream: str) -> bool:
        """Let moto have a stream; answers whether its group exists."""
        from moto.logs.models import logs_backends  # noqa: PLC0415 - slow

        account, region, name = place.split(" ", 2)
        with self._lock:
            group = logs_backends[account][region].groups.get(name)
            if group is not None and stream not in group.streams:
                group.create_log_stream(stream)
            return group is not None


@dataclass
class _Attempt:
    """The log of one attempt while it is written."""

    store: Store
    stream: int
    now: Callable[[], float]
    kept: int
    _waiting: list[tuple[int, int, str]] = field(default_factory=list)
    _waiting_bytes: int = 0
    _last: int = 0
    _count: int = 0
    _head: int = 0
    """Bytes of the beginning."""
    _tail: deque[tuple[tuple[int, int], tuple[int, int], int, int]] = field(default_factory=deque)
    """What was written after it, in parts: first and last position, lines, bytes."""
    _tail_size: int = 0
    _gap: tuple[int, int] | None = None
    _gap_lines: int = 0
    _guard: threading.Lock = field(default_factory=threading.Lock)
    _writing: threading.Lock = field(default_factory=threading.Lock)

    def take(self, text: str) -> None:
        """Take a line."""
        line = text.encode(errors="replace") or b" "  # CloudWatch takes no empty one
        with self._guard:
            self._last = max(self._last, int(self.now() * 1000))
            self._waiting_bytes += len(line)
            while line:
                piece, line = cut(line, MOST_BYTES) if len(line) > MOST_BYTES else (line, b"")
                self._waiting.append((self._last, self._count, piece.decode()))
                self._count += 1
            is_full = (
                len(self._waiting) >= MOST_WAITING or self._waiting_bytes >= MOST_WAITING_BYTES
            )
        if is_full:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        with self._writing:
            with self._guard:
                lines, self._waiting = self._waiting, []
                size, self._waiting_bytes = self._waiting_bytes, 0
            if not lines:
                return
            with self.store.transaction():
                self.store.execute_many(
                    "INSERT INTO log_lines (stream, timestamp, seq, message) VALUES (?, ?, ?, ?)",
                    [(self.stream, *line) for line in lines],
                )
                self._keep_ends(lines, size)

    def _keep_ends(self, lines: list[tuple[int, int, str]], size: int) -> None:
        """Delete from the middle what is more than both ends may have."""
        if self._head + size <= self.kept:
            self._head += size
            return
        self._head = self.kept  # the beginning has all that it gets
        self._tail.append((lines[0][:2], lines[-1][:2], len(lines), size))
        self._tail_size += size
        while len(self._tail) > 1 and self._tail_size - self._tail[0][3] >= self.kept:
            first, last, count, part = self._tail.popleft()
            self.store.execute(
                "DELETE FROM log_lines WHERE stream = ? AND (timestamp, seq) >= (?, ?)"
                " AND (timestamp, seq) <= (?, ?)",
                (self.stream, *first, *last),
            )
            self._tail_size -= part
            self._gap = self._gap or first
            self._gap_lines += count
        if self._gap is not None:
            self.store.execute(
                "INSERT OR REPLACE INTO log_lines (stream, timestamp, seq, message)"
                " VALUES (?, ?, ?, ?)",
                (self.stream, *self._gap, _left_out(self._gap_lines)),
            )


def _left_out(lines: int) -> str:
    return f"... {lines} lines are left out here: the sandbox keeps the beginning and the end ..."
