"""What the subjects of a batch took and cost, each a dot on a line: outliers are seen at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from pennsieve_agent.domain.receipt.form import Receipt
from pennsieve_agent.domain.receipt.page import scale as on
from pennsieve_agent.domain.receipt.page.html import Html, clipped, tag
from pennsieve_agent.domain.receipt.page.reading import number, rows, text
from pennsieve_agent.domain.receipt.page.scale import Scale
from pennsieve_agent.domain.receipt.page.words import kind_of, money, sentence, span

_FEWEST = 3
_DRAWN = 2000
_HEIGHT, _ROWS, _STRIDE = 56, 9, 4
_ROOM = 1.06


@dataclass(frozen=True, slots=True)
class Dot:
    """The figure of a subject."""

    subject: str
    status: str
    value: float


def spread(receipt: Receipt) -> Html | None:
    """Two lines of dots; None where hardly any subject has figures."""
    lines = [
        _line("Cost of a subject", _dots(receipt, "usd"), money),
        _line("Time of a subject", _dots(receipt, "seconds"), span),
    ]
    known = [line for line in lines if line is not None]
    return tag("div", *known, class_="spreads") if known else None


def _dots(receipt: Receipt, name: str) -> list[Dot]:
    return [
        Dot(text(row, "subject"), kind_of(text(row, "status")), value)
        for row in rows(receipt, "subjects")
        if (value := number(row, name)) is not None
    ]


def _line(title: str, dots: Sequence[Dot], words: Callable[[float | None], str]) -> Html | None:
    most = max((dot.value for dot in dots), default=0.0)
    if len(dots) < _FEWEST or not most:
        return None
    values = [dot.value for dot in dots]
    middle = median(values)
    scale = Scale(0.0, most * _ROOM)
    # Neighbours lie in different rows, so that equal figures do not hide each other.
    marks = [
        tag(
            "circle",
            tag("title", f"{clipped(dot.subject, 60)}: {words(dot.value)}"),
            cx=on.percent(scale.at(dot.value)),
            cy=12 + index * _STRIDE % _ROWS * 4,
            r=3,
            class_=f"dot {dot.status}",
        )
        for index, dot in enumerate(dots[:_DRAWN])
    ]
    about = f"median {words(middle)}, from {words(min(values))} to {words(most)}"
    picture = tag(
        "svg",
        on.bar(scale, 0, scale.high, box=(_HEIGHT - 3, 2), class_="track"),
        on.upright(scale.at(middle), 4, _HEIGHT, "expected"),
        *marks,
        role="img",
        aria_label=f"{title}: {about}",
        width="100%",
        height=_HEIGHT,
    )
    return tag("div", tag("h3", title), picture, tag("p", sentence(about), class_="quiet"))
