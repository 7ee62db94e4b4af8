"""The files of a dataset that ``--files`` means, and what is said where it means none."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pennsieve_agent.domain.selection import Selection, advice, select
from pennsieve_agent.errors import UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.domain.datasets import Dataset
    from pennsieve_agent.platform.client import Platform


def choose(platform: Platform, dataset: Dataset, patterns: Sequence[str]) -> Selection:
    """The files that are meant; without patterns, all.

    Raises:
        UsageProblem: a pattern fits none, or the patterns with ``!`` leave out all.
    """
    selection = select(platform.datasets.files(dataset.id), patterns)
    if selection.unused:
        raise unfit(selection, dataset)
    if selection.all and not selection.files:
        raise UsageProblem(
            f"the patterns leave out all files of dataset '{dataset.name}' "
            f"(files looked at: {len(selection.all)})",
            hint="a pattern that begins with ! takes files out: give fewer of these",
        )
    return selection


def idle_notes(idle: Sequence[str]) -> list[str]:
    """What is said of patterns with ``!`` that take out nothing: they may be mistyped."""
    return [f"leaves out no file: {shlex.quote(pattern)}" for pattern in idle]


def unfit(selection: Selection, dataset: Dataset) -> UsageProblem:
    """The error for patterns that fit no file: which, and what may have been meant."""
    names = ", ".join(f"'{pattern}'" for pattern in selection.unused)
    advised = (advice(pattern, selection.all, _is_here) for pattern in selection.unused)
    look = f"see what is there with: pennsieve dataset files {shlex.quote(dataset.name)}"
    return UsageProblem(
        f"no file of dataset '{dataset.name}' matches {names} "
        f"(files looked at: {len(selection.all)})",
        hint=next((words for words in advised if words), look),
    )


def _is_here(path: str) -> bool:
    return os.path.exists(path)  # noqa: PTH110 - unlike Path's, False for what can be no path
