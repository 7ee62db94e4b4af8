"""Preparing a run: everything is checked before anything is sent."""

from __future__ import annotations

import re
import secrets
import shlex
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pennsieve_agent.domain.compute import ComputeNode
from pennsieve_agent.domain.datasets import DataFile, Dataset, Role
from pennsieve_agent.domain.globs import select
from pennsieve_agent.domain.own_node import OwnNode
from pennsieve_agent.domain.plans import RunPlan
from pennsieve_agent.domain.runs import NO_LIMITS, RunLimits, RunRequest
from pennsieve_agent.domain.target_types import DATASET_TARGET
from pennsieve_agent.domain.workflows import StepKind, Workflow
from pennsieve_agent.errors import Ambiguous, Forbidden, UnknownName, UsageProblem
from pennsieve_agent.services import lookup, run_nodes
from pennsieve_agent.services.run_nodes import AnyNode
from pennsieve_agent.services.side_by_side import side_by_side

if TYPE_CHECKING:
    from pennsieve_agent.domain.node_calls import NodeCalls
    from pennsieve_agent.platform.client import Platform

#: The platform's own rule for names (contracts/workflows.md 3.1).
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _.\-]{2,63}")
HandOver = Callable[[OwnNode, Workflow], None]


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What was asked for on the command line; empty means "find it out".

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


def prepare(
    platform: Platform,
    own: Sequence[OwnNode],
    calls: Callable[[OwnNode], NodeCalls],
    options: RunOptions,
    now: float,
    *,
    hand_over: HandOver | None = None,
) -> Prepared:
    """Find what is meant, and check that it can run. ``own`` are the own nodes that are known.

    ``hand_over`` puts a workflow that only Pennsieve has on an own node; without it, its absence is
    the error.

    Raises:
        UsageProblem: a name, a pattern, a parameter or a node cannot be used.
        Forbidden: the workflow has no (sufficient) grant on the dataset.
    """
    node, dataset = _node_and_dataset(platform, own, options)
    if isinstance(node, OwnNode):
        from pennsieve_agent.services import prepare_own_run  # noqa: PLC0415 - imports this module

        desk = prepare_own_run.Desk(platform, node, calls(node), hand_over)
        return prepare_own_run.prepare(desk, dataset, options, now)
    _refuse_own_options(options, node)
    try:
        workflow = _workflow(platform, options.workflow)
    except UsageProblem as error:
        raise _on_own_nodes_alone(own, calls, options.workflow, node) or error from None
    return _prepare(platform, node, dataset, workflow, options, now)


def _node_and_dataset(
    platform: Platform, own: Sequence[OwnNode], options: RunOptions
) -> tuple[AnyNode, Dataset]:
    """Two questions to two hosts."""
    nodes: list[AnyNode] = []
    datasets: list[Dataset] = []
    side_by_side(
        [
            lambda: nodes.append(run_nodes.choose(platform, own, options.node)),
            lambda: datasets.append(lookup.dataset(platform, options.dataset)),
        ]
    )
    return nodes[0], datasets[0]


def _on_own_nodes_alone(
    own: Sequence[OwnNode],
    calls: Callable[[OwnNode], NodeCalls],
    wanted: str | None,
    node: ComputeNode,
) -> UsageProblem | None:
    """The error where own nodes have the workflow, and Pennsieve does not know it; else None."""
    from pennsieve_agent.services.node_versions import on_nodes  # noqa: PLC0415 - rarely needed

    known, _ = on_nodes((one, calls(one)) for one in own)
    row = next((row for row in known if wanted in {row.uuid, row.name}), None)
    if row is None:
        return None
    return UsageProblem(
        f"workflow '{row.name}' lives on your own nodes alone, and compute node '{node.name}' is "
        "run by Pennsieve, which does not know it",
        hint=f"run it with: --node {shlex.quote(row.nodes[0])}; or push the code to GitHub with a "
        "tag, and add it again",
    )


def _prepare(
    platform: Platform,
    node: ComputeNode,
    dataset: Dataset,
    workflow: Workflow,
    options: RunOptions,
    now: float,
) -> Prepared:
    """For a node that Pennsieve runs."""
    from pennsieve_agent.engine.compile import (  # noqa: PLC0415 - few commands need it
        check_parameters,
        compile_run,
    )

    if workflow.writes:
        check_role(dataset)
    name = run_name(options.name, workflow, now)
    folder = results_folder(options.folder, name)
    files = chosen_files(platform, dataset, options.files) if options.files else None
    request = RunRequest(
        workflow=workflow,
        node_uuid=node.uuid,
        dataset_id=dataset.id,
        package_ids=packages(platform, workflow, dataset, files),
        name=name,
        parameters=check_parameters(workflow, options.parameters, undeclared=options.undeclared),
        target_params=targets(workflow, folder, platform.upload_bucket),
        undeclared=options.undeclared,
    )
    plan = compile_run("new", request, {})
    return Prepared(request, plan, dataset, node, files, folder, whole_dataset=files is None)


def _refuse_own_options(options: RunOptions, node: ComputeNode) -> None:
    """A limit that nobody keeps is worse than none."""
    if options.limits:
        raise UsageProblem(
            f"compute node '{node.name}' is run by Pennsieve, which keeps no limits of a run",
            where=node.uuid,
            hint="leave out --max-cost, --time-limit, --spot and --retries, or use a node of your "
            "own with: --node NAME",
        )
    if options.layout:
        raise UsageProblem(
            f"compute node '{node.name}' is run by Pennsieve, which lays the input out itself",
            where=node.uuid,
            hint="leave out --layout, or use a node of your own with: --node NAME",
        )


def _workflow(platform: Platform, wanted: str | None) -> Workflow:
    organization_id = platform.workspace_id()
    if wanted is not None:
        return lookup.workflow(platform, organization_id, wanted)
    known = [w for w in platform.workflows.list(organization_id) if w.is_active]
    if len(known) == 1:
        return platform.workflows.get(known[0].uuid)
    raise which_workflow([w.name for w in known])


def which_workflow(names: Iterable[str]) -> UsageProblem:
    """The error where no workflow was named, and there are none or several."""
    listed = ", ".join(sorted(names))
    if not listed:
        return UnknownName(
            "there is no workflow yet", hint="add one with: pennsieve workflow add GITHUB_URL"
        )
    return Ambiguous(f"which workflow? There are {listed}", hint="add: --workflow NAME")


def check_role(dataset: Dataset) -> None:
    """A run on Pennsieve's node acts as the person, who must be able to write the results.

    Raises:
        Forbidden: the person's role does not allow it.
    """
    if dataset.role is Role.UNKNOWN or dataset.role.at_least(Role.EDITOR):
        return
    raise Forbidden(
        f"your role on dataset '{dataset.name}' is {dataset.role.value}; a run on a node that "
        "Pennsieve runs acts as you, and could not write its results",
        where=dataset.id,
        hint="ask a manager of the dataset to make you an editor",
    )


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
            f"no file of dataset '{dataset.name}' matches {names} ({count} files looked at)",
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
    """What the data targets are told: where the results go.

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


def run_name(wanted: str | None, workflow: Workflow, now: float) -> str:
    """The run's name; one that nobody gave is made of workflow and time.

    Raises:
        UsageProblem: it cannot be one.
    """
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


def results_folder(wanted: str | None, name: str) -> str:
    """The folder of the dataset for the results.

    Raises:
        UsageProblem: it cannot be one.
    """
    if wanted is None:
        return f"results/{name.replace(' ', '-')}"
    parts = [part for part in wanted.strip("/").split("/") if part]
    if not parts or any(part in {".", ".."} for part in parts):
        raise UsageProblem(
            f"'{wanted}' cannot be a folder for results", hint="for example: results/first"
        )
    return "/".join(parts)


def quoted(name: str) -> str:
    """A name as a shell takes it."""
    return name if re.fullmatch(r"[\w.\-]+", name) else f"'{name}'"
