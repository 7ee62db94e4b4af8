"""What a run is expected to cost and take, as it is said before its start and kept with it. Pure.

How the figures are found is in :mod:`pennsieve_agent.domain.forecast_method`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, Self

MOST_TEXT = 200
_AMOUNTS = ("lowUsd", "expectedUsd", "highUsd", "lowSeconds", "expectedSeconds", "highSeconds")
_TEXTS = ("basis", "pricesDate", "region")


@dataclass(frozen=True, slots=True)
class Band:
    """A low, an expected and a high figure: of ten runs, about nine end between low and high."""

    low: float
    expected: float
    high: float

    def __mul__(self, factor: float) -> Band:
        """So many times as much."""
        return Band(self.low * factor, self.expected * factor, self.high * factor)

    def at_least(self, least: float) -> Band:
        """The same with nothing below ``least``."""
        return Band(max(self.low, least), max(self.expected, least), max(self.high, least))

    def up_to(self, most: float) -> Band:
        """The same with nothing above ``most``."""
        return Band(min(self.low, most), min(self.expected, most), min(self.high, most))


@dataclass(frozen=True, slots=True)
class Forecast:
    """An estimate: USD and seconds from the start to the end, None where nobody can say.

    ``basis`` says how it is known, in words after "estimated": ``from 14 runs of v1.2.0``. ``runs``
    counts those earlier runs, 0 where there are none. ``prices_date`` and ``region`` are those of
    the price table, empty where Pennsieve's own prices count or there are none.
    """

    usd: Band | None = None
    seconds: Band | None = None
    basis: str = ""
    runs: int = 0
    prices_date: str = ""
    region: str = ""

    def document(self) -> dict[str, Any]:
        """As it stands in documents of a run: of its start, and of what the node keeps."""
        usd, seconds = _three(self.usd, 6), _three(self.seconds, 1)
        return {
            **dict(zip(_AMOUNTS, (*usd, *seconds), strict=True)),
            "basis": self.basis,
            "runs": self.runs,
            "pricesDate": self.prices_date,
            "region": self.region,
        }

    @classmethod
    def of(cls, document: object) -> Self:
        """What a document says.

        Raises:
            ValueError: it is something else; the text says what is wrong.

        """
        if not isinstance(document, Mapping):
            raise ValueError("the estimate of a run must have names and values")  # noqa: TRY004 - a wrong document
        if unknown := document.keys() - {*_AMOUNTS, *_TEXTS, "runs"}:
            raise ValueError(f"'{min(unknown)}' is not part of an estimate")
        texts = {name: document.get(name, "") for name in _TEXTS}
        runs = document.get("runs", 0)
        if not all(map(_is_text, texts.values())) or type(runs) is not int or runs < 0:
            raise ValueError("the estimate of a run has a text or a number that is not valid")
        return cls(
            _band([document.get(name) for name in _AMOUNTS[:3]]),
            _band([document.get(name) for name in _AMOUNTS[3:]]),
            texts["basis"],
            runs,
            texts["pricesDate"],
            texts["region"],
        )

    @classmethod
    def known(cls, document: object) -> Self | None:
        """What a document says; None where it says nothing, or nothing that this program reads."""
        try:
            return cls.of(document)
        except ValueError:
            return None


def _three(band: Band | None, digits: int) -> tuple[float | None, float | None, float | None]:
    if band is None:
        return None, None, None
    return round(band.low, digits), round(band.expected, digits), round(band.high, digits)


def _band(values: list[object]) -> Band | None:
    if all(value is None for value in values):
        return None
    amounts = [
        float(value)
        for value in values
        if isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
    ]
    if len(amounts) != len(values) or not 0 <= amounts[0] <= amounts[1] <= amounts[2]:
        raise ValueError("an estimate has a low, an expected and a high figure, in this order")
    return Band(*amounts)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= MOST_TEXT and value.isprintable()
