"""Where figures lie on a line from left to right, in percent: pictures fit any width so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pennsieve_agent.domain.receipt.page.html import Html, join, tag
from pennsieve_agent.domain.receipt.page.words import span

_STEPS = (
    *(1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800),
    *(3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 432_000, 864_000),
)
_TICKS = 5
_LEFT, _RIGHT = 4.0, 92.0
_WHOLE = 100.0
_THINNEST = 0.4
"""Of a bar, so that a moment can be seen."""


@dataclass(frozen=True, slots=True)
class Scale:
    """From one figure to a larger one."""

    low: float
    high: float

    def at(self, value: float) -> float:
        """Where a figure lies, from 0 to 100; what lies outside is put at the edge."""
        if self.high <= self.low:
            return 0.0
        return min(max((value - self.low) / (self.high - self.low), 0.0), 1.0) * _WHOLE


def percent(value: float) -> str:
    """A place as SVG writes it."""
    return f"{value:.2f}".rstrip("0").rstrip(".") + "%"


def bar(
    scale: Scale, begin: float, end: float, *, box: tuple[int, int], class_: str, title: str = ""
) -> Html:
    """A bar from one figure to another; ``box`` is its top and height in pixels."""
    left = min(scale.at(begin), _WHOLE - _THINNEST)
    width = max(scale.at(end) - left, _THINNEST)
    top, height = box
    return tag(
        "rect",
        tag("title", title) if title else None,
        x=percent(left),
        y=top,
        width=percent(width),
        height=height,
        rx=min(3, height // 2),
        class_=class_,
    )


def upright(place: float, top: int, bottom: int, class_: str) -> Html:
    """A line from top to bottom."""
    at = percent(place)
    return tag("line", x1=at, x2=at, y1=top, y2=bottom, class_=class_)


def label(place: float, y: int, words: str, class_: str = "") -> Html:
    """A text at a place, which stays inside of the picture."""
    anchor = "start" if place < _LEFT else "end" if place > _RIGHT else "middle"
    return tag("text", words, x=percent(place), y=y, text_anchor=anchor, class_=class_ or None)


def seconds(at: datetime) -> float:
    """A time on a scale."""
    return at.timestamp()


def ticks(scale: Scale) -> list[float]:
    """Figures of seconds, at round distances from the begin of the scale."""
    length = scale.high - scale.low
    step = next((step for step in _STEPS if length / step <= _TICKS), 0)
    if not step:
        step = int(length / _TICKS) // _STEPS[-1] * _STEPS[-1] or _STEPS[-1]
    return [float(value) for value in range(0, int(length) + 1, step)]


def axis(scale: Scale) -> Html:
    """The line of times above bars, from the begin on."""
    marks = [
        label(scale.at(scale.low + after), 12, span(after) if after else "0")
        for after in ticks(scale)
    ]
    return tag("svg", *marks, class_="axis", width="100%", height="16", aria_hidden="true")


def grid(scale: Scale, height: int) -> Html:
    """The lines below an axis."""
    return join(upright(scale.at(scale.low + after), 0, height, "grid") for after in ticks(scale))
