"""A picture of the beginning of a recording, as SVG."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

WIDTH, ROW, LEFT = 900, 90, 130
"""Of the curves, of each signal's row, and of the column of names, in pixels."""


def svg(title: str, curves: Sequence[tuple[str, Sequence[float]]], seconds: float) -> str:
    """One row for each curve: its name with the unit, and its values from left to right."""
    height, right = 40 + ROW * len(curves), LEFT + WIDTH
    size = f'width="{right + 20}" height="{height + 30}"'
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="12">'
    )
    lines = [
        head,
        '<rect width="100%" height="100%" fill="white"/>',
        f'<text x="10" y="22" font-size="15">{escape(title)}</text>',
        *(line for number, curve in enumerate(curves) for line in _row(number, *curve)),
        f'<text x="{LEFT}" y="{height + 18}">0 s</text>',
        f'<text x="{right}" y="{height + 18}" text-anchor="end">{seconds:g} s</text>',
    ]
    return "\n".join([*lines, "</svg>\n"])


def _row(number: int, name: str, values: Sequence[float]) -> Iterator[str]:
    top = 40 + ROW * number
    low, high = min(values, default=0.0), max(values, default=0.0)
    yield f'<text x="10" y="{top + ROW // 2}">{escape(name)}</text>'
    for value, place in ((high, top + 14), (low, top + ROW - 8)):
        yield (f'<text x="{LEFT - 6}" y="{place}" text-anchor="end" fill="gray">{value:.4g}</text>')
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in _points(values, low, (high - low) or 1.0, top))
    yield f'<polyline points="{points}" fill="none" stroke="steelblue"/>'


def _points(
    values: Sequence[float], low: float, span: float, top: int
) -> Iterator[tuple[float, float]]:
    """A point for each value; of many, the lowest and the highest in each pixel."""
    step = max(1, len(values) // WIDTH)
    for place in range(0, len(values), step):
        part = values[place : place + step]
        for value in (min(part), max(part)) if step > 1 else part:
            yield (
                LEFT + place * WIDTH / len(values),
                top + 10 + (ROW - 20) * (1 - (value - low) / span),
            )
