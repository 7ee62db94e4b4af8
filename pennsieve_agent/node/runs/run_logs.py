"""The log of a run: all attempts of all its steps, in order of time.

Each attempt has a stream of its own, whose name AWS Batch tells when it runs
(https://docs.aws.amazon.com/batch/latest/APIReference/API_ContainerDetail.html). Streams are read
by ``GetLogEvents``, of which an account has several times as many a second as of
``FilterLogEvents``
(https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch_limits_cwl.html), and of a run
that is followed only those that may have new lines, mostly once a look.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

from pennsieve_agent.node.identity.node_secrets import masked_lines
from pennsieve_agent.node.node import Node, aws_code
from pennsieve_agent.node.records.run_record import RunRecord
from pennsieve_agent.node.runs.older_logs import filtered_page, is_older

MOST_LINES = 10_000
"""In one answer (Amazon CloudWatch Logs, "GetLogEvents")."""
MOST_BYTES = 1_000_000
"""Of messages in one answer, as in one of CloudWatch's."""
MOST_READS = 5
"""Of pages without a line that fits, in one answer: each reads up to four streams."""
MOST_TAIL = 1000
"""Last lines in one answer."""
MOST_STREAMS = 4
"""Read side by side, so that lines of steps that run at once are in order of time."""
LATE_SECONDS = 60.0
"""How long after its end an attempt's last lines may become readable."""
_NOT_FOUND = "ResourceNotFoundException"
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Stream:
    """The log of one attempt of a step, the first is 1. Times are in unix seconds.

    ``ended`` is 0 until then.
    """

    name: str
    step: str
    begun: float
    ended: float
    attempt: int = 1


@dataclass(slots=True)
class _Page:
    """A page of a stream: the token that it was read with, and how many of its lines to skip."""

    stream: Stream
    token: str = ""
    skip: int = 0
    rows: Sequence[Row] = ()
    after: str = ""
    is_last: bool = False

    @property
    def until(self) -> float:
        """Up to which time, in milliseconds, the stream has no lines but those that are here."""
        if self.is_last:
            return inf
        return float(self.rows[-1]["timestamp"]) if self.rows else -inf


@dataclass(frozen=True, slots=True)
class LogReading:
    """Reads the log of a run, or of one of its steps, or of one attempt of each.

    Lines are from ``since`` up to before ``until``, in unix milliseconds, 0 for no bound, and have
    ``word`` in them, as they are answered: what is masked cannot be found.
    """

    node: Node
    record: RunRecord
    step: str = ""
    since: int = 0
    until: int = 0
    attempt: int = 0
    word: str = ""

    def page(self, limit: int, token: str, hidden: Iterable[str]) -> dict[str, Any]:
        """Some lines by time, and the token of those that follow; no token after the last.

        Raises:
            ValueError: the token is not one of this log.

        """
        limit = max(1, min(limit, MOST_LINES))
        secret, messages = list(hidden), list[Row]()
        for _ in range(MOST_READS):
            if is_older(self.record, token):
                lines, token = filtered_page(
                    self.node, self.record, self.step, self.since, limit, token
                )
            else:
                lines, token = self._merged(limit, token)
            messages = self._answered(lines, secret)
            if messages or not token:
                break
        return {"messages": messages, "next": token}

    def last(self, count: int, hidden: Iterable[str]) -> dict[str, Any]:
        """The last lines by time, at most so many and of at most ``MOST_BYTES``."""
        if is_older(self.record, ""):
            return self.page(MOST_LINES, "", hidden)
        count = max(1, min(count, MOST_TAIL))
        lines: list[tuple[str, Row]] = []
        streams = [stream for stream in streams_of(self.record) if self._wants(stream)]
        for stream in sorted(streams, key=lambda stream: stream.ended or inf, reverse=True):
            is_over = stream.ended and len(lines) == count
            if is_over and (stream.ended + LATE_SECONDS) * 1000 < lines[0][1]["timestamp"]:
                break
            lines += [(stream.step, row) for row in self._end_of(stream, count)]
            lines = sorted(lines, key=lambda line: int(line[1]["timestamp"]))[-count:]
        size, kept = 0, 0
        for _, row in reversed(lines):
            size += len(str(row["message"]).encode())
            if kept and size > MOST_BYTES:
                break
            kept += 1
        return {"messages": self._answered(lines[-kept:], list(hidden)), "next": ""}

    def _answered(self, lines: Sequence[tuple[str, Row]], secret: list[str]) -> list[Row]:
        messages = masked_lines([str(row["message"]) for _, row in lines], secret)
        return [
            {"timestamp": int(row["timestamp"]), "message": text, "step": step}
            for (step, row), text in zip(lines, messages, strict=True)
            if self.word in text
        ]

    def _end_of(self, stream: Stream, count: int) -> list[Row]:
        """The last lines of a stream. A page may have fewer, or none (GetLogEvents)."""
        rows: list[Row] = []
        token = ""
        while len(rows) < count:
            answer = self._ask(stream, token, limit=count, from_head=False)
            rows = [*answer["events"], *rows]
            before, token = token, str(answer["nextBackwardToken"])
            if token == before:
                break
        return rows[-count:]

    def _merged(self, limit: int, token: str) -> tuple[list[tuple[str, Row]], str]:
        opened, places = _decoded(token)
        streams = [stream for stream in streams_of(self.record) if self._wants(stream)]
        named = {stream.name: stream for stream in streams}
        pages = [_Page(named[name], at, skip) for name, at, skip in places if name in named]
        while len(pages) < MOST_STREAMS and opened < len(streams):
            pages.append(_Page(streams[opened]))
            opened += 1
        for page in pages:
            self._read(page)
        lines = _next_lines(pages, limit)
        left = [place for page in pages for place in _place_after(page)]
        is_over = not left and opened >= len(streams)
        return lines, "" if is_over else json.dumps([opened, left], separators=(",", ":"))

    def _wants(self, stream: Stream) -> bool:
        is_over = stream.ended and (stream.ended + LATE_SECONDS) * 1000 < self.since
        is_later = self.until and (stream.begun - LATE_SECONDS) * 1000 > self.until
        is_other = self.attempt and stream.attempt != self.attempt
        return not (is_over or is_later or is_other) and self.step in {"", stream.step}

    def _read(self, page: _Page) -> None:
        answer = self._ask(page.stream, page.token)
        page.rows, page.after = answer["events"], str(answer["nextForwardToken"])
        # The same token again is the end (GetLogEvents); what goes on is asked for again anyway.
        size = sum(len(str(row["message"])) for row in page.rows)
        is_short = len(page.rows) < MOST_LINES and size < MOST_BYTES // 2
        page.is_last = page.after == page.token or (not page.stream.ended and is_short)

    def _ask(
        self, stream: Stream, token: str, *, limit: int = MOST_LINES, from_head: bool = True
    ) -> Row:
        """A page of a stream; of one that is not there, the last, without a line."""
        query: dict[str, Any] = {"nextToken": token} if token else {}
        if self.since:
            query["startTime"] = self.since
        if self.until:
            query["endTime"] = self.until
        try:
            answer: Row = self.node.client("logs").get_log_events(
                logGroupName=self.node.settings.log_group,
                logStreamName=stream.name,
                startFromHead=from_head,
                limit=limit,
                **query,
            )
        except Exception as error:
            if aws_code(error) != _NOT_FOUND:
                raise
            return {"events": [], "nextForwardToken": token, "nextBackwardToken": token}
        return answer


def streams_of(record: RunRecord) -> list[Stream]:
    """The streams of a run in the order in which they began."""
    streams: dict[str, Stream] = {}
    for job in record.work:
        rows = (*job.past, *job.attempts)
        for number, row in enumerate(rows, 1):
            if name := row.get("log"):
                streams[name] = Stream(name, job.step, row["started"], row["ended"], number)
        if job.log and job.log not in streams:
            ended = job.stopped if job.ended else 0.0
            streams[job.log] = Stream(job.log, job.step, job.started, ended, len(rows) + 1)
    return sorted(streams.values(), key=lambda stream: stream.begun)


def _next_lines(pages: Sequence[_Page], limit: int) -> list[tuple[str, Row]]:
    """The next lines by time, as far as no stream can have others between; they are noted."""
    until = min((page.until for page in pages), default=inf)
    rows = sorted(
        (row["timestamp"], place, number)
        for place, page in enumerate(pages)
        for number, row in enumerate(page.rows)
        if number >= page.skip and row["timestamp"] <= until
    )
    lines: list[tuple[str, Row]] = []
    size = 0
    for _, place, number in rows[:limit]:
        page = pages[place]
        row = page.rows[number]
        size += len(str(row["message"]).encode())
        if lines and size > MOST_BYTES:
            break
        lines.append((page.stream.step, row))
        page.skip = number + 1
    return lines


def _place_after(page: _Page) -> Iterator[tuple[str, str, int]]:
    """Where a stream is read on: on this page, or behind it; nowhere after the last."""
    if page.skip < len(page.rows):
        yield page.stream.name, page.token, page.skip
    elif not page.is_last:
        yield page.stream.name, page.after, 0


def _decoded(token: str) -> tuple[int, list[tuple[str, str, int]]]:
    if not token:
        return 0, []
    try:
        opened, places = json.loads(token)
        return int(opened), [(str(name), str(at), int(skip)) for name, at, skip in places]
    except (TypeError, ValueError) as error:
        raise ValueError("a token of another log") from error


def step_lines(
    node: Node, record: RunRecord, step: str, hidden: Iterable[str]
) -> Iterator[dict[str, Any]]:
    """All lines of a step."""
    reading, secret, token = LogReading(node, record, step), list(hidden), ""
    while True:
        answer = reading.page(MOST_LINES, token, secret)
        yield from answer["messages"]
        token = answer["next"]
        if not token:
            return
