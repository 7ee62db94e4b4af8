"""When the steps of a run waited, ran, failed and ran again: bars over one axis, and a table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from pennsieve_agent.domain.receipt.form import Json, Receipt
from pennsieve_agent.domain.receipt.page import scale as on
from pennsieve_agent.domain.receipt.page.html import Html, clipped, join, quoted, section, tag
from pennsieve_agent.domain.receipt.page.reading import moment, part, rows, text
from pennsieve_agent.domain.receipt.page.scale import Scale
from pennsieve_agent.domain.receipt.page.words import FINAL, count, kind_of, span, state

_HEIGHT = 26
_BAR, _WAIT = (5, 16), (11, 4)
KINDS = {
    "data-source": "brings the input",
    "processor": "processing step",
    "data-target": "delivers the results",
}


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a step's time: ``wait``, or the state of an attempt; what is said about it."""

    kind: str
    begin: datetime
    end: datetime
    words: str


def timeline(receipt: Receipt) -> Html:
    """The section; it says so where no times are known."""
    steps = rows(receipt, "steps")
    now = moment(receipt, "made_at")
    drawn = [(step, list(stretches(receipt, step, now))) for step in steps]
    queue = list(_queue(receipt, now))
    points = [at for _, line in drawn for one in line for at in (one.begin, one.end)]
    points += [at for one in queue for at in (one.begin, one.end)]
    note = "Bars are attempts of a step. Thin lines are the waits before them."
    if not points:
        words = "No step had begun." if steps else "This receipt has no steps."
        return section("timeline", "Timeline", tag("p", words, class_="quiet"))
    scale = Scale(
        on.seconds(min(points)), max(on.seconds(max(points)), on.seconds(min(points)) + 1)
    )
    lines = [_line("Queue", "before it began", "", queue, scale)] if queue else []
    lines += [_step_line(step, line, scale) for step, line in drawn]
    head = tag("div", tag("span"), on.axis(scale), tag("span"), class_="lane top")
    return section(
        "timeline", "Timeline", tag("div", head, *lines, class_="lanes"), _legend(drawn), note=note
    )


def stretches(receipt: Receipt, step: Json, now: datetime | None) -> Iterator[Stretch]:
    """The waits and attempts of a step, one after the other."""
    ready = _ready(receipt, step)
    attempts = rows(step, "attempts") or ([step] if text(step, "started_at") else [])
    for number, attempt in enumerate(attempts, 1):
        begin, end = moment(attempt, "started_at"), moment(attempt, "completed_at")
        if begin is None:
            continue
        if ready is not None and ready < begin:
            why = (
                "start-up: it waits for a machine and its image" if number == 1 else "starts again"
            )
            yield Stretch("wait", ready, begin, f"{span((begin - ready).total_seconds())}, {why}")
        kind = _kind(step, attempt, is_last=number == len(attempts))
        stop = end or now or begin
        if stop >= begin:
            took = span((stop - begin).total_seconds())
            name = f"attempt {number}: " if len(attempts) > 1 else ""
            yield Stretch(kind, begin, stop, f"{name}{state(kind)}, {took}")
        ready = end


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


def _queue(receipt: Receipt, now: datetime | None) -> Iterator[Stretch]:
    times = part(receipt, "times")
    begin = moment(times, "created_at")
    end = moment(times, "started_at") or moment(times, "completed_at") or now
    if begin is not None and end is not None and end > begin:
        yield Stretch("queue", begin, end, f"{span((end - begin).total_seconds())} in the queue")


def _step_line(step: Json, line: list[Stretch], scale: Scale) -> Html:
    tries = len(rows(step, "attempts"))
    kind = KINDS.get(text(step, "kind"), "step")
    about = f"{kind}, {count(tries, 'attempt')}" if tries > 1 else kind
    return _line(text(step, "id"), about, text(step, "status"), line, scale)


def _line(name: str, about: str, status: str, line: list[Stretch], scale: Scale) -> Html:
    bars = []
    for one in line:
        box = _WAIT if one.kind in {"wait", "queue"} else _BAR
        begin, end = on.seconds(one.begin), on.seconds(one.end)
        bars.append(on.bar(scale, begin, end, box=box, class_=f"bar {one.kind}", title=one.words))
    words = "; ".join(one.words for one in line) or "it did not run"
    picture = tag(
        "svg",
        on.grid(scale, _HEIGHT),
        *bars,
        role="img",
        aria_label=f"{clipped(name, 80)}: {words}",
        width="100%",
        height=_HEIGHT,
    )
    ran = sum((s.end - s.begin).total_seconds() for s in line if s.kind != "wait")
    took = span(ran) if line else state(status)
    head = tag("div", tag("strong", quoted(name, 80)), tag("small", about), class_="name")
    return tag("div", head, picture, tag("span", took, class_="took"), class_="lane")


def _legend(drawn: list[tuple[Json, list[Stretch]]]) -> Html:
    kinds = dict.fromkeys(one.kind for _, line in drawn for one in line)
    names = {"wait": "start-up and waits"}
    return tag(
        "ul",
        join(tag("li", names.get(kind) or state(kind), class_=f"key {kind}") for kind in kinds),
        class_="legend",
    )
