"""Preparing a run on an own node: what the node knows is what may run there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pennsieve_agent.domain.grants import Access
from pennsieve_agent.domain.input_layout import Layout, local_paths
from pennsieve_agent.domain.name_matching import pick
from pennsieve_agent.domain.runs import RunRequest
from pennsieve_agent.domain.workflows import StepKind, Workflow
from pennsieve_agent.errors import Forbidden, NotFound, UsageProblem
from pennsieve_agent.services import prepare_run
from pennsieve_agent.services.node_documents import (
    NodeWorkflow,
    WorkflowVersion,
    decode_version,
)
from pennsieve_agent.services.node_workflows import version_path, workflows_on

if TYPE_CHECKING:
    from pennsieve_agent.domain.datasets import DataFile, Dataset
    from pennsieve_agent.domain.node_calls import NodeCalls
    from pennsieve_agent.domain.own_node import OwnNode
    from pennsieve_agent.platform.client import Platform


@dataclass(frozen=True, slots=True)
class Desk:
    """Pennsieve and the own node; ``hand_over`` as in :func:`.prepare_run.prepare`."""

    platform: Platform
    node: OwnNode
    calls: NodeCalls
    hand_over: prepare_run.HandOver | None = None

    def ask(self, path: str) -> Mapping[str, Any]:
        """What the node answers to a question."""
        return self.calls.ask("GET", path, admin=self.node.is_owned)

    @property
    def where(self) -> str:
        """The node in a sentence."""
        return f"compute node '{self.node.name}'"


def prepare(
    desk: Desk, dataset: Dataset, options: prepare_run.RunOptions, now: float
) -> prepare_run.Prepared:
    """Find what is meant, and check that it can run.

    Raises:
        UsageProblem: a name, a pattern, a parameter or the layout cannot be used.
        Forbidden: the workflow has no (sufficient) grant on the dataset.
    """
    from pennsieve_agent.engine.compile import (  # noqa: PLC0415 - few commands need it
        check_parameters,
        compile_run,
    )

    row = _workflow(desk, dataset, options.workflow)
    known = _version(desk, row)
    workflow = known.workflow
    parameters = check_parameters(workflow, options.parameters, undeclared=options.undeclared)
    name = prepare_run.run_name(options.name, workflow, now)
    folder = prepare_run.results_folder(options.folder, name)
    _check_grant(desk.node, row, workflow, dataset)
    reads = bool(workflow.of_kind(StepKind.SOURCE))
    files = prepare_run.chosen_files(desk.platform, dataset, options.files) if reads else ()
    layout = _layout(options.layout or known.layout, files)
    request = RunRequest(
        workflow=workflow,
        node_uuid=desk.node.token,
        dataset_id=dataset.id,
        package_ids=prepare_run.packages(
            desk.platform, workflow, dataset, files if options.files or not files else None
        ),
        name=name,
        parameters=parameters,
        target_params=prepare_run.targets(workflow, folder),
        limits=options.limits,
        undeclared=options.undeclared,
    )
    return prepare_run.Prepared(
        request,
        compile_run("new", request, {}),
        dataset,
        desk.node,
        files,
        folder,
        whole_dataset=reads and not options.files,
        version=known.version,
        layout=layout.value,
    )


def _workflow(desk: Desk, dataset: Dataset, wanted: str | None) -> NodeWorkflow:
    """The workflow that is meant, which must be on the node."""
    here = workflows_on(desk.node, desk.calls)
    if wanted is None:
        granted = [row for row in here if dataset.id in row.grants]
        if len(candidates := granted or here) == 1:
            return candidates[0]
        raise prepare_run.which_workflow(row.name for row in candidates)
    on_node = {row.uuid for row in here}
    # A name is looked for in both places: one that is elsewhere must not be taken for another here.
    known = list(desk.platform.workflows.list(desk.platform.workspace_id()))
    archived = {w.uuid for w in known if not w.is_active}
    registered = [
        NodeWorkflow(w.uuid, w.name, (), "", {})
        for w in known
        if w.is_active and w.uuid not in on_node
    ]
    chosen = pick(
        wanted,
        [*(row for row in here if row.uuid not in archived), *registered],
        kind="workflow",
        keys=lambda row: (row.uuid, row.name),
        list_command="pennsieve workflow list",
    )
    return chosen if chosen.uuid in on_node else _handed_over(desk, chosen)


def _handed_over(desk: Desk, chosen: NodeWorkflow) -> NodeWorkflow:
    """A workflow that only Pennsieve had, on the node now."""
    if desk.hand_over is None or not desk.node.is_owned:
        raise _missing(desk, chosen.name)
    desk.hand_over(desk.node, desk.platform.workflows.get(chosen.uuid))
    for row in workflows_on(desk.node, desk.calls):
        if row.uuid == chosen.uuid:
            return row
    raise _missing(desk, chosen.name)


def _missing(desk: Desk, name: str) -> UsageProblem:
    """The workflow is on Pennsieve and not on the node, which is the list of what may run."""
    hint = (
        "the start itself hands it over; without one: pennsieve workflow add REPOSITORY"
        if desk.node.is_owned
        else "ask the owner of the node to hand it over"
    )
    return UsageProblem(f"workflow '{name}' is not on {desk.where} yet", hint=hint)


def _version(desk: Desk, row: NodeWorkflow) -> WorkflowVersion:
    if not row.newest:
        raise _missing(desk, row.name)
    try:
        answer = desk.ask(version_path(row.uuid, row.newest))
    except NotFound:
        raise _missing(desk, row.name) from None
    return decode_version(answer, desk.where)


def _check_grant(node: OwnNode, row: NodeWorkflow, workflow: Workflow, dataset: Dataset) -> None:
    access = row.grants.get(dataset.id)
    needed = Access.READ_WRITE if workflow.writes else Access.READ
    if access is needed or access is Access.READ_WRITE:
        return
    has = (
        f"may only read dataset '{dataset.name}', and it writes results there"
        if access
        else f"has no access to dataset '{dataset.name}'"
    )
    workflow_name, dataset_name = prepare_run.quoted(row.name), prepare_run.quoted(dataset.name)
    command = f"pennsieve dataset grant {workflow_name} --dataset {dataset_name}"
    raise Forbidden(
        f"on compute node '{node.name}', workflow '{row.name}' {has}",
        hint=f"grant it with: {command}"
        if node.is_owned
        else f"ask the node's owner for: {command}",
    )


def _layout(wanted: str, files: Sequence[DataFile]) -> Layout:
    """How the input lies; files that cannot lie so are refused before anything is sent."""
    try:
        layout = Layout(wanted)
    except ValueError:
        names = ", ".join(each.value for each in Layout)
        raise UsageProblem(f"there is no layout '{wanted}'", hint=f"use one of: {names}") from None
    local_paths([file.path for file in files], layout)
    return layout
