"""The subjects of a batch, from the files of a dataset and a pattern. Pure.

``raw/sub-*`` is a subject for each folder of that name, called by its path without the fixed
beginning of the pattern: ``sub-01``. For files, the ending is left out, too.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath

from pennsieve_agent.domain.batches import doubled, subject_problem, tidy_subject
from pennsieve_agent.domain.datasets import DataFile
from pennsieve_agent.domain.globs import WILD, is_exactly, matches, tidy
from pennsieve_agent.errors import UsageProblem
from pennsieve_agent.services.batches.problems import refuse, some

_PACKED = frozenset({".gz", ".bz2", ".xz", ".zst"})
"""Endings that come after another one, such as ``.nii.gz``."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A subject with its files. ``place`` is its folder or file, ``values`` its row of the table.

    ``line`` is that of the row, 0 where there is no table.
    """

    name: str
    files: tuple[DataFile, ...] = ()
    place: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    line: int = 0

    @property
    def size(self) -> int | None:
        """Bytes of all files; None where one's is unknown."""
        sizes = [file.size for file in self.files]
        known = [size for size in sizes if size is not None]
        return sum(known) if len(known) == len(sizes) else None


def of_folders(files: Sequence[DataFile], pattern: str) -> tuple[Subject, ...]:
    """A subject for each folder that fits, with all files in it, sorted by name.

    Raises:
        UsageProblem: none fits, or names of folders cannot name runs.
    """
    fits = _fitting(pattern)
    inside: dict[str, list[DataFile]] = {}
    known: dict[str, bool] = {}
    for file in files:
        for folder in _above(file.path):
            if folder not in known:
                known[folder] = fits(folder)
            if known[folder]:
                inside.setdefault(folder, []).append(file)
    if not inside:
        are_files = any(fits(file.path) for file in files)
        raise UsageProblem(
            f"no folder of the dataset matches '{pattern}'"
            + (", only files do" if are_files else f" (files looked at: {len(files)})"),
            hint=f"for a run for each file: --each-file '{pattern}'"
            if are_files
            else "a pattern is the whole path of a folder, such as 'raw/sub-*'; '**/' stands for "
            "any number of folders",
        )
    start = _fixed(pattern)
    subjects = [
        Subject(_name(folder, start), tuple(inner), folder) for folder, inner in inside.items()
    ]
    return checked(subjects)


def of_files(files: Sequence[DataFile], pattern: str) -> tuple[Subject, ...]:
    """A subject for each file that fits, sorted by name.

    Names are without the ending; where two files differ in nothing else, they keep it.

    Raises:
        UsageProblem: none fits, or names of files cannot name runs.
    """
    fits = _fitting(pattern)
    chosen = [file for file in files if fits(file.path)]
    if not chosen:
        raise UsageProblem(
            f"no file of the dataset matches '{pattern}' (files looked at: {len(files)})",
            hint="a pattern is the whole path of a file, such as 'raw/*.edf'; '**/' stands for "
            "any number of folders",
        )
    start = _fixed(pattern)
    names = {file.path: _without_ending(_name(file.path, start)) for file in chosen}
    clash = {name for group in doubled(names.values()) for name in group}
    subjects = [
        Subject(
            _name(file.path, start) if names[file.path] in clash else names[file.path],
            (file,),
            file.path,
        )
        for file in chosen
    ]
    return checked(subjects)


def checked(subjects: Iterable[Subject]) -> tuple[Subject, ...]:
    """The subjects by name, if each can name a run and a folder of results of its own.

    Raises:
        UsageProblem: some cannot; all are named.
    """
    known = sorted(subjects, key=lambda subject: subject.name)
    faults = [
        f"'{subject.place or subject.name}': {problem}"
        for subject in known
        if (problem := subject_problem(subject.name))
    ]
    places: dict[str, list[str]] = {}
    for subject in known:
        places.setdefault(subject.name, []).append(subject.place or subject.name)
    faults += [
        f"the results of {some(place for name in dict.fromkeys(group) for place in places[name])} "
        "would be in one folder"
        for group in doubled(subject.name for subject in known)
    ]
    refuse(faults, "some names cannot be those of subjects", hint="rename them, or choose others")
    return tuple(known)


def narrowed(subject: Subject, patterns: Sequence[str]) -> Subject:
    """A subject with those of its files that fit: within its folder, or in the whole dataset.

    A pattern with ``!`` takes files out.
    """
    taking = [pattern for pattern in patterns if not pattern.startswith("!")]
    leaving = [pattern[1:] for pattern in patterns if pattern.startswith("!")]
    start = len(subject.place) + 1

    def fits(file: DataFile, pattern: str) -> bool:
        text = _composed(tidy(pattern))
        return any(matches(_composed(path), text) for path in (file.path, file.path[start:]))

    files = tuple(
        file
        for file in subject.files
        if (not taking or any(fits(file, pattern) for pattern in taking))
        and not any(fits(file, pattern) for pattern in leaving)
    )
    return replace(subject, files=files)


def _fitting(pattern: str) -> Callable[[str], bool]:
    text = tidy(pattern)
    composed = _composed(text)
    return lambda path: (
        path == text or is_exactly(path, text) or is_exactly(_composed(path), composed)
    )


def _above(path: str) -> Iterator[str]:
    """The folders in which a file lies."""
    at = path.find("/")
    while at > 0:
        yield path[:at]
        at = path.find("/", at + 1)


def _fixed(pattern: str) -> int:
    """How many parts a pattern begins with that are the same for all; never all of them."""
    parts = tidy(pattern).split("/")
    wild = (i for i, part in enumerate(parts) if WILD & set(part))
    return min(next(wild, len(parts)), len(parts) - 1)


def _name(path: str, start: int) -> str:
    return tidy_subject("/".join(path.split("/")[start:]))


def _without_ending(name: str) -> str:
    path = PurePosixPath(name)
    if path.suffix.casefold() in _PACKED and path.with_suffix("").suffix:
        path = path.with_suffix("")
    return str(path.with_suffix("")) if path.suffix else name


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)
