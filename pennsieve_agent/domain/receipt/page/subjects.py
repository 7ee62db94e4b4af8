"""The table of a batch: what became of each subject, those that failed first."""

from __future__ import annotations

from collections.abc import Callable

from pennsieve_agent.domain.receipt.form import Json, Receipt
from pennsieve_agent.domain.receipt.page.files import Room
from pennsieve_agent.domain.receipt.page.html import Html, join, quoted, section, table, tag
from pennsieve_agent.domain.receipt.page.reading import number, part, rows, text
from pennsieve_agent.domain.receipt.page.words import (
    NOTHING,
    UNKNOWN,
    count,
    kind_of,
    mark,
    sentence,
    span,
    state,
)
from pennsieve_agent.domain.receipt.page.words import (
    amount as money_of,
)

_ROOM = 1_500_000
"""Bytes of the rows at most: some 2,500 subjects."""
ORDER = (
    *("failed", UNKNOWN, "running", "finalizing", "canceling", "waiting", "pending"),
    *("canceled", "skipped", "succeeded"),
)
"""Those first of whom somebody must know."""


def counted(receipt: Receipt) -> dict[str, int]:
    """How many subjects are in each state that occurs, in the order of the table."""
    kinds = [kind_of(text(row, "status")) for row in rows(receipt, "subjects")]
    return {kind: kinds.count(kind) for kind in ORDER if kind in kinds}


def subjects(receipt: Receipt, listed: frozenset[int]) -> Html:
    """The section, with a choice of states that works without a script.

    The subjects at the places that are ``listed`` have a list of files on the page.
    """
    numbered = list(enumerate(rows(receipt, "subjects")))
    if not numbered:
        return section(
            "subjects", "Subjects", tag("p", "This batch has no subjects.", class_="quiet")
        )
    numbered.sort(key=lambda one: ORDER.index(kind_of(text(one[1], "status"))))
    columns = [(text(row, "id"), text(row, "name")) for row in rows(receipt, "columns")]
    lines = Room(_ROOM).take(
        _row(row, columns, place if place in listed else None) for place, row in numbered
    )
    heads = (
        "Subject",
        "State",
        *(id_ or name for id_, name in columns),
        "Took",
        "Cost",
        "What happened",
    )
    missing = len(numbered) - len(lines)
    rest = f"{count(missing, 'more subject')}: receipt.json has them." if missing else None
    title = f"{count(len(numbered), 'subject')}, failures first"
    listing = table(title, heads, lines, "subjects", hidden=False)
    return section(
        "subjects",
        "Subjects",
        tag("div", *_choice(receipt), listing, class_="choice"),
        tag("p", rest, class_="quiet") if rest else None,
        note="Click a name for the subject's files and the command that repeats it.",
    )


def _choice(receipt: Receipt) -> list[Html]:
    """Buttons beside the table, whose style hides rows of other states; no script is needed."""
    states = counted(receipt)
    if len(states) < 2:  # noqa: PLR2004 - nothing to choose
        return []
    whole = sum(states.values())
    options = [_option("all", f"all {whole:,}", is_on=True)]
    options += [_option(kind, f"{state(kind)} {amount:,}") for kind, amount in states.items()]
    return [tag("span", "Show", aria_hidden="true"), *options]


def _option(kind: str, words: str, *, is_on: bool = False) -> Html:
    id_ = f"show-{kind}"
    button = tag("input", type="radio", name="show", id=id_, checked=is_on)
    return join((button, tag("label", tag("span", "Show ", class_="hidden"), words, for_=id_)))


def _row(row: Json, columns: list[tuple[str, str]], place: int | None) -> Html:
    status = text(row, "status")
    name: Html = quoted(text(row, "subject"), 120)
    if place is not None:
        name = tag("a", name, href=f"#subject-{place}")
    return tag(
        "tr",
        tag("th", name, scope="row"),
        tag("td", mark(status)),
        *(_step(part(row, "steps", id_)) for id_, _ in columns),
        tag("td", _figure(row, "seconds", span), class_="figure"),
        tag("td", _figure(row, "usd", money_of), class_="figure"),
        tag("td", _happened(row), class_="happened"),
        class_=kind_of(status),
    )


def _figure(row: Json, name: str, words: Callable[[float | None], str]) -> str:
    value = number(row, name)
    return NOTHING if value is None else words(value)


def _step(step: Json) -> Html:
    """A sign, whose word is there for who cannot see it."""
    status = text(step, "status") or "pending"
    return tag("td", state(status), class_=f"sign {kind_of(status)}")


def _happened(row: Json) -> Html | str:
    """Why it failed, or what of its results is not well; else nothing."""
    tries = number(row, "attempt") or 1
    again = f"Attempt {tries:.0f}. " if tries > 1 else ""
    if reason := text(row, "reason"):
        return tag("span", again, quoted(reason, 240))
    results = rows(part(row, "outputs"), "files")
    lost = sum(text(one, "status") == "missing" for one in results)
    if lost:
        return f"{again}{sentence(count(lost, 'result'))} missing since."
    return again
