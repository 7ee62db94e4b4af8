"""Figures that somebody may not have measured: None is unknown, and never 0. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

Number = TypeVar("Number", int, float)


def total(figures: Iterable[Number | None]) -> Number | None:
    """The sum; None where one of the figures is unknown. The sum of none is 0."""
    sum_: Number = 0
    for figure in figures:
        if figure is None:
            return None
        sum_ += figure
    return sum_
