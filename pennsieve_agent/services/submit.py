"""Preparing a run: everything is checked before anything is sent."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pennsieve_agent.domain.compute import ComputeNode, NodeStatus
from pennsieve_agent.domain.datasets import DataFile, Dataset
from pennsieve_agent.domain.globs import select
from pennsieve_agent.domain.grants import Access
from pennsieve_agent.domain.plans import RunPlan
from pennsieve_agent.domain.runs import NO_LIMITS, RunLimits, RunRequest
from pennsieve_agent.domain.workflows import StepKind, Workflow
from pennsieve_agent.errors import Forbidden, UsageProblem
from pennsieve_agent.services import grants, lookup

if TYPE_CHECKING:
    from pennsieve_agent.platform.client import Platform

#: The platform's own rule for names (contracts/workflows.md 3.1).
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _.\-]{2,63}")


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What was asked for on the command line; empty means "find it out"."""

    dataset: str
    workflow: str | None = None
    node: str | None = None
    files: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    name: str | None = None
    folder: str | None = None
    limits: RunLimits = NO_LIMITS


@dataclass(frozen=True, slots=True)
class Prepared:
    """A run that can be sent. ``files`` is None when the whole dataset is the input."""

    request: RunRequest
    plan: RunPlan
    dataset: Dataset
    node: ComputeNode
    files: tuple[DataFile, ...] | None
    folder: str


def prepare(platform: Platform, organization_id: str, options: RunOptions, now: float) -> Prepared:
    """Find what is meant, and check that it can run.

    Raises:
        UsageProblem: a name, a pattern, a parameter or a node cannot be used.
        Forbidden: the workflow has no (sufficient) grant on the dataset.
    """
    from pennsieve_agent.engine.compile import check_parameters, compile_run  # noqa: PLC0415

    dataset = lookup.dataset(platform, options.dataset)
    workflow = _workflow(platform, organization_id, options.workflow, dataset)
    parameters = check_parameters(workflow, options.parameters)
    name = _name(options.name, workflow, now)
    node = _node(platform, organization_id, options.node)
    _check_limits(options.limits, node)
    _check_grant(platform, workflow, dataset)
    files = _files(platform, dataset, options.files)
    folder = _folder(options.folder, name)
    request = RunRequest(
        workflow=workflow,
        node_uuid=node.uuid,
        dataset_id=dataset.id,
        package_ids=_packages(platform, workflow, dataset, files),
        name=name,
        parameters=parameters,
        target_params={
            step.id: {"TARGET_FOLDER": folder} for step in workflow.of_kind(StepKind.TARGET)
        },
        limits=options.limits,
    )
    return Prepared(request, compile_run("new", request, {}), dataset, node, files, folder)


def _workflow(
    platform: Platform, organization_id: str, wanted: str | None, dataset: Dataset
) -> Workflow:
    if wanted is not None:
        return lookup.workflow(platform, organization_id, wanted)
    known = [w for w in platform.workflows.list(organization_id) if w.is_active]
    granted = {row.workflow for row in platform.integrations.on_dataset(dataset.id)}
    candidates = known if len(known) == 1 else [w for w in known if w.uuid in granted]
    if len(candidates) == 1:
        return platform.workflows.get(candidates[0].uuid)
    if not known:
        raise UsageProblem(
            "there is no workflow yet", hint="add one with: pennsieve workflow add GITHUB_URL"
        )
    names = ", ".join(sorted(w.name for w in candidates or known))
    raise UsageProblem(f"which workflow? There are {names}", hint="add: --workflow NAME")


def _node(platform: Platform, organization_id: str, wanted: str | None) -> ComputeNode:
    if wanted is None:
        nodes = platform.compute.nodes(organization_id)
        enabled = [n for n in nodes if n.status is NodeStatus.ENABLED]
        if len(enabled) == 1:
            return enabled[0]
        if len(enabled) > 1:
            names = ", ".join(sorted(n.name for n in enabled))
            raise UsageProblem(f"which compute node? There are {names}", hint="add: --node NAME")
        if not nodes:
            raise UsageProblem(
                "there is no compute node yet", hint="make one with: pennsieve compute register"
            )
        node = nodes[0]
    else:
        node = lookup.node(platform, organization_id, wanted)
    if node.status is not NodeStatus.ENABLED:
        raise UsageProblem(
            f"compute node '{node.name}' is {node.status.value.lower()}, not enabled",
            where=node.uuid,
            hint=f"see: pennsieve compute show '{node.name}'",
        )
    return node


def _check_limits(limits: RunLimits, node: ComputeNode) -> None:
    """A limit that nobody keeps is worse than none."""
    if limits:
        raise UsageProblem(
            f"compute node '{node.name}' is run by Pennsieve, which keeps no limits of a run",
            where=node.uuid,
            hint="leave out --max-cost, --time-limit, --spot and --retries, or use a node of your "
            "own with: --node NAME",
        )


def _check_grant(platform: Platform, workflow: Workflow, dataset: Dataset) -> None:
    access = grants.access_of(platform, workflow, dataset)
    needed = Access.READ_WRITE if workflow.writes else Access.READ
    if access is needed or access is Access.READ_WRITE:
        return
    has = f"may only read dataset '{dataset.name}', and it writes results there"
    raise Forbidden(
        f"workflow '{workflow.name}' "
        + (has if access else f"has no access to dataset '{dataset.name}'"),
        hint=f"grant it with: pennsieve dataset grant {_quoted(workflow.name)} "
        f"--dataset {_quoted(dataset.name)} --access {needed.value}",
    )


def _files(
    platform: Platform, dataset: Dataset, patterns: Sequence[str]
) -> tuple[DataFile, ...] | None:
    if not patterns:
        return None
    chosen: dict[tuple[str, str], DataFile] = {}
    unused = set(patterns)
    count = 0
    for file in platform.datasets.files(dataset.id):
        count += 1
        for pattern in patterns:
            if select((file,), (pattern,)):
                unused.discard(pattern)
                chosen[file.package_id, file.path] = file
    if unused:
        names = ", ".join(f"'{pattern}'" for pattern in patterns if pattern in unused)
        raise UsageProblem(
            f"no file of dataset '{dataset.name}' matches {names} ({count} files looked at)",
            hint=f"see what is there with: pennsieve dataset files {_quoted(dataset.name)}",
        )
    return tuple(sorted(chosen.values(), key=lambda file: file.path))


def _packages(
    platform: Platform,
    workflow: Workflow,
    dataset: Dataset,
    files: tuple[DataFile, ...] | None,
) -> tuple[str, ...]:
    if not workflow.of_kind(StepKind.SOURCE):
        return ()
    ids = (
        platform.datasets.root_ids(dataset.id)
        if files is None
        else tuple(_unique(file.package_id for file in files))
    )
    if not ids:
        raise UsageProblem(
            f"dataset '{dataset.name}' is empty", hint="upload files to it, then start again"
        )
    return ids


def _name(wanted: str | None, workflow: Workflow, now: float) -> str:
    if wanted is None:
        stamp = datetime.fromtimestamp(now, tz=UTC).strftime("%Y%m%d-%H%M%S")
        slug = re.sub(r"[^A-Za-z0-9_.\-]+", "-", workflow.name).strip("-.")[:43] or "run"
        # Two runs begun in one second must not share a name, nor so a folder.
        return f"{slug}-{stamp}-{secrets.token_hex(2)}"
    if not _NAME.fullmatch(wanted):
        raise UsageProblem(
            f"'{wanted}' cannot be a run's name",
            hint="3 to 64 letters, digits, spaces, '.', '_' or '-', beginning with a letter or "
            "digit",
        )
    return wanted


def _folder(wanted: str | None, name: str) -> str:
    if wanted is None:
        return f"results/{name.replace(' ', '-')}"
    parts = [part for part in wanted.strip("/").split("/") if part]
    if not parts or any(part in {".", ".."} for part in parts):
        raise UsageProblem(
            f"'{wanted}' cannot be a folder for results", hint="for example: results/first"
        )
    return "/".join(parts)


def _unique(values: Iterable[str]) -> Iterable[str]:
    return dict.fromkeys(values)


def _quoted(name: str) -> str:
    return name if re.fullmatch(r"[\w.\-]+", name) else f"'{name}'"
