"""What it cost, against what was said before the start: a band with a mark, and bars by kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pennsieve_agent.domain.receipt.form import BATCH, Json, Receipt
from pennsieve_agent.domain.receipt.page import scale as on
from pennsieve_agent.domain.receipt.page.html import Html, facts, quoted, section, tag
from pennsieve_agent.domain.receipt.page.reading import number, part, rows, text
from pennsieve_agent.domain.receipt.page.scale import Scale
from pennsieve_agent.domain.receipt.page.spread import spread
from pennsieve_agent.domain.receipt.page.words import FINAL, amount, count, money, span

_KINDS = {
    "machines": "Machines",
    "files": "File storage",
    "logs": "Logs",
    "functions": "Functions",
    "transfers": "Transfers",
    "network": "Network",
    "step functions": "Step Functions",
    "language models": "Language models",
}
_ROOM = 1.12
"""What a band has to its right."""


@dataclass(frozen=True, slots=True)
class Band:
    """An estimate and what it became: all figures of one unit, which ``words`` writes."""

    title: str
    low: float | None
    expected: float | None
    high: float | None
    actual: float | None
    words: Callable[[float | None], str]


def costs(receipt: Receipt) -> Html:
    """The section."""
    cost = part(receipt, "cost")
    estimate = part(cost, "estimate")
    seconds = number(part(receipt, "times"), "seconds")
    usd = Band("Cost", *_three(estimate, "usd"), number(cost, "usd"), money)
    time = Band("Time", *_three(estimate, "seconds"), seconds, span)
    bands = [band(one) for one in (usd, time)] if estimate else []
    return section(
        "cost",
        "Cost against estimate",
        tag("p", _verdict(receipt, usd), class_="verdict"),
        *bands,
        _by("By kind", [(_kind(row), number(row, "usd")) for row in rows(cost, "parts")]),
        _by("By step", [(text(row, "id"), number(row, "usd")) for row in rows(receipt, "steps")]),
        spread(receipt) if receipt.get("kind") == BATCH else None,
        note=_basis(cost, estimate),
    )


def _three(estimate: Json, unit: str) -> tuple[float | None, float | None, float | None]:
    low, expected, high = (
        number(estimate, f"{name}_{unit}") for name in ("low", "expected", "high")
    )
    return low, expected, high


def _verdict(receipt: Receipt, usd: Band) -> str:
    so_far = "" if text(receipt, "status") in FINAL else " so far"
    if usd.actual is None:
        return f"What it cost{so_far} is not known: it has not been counted yet."
    words = f"It cost {money(usd.actual)}{so_far}"
    if usd.low is None or usd.high is None:
        return f"{words}. No estimate was recorded before it started."
    estimate = f"the estimate of {money(usd.low)} to {money(usd.high)}."
    # Figures that are written alike are not told apart.
    if money(usd.actual) in {money(usd.low), money(usd.high)}:
        return f"{words}, within {estimate}"
    if usd.actual > usd.high:
        return f"{words}, more than {estimate}"
    return f"{words}, {'less than' if usd.actual < usd.low else 'within'} {estimate}"


def _basis(cost: Json, estimate: Json) -> str:
    words = "Costs are computed from AWS's list prices; AWS's bill is what counts."
    if basis := text(estimate, "basis"):
        words = f"Basis of the estimate: {basis}. {words}"
    if prices := text(cost, "prices"):
        words += f" Price table: {prices}."
    return words


def band(row: Band) -> Html | None:
    """The line from 0, the band from low to high, the expected figure, and the actual one."""
    figures = [one for one in (row.low, row.expected, row.high, row.actual) if one is not None]
    if row.low is None or row.high is None or not max(figures):
        return None
    scale = Scale(0.0, max(figures) * _ROOM)
    shapes = [
        on.bar(scale, 0, scale.high, box=(34, 4), class_="track"),
        on.bar(scale, row.low, row.high, box=(28, 16), class_="band"),
    ]
    if row.expected is not None:
        shapes.append(on.upright(scale.at(row.expected), 26, 46, "expected"))
    if row.actual is not None:
        at = scale.at(row.actual)
        diamond = tag("polygon", points="0,27 9,36 0,45 -9,36", class_="actual")
        shapes += [
            tag("svg", diamond, x=on.percent(at), y=0, overflow="visible"),
            on.label(at, 16, f"actual {row.words(row.actual)}", "strong"),
        ]
    named = {"low": row.low, "expected": row.expected, "high": row.high, "actual": row.actual}
    words = ", ".join(f"{name} {row.words(value)}" for name, value in named.items())
    picture = tag(
        "svg", *shapes, role="img", aria_label=f"{row.title}: {words}", width="100%", height=52
    )
    pairs = [(name.capitalize(), row.words(value)) for name, value in named.items()]
    return tag("div", tag("h3", row.title), picture, facts(pairs, "four"), class_="estimate")


def _kind(row: Json) -> str:
    kind = text(row, "kind")
    return _KINDS.get(kind, kind)


def _by(title: str, parts: list[tuple[str, float | None]]) -> Html | None:
    """Bars of what parts of a whole cost; None where nobody knows any."""
    known = [(name, usd) for name, usd in parts if usd is not None]
    whole = sum(usd for _, usd in known)
    if not known or not whole:
        return None
    scale = Scale(0.0, max(usd for _, usd in known))
    lines = []
    for name, usd in known:
        shape = on.bar(scale, 0, usd, box=(6, 8), class_="bar part")
        picture = tag("svg", shape, width="100%", height=20, aria_hidden="true")
        share = f" ({usd / whole:.0%})"
        figure = tag("span", amount(usd), tag("small", share), class_="took")
        lines.append(tag("li", tag("span", quoted(name, 80), class_="name"), picture, figure))
    missing = len(parts) - len(known)
    rest = f"What {count(missing, 'part')} cost is unknown." if missing else None
    return tag(
        "div", tag("h3", title), tag("ul", *lines, class_="bars"), tag("p", rest) if rest else None
    )
