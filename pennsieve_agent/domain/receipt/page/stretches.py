"""The parts of a step's time: waits, start-up, attempts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from pennsieve_agent.domain.receipt.form import Json, Receipt
from pennsieve_agent.domain.receipt.page.reading import moment, number, part, rows, text
from pennsieve_agent.domain.receipt.page.words import FINAL, kind_of, span, state


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a step's time: ``wait``, or the state of an attempt; what is said about it."""

    kind: str
    begin: datetime
    end: datetime
    words: str


def stretches(receipt: Receipt, step: Json, now: datetime | None) -> Iterator[Stretch]:
    """The waits and attempts of a step, one after the other."""
    ready = _ready(receipt, step)
    attempts = rows(step, "attempts") or ([step] if text(step, "started_at") else [])
    for place, attempt in enumerate(attempts, 1):
        begin, end = moment(attempt, "started_at"), moment(attempt, "completed_at")
        if begin is None:
            continue
        yield from _before(attempt, ready, begin)
        kind = _kind(step, attempt, is_last=place == len(attempts))
        stop = end or now or begin
        if stop >= begin:
            took = _length(begin, stop)
            name = f"attempt {place}: " if len(attempts) > 1 else ""
            yield Stretch(kind, begin, stop, f"{name}{state(kind)}, {took}")
        ready = end


def _before(attempt: Json, ready: datetime | None, begin: datetime) -> Iterator[Stretch]:
    """The wait for a machine and its start-up, apart where that is known."""
    starts, queued = number(attempt, "startup_seconds"), number(attempt, "queued_seconds")
    if starts is None:
        if ready is not None and ready < begin:
            words = "waiting for a machine, and starting it"
            yield Stretch("wait", ready, begin, f"{_length(ready, begin)} {words}")
        return
    start = _earlier(begin, starts)
    if ready is not None:
        start = max(start, min(ready, begin))
    since = ready if queued is None else _earlier(start, queued)
    if since is not None and ready is not None:
        since = max(since, ready)
    if since is not None and since < start:
        yield Stretch("wait", since, start, f"{_length(since, start)} waiting for a machine")
    if start < begin:
        yield Stretch("startup", start, begin, f"{_length(start, begin)} start-up")


def _earlier(at: datetime, seconds: float) -> datetime:
    """So much before, as far as there are such dates."""
    try:
        return at - timedelta(seconds=seconds)
    except OverflowError:
        return at


def _length(begin: datetime, end: datetime) -> str:
    return span((end - begin).total_seconds())


def _kind(step: Json, attempt: Json, *, is_last: bool) -> str:
    status = text(step, "status")
    if not is_last:
        return "failed"
    if not text(attempt, "completed_at") and status not in FINAL:
        return "running"
    return kind_of(status)


def _ready(receipt: Receipt, step: Json) -> datetime | None:
    """When the steps before it had ended, or the run had begun."""
    before = step.get("depends_on")
    names = set(map(str, before)) if isinstance(before, list) else set()
    if not names:
        return moment(part(receipt, "times"), "started_at")
    ends = [
        moment(row, "completed_at") for row in rows(receipt, "steps") if text(row, "id") in names
    ]
    known = [end for end in ends if end is not None]
    return max(known) if known and len(known) == len(ends) else None


def queue(receipt: Receipt, now: datetime | None) -> Iterator[Stretch]:
    """How long the run was in the queue."""
    times = part(receipt, "times")
    begin = moment(times, "created_at")
    end = moment(times, "started_at") or moment(times, "completed_at") or now
    if begin is not None and end is not None and end > begin:
        yield Stretch("queue", begin, end, f"{_length(begin, end)} in the queue")
