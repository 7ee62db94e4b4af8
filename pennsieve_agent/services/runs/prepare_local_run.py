"""Preparing a run of a registered workflow on this machine: no node is needed, and no grant.

The files are read, and results are uploaded, as the person who is signed in. Own nodes are asked
only for what Pennsieve does not know of a workflow: its layout, and what its tags meant.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pennsieve_agent.domain.input_layout import Layout, local_paths
from pennsieve_agent.domain.run_results import Input
from pennsieve_agent.domain.target_types import DATASET_TARGET
from pennsieve_agent.domain.workflows import StepKind, Workflow
from pennsieve_agent.errors import UsageProblem
from pennsieve_agent.services import lookup
from pennsieve_agent.services.runs import prepare_pennsieve_run, run_request
from pennsieve_agent.services.runs.run_input import Earlier, input_of
from pennsieve_agent.services.workflows.registered_code import Registered, registered

if TYPE_CHECKING:
    from collections.abc import Callable

    from pennsieve_agent.domain.datasets import DataFile, Dataset
    from pennsieve_agent.platform.client import Platform
    from pennsieve_agent.services.workflows.find_workflow import Nodes


@dataclass(frozen=True, slots=True)
class LocalContext:
    """Pennsieve, the own nodes that this machine knows, and what is known of ``earlier`` runs.

    ``note`` is told of a node that does not answer.
    """

    platform: Platform
    nodes: Nodes
    earlier: Earlier
    note: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class LocalPrepared:
    """A run that can begin here. ``folder`` is where the dataset has its results, if it gets any.

    ``dataset`` is None where only a folder of this machine is read. ``parameters`` are by step.
    """

    registered: Registered
    dataset: Dataset | None
    input: Input
    name: str
    folder: str
    layout: Layout
    parameters: Mapping[str, Mapping[str, str]]
    undeclared: bool = False

    @property
    def workflow(self) -> Workflow:
        """The workflow."""
        return self.registered.workflow

    @property
    def files(self) -> tuple[DataFile, ...]:
        """The dataset's files that are read."""
        return self.input.files


def prepare(
    context: LocalContext,
    options: run_request.RunOptions,
    now: float,
    *,
    reads_dataset: bool,
    uploads: bool,
) -> LocalPrepared:
    """Resolve the names, and check that the run can begin.

    ``reads_dataset`` says whether the input is the dataset's files, and not a folder.

    Raises:
        UsageProblem: a name, a pattern, a parameter or an option cannot be used.
        Forbidden: results are to be uploaded, and the person cannot change the dataset.
    """
    # Few commands need it.
    from pennsieve_agent.engine.run_parameters import check_parameters  # noqa: PLC0415

    _refuse_node_options(options)
    dataset = lookup.dataset(context.platform, options.dataset) if options.dataset else None
    known = registered(context.platform, context.nodes, options.workflow, context.note)
    workflow = known.workflow
    if uploads:
        _check_upload(workflow, dataset)
    parameters = check_parameters(workflow, options.parameters, undeclared=options.undeclared)
    name = run_request.run_name(options.name, workflow, now)
    folder = run_request.results_folder(options.folder, name)
    input_ = Input()
    if reads_dataset and dataset is not None:
        input_ = input_of(context.platform, workflow, dataset, options, folder, context.earlier)
    return LocalPrepared(
        known,
        dataset,
        input_,
        name,
        folder,
        _layout(options.layout or known.layout, input_),
        parameters,
        options.undeclared,
    )


def _refuse_node_options(options: run_request.RunOptions) -> None:
    """Refuse what only a node keeps: an ignored limit is worse than none."""
    if options.node is not None:
        raise UsageProblem(
            "--node and --local cannot be given together", hint="leave one of them out"
        )
    if options.limits:
        raise UsageProblem(
            "a run on this machine has no limits of cost and time, and does not repeat failed "
            "steps",
            hint="leave out --max-cost, --time-limit, --spot, --retries, --memory-on-oom "
            "and --keep-steps; Ctrl+C ends the run",
        )


def _check_upload(workflow: Workflow, dataset: Dataset | None) -> None:
    if dataset is None:
        raise UsageProblem(
            "--upload needs a dataset for the results", hint="name one with: --dataset DATASET"
        )
    others = [
        step.target_type
        for step in workflow.of_kind(StepKind.TARGET)
        if step.target_type not in {"", DATASET_TARGET}
    ]
    if others:
        raise UsageProblem(
            f"workflow '{workflow.name}' delivers to '{others[0]}', which only a node does",
            hint="leave out --upload: the results are kept in a folder of this machine",
        )
    prepare_pennsieve_run.check_role(dataset)


def _layout(name: str, input_: Input) -> Layout:
    """The layout; files that do not fit it are refused before anything is downloaded."""
    try:
        layout = Layout(name)
    except ValueError:
        names = ", ".join(known.value for known in Layout)
        raise UsageProblem(f"there is no layout '{name}'", hint=f"use one of: {names}") from None
    local_paths([file.path for file in input_.files], layout)
    return layout
