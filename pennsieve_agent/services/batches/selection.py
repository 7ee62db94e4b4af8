"""Which subjects a batch has, and which files and parameters each. Pure."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from pennsieve_agent.domain.batches import MOST_RUNS
from pennsieve_agent.domain.datasets import DataFile
from pennsieve_agent.domain.globs import WILD, tidy
from pennsieve_agent.domain.repeats import BatchAgain
from pennsieve_agent.domain.selection import select
from pennsieve_agent.errors import UsageProblem
from pennsieve_agent.services.batches import templates
from pennsieve_agent.services.batches.csv_table import SUBJECT, CsvRow, CsvTable
from pennsieve_agent.services.batches.problems import refuse, some
from pennsieve_agent.services.batches.subjects import (
    Subject,
    checked,
    narrowed,
    of_files,
    of_folders,
)

_SPECIAL = WILD | {"\\"}


@dataclass(frozen=True, slots=True)
class Choice:
    """What was typed to choose subjects; one of the first three is there, or ``again``.

    ``again`` is a batch that is started again, with the subjects that it had.
    ``folders`` and ``single_files`` are patterns, ``patterns`` those that narrow the files, and
    ``settings`` parameters as they were typed. ``table_name`` is the file of the table.
    """

    folders: str = ""
    single_files: str = ""
    table: CsvTable | None = None
    table_name: str = ""
    patterns: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    again: BatchAgain | None = None

    @property
    def base(self) -> tuple[str, ...]:
        """The pattern that all files fit; none where the table alone chooses."""
        return tuple(pattern for pattern in (self.folders, self.single_files) if pattern)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the table that may be parameters."""
        return self.table.columns if self.table else ()

    @property
    def in_templates(self) -> frozenset[str]:
        """The names that are asked for in patterns and parameters."""
        cells = [pattern for row in self.rows for pattern in row.patterns]
        return templates.names_in([*self.patterns, *self.settings, *cells])

    @property
    def rows(self) -> tuple[CsvRow, ...]:
        """The rows of the table."""
        return self.table.rows if self.table else ()


def subjects_of(choice: Choice, files: Sequence[DataFile]) -> tuple[Subject, ...]:
    """The subjects that are chosen, by name, each with its files.

    ``files`` are those of the dataset that may be input.

    Raises:
        UsageProblem: there are none or too many, some have no files, or the table and the dataset
            do not fit together; all are named.
    """
    where = f"'{choice.table_name}'" if choice.table else "a batch without --csv"
    # A column 'files' says which files; it is no value of its own.
    columns = ("subject", *choice.columns)
    cells = [pattern for row in choice.rows for pattern in row.patterns]
    templates.check_names([*choice.patterns, *choice.settings, *cells], columns, where)
    if choice.base:
        subjects = _joined(choice, _by_pattern(choice, files))
        subjects = tuple(narrowed(one, _patterns(choice, one.values)) for one in subjects)
        faults = [
            _at(one, f"no file of '{one.name}' fits {some(_patterns(choice, one.values))}")
            for one in subjects
            if not one.files
        ]
    else:
        subjects, faults = _by_table(choice, files)
    refuse(
        faults,
        "some subjects have no files",
        hint="upload their files, or leave these subjects out",
    )
    if len(subjects) > MOST_RUNS:
        raise UsageProblem(
            f"there are {len(subjects)} subjects; a batch can have {MOST_RUNS}",
            hint="make several batches, each with a narrower pattern",
        )
    return subjects


def _by_pattern(choice: Choice, files: Sequence[DataFile]) -> tuple[Subject, ...]:
    subjects = (
        of_folders(files, choice.folders)
        if choice.folders
        else of_files(files, choice.single_files)
    )
    return tuple(replace(one, values={SUBJECT: one.name}) for one in subjects)


def _joined(choice: Choice, subjects: Sequence[Subject]) -> tuple[Subject, ...]:
    """The subjects with the rows of the table, which must be the same ones."""
    if choice.table is None:
        return tuple(subjects)
    rows = {row.subject: row for row in choice.rows}
    names = {one.name for one in subjects}
    pattern = choice.base[0]
    faults = [
        f"line {row.line}: nothing that matches '{pattern}' is called '{row.subject}'"
        for row in choice.rows
        if row.subject not in names
    ]
    if without := sorted(names - set(rows)):
        faults.append(f"no row for {some(without)} of '{pattern}'")
    refuse(
        faults,
        f"'{choice.table_name}' and the dataset do not fit together",
        where=choice.table_name,
        hint="with a pattern, the table needs exactly one row for each subject",
    )
    return tuple(
        replace(one, values=rows[one.name].values, line=rows[one.name].line) for one in subjects
    )


def _by_table(choice: Choice, files: Sequence[DataFile]) -> tuple[tuple[Subject, ...], list[str]]:
    """A subject for each row, and what is wrong with their files."""
    if not choice.patterns and not any(row.patterns for row in choice.rows):
        raise UsageProblem(
            f"'{choice.table_name}' does not say which files each subject has",
            hint="add --each 'PATTERN', or --files 'PATTERN' with {subject} in it, or a column "
            "'files'",
        )
    near = _Near(files)
    subjects, faults = [], []
    for row in choice.rows:
        patterns = _patterns(choice, row.values)
        if not patterns:
            faults.append(f"line {row.line}: '{row.subject}' has no pattern in column 'files'")
            continue
        chosen = select(near.candidates(patterns), patterns)
        if chosen.unused or not chosen.files:
            unused = some(chosen.unused or patterns)
            faults.append(f"line {row.line}: no file for '{row.subject}' matches {unused}")
        subjects.append(Subject(row.subject, chosen.files, "", row.values, row.line))
    return checked(subjects), faults


def _patterns(choice: Choice, values: Mapping[str, str]) -> tuple[str, ...]:
    """The patterns of one subject: those that were typed, and those of its row."""
    cell = CsvRow(0, values).patterns
    return tuple(templates.filled(p, values, pattern=True) for p in (*choice.patterns, *cell))


def _at(subject: Subject, fault: str) -> str:
    return f"line {subject.line}: {fault}" if subject.line else fault


class _Near:
    """Files by path, so that a pattern looks at those alone that its fixed beginning leads to."""

    def __init__(self, files: Sequence[DataFile]) -> None:
        self._files = sorted(files, key=lambda file: file.path)
        self._paths = [file.path for file in self._files]

    def candidates(self, patterns: Sequence[str]) -> list[DataFile]:
        """The files that one of these may mean."""
        spans = set[tuple[int, int]]()
        if all(pattern.startswith("!") for pattern in patterns):
            return self._files
        if not "".join(patterns).isascii():
            return self._files  # names with accents are spelt in several ways
        for pattern in patterns:
            spans |= self._spans(pattern)
        numbers = sorted({i for begin, end in spans for i in range(begin, end)})
        return [self._files[i] for i in numbers]

    def _spans(self, pattern: str) -> set[tuple[int, int]]:
        parts = tidy(pattern).split("/")
        wild = (i for i, part in enumerate(parts) if _SPECIAL & set(part))
        place = "/".join(parts[: next(wild, len(parts))])
        if not place:
            return {(0, len(self._files))}
        at = bisect_left(self._paths, place)
        itself = (at, at + (at < len(self._paths) and self._paths[at] == place))
        # "0" comes after "/": what lies in the folder is between the two.
        inside = (bisect_left(self._paths, f"{place}/"), bisect_left(self._paths, f"{place}0"))
        return {itself, inside}


def settings_of(
    subject: Subject, choice: Choice, is_declared: Callable[[str], bool]
) -> tuple[str, ...]:
    """The parameters of a subject as they would be typed: those that were, and its row's.

    An empty cell leaves the parameter out. A column that is only asked for by name in a pattern or
    a parameter, and that no step declares (``is_declared``), is not a parameter.
    """
    typed = tuple(templates.filled(text, subject.values) for text in choice.settings)
    names = choice.in_templates
    cells = tuple(
        f"{column}={subject.values[column]}"
        for column in choice.columns
        if subject.values.get(column) and (column not in names or is_declared(column))
    )
    return (*typed, *cells)
