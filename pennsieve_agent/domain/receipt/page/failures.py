"""The subjects that failed, by what is the same in their reasons; and why a run failed."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pennsieve_agent.domain.receipt.form import Json, Receipt
from pennsieve_agent.domain.receipt.page.html import Html, join, quoted, section, tag
from pennsieve_agent.domain.receipt.page.reading import rows, text
from pennsieve_agent.domain.receipt.page.words import count

_GROUPS, _NAMES = 12, 24
_LONG = 2000
_DIGITS = re.compile(r"\d+")


def failures(receipt: Receipt) -> Html | None:
    """The section; None where none failed."""
    table = rows(receipt, "subjects")
    failed = [row for row in table if text(row, "status") == "failed"]
    if not failed:
        return None
    groups = sorted(grouped(failed), key=len, reverse=True)
    items = [_group(group) for group in groups[:_GROUPS]]
    rest = sum(len(group) for group in groups[_GROUPS:])
    note = f"{len(failed):,} of {count(len(table), 'subject')} failed."
    if len(groups) > 1:
        note += f" There are {len(groups):,} different reasons, the most frequent first."
    more = f"{count(rest, 'more subject')} failed for other reasons: the table below has them."
    return section(
        "failures",
        "Failures",
        tag("ol", *items, class_="failures"),
        tag("p", more, class_="quiet") if rest else None,
        note=note,
    )


def grouped(failed: Iterable[Json]) -> list[list[Json]]:
    """Subjects whose reasons differ by the subject's name and by numbers alone."""
    groups: dict[str, list[Json]] = {}
    for row in failed:
        groups.setdefault(_pattern(row), []).append(row)
    return list(groups.values())


def _pattern(row: Json) -> str:
    reason, name = text(row, "reason"), text(row, "subject")
    return _DIGITS.sub("0", reason.replace(name, "") if name else reason)


def _group(group: list[Json]) -> Html:
    reason = text(group[0], "reason") or "The reason is unknown."
    example = " For example:" if len(group) > 1 else ""
    return tag(
        "li",
        tag("p", tag("strong", count(len(group), "subject")), f".{example}", class_="who"),
        tag("p", quoted(reason, 600), class_="why"),
        _names(group),
    )


def _names(group: list[Json]) -> Html:
    names = [tag("li", quoted(text(row, "subject"), 80)) for row in group]
    if len(names) <= _NAMES:
        return tag("ul", *names, class_="names")
    more = tag("summary", f"and {count(len(names) - _NAMES, 'more subject')}")
    hidden = tag("details", more, tag("ul", *names[_NAMES:], class_="names"))
    return join((tag("ul", *names[:_NAMES], class_="names"), hidden))


def why_failed(receipt: Receipt) -> Html | None:
    """Why a run failed, was cancelled or waits; None where nothing is said."""
    reason = text(receipt, "reason")
    steps = [(row, text(row, "reason")) for row in rows(receipt, "steps") if text(row, "reason")]
    if not reason and not steps:
        return None
    lines = [
        tag("li", "Step ", tag("strong", quoted(text(row, "id"), 80)), ": ", quoted(why, _LONG))
        for row, why in steps
        if why not in reason
    ]
    words = tag("p", quoted(reason, _LONG), class_="why") if reason else None
    return section("reason", "Why", words, tag("ul", *lines, class_="reasons") if lines else None)
