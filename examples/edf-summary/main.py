"""Summarises each signal of EDF and BDF recordings, and plots their first seconds.

Exit codes: 0 done, 2 a setting is wrong, 3 no recording could be read.
"""

from __future__ import annotations

import csv
import math
import os
import sys
from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from edf import Header, Signal, UnreadableError, read_header, recordings, records
from plot import svg

HEADER = (
    *("file", "signal", "unit", "rate", "seconds", "mean", "sd", "min", "max"),
    *("flat", "at_limit"),
)


@dataclass
class Sums:
    """What is known of a signal's numbers so far. Whole numbers, so that no sum loses a digit."""

    signal: Signal
    count: int = 0
    total: int = 0
    squares: int = 0
    least: int = 0
    most: int = 0
    flat: int = 0
    limit: int = 0
    last: int | None = None
    begin: array[int] = field(default_factory=lambda: array("i"))

    def add(self, numbers: Sequence[int], kept: int) -> None:
        """Count the numbers of a record; the first ones of all are kept for the plot."""
        if not numbers:
            return
        low, high = min(numbers), max(numbers)
        self.least = min(self.least, low) if self.count else low
        self.most = max(self.most, high) if self.count else high
        self.count += len(numbers)
        self.total += sum(numbers)
        self.squares += sum(number * number for number in numbers)
        before = [numbers[0] - 1 if self.last is None else self.last, *numbers[:-1]]
        self.flat += sum(one == other for one, other in zip(before, numbers, strict=True))
        self.limit += sum(number in {self.signal.least, self.signal.most} for number in numbers)
        self.last = numbers[-1]
        if (room := kept - len(self.begin)) > 0:
            self.begin.extend(iter(numbers[:room]))

    def row(self, seconds: float) -> tuple[object, ...]:
        """The figures, in the signal's unit; ``seconds`` is the length of a record."""
        signal, count = self.signal, self.count
        mean = self.total / count
        spread = math.sqrt(max(0.0, self.squares / count - mean * mean))
        scale = abs(signal.value(1) - signal.value(0))
        ends = sorted((signal.value(self.least), signal.value(self.most)))
        rate = signal.samples / seconds
        figures = (rate, count / rate, signal.value(0) + mean * (signal.value(1) - signal.value(0)))
        shares = (self.flat / count, self.limit / count)
        values = (*figures, spread * scale, *ends, *shares)
        return (signal.label, signal.unit, *(f"{value:.6g}" for value in values))


def summarise(path: Path, seconds: float) -> tuple[Header, list[Sums]]:
    """The sums of each signal of a recording, with its first seconds.

    Raises:
        UnreadableError: it cannot be read, or has no signal.
    """
    with path.open("rb") as file:
        header = read_header(file)
        sums = [Sums(signal) for signal in header.signals]
        for record in records(file, header):
            for one, numbers in zip(sums, record, strict=True):
                if not one.signal.is_annotation:
                    one.add(numbers, round(seconds * one.signal.samples / header.seconds))
    sums = [one for one in sums if one.count]
    if not sums:
        raise UnreadableError("it has no samples")
    return header, sums


def draw(path: Path, title: str, sums: Sequence[Sums], seconds: float) -> None:
    """Write the picture of a recording's first seconds."""
    curves = [
        (f"{one.signal.label} ({one.signal.unit})", [*map(one.signal.value, one.begin)])
        for one in sums
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(svg(title, curves, seconds), encoding="utf-8")


def run(source: Path, target: Path, seconds: float) -> int:
    """Summarise and plot every recording. Answers the exit code."""
    rows: list[tuple[object, ...]] = []
    files = recordings(source)
    for path in files:
        name = path.relative_to(source)
        try:
            header, sums = summarise(path, seconds)
        except UnreadableError as problem:
            print(f"{name}: unreadable ({problem})", flush=True)
            continue
        rows += [(name.as_posix(), *one.row(header.seconds)) for one in sums]
        length = header.seconds * max(one.count / one.signal.samples for one in sums)
        print(f"{name}: {len(sums)} signals, {length:g} s", flush=True)
        if seconds:
            draw(target / f"{name}.svg", name.as_posix(), sums, min(seconds, length))
    if not rows:
        print(f"error: none of {len(files)} recordings could be read", file=sys.stderr, flush=True)
        return 3
    with (target / "signals.csv").open("w", newline="", encoding="utf-8") as out:
        csv.writer(out, lineterminator="\n").writerows([HEADER, *rows])
    return 0


def main() -> int:
    """Run with the environment's settings."""
    source, target = os.environ.get("INPUT_DIR", ""), os.environ.get("OUTPUT_DIR", "")
    if not Path(source or "/nowhere").is_dir() or not target:
        print("error: INPUT_DIR and OUTPUT_DIR must name folders", file=sys.stderr, flush=True)
        return 2
    try:
        seconds = float(os.environ.get("PLOT_SECONDS", "10"))
    except ValueError:
        seconds = -1
    if not 0 <= seconds <= 600:  # noqa: PLR2004 - as app.yml says
        print("error: PLOT_SECONDS must be 0 to 600", file=sys.stderr, flush=True)
        return 2
    Path(target).mkdir(parents=True, exist_ok=True)
    return run(Path(source), Path(target), seconds)


if __name__ == "__main__":
    sys.exit(main())
