"""Which files of a dataset ``--files`` means. Pure.

What is typed is first taken as it stands: the path of a file or folder that is there, whatever
characters it has, then as ``dataset files`` lists it, where a line break is a space. Only then is
it a pattern (:mod:`.globs`). ``!pattern`` takes files out again, wherever it stands.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from pennsieve_agent.domain.datasets import DataFile
from pennsieve_agent.domain.globs import WILD, is_in, matches, tidy

_MARK = "\N{REPLACEMENT CHARACTER}"


@dataclass(frozen=True, slots=True)
class Selection:
    """The files that are meant, by path. ``unused`` are the patterns that fit none of ``all``.

    ``idle`` are those with ``!`` that take out nothing. Where ``is_whole`` is set, nothing was
    chosen and nothing taken out.
    """

    files: tuple[DataFile, ...]
    all: tuple[DataFile, ...]
    unused: tuple[str, ...] = ()
    idle: tuple[str, ...] = ()
    is_whole: bool = False


def select(files: Iterable[DataFile], patterns: Sequence[str]) -> Selection:
    """The files that fit a pattern and none with ``!``; without one that takes files, all do."""
    known = tuple(sorted(files, key=lambda file: file.path))
    paths = _Paths(known)
    taking = [p for p in patterns if not _leaves_out(p, paths)]
    chosen: set[int] = set() if taking else set(range(len(known)))
    unused, idle = [], []
    for pattern in taking:
        if not (fitting := paths.meant(pattern)):
            unused.append(pattern)
        chosen |= fitting
    for pattern in patterns:
        if _leaves_out(pattern, paths):
            out = paths.meant(pattern[1:])
            if not chosen & out:
                idle.append(pattern)
            chosen -= out
    is_whole = not taking and len(chosen) == len(known)
    meant = tuple(known[i] for i in sorted(chosen))
    return Selection(meant, known, tuple(unused), tuple(idle), is_whole)


def advice(pattern: str, files: Iterable[DataFile], exists: Callable[[str], bool]) -> str:
    """What somebody may have meant whose pattern fits no file; "" where nothing comes to mind.

    ``exists`` says whether a path is a file or folder of this machine.
    """
    if not tidy(pattern):
        return "the pattern is empty; for all files, leave out --files"
    paths = [file.path for file in files]
    deeper, plain = f"**/{tidy(pattern)}", not WILD & set(pattern)
    for other, any_case, why in (
        (deeper, False, "'**/' looks in all folders"),
        (tidy(pattern), True, "upper and lower case differ"),
        (deeper, True, "'**/' looks in all folders, and upper and lower case differ"),
    ):
        if fitting := [path for path in paths if matches(path, other, any_case=any_case)]:
            if any_case:
                return f"there is '{fitting[0]}': {why}"
            count = "1 file fits" if len(fitting) == 1 else f"{len(fitting)} files fit"
            return f"{count} '{other}': {why}"
    if plain and exists(pattern):
        return (
            f"'{pattern}' is a file of this machine: if you typed a pattern, put it in quotes, as "
            f"in --files {quoted_pattern(pattern)}, else the shell replaces it with the names of "
            "files here"
        )
    return ""


def quoted_pattern(name: str) -> str:
    """The pattern, in quotes, that a shell may have replaced by names such as this one."""
    path = PurePosixPath(name)
    folder = "" if str(path.parent) == "." else f"{path.parent}/"
    ending = re.sub(r"[^\w.]", "", path.suffix)
    return f"'{folder}*{ending}'"


class _Paths:
    """The paths of a dataset's files, and which of them a text means."""

    def __init__(self, files: Sequence[DataFile]) -> None:
        self._paths = [file.path for file in files]

    def literally(self, path: str) -> set[int]:
        """The file of this path, or all in the folder of this path."""
        return {i for i, known in enumerate(self._paths) if is_in(known, path)}

    def meant(self, pattern: str) -> set[int]:
        """The numbers of the files that are meant."""
        text = tidy(pattern)
        if not text:
            return set(range(len(self._paths))) if pattern.strip() else set()
        return self.literally(text) or self._as_listed(text) or self._fitting(text)

    def _as_listed(self, text: str) -> set[int]:
        folded = _folded(text)
        return {i for i, known in enumerate(self._paths) if is_in(_folded(known), folded)}

    def _fitting(self, text: str) -> set[int]:
        composed = unicodedata.normalize("NFC", text)
        return {
            i
            for i, known in enumerate(self._paths)
            if matches(known, text) or matches(unicodedata.normalize("NFC", known), composed)
        }


def _leaves_out(pattern: str, paths: _Paths) -> bool:
    return pattern.startswith("!") and not paths.literally(tidy(pattern))


def _folded(path: str) -> str:
    """A path as it is shown: a character that cannot be printed is a space, or a mark in messages.

    Accents are written one way, as systems differ there.
    """
    shown = "".join(c if c.isprintable() and c != _MARK else " " for c in path).strip()
    return unicodedata.normalize("NFC", shown)
