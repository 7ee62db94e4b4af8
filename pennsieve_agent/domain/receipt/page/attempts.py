"""What was measured of each attempt: memory, CPU time, bytes, beside how it ended."""

from __future__ import annotations

from pennsieve_agent.domain.receipt.form import Json, Receipt
from pennsieve_agent.domain.receipt.page import scale as on
from pennsieve_agent.domain.receipt.page.html import Html, quoted, section, table, tag
from pennsieve_agent.domain.receipt.page.reading import number, part, rows, text
from pennsieve_agent.domain.receipt.page.scale import Scale
from pennsieve_agent.domain.receipt.page.words import count, size, span

_MB = 1024**2
_COLUMNS = ("Step", "Attempt", "Took", "How it ended", "Peak memory", "CPU time", "Read", "Written")
_BY = {
    "cgroup": "the container engine",
    "process": "the operating system",
    "task": "Amazon ECS",
}
_MOST = 500


def attempts(receipt: Receipt) -> Html | None:
    """The section; None where no attempt is told."""
    tried = [
        (step, number_of, attempt)
        for step in rows(receipt, "steps")
        for number_of, attempt in enumerate(rows(step, "attempts"), 1)
    ]
    if not tried:
        return None
    lines = [_row(*one) for one in tried[:_MOST]]
    meters = {_BY.get(text(part(one[2], "measured"), "by")) for one in tried} - {None}
    note = (
        f"Measured by {' and '.join(sorted(filter(None, meters)))}."
        if meters
        else "Nothing was measured."
    )
    return section(
        "measured",
        "Attempts and what they used",
        table(count(len(tried), "attempt"), _COLUMNS, lines, "attempts"),
        note=note,
    )


def _row(step: Json, number_of: int, attempt: Json) -> Html:
    measured = part(attempt, "measured")
    return tag(
        "tr",
        tag("th", quoted(text(step, "id"), 80), scope="row"),
        tag("td", number_of, class_="figure"),
        tag("td", span(number(attempt, "seconds")), class_="figure"),
        tag("td", _end(attempt), class_="happened"),
        tag("td", _memory(attempt, measured)),
        _figure(number(measured, "cpu_seconds"), span),
        _figure(number(measured, "read_bytes"), size),
        _figure(number(measured, "written_bytes"), size),
    )


def _figure(value: float | None, words: object) -> Html:
    if value is None or not callable(words):
        return tag("td", "not measured", class_="figure quiet")
    return tag("td", words(value), class_="figure")


def _end(attempt: Json) -> Html:
    code, reason = number(attempt, "exit_code"), text(attempt, "reason")
    if code is None and not reason:
        words = "it had not ended" if not text(attempt, "completed_at") else "without an exit code"
        return tag("span", words, class_="quiet")
    first = f"exit code {code:.0f}" if code is not None else ""
    kind = "succeeded" if code == 0 and not reason else "failed"
    why = tag("small", quoted(reason, 400)) if reason else None
    return tag("span", tag("span", first or "failed", class_=f"mark {kind}"), why)


def _memory(attempt: Json, measured: Json) -> Html:
    """The most memory as a bar inside of what it might use."""
    limit = number(attempt, "memory_mb")
    peak = number(measured, "peak_memory_bytes")
    of = f" of {size(limit * _MB)}" if limit else ""
    if peak is None:
        return tag(
            "span",
            f"not measured{of and f', could use {size((limit or 0) * _MB)}'}",
            class_="quiet",
        )
    words = f"{size(peak)}{of}"
    if not limit:
        return tag("span", words)
    scale = Scale(0.0, limit * _MB)
    kind = "failed" if peak >= limit * _MB else "part"
    meter = tag(
        "svg",
        on.bar(scale, 0, scale.high, box=(1, 6), class_="track"),
        on.bar(scale, 0, peak, box=(1, 6), class_=f"bar {kind}"),
        width="100%",
        height=8,
        aria_hidden="true",
    )
    return tag("span", words, meter, class_="meter")
