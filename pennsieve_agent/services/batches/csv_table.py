"""The table of a batch: a row for each subject, columns that are parameters. Pure.

Spreadsheets write such files with a mark of Unicode at their beginning, with commas, semicolons or
tabs (Python, "csv"). All that is wrong with a file is told at once, with its lines.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pennsieve_agent.domain.batches import doubled, subject_problem, tidy_subject
from pennsieve_agent.errors import UsageProblem
from pennsieve_agent.services.batches.problems import refuse

SUBJECT, FILES = "subject", "files"
"""The columns that are not parameters."""
BETWEEN = ";"
"""What stands between the patterns of a cell of ``files``."""
MOST_BYTES = 64 * 1024 * 1024
_DELIMITERS = (",", ";", "\t")
_HINT = "correct the file, then type the same command again"


@dataclass(frozen=True, slots=True)
class CsvRow:
    """A row: its line in the file, counted from 1, and its values by column."""

    line: int
    values: Mapping[str, str]

    @property
    def subject(self) -> str:
        """The subject that the row is about."""
        return self.values[SUBJECT]

    @property
    def patterns(self) -> tuple[str, ...]:
        """What the cell ``files`` has."""
        parts = (part.strip() for part in self.values.get(FILES, "").split(BETWEEN))
        return tuple(part for part in parts if part)


@dataclass(frozen=True, slots=True)
class CsvTable:
    """A file that was read. ``columns`` are without ``subject`` and ``files``."""

    columns: tuple[str, ...]
    rows: tuple[CsvRow, ...]
    has_files: bool = False


def read_table(data: bytes, where: str) -> CsvTable:
    """The table in a file's bytes; ``where`` is the file's name in messages.

    Raises:
        UsageProblem: it is not such a table; all faults are named with their lines.
    """
    text = _decoded(data, where)
    try:
        lines = list(_lines(text))
    except csv.Error as error:
        raise UsageProblem(f"'{where}' cannot be read: {error}", hint=_HINT) from None
    if not lines:
        raise UsageProblem(f"'{where}' is empty", hint="its first line names the columns")
    header, rows = [cell.strip() for cell in lines[0][1]], lines[1:]
    faults = _header_faults(header, lines[0][0])
    refuse(faults, f"'{where}' is not a table of subjects", where=where, hint=_HINT)
    good, faults = _rows(header, rows)
    faults += _doubled(good)
    refuse(sorted(faults, key=_line_of), f"'{where}' has mistakes", where=where, hint=_HINT)
    if not good:
        raise UsageProblem(
            f"'{where}' has no rows, so the batch would have no runs",
            hint="add a row for a subject",
        )
    columns = tuple(name for name in header if name not in {SUBJECT, FILES})
    return CsvTable(columns, tuple(good), FILES in header)


def _decoded(data: bytes, where: str) -> str:
    if len(data) > MOST_BYTES:
        raise UsageProblem(f"'{where}' has more than 64 MB", hint="a batch has up to 10,000 runs")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UsageProblem(
            f"line {line} of '{where}' is not UTF-8 text",
            hint="save it as 'CSV UTF-8' in the spreadsheet program",
        ) from None


def _lines(text: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not empty, with the lines on which they begin."""
    head = text.lstrip("\r\n").partition("\n")[0]
    delimiter = max(_DELIMITERS, key=head.count)  # the first where none is there
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    begins = 1
    for cells in reader:
        if any(cell.strip() for cell in cells):
            yield begins, cells
        begins = reader.line_num + 1


def _header_faults(header: Sequence[str], line: int) -> list[str]:
    faults = []
    if SUBJECT not in header:
        names = ", ".join(f"'{name}'" for name in header if name)
        faults.append(f"line {line}: there is no column '{SUBJECT}'; its columns are {names}")
    if "" in header:
        faults.append(f"line {line}: column {header.index('') + 1} has no name")
    twice = {name for name in header if name and header.count(name) > 1}
    faults += [f"line {line}: there are two columns '{name}'" for name in sorted(twice)]
    return faults


def _rows(
    header: Sequence[str], rows: Sequence[tuple[int, list[str]]]
) -> tuple[list[CsvRow], list[str]]:
    good, faults = [], []
    for line, cells in rows:
        if len(cells) != len(header):
            faults.append(f"line {line}: {len(cells)} values for {len(header)} columns")
            continue
        values = {name: cell.strip() for name, cell in zip(header, cells, strict=True)}
        subject = tidy_subject(values[SUBJECT].strip("/"))
        if problem := subject_problem(subject):
            faults.append(f"line {line}: {problem}")
        elif control := next((name for name, cell in values.items() if "\0" in cell), ""):
            faults.append(f"line {line}: column '{control}' holds a NUL character")
        else:
            good.append(CsvRow(line, {**values, SUBJECT: subject}))
    return good, faults


def _doubled(rows: Sequence[CsvRow]) -> list[str]:
    lines: dict[str, list[int]] = {}
    for row in rows:
        lines.setdefault(row.subject, []).append(row.line)
    faults = []
    for group in doubled(row.subject for row in rows):
        at = sorted(line for name in dict.fromkeys(group) for line in lines[name])
        others = ", ".join(map(str, at[:-1]))
        names = " and ".join(f"'{name}'" for name in dict.fromkeys(group))
        one = "subject" if len(set(group)) == 1 else "the results of"
        end = "is there" if len(set(group)) == 1 else "would be in the same folder; they are"
        faults.append(f"line {at[-1]}: {one} {names} {end} on line {others}, too")
    return faults


def _line_of(fault: str) -> int:
    return int(fault.removeprefix("line ").partition(":")[0])
