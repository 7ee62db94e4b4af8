"""One measure of each column of CSV tables, or a report of several measures.

Exit codes: 0 done, 2 a setting is wrong, 3 there is no table.
"""

from __future__ import annotations

import csv
import math
import os
import statistics
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

MEASURES: dict[str, Callable[[Sequence[float]], float]] = {
    "mean": statistics.fmean,
    "sd": statistics.pstdev,
}


def number(text: str) -> float | None:
    """A finite number; None for a gap, or for words."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def read(file: Path) -> tuple[list[str], list[list[str]]]:
    """The names of a table's columns, and its rows."""
    with file.open(newline="", encoding="utf-8-sig") as lines:
        header, *rows = list(csv.reader(lines)) or [[]]
    return header, rows


def write(file: Path, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Write a table."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", newline="", encoding="utf-8") as out:
        csv.writer(out).writerows([header, *rows])


def clean(file: Path, target: Path) -> None:
    """The table without rows that have a gap."""
    header, rows = read(file)
    whole = [row for row in rows if len(row) == len(header) and all(map(str.strip, row))]
    write(target, header, whole)
    print(f"{file.name}: {len(rows) - len(whole)} of {len(rows)} rows left out", flush=True)


def measure(file: Path, target: Path, name: str) -> None:
    """One measure of each column of numbers, in a table called after table and measure."""
    header, rows = read(file)
    measures = []
    for place, column in enumerate(header):
        values = [number(row[place]) for row in rows if len(row) == len(header)]
        if values and (known := [value for value in values if value is not None]) == values:
            measures.append((column, f"{MEASURES[name](known):.6g}"))
    write(target.with_name(f"{target.stem}.{name}.csv"), ("column", name), measures)
    print(f"{file.name}: {name} of {len(measures)} columns", flush=True)


def report(files: Sequence[Path], source: Path, target: Path) -> None:
    """One row for each table and column, one column for each measure."""
    rows: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    names = []
    for file in files:
        (_, name), measures = read(file)
        names.append(name)
        table = file.relative_to(source).as_posix().removesuffix(f".{name}.csv")
        for column, value in measures:
            rows[table, column][name] = value
    shown = sorted(set(names))
    lines = [[*key, *(row.get(name, "") for name in shown)] for key, row in sorted(rows.items())]
    write(target / "report.csv", ["table", "column", *shown], lines)
    print(f"report.csv: {len(lines)} rows", flush=True)


def main() -> int:
    """Do what ``MEASURE`` says with all tables of ``INPUT_DIR``."""
    source, target = Path(os.environ["INPUT_DIR"]), Path(os.environ["OUTPUT_DIR"])
    name = os.environ.get("MEASURE", "mean")
    files = sorted(file for file in source.rglob("*.csv") if file.is_file())
    if name not in {"clean", "report", *MEASURES}:
        print(f"MEASURE must be clean, mean, sd or report, not '{name}'", file=sys.stderr)
        return 2
    if not files:
        print("there is no CSV table in INPUT_DIR", file=sys.stderr)
        return 3
    if name == "report":
        report(files, source, target)
        return 0
    for file in files:
        into = target / file.relative_to(source)
        if name == "clean":
            clean(file, into)
        else:
            measure(file, into, name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
