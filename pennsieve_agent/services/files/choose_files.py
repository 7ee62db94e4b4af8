"""The files of a dataset that ``--files`` means, and what is said where it means none."""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pennsieve_agent.domain.datasets import DataFile
from pennsieve_agent.domain.selection import Selection, advice, select
from pennsieve_agent.errors import StillRunning, UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.domain.datasets import Dataset
    from pennsieve_agent.platform.client import Platform

UPLOAD_SECONDS = 3600.0
"""Uploads that began longer ago count as given up; ours."""


def choose(platform: Platform, dataset: Dataset, patterns: Sequence[str]) -> Selection:
    """The files that are meant; without patterns, all.

    Raises:
        UsageProblem: a pattern fits none, or the patterns with ``!`` leave out all.
        StillRunning: what a pattern fits is on its way to the dataset.
    """
    selection = select(platform.datasets.files(dataset.id), patterns)
    if selection.unused:
        if files := coming(platform, dataset, selection.unused):
            raise StillRunning(
                f"no file of dataset '{dataset.name}' matches {_quoted(selection.unused)} yet; "
                f"'{files[0].path}' does, but it is still being uploaded or imported",
                hint="type the same command again in a minute",
            )
        raise unfit(selection, dataset)
    if selection.all and not selection.files:
        raise UsageProblem(
            f"the patterns leave out all files of dataset '{dataset.name}' "
            f"(files looked at: {len(selection.all)})",
            hint="a pattern that begins with ! takes files out: give fewer of these",
        )
    return selection


def coming(
    platform: Platform,
    dataset: Dataset,
    patterns: Sequence[str],
    now: Callable[[], float] = time.time,
) -> tuple[DataFile, ...]:
    """The files that fit patterns and are on their way to the dataset, in the last hour.

    Pennsieve imports a file some time after its upload (``contracts/core.md`` 4.5); whether one is
    being sent still or is imported already, its upload does not tell.
    """
    until = now() + UPLOAD_SECONDS  # its clock may be ahead of this one
    queued = platform.uploads.unfinished(dataset.id, until - 2 * UPLOAD_SECONDS, until)
    files = [DataFile(file.package_id, file.path, None) for file in queued]
    return select(files, patterns).files


def coming_notes(platform: Platform, dataset: Dataset, patterns: Sequence[str]) -> list[str]:
    """What is said of files that fit and are not read, as they are on their way."""
    files = coming(platform, dataset, patterns)
    if not files:
        return []
    some = f"'{files[0].path}'" + (f" and {len(files) - 1} more" if len(files) > 1 else "")
    note = f"not in the dataset yet, and left out: {some}, being uploaded or imported"
    return [f"{note}; to include them, type the same command again in a minute"]


def idle_notes(idle: Sequence[str]) -> list[str]:
    """What is said of patterns with ``!`` that take out nothing: they may be mistyped."""
    return [f"leaves out no file: {shlex.quote(pattern)}" for pattern in idle]


def unfit(selection: Selection, dataset: Dataset) -> UsageProblem:
    """The error for patterns that fit no file: which, and what may have been meant."""
    names = _quoted(selection.unused)
    advised = (advice(pattern, selection.all, _is_here) for pattern in selection.unused)
    look = f"see what is there with: pennsieve dataset files {shlex.quote(dataset.name)}"
    return UsageProblem(
        f"no file of dataset '{dataset.name}' matches {names} "
        f"(files looked at: {len(selection.all)})",
        hint=next((words for words in advised if words), look),
    )


def _quoted(patterns: Sequence[str]) -> str:
    return ", ".join(f"'{pattern}'" for pattern in patterns)


def _is_here(path: str) -> bool:
    return os.path.exists(path)  # noqa: PTH110 - unlike Path's, False for what can be no path
