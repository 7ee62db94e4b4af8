"""What runs on both kinds of nodes have in common: options, files, names and folders."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pennsieve_agent.domain.compute import ComputeNode
from pennsieve_agent.domain.datasets import DataFile, Dataset
from pennsieve_agent.domain.globs import select
from pennsieve_agent.domain.own_node import OwnNode
from pennsieve_agent.domain.plans import RunPlan
from pennsieve_agent.domain.runs import NO_LIMITS, RunLimits, RunRequest
from pennsieve_agent.domain.target_types import DATASET_TARGET
from pennsieve_agent.domain.workflows import StepKind, Workflow
from pennsieve_agent.errors import Ambiguous, UnknownName, UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.platform.client import Platform

#: The platform's own rule for names (contracts/workflows.md 3.1).
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _.\-]{2,63}")
HandOver = Callable[[OwnNode, Workflow], None]
"""Registers a workflow of Pennsieve's on an own node."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """The options of the command line; an empty one is to be determined.

    ``layout`` is that of the input, empty for the workflow's own. ``undeclared`` lets parameters
    pass that no step declares.
    """

    dataset: str
    workflow: str | None = None
    node: str | None = None
    files: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    name: str | None = None
    folder: str | None = None
    limits: RunLimits = NO_LIMITS
    layout: str = ""
    undeclared: bool = False


@dataclass(frozen=True, slots=True)
class Prepared:
    """A run that can be sent.

    ``files`` is None where they were not counted: the whole dataset, on a node that Pennsieve runs.
    ``version`` and ``layout`` are those of the workflow on an own node.
    """

    request: RunRequest
    plan: RunPlan
    dataset: Dataset
    node: ComputeNode | OwnNode
    files: tuple[DataFile, ...] | None
    folder: str
    whole_dataset: bool = False
    version: str = ""
    layout: str = ""

    @property
    def own_node(self) -> OwnNode | None:
        """The node, where it is an own one."""
        return self.node if isinstance(self.node, OwnNode) else None


def which_workflow(names: Iterable[str]) -> UsageProblem:
    """The error where no workflow was named, and there are none or several."""
    listed = ", ".join(sorted(names))
    if not listed:
        return UnknownName(
            "there is no workflow yet", hint="add one with: pennsieve workflow add GITHUB_URL"
        )
    return Ambiguous(f"which workflow? There are {listed}", hint="add: --workflow NAME")


def chosen_files(
    platform: Platform, dataset: Dataset, patterns: Sequence[str]
) -> tuple[DataFile, ...]:
    """The dataset's files that fit a pattern, by path; without patterns, all files.

    Raises:
        UsageProblem: a pattern fits none.
    """
    chosen: dict[tuple[str, str], DataFile] = {}
    unused = set(patterns)
    count = 0
    for file in platform.datasets.files(dataset.id):
        count += 1
        if not patterns:
            chosen[file.package_id, file.path] = file
        for pattern in patterns:
            if select((file,), (pattern,)):
                unused.discard(pattern)
                chosen[file.package_id, file.path] = file
    if unused:
        names = ", ".join(f"'{pattern}'" for pattern in patterns if pattern in unused)
        raise UsageProblem(
            f"no file of dataset '{dataset.name}' matches {names} (files looked at: {count})",
            hint=f"see what is there with: pennsieve dataset files {quoted(dataset.name)}",
        )
    return tuple(sorted(chosen.values(), key=lambda file: file.path))


def packages(
    platform: Platform,
    workflow: Workflow,
    dataset: Dataset,
    files: tuple[DataFile, ...] | None,
) -> tuple[str, ...]:
    """The packages that hold these files; None is the whole dataset.

    Raises:
        UsageProblem: the dataset is empty.
    """
    if not workflow.of_kind(StepKind.SOURCE):
        return ()
    ids = (
        platform.datasets.root_ids(dataset.id)
        if files is None
        else tuple(dict.fromkeys(file.package_id for file in files))
    )
    if not ids:
        raise UsageProblem(
            f"dataset '{dataset.name}' is empty", hint="upload files to it, then start again"
        )
    return ids


def targets(workflow: Workflow, folder: str, bucket: str = "") -> dict[str, dict[str, str]]:
    """The parameters of the data targets: where the results go.

    ``bucket`` is for nodes that Pennsieve runs: a target that fills the dataset demands it
    (``contracts/workflows.md`` 2.5).
    """
    to_dataset = {"UPLOAD_BUCKET": bucket} if bucket else {}
    return {
        step.id: {
            "TARGET_FOLDER": folder,
            **(to_dataset if step.target_type == DATASET_TARGET else {}),
        }
        for step in workflow.of_kind(StepKind.TARGET)
    }


def run_name(requested: str | None, workflow: Workflow, now: float) -> str:
    """The run's name; one that nobody gave is made of workflow and time.

    Raises:
        UsageProblem: it cannot be one.
    """
    if requested is None:
        stamp = datetime.fromtimestamp(now, tz=UTC).strftime("%Y%m%d-%H%M%S")
        slug = re.sub(r"[^A-Za-z0-9_.\-]+", "-", workflow.name).strip("-.")[:43] or "run"
        # Two runs begun in one second must not share a name, nor so a folder.
        return f"{slug}-{stamp}-{secrets.token_hex(2)}"
    if not _NAME.fullmatch(requested):
        raise UsageProblem(
            f"'{requested}' is not a valid name for a run",
            hint="3 to 64 letters, digits, spaces, '.', '_' or '-', beginning with a letter or "
            "digit",
        )
    return requested


def results_folder(requested: str | None, name: str) -> str:
    """The folder of the dataset for the results.

    Raises:
        UsageProblem: it cannot be one.
    """
    if requested is None:
        return f"results/{name.replace(' ', '-')}"
    parts = [part for part in requested.strip("/").split("/") if part]
    if not parts or any(part in {".", ".."} for part in parts):
        raise UsageProblem(
            f"'{requested}' is not a valid folder for results", hint="for example: results/first"
        )
    return "/".join(parts)


def quoted(name: str) -> str:
    """A name as a shell takes it."""
    return name if re.fullmatch(r"[\w.\-]+", name) else f"'{name}'"
