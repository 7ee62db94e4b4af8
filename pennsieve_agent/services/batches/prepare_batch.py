"""Preparing a batch: all of its runs are checked before anything is sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from math import log1p
from typing import TYPE_CHECKING, Any

from pennsieve_agent.domain.batches import MOST_PARALLEL, PARALLEL, run_name
from pennsieve_agent.domain.own_node import OwnNode
from pennsieve_agent.domain.plans import RunPlan
from pennsieve_agent.domain.run_results import Input, own_folder
from pennsieve_agent.domain.runs import RunRequest
from pennsieve_agent.errors import UsageProblem
from pennsieve_agent.services.batches.batch_parameters import (
    Parameters,
    as_before,
    check_without_files,
    parameters_of,
)
from pennsieve_agent.services.batches.faults import Faults
from pennsieve_agent.services.batches.repeat_batch import subjects_again
from pennsieve_agent.services.batches.selection import Choice, subjects_of
from pennsieve_agent.services.batches.subjects import Subject
from pennsieve_agent.services.batches.templates import check_names
from pennsieve_agent.services.runs import (
    estimate_run,
    prepare_own_run,
    prepare_pennsieve_run,
    prepare_run,
    run_mail,
    run_request,
)
from pennsieve_agent.services.runs.checks_on_node import check_on_node
from pennsieve_agent.services.runs.granted_on_node import check_grant
from pennsieve_agent.services.runs.node_runs import NodeRuns
from pennsieve_agent.services.runs.own_node_context import OwnNodeContext
from pennsieve_agent.services.runs.run_input import Earlier, input_of
from pennsieve_agent.services.runs.run_versions import on_pennsieve
from pennsieve_agent.services.runs.start_problems import Problems, tried
from pennsieve_agent.services.runs.workflow_on_node import known_workflow
from pennsieve_agent.services.side_by_side import side_by_side

if TYPE_CHECKING:
    from pennsieve_agent.domain.compute import ComputeNode
    from pennsieve_agent.domain.datasets import DataFile, Dataset
    from pennsieve_agent.domain.forecast import Forecast
    from pennsieve_agent.domain.node_calls import NodeCalls
    from pennsieve_agent.domain.workflows import Workflow
    from pennsieve_agent.platform.client import Platform
    from pennsieve_agent.services.runs.estimate_run import Estimator
    from pennsieve_agent.services.runs.run_request import HandOver, Prepared, RunOptions

_NO_PLAN = RunPlan("new", "", "", ())


@dataclass(frozen=True, slots=True)
class BatchRun:
    """The run of one subject, with all of its parameters by step and name."""

    subject: Subject
    parameters: Parameters


@dataclass(frozen=True, slots=True)
class PreparedBatch:
    """A batch that can be sent. ``first`` is a run with the files of all subjects.

    ``parallel`` is how many runs are active at once, ``bucket`` that of results on Pennsieve's
    nodes, ``versions`` those that were typed. ``document`` is that of the workflow's version on an
    own node, and ``done`` are the runs that are left out, each with the run that did it before.
    ``estimator`` says what a run is expected to cost and take, and ``alike`` what it said already.
    """

    name: str
    first: Prepared
    runs: tuple[BatchRun, ...]
    parallel: int = PARALLEL
    bucket: str = ""
    versions: tuple[str, ...] = ()
    document: Mapping[str, Any] = field(default_factory=dict, repr=False)
    done: tuple[tuple[BatchRun, str], ...] = ()
    estimator: Estimator | None = field(default=None, repr=False, compare=False)
    alike: dict[tuple[int | None, int], Forecast] = field(
        default_factory=dict, repr=False, compare=False
    )

    def estimates(self) -> list[Forecast]:
        """What each run is expected to cost and take, in their order; empty where nobody knows."""
        if self.estimator is None:
            return []
        known, estimates = self.alike, []
        for run in self.runs:
            like = _about(run.subject.size), len(run.subject.files)
            if like not in known:
                known[like] = self.estimator.of(self.first.plan, run.subject.files)
            estimates.append(known[like])
        return estimates

    def estimate(self) -> Forecast | None:
        """What all runs together are expected to cost and take."""
        return estimate_run.of_batch(self.estimates(), self.parallel)

    @property
    def own_node(self) -> OwnNode | None:
        """The node, where it is an own one."""
        return self.first.own_node

    def request(self, run: BatchRun) -> RunRequest:
        """What is asked for to start the run of a subject by itself."""
        name = run_name(self.name, run.subject.name)
        base = self.first.request
        return replace(
            base,
            package_ids=Input(run.subject.files).packages,
            name=name,
            parameters=run.parameters,
            target_params=run_request.targets(base.workflow, own_folder(name), self.bucket),
        )

    def common(self) -> dict[str, dict[str, str]]:
        """The parameters that are the same for all subjects."""
        shared = _pairs(self.runs[0].parameters)
        for run in self.runs[1:]:
            shared &= _pairs(run.parameters)
        return _by_step(shared)


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed. ``fault`` is what is wrong with the table, which is then not there."""

    options: RunOptions
    choice: Choice
    parallel: int = PARALLEL
    fault: UsageProblem | None = None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a batch is prepared with: as the arguments of :func:`.prepare_run.prepare`."""

    platform: Platform
    own: Sequence[OwnNode]
    calls: Callable[[OwnNode], NodeCalls]
    earlier: Earlier
    now: float
    hand_over: HandOver | None = None


def prepare(around: Surroundings, typed: Typed) -> PreparedBatch:
    """Resolve the names, choose the subjects, and check that each of their runs can start.

    Raises:
        UsageProblem: something cannot be used; of subjects, all that is wrong is told.
        Forbidden: the workflow has no (sufficient) grant on the dataset.
        SeveralProblems: several of these, also what hinders it on the node.
    """
    problems = Problems()
    problems.of(partial(_check_parallel, typed.parallel))
    if typed.options.name is not None:
        problems.of(partial(run_request.check_name, typed.options.name))
    problems.take((None, typed.fault))
    options = replace(typed.options, files=typed.choice.base)
    typed = replace(typed, options=options)
    node, dataset = prepare_run.node_and_dataset(around.platform, around.own, options, problems)
    if isinstance(node, OwnNode):
        return _on_own_node(around, typed, node, dataset, problems)
    if node is None:
        raise problems.all("batch")
    return _on_pennsieve(around, typed, node, dataset, problems)


def _check_parallel(parallel: int) -> None:
    if not 1 <= parallel <= MOST_PARALLEL:
        raise UsageProblem(
            f"--parallel must be 1 to {MOST_PARALLEL}, not {parallel}",
            hint=f"without --parallel, {PARALLEL} runs are active at the same time",
        )


def _on_own_node(
    around: Surroundings, typed: Typed, node: OwnNode, dataset: Dataset | None, problems: Problems
) -> PreparedBatch:
    context = OwnNodeContext(
        around.platform, node, around.calls(node), around.earlier, around.hand_over
    )
    row, known = known_workflow(context, dataset, typed.options, problems)
    if row is None or known is None:
        raise problems.all("batch")
    if dataset is None or typed.fault:
        _check_parameters(typed, known.workflow, problems)
        raise problems.all("batch")
    problems.of(partial(check_grant, node, row, known.workflow, dataset))
    layout = typed.options.layout or known.layout
    ready = problems.of(partial(_in_layout, around, typed, node, dataset, known.workflow, layout))
    some = ready.runs[0].parameters if ready else {}  # all are checked when the batch is sent
    check = partial(check_on_node, context, known, dataset, some, typed.options)
    asks: list[Callable[[], Any]] = [
        partial(tried, check),
        partial(estimate_run.history_of, NodeRuns(node, context.calls).newest, known.workflow.uuid),
    ]
    (checked, hindrance), history = side_by_side(asks)
    checked = checked or run_request.Checked()
    mail = problems.of(partial(run_mail.mail_of, node, context.calls, typed.options.mail))
    if ready is None or problems:
        problems.take((None, hindrance))
        raise problems.all("batch")
    again = typed.choice.again
    before = again.versions[0] if again and again.versions else ""
    differences = (*prepare_own_run.newer(row, known, before), *ready.first.differences)
    first = replace(
        ready.first,
        version=known.version,
        layout=layout,
        differences=differences,
        hindrance=hindrance,
        quotas=checked.quotas,
        budget_left=checked.budget_left,
        mail=mail,
    )
    estimator = estimate_run.OwnEstimator.of_version(node, history, known, typed.options.limits)
    return replace(ready, first=first, document=known.document, estimator=estimator)


def _check_parameters(typed: Typed, workflow: Workflow, problems: Problems) -> None:
    """Check the parameters where the files are not known; what is wrong is collected."""
    if typed.fault or typed.choice.again:
        return  # they are those of rows that are not known either
    undeclared = typed.options.undeclared
    problems.of(partial(check_without_files, workflow, typed.choice, undeclared=undeclared))


def _in_layout(
    around: Surroundings,
    typed: Typed,
    node: OwnNode,
    dataset: Dataset,
    workflow: Workflow,
    layout: str,
) -> PreparedBatch:
    """The batch, with the files of all its runs in a layout that they fit."""
    ready = _prepared(around, typed, node, dataset, workflow)
    faults = Faults()
    for run in ready.runs:
        faults.of(run.subject, partial(prepare_own_run.layout_of, layout, run.subject.files))
    faults.refuse()
    return ready


def _about(size: int | None) -> int | None:
    """A size to the fiftieth: alike runs have one estimate, as a batch may have thousands."""
    return None if size is None else round(50 * log1p(size))


def _on_pennsieve(
    around: Surroundings,
    typed: Typed,
    node: ComputeNode,
    dataset: Dataset | None,
    problems: Problems,
) -> PreparedBatch:
    problems.of(partial(prepare_pennsieve_run.refuse_own_options, typed.options, node))
    workflow = problems.of(partial(_pennsieve_workflow, around, typed.options, node))
    if workflow is None:
        raise problems.all("batch")
    if dataset is None or typed.fault:
        _check_parameters(typed, workflow, problems)
        raise problems.all("batch")
    if workflow.writes:
        problems.of(partial(prepare_pennsieve_run.check_role, dataset))
    ready = problems.of(partial(_prepared, around, typed, node, dataset, workflow))
    if ready is None or problems:
        raise problems.all("batch")
    estimator = prepare_pennsieve_run.estimator_of(around.platform, workflow.uuid)
    return replace(ready, estimator=estimator)


def _pennsieve_workflow(around: Surroundings, options: RunOptions, node: ComputeNode) -> Workflow:
    name = options.workflow
    try:
        workflow = prepare_pennsieve_run.workflow_of(around.platform, name)
    except UsageProblem as error:
        other = prepare_run.on_own_nodes_alone(around.own, around.calls, name, node)
        raise other or error from None
    if options.versions:
        workflow = on_pennsieve(workflow, options.versions, around.platform.applications.image)
    return workflow


def _prepared(
    around: Surroundings,
    typed: Typed,
    node: ComputeNode | OwnNode,
    dataset: Dataset,
    workflow: Workflow,
) -> PreparedBatch:
    """The batch, as far as both kinds of node are alike."""
    options, problems = typed.options, Problems()
    name = run_request.run_name(options.name, workflow, around.now)
    folder = own_folder(name)
    matches = problems.of(partial(_subjects, around, typed, dataset, workflow, folder))
    if matches is None:
        _check_parameters(typed, workflow, problems)
        raise problems.all("batch")
    subjects, input_ = matches
    settings = partial(parameters_of, undeclared=options.undeclared)
    chosen = problems.of(partial(settings, workflow, subjects, typed.choice)) or []
    if problems:
        raise problems.all("batch")
    chosen, more, dropped = as_before(workflow, options.versions, typed.choice, chosen)
    own = isinstance(node, OwnNode)
    base = RunRequest(
        workflow=workflow,
        node_uuid=node.token if isinstance(node, OwnNode) else node.uuid,
        dataset_id=dataset.id,
        package_ids=(),
        limits=options.limits,
        undeclared=options.undeclared or more,
    )
    whole = replace(input_, files=_all_files(subjects))
    batch = PreparedBatch(
        name,
        run_request.Prepared(
            base,
            _NO_PLAN,
            dataset,
            node,
            whole,
            folder,
            differences=(*dropped, *input_.changes),
        ),
        tuple(map(BatchRun, subjects, chosen)),
        typed.parallel,
        bucket="" if own else around.platform.upload_bucket,
        versions=options.versions,
    )
    return replace(batch, first=replace(batch.first, plan=_plan(batch)))


def _subjects(
    around: Surroundings, typed: Typed, dataset: Dataset, workflow: Workflow, folder: str
) -> tuple[tuple[Subject, ...], Input]:
    """The subjects with their files, and the input of which they are."""
    platform, choice = around.platform, typed.choice
    if choice.again is not None:
        check_names(choice.settings, ("subject",), "a batch that is started again")
        return subjects_again(platform, dataset.id, choice.again, folder)
    input_ = input_of(platform, workflow, dataset, typed.options, folder, around.earlier)
    if not input_.files:
        raise UsageProblem(
            f"workflow '{workflow.name}' reads no files, so a batch of it has no subjects",
            hint="start it once, without --each, --each-file and --csv",
        )
    return subjects_of(choice, input_.files), input_


def _plan(batch: PreparedBatch) -> RunPlan:
    """The jobs of the first run; those of all others are checked.

    Raises:
        UsageProblem: a run has no plan.
    """
    from pennsieve_agent.engine.compile import compile_run  # noqa: PLC0415 - few commands need it

    plans, faults = list[RunPlan](), Faults()
    known = set[frozenset[tuple[str, str, str]]]()
    for run in batch.runs:
        key = frozenset(_pairs(run.parameters))
        if key not in known:  # subjects with the same parameters have the same jobs
            known.add(key)
            if plan := faults.of(run.subject, partial(compile_run, "new", batch.request(run), {})):
                plans.append(plan)
    faults.refuse()
    return plans[0]


def _pairs(parameters: Parameters) -> set[tuple[str, str, str]]:
    return {(step, name, v) for step, values in parameters.items() for name, v in values.items()}


def without(parameters: Parameters, common: Parameters) -> dict[str, dict[str, str]]:
    """The parameters that ``common`` does not have."""
    return _by_step(_pairs(parameters) - _pairs(common))


def _by_step(pairs: set[tuple[str, str, str]]) -> dict[str, dict[str, str]]:
    steps: dict[str, dict[str, str]] = {}
    for step, name, value in sorted(pairs):
        steps.setdefault(step, {})[name] = value
    return steps


def _all_files(subjects: Sequence[Subject]) -> tuple[DataFile, ...]:
    files = {(file.package_id, file.path): file for one in subjects for file in one.files}
    return tuple(sorted(files.values(), key=lambda file: file.path))
