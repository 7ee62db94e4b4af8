"""The top of the page: what it was, what became of it, who, when, how long, for how much."""

from __future__ import annotations

from datetime import datetime

from pennsieve_agent.domain.receipt.form import BATCH, Receipt
from pennsieve_agent.domain.receipt.page import scale as on
from pennsieve_agent.domain.receipt.page.about import about
from pennsieve_agent.domain.receipt.page.html import (
    Html,
    join,
    quoted,
    tag,
)
from pennsieve_agent.domain.receipt.page.reading import moment, number, part, rows, text
from pennsieve_agent.domain.receipt.page.scale import Scale
from pennsieve_agent.domain.receipt.page.subjects import counted
from pennsieve_agent.domain.receipt.page.words import (
    FINAL,
    count,
    kind_of,
    mark,
    money,
    span,
    state,
    when,
)

_NAME = 120


def heading(receipt: Receipt) -> Html:
    """The header of the page."""
    name = text(receipt, "name") or text(receipt, "id")
    kind = "a batch of runs" if receipt.get("kind") == BATCH else "a run"
    long = tag(
        "details",
        tag("summary", f"The whole name ({len(name):,} characters)"),
        quoted(name, 20_000),
    )
    status = text(receipt, "status")
    return tag(
        "header",
        tag(
            "div",
            tag("p", f"Receipt of {kind}", class_="over"),
            tag("h1", quoted(name, _NAME)),
            long if len(name) > _NAME else None,
            tag("p", mark(status, capital=True), " ", _sentence(receipt), class_="lead"),
            _progress(receipt) if receipt.get("kind") == BATCH else None,
            _figures(receipt),
            about(receipt),
            class_="inner",
        ),
        class_=f"top {kind_of(status)}",
    )


def _sentence(receipt: Receipt) -> Html:
    """What became of it."""
    times = part(receipt, "times")
    end, now = moment(times, "completed_at"), moment(receipt, "made_at")
    status = text(receipt, "status")
    ended = {"succeeded", "failed", "canceled"}
    if receipt.get("kind") == BATCH:
        words = ", ".join(f"{amount:,} {state(kind)}" for kind, amount in counted(receipt).items())
        subjects = count(len(rows(receipt, "subjects")), "subject")
        parts = [f"{subjects}: {words}." if words else "It has no subjects."]
        return join([*parts, _as_of(now)] if status not in FINAL else parts)
    if status in ended and end is not None:
        return join(("Ended ", when(end), "."))
    if status in FINAL:
        return join(("When it ended is unknown.",))
    return join(("It had not ended yet.", _as_of(now)))


def _as_of(now: datetime | None) -> Html:
    return join((" This is as of ", when(now), ".")) if now else Html("")


def _progress(receipt: Receipt) -> Html | None:
    """One bar of all subjects, by state."""
    states = dict(reversed(counted(receipt).items()))
    whole = sum(states.values())
    if not whole:
        return None
    scale, begin, shapes = Scale(0.0, float(whole)), 0, []
    for kind, amount in states.items():
        box, title = (0, 12), f"{amount:,} {state(kind)}"
        end = begin + amount
        shapes.append(on.bar(scale, begin, end, box=box, class_=f"bar {kind}", title=title))
        begin = end
    words = ", ".join(f"{amount:,} {state(kind)}" for kind, amount in states.items())
    picture = tag("svg", *shapes, role="img", aria_label=words, width="100%", height=12)
    keys = [
        tag("li", f"{amount:,} {state(kind)}", class_=f"key {kind}")
        for kind, amount in states.items()
    ]
    return tag("div", picture, tag("ul", *keys, class_="legend"), class_="progress")


def _figures(receipt: Receipt) -> Html:
    """The figures that people look for first."""
    times, cost = part(receipt, "times"), part(receipt, "cost")
    is_over = text(receipt, "status") in FINAL
    usd = number(cost, "usd")
    seconds = number(times, "seconds")
    begin, now = moment(times, "started_at"), moment(receipt, "made_at")
    if seconds is None and begin and now and not is_over:
        seconds = max((now - begin).total_seconds(), 0.0)
    queued = number(times, "queued_seconds")
    read, results = part(receipt, "inputs"), part(receipt, "outputs")
    rest = "" if is_over else " so far"
    pairs = [
        (f"Time{rest}", span(seconds), f"after {span(queued)} in the queue" if queued else None),
        (f"Cost{rest}", "not counted" if usd is None else money(usd), _expected(receipt)),
        ("Files read", _amount(number(read, "count")), None),
        ("Results", _amount(number(results, "count")), None),
    ]
    if receipt.get("kind") == BATCH:
        table = rows(receipt, "subjects")
        done = sum(text(row, "status") == "succeeded" for row in table)
        parallel = number(receipt, "parallel")
        limit = f"at most {parallel:,.0f} at once" if parallel else None
        pairs[2:] = [("Succeeded", f"{done:,} of {len(table):,}", limit)]
    items = [
        tag("div", tag("dt", name), tag("dd", words, tag("small", more) if more else None))
        for name, words, more in pairs
    ]
    return tag("dl", *items, class_="figures")


def _amount(number_of: float | None) -> str:
    return "unknown" if number_of is None else f"{number_of:,.0f}"


def _expected(receipt: Receipt) -> str | None:
    usd = number(part(receipt, "cost", "estimate"), "expected_usd")
    return None if usd is None else f"expected {money(usd)}"
