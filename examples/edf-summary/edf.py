"""Reading EDF, EDF+ and BDF recordings (https://www.edfplus.info/specs/edf.html)."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

FIXED_BYTES = 256
_WIDTHS = (16, 80, 8, 8, 8, 8, 8, 80, 8, 32)
"""The bytes of a signal's fields: label, transducer, unit, range of values, range of numbers in
the file, filter, samples in a record, reserved."""
_ANNOTATIONS = {"EDF Annotations", "BDF Annotations"}


class UnreadableError(Exception):
    """The file is not a recording that can be read; the text says why."""


@dataclass(frozen=True)
class Signal:
    """A signal: its name and unit, its range of values and of numbers in the file."""

    label: str
    unit: str
    low: float
    high: float
    least: int
    most: int
    samples: int

    @property
    def is_annotation(self) -> bool:
        """Whether it holds text, not samples."""
        return self.label in _ANNOTATIONS

    def value(self, number: int) -> float:
        """What a number of the file means, in the signal's unit."""
        return self.low + (number - self.least) * (self.high - self.low) / (self.most - self.least)


@dataclass(frozen=True)
class Header:
    """What a recording says of itself. ``seconds`` is the length of one of its records."""

    signals: tuple[Signal, ...]
    records: int
    seconds: float
    width: int


def read_header(file: BinaryIO) -> Header:
    """The header of a recording.

    Raises:
        UnreadableError: it is no recording, or says what cannot be.
    """
    fixed = file.read(FIXED_BYTES)
    if fixed[:8].strip() != b"0" and fixed[:8] != b"\xffBIOSEMI":
        raise UnreadableError("not an EDF or BDF file")
    try:
        records, seconds = int(fixed[236:244]), float(fixed[244:252])
        count = int(fixed[252:256])
        columns = [
            [file.read(width).decode("latin-1").strip() for _ in range(count)] for width in _WIDTHS
        ]
        signals = tuple(map(_signal, zip(*columns, strict=True)))
    except (ValueError, ZeroDivisionError):
        raise UnreadableError("its header is damaged") from None
    if seconds <= 0 and not all(signal.is_annotation for signal in signals):
        raise UnreadableError("its records have no length")
    return Header(signals, records, seconds, 3 if fixed[0] == 0xFF else 2)  # noqa: PLR2004 - as above


def _signal(fields: tuple[str, ...]) -> Signal:
    label, _, unit, low, high, least, most, _, samples, _ = fields
    signal = Signal(label, unit, float(low), float(high), int(least), int(most), int(samples))
    if signal.least >= signal.most or signal.samples < 0:
        raise ValueError(label)
    return signal


def records(file: BinaryIO, header: Header) -> Iterator[list[array[int]]]:
    """The numbers of each signal, record by record; a last one that is cut is left out."""
    size = sum(signal.samples for signal in header.signals) * header.width
    while size and len(data := file.read(size)) == size:
        numbers, place = [], 0
        for signal in header.signals:
            end = place + signal.samples * header.width
            numbers.append(_numbers(data[place:end], header.width))
            place = end
        yield numbers


def _numbers(data: bytes, width: int) -> array[int]:
    """Numbers of two or three bytes, the lowest first."""
    if width == 2:  # noqa: PLR2004 - EDF
        numbers = array("h", data)
        if sys.byteorder == "big":
            numbers.byteswap()
        return numbers
    parts = (data[place : place + width] for place in range(0, len(data), width))
    return array("i", (int.from_bytes(part, "little", signed=True) for part in parts))


def recordings(folder: Path) -> list[Path]:
    """The recordings below a folder."""
    files = (path for path in folder.rglob("*") if path.suffix.lower() in {".edf", ".bdf"})
    return sorted(path for path in files if path.is_file())
