"""Preparing a run on a node that Pennsieve runs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from pennsieve_agent.domain.datasets import Dataset, Role
from pennsieve_agent.domain.metrics import Period
from pennsieve_agent.domain.run_filter import RunQuery
from pennsieve_agent.domain.runs import Run, RunRequest
from pennsieve_agent.domain.workflows import Workflow
from pennsieve_agent.errors import AgentError, Forbidden, UsageProblem
from pennsieve_agent.services import lookup
from pennsieve_agent.services.runs import estimate_run, run_request
from pennsieve_agent.services.runs.run_input import input_of
from pennsieve_agent.services.runs.run_versions import on_pennsieve
from pennsieve_agent.services.runs.start_problems import tried
from pennsieve_agent.services.side_by_side import side_by_side

if TYPE_CHECKING:
    from pennsieve_agent.domain.compute import ComputeNode
    from pennsieve_agent.platform.client import Platform
    from pennsieve_agent.services.runs.run_input import Earlier
    from pennsieve_agent.services.runs.run_request import Prepared, RunOptions
    from pennsieve_agent.services.runs.start_problems import Problems


def prepare(
    platform: Platform,
    node: ComputeNode,
    dataset: Dataset | None,
    workflow: Workflow | None,
    options: RunOptions,
    now: float,
    *,
    earlier: Earlier,
    problems: Problems,
) -> Prepared:
    """Check a run on one of Pennsieve's nodes; all that is wrong is told at once.

    ``problems`` are those before; without a dataset or a workflow, it is among them.

    Raises:
        UsageProblem: a pattern, a parameter or an option cannot be used there.
        Forbidden: the person cannot write the results.
    """
    from pennsieve_agent.engine.compile import compile_run  # noqa: PLC0415 - few commands need it

    if workflow is not None and options.versions:
        workflow = problems.of(partial(_at_versions, platform, workflow, options.versions))
    known = workflow or Workflow("", options.workflow or "")
    name = problems.of(lambda: run_request.run_name(options.name, known, now)) or "run"
    folder = problems.of(lambda: run_request.results_folder(options.folder, name)) or name
    if workflow is None:
        raise problems.all()
    parameters, more, dropped = run_request.collected_parameters(workflow, options, problems)
    if dataset is None:
        raise problems.all()
    if workflow.writes:
        problems.of(partial(check_role, dataset))
    asks: list[Callable[[], Any]] = [
        partial(input_of, platform, workflow, dataset, options, folder, earlier),
        partial(estimator_of, platform, workflow.uuid),
    ]
    read, known_runs = side_by_side([partial(tried, ask) for ask in asks])
    input_ = problems.take(read)
    if problems or input_ is None:
        raise problems.all()
    request = RunRequest(
        workflow=workflow,
        node_uuid=node.uuid,
        dataset_id=dataset.id,
        package_ids=input_.packages,
        name=name,
        parameters=parameters,
        target_params=run_request.targets(workflow, folder, platform.upload_bucket),
        undeclared=options.undeclared or more,
    )
    plan = compile_run("new", request, {})
    unknown = (
        ("Pennsieve keeps no versions, checksums and limits of runs",) if options.again else ()
    )
    differences = (*unknown, *dropped, *input_.changes)
    estimator = known_runs[0] or estimate_run.PennsieveEstimator(estimate_run.UNKNOWN)
    return run_request.Prepared(
        request,
        plan,
        dataset,
        node,
        input_,
        folder,
        differences=differences,
        estimate=estimator.of(plan, input_.files),
    )


def estimator_of(platform: Platform, workflow: str) -> estimate_run.PennsieveEstimator:
    """What estimates runs of a workflow on Pennsieve's nodes."""

    def newest(query: RunQuery) -> list[Run]:
        """As :meth:`.PennsieveRuns.newest`; nobody asks here what the nodes are called."""
        runs = platform.runs.list(
            platform.workspace_id(), workflow_id=query.workflow, status=query.status
        )
        return sorted(runs, key=lambda run: run.age_key, reverse=True)[: query.limit]

    history = estimate_run.history_of(newest, workflow)
    if not history.runs:
        return estimate_run.PennsieveEstimator(history)
    workspace = platform.workspace_id()
    try:
        counters = platform.metrics.counters(workspace, Period.ALL, workflow_uuid=workflow)
    except AgentError:
        return estimate_run.PennsieveEstimator(history)
    return estimate_run.PennsieveEstimator(history, counters)


def _at_versions(platform: Platform, workflow: Workflow, versions: tuple[str, ...]) -> Workflow:
    return on_pennsieve(workflow, versions, platform.applications.image)


def refuse_own_options(options: RunOptions, node: ComputeNode) -> None:
    """Refuse options that Pennsieve's nodes do not keep: an ignored limit is worse than none.

    Raises:
        UsageProblem: there is one.
    """
    if options.limits:
        raise UsageProblem(
            f"compute node '{node.name}' is run by Pennsieve, which does not support limits for "
            "a run",
            where=node.uuid,
            hint="leave out --max-cost, --time-limit, --spot, --retries, --memory-on-oom "
            "and --keep-steps, or use a node of your own with: --node NAME",
        )
    if options.mail:
        raise UsageProblem(
            f"compute node '{node.name}' is run by Pennsieve, which mails nobody that a run has "
            "ended",
            where=node.uuid,
            hint="wait for the end, and be told of it: --wait --webhook URL, or --wait --then "
            "COMMAND; or use a node of your own with: --node NAME",
        )
    if options.layout:
        raise UsageProblem(
            f"compute node '{node.name}' is run by Pennsieve, which decides the layout of the "
            "input itself",
            where=node.uuid,
            hint="leave out --layout, or use a node of your own with: --node NAME",
        )


def workflow_of(platform: Platform, reference: str | None) -> Workflow:
    """The workflow that is meant; without a name, the only one there is.

    Raises:
        UsageProblem: none or several match.
    """
    organization_id = platform.workspace_id()
    if reference is not None:
        return lookup.workflow(platform, organization_id, reference)
    known = [w for w in platform.workflows.list(organization_id) if w.is_active]
    if len(known) == 1:
        return platform.workflows.get(known[0].uuid)
    raise run_request.which_workflow([w.name for w in known])


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
