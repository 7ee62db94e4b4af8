"""When the steps of a run waited, ran, failed and ran again: bars over one axis, and a table."""

from __future__ import annotations

from pennsieve_agent.domain.receipt.form import Json, Receipt
from pennsieve_agent.domain.receipt.page import scale as on
from pennsieve_agent.domain.receipt.page.html import Html, clipped, join, quoted, section, tag
from pennsieve_agent.domain.receipt.page.reading import moment, rows, text
from pennsieve_agent.domain.receipt.page.scale import Scale
from pennsieve_agent.domain.receipt.page.stretches import Stretch, queue, stretches
from pennsieve_agent.domain.receipt.page.words import count, span, state

_HEIGHT = 26
_BAR, _START, _WAIT = (5, 16), (9, 8), (11, 4)
KINDS = {
    "data-source": "brings the input",
    "processor": "processing step",
    "data-target": "delivers the results",
}


def timeline(receipt: Receipt) -> Html:
    """The section; it says so where no times are known."""
    steps = rows(receipt, "steps")
    now = moment(receipt, "made_at")
    drawn = [(step, list(stretches(receipt, step, now))) for step in steps]
    in_queue = list(queue(receipt, now))
    points = [at for _, line in drawn for one in line for at in (one.begin, one.end)]
    points += [at for one in in_queue for at in (one.begin, one.end)]
    note = "Bars are attempts of a step. Thin lines are the waits before them."
    if not points:
        words = "No step had started." if steps else "This receipt has no steps."
        return section("timeline", "Timeline", tag("p", words, class_="quiet"))
    scale = Scale(
        on.seconds(min(points)), max(on.seconds(max(points)), on.seconds(min(points)) + 1)
    )
    lines = [_line("Queue", "before it started", "", in_queue, scale)] if in_queue else []
    lines += [_step_line(step, line, scale) for step, line in drawn]
    head = tag("div", tag("span"), on.axis(scale), tag("span"), class_="lane top")
    return section(
        "timeline", "Timeline", tag("div", head, *lines, class_="lanes"), _legend(drawn), note=note
    )


def _step_line(step: Json, line: list[Stretch], scale: Scale) -> Html:
    tries = len(rows(step, "attempts"))
    kind = KINDS.get(text(step, "kind"), "step")
    about = f"{kind}, {count(tries, 'attempt')}" if tries > 1 else kind
    return _line(text(step, "id"), about, text(step, "status"), line, scale)


def _line(name: str, about: str, status: str, line: list[Stretch], scale: Scale) -> Html:
    bars = []
    for one in line:
        box = {"wait": _WAIT, "queue": _WAIT, "startup": _START}.get(one.kind, _BAR)
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
    ran = sum((s.end - s.begin).total_seconds() for s in line if s.kind not in {"wait", "startup"})
    took = span(ran) if line else state(status)
    head = tag("div", tag("strong", quoted(name, 80)), tag("small", about), class_="name")
    return tag("div", head, picture, tag("span", took, class_="took"), class_="lane")


def _legend(drawn: list[tuple[Json, list[Stretch]]]) -> Html:
    kinds = dict.fromkeys(one.kind for _, line in drawn for one in line)
    kinds = dict.fromkeys(sorted(kinds, key=lambda kind: kind not in {"wait", "startup"}))
    names = {"wait": "waiting for a machine", "startup": "start-up"}
    if "startup" not in kinds:
        names["wait"] = "waiting for a machine, and start-up"
    return tag(
        "ul",
        join(tag("li", names.get(kind) or state(kind), class_=f"key {kind}") for kind in kinds),
        class_="legend",
    )
