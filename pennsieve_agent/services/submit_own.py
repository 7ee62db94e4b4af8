"""Preparing a run on an own node: what the node knows is what may run there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pennsieve_agent.domain.grants import Access
from pennsieve_agent.domain.layout import Layout, local_paths
from pennsieve_agent.domain.matching import pick
from pennsieve_agent.domain.runs import RunRequest
from pennsieve_agent.domain.workflows import StepKind, Workflow
from pennsieve_agent.errors import Forbidden, NotFound, UsageProblem
from pennsieve_agent.services import submit
from pennsieve_agent.services.node_documents import (
    NodeWorkflow,
    WorkflowVersion,
    decode_version,
    decode_workflows,
)

if TYPE_CHECKING:
    from pennsieve_agent.domain.datasets import DataFile, Dataset
    from pennsieve_agent.domain.own_node import OwnNode
    from pennsieve_agent.platform.client import Platform
    from pennsieve_agent.services.run_backend import NodeCalls


def prepare(
    platform: Platform,
    node: OwnNode,
    calls: NodeCalls,
    dataset: Dataset,
    options: submit.RunOptions,
    now: float,
) -> submit.Prepared:
    """Find what is meant, and check that it can run.

    Raises:
        UsageProblem: a name, a pattern, a parameter or the layout cannot be used.
        Forbidden: the workflow has no (sufficient) grant on the dataset.
    """
    from pennsieve_agent.engine.compile import (  # noqa: PLC0415 - few commands need it
        check_parameters,
        compile_run,
    )

    row = _workflow(platform, node, calls, dataset, options.workflow)
    known = _version(node, calls, row)
    workflow = known.workflow
    parameters = check_parameters(workflow, options.parameters)
    name = submit.run_name(options.name, workflow, now)
    folder = submit.results_folder(options.folder, name)
    _check_grant(node, row, workflow, dataset)
    reads = bool(workflow.of_kind(StepKind.SOURCE))
    files = submit.chosen_files(platform, dataset, options.files) if reads else ()
    layout = _layout(options.layout or known.layout, files)
    request = RunRequest(
        workflow=workflow,
        node_uuid=node.token,
        dataset_id=dataset.id,
        package_ids=submit.packages(
            platform, workflow, dataset, files if options.files or not files else None
        ),
        name=name,
        parameters=parameters,
        target_params=submit.targets(workflow, folder),
        limits=options.limits,
    )
    return submit.Prepared(
        request,
        compile_run("new", request, {}),
        dataset,
        node,
        files,
        folder,
        whole_dataset=reads and not options.files,
        version=known.version,
        layout=layout.value,
        undeclared=options.undeclared,
    )


def _workflow(
    platform: Platform, node: OwnNode, calls: NodeCalls, dataset: Dataset, wanted: str | None
) -> NodeWorkflow:
    """The workflow that is meant, which must be on the node."""
    here = decode_workflows(
        calls.ask("GET", "/workflows", admin=node.is_owned), f"compute node '{node.name}'"
    )
    if wanted is None:
        granted = [row for row in here if dataset.id in row.grants]
        if len(candidates := granted or here) == 1:
            return candidates[0]
        raise submit.which_workflow(row.name for row in candidates)
    on_node = {row.uuid: row for row in here}
    # A name is looked for in both places: one that is elsewhere must not be taken for another here.
    registered = [
        NodeWorkflow(w.uuid, w.name, (), "", {})
        for w in platform.workflows.list(platform.workspace_id())
        if w.is_active and w.uuid not in on_node
    ]
    chosen = pick(
        wanted,
        [*here, *registered],
        kind="workflow",
        keys=lambda row: (row.uuid, row.name),
        list_command="pennsieve workflow list",
    )
    if chosen.uuid not in on_node:
        raise _missing(node, chosen.name)
    return chosen


def _missing(node: OwnNode, name: str) -> UsageProblem:
    """The workflow is on Pennsieve and not on the node, which is the list of what may run."""
    hint = (
        f"hand it over with: pennsieve workflow update {submit.quoted(name)}"
        if node.is_owned
        else "ask the owner of the node to hand it over"
    )
    return UsageProblem(f"workflow '{name}' is not on compute node '{node.name}' yet", hint=hint)


def _version(node: OwnNode, calls: NodeCalls, row: NodeWorkflow) -> WorkflowVersion:
    latest = row.latest or (row.versions[-1] if row.versions else "")
    if not latest:
        raise _missing(node, row.name)
    path = f"/workflows/{row.uuid}/versions/{latest}"
    try:
        answer = calls.ask("GET", path, admin=node.is_owned)
    except NotFound:
        raise _missing(node, row.name) from None
    return decode_version(answer, f"compute node '{node.name}'")


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
    command = (
        f"pennsieve dataset grant {submit.quoted(row.name)} --dataset {submit.quoted(dataset.name)}"
    )
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
