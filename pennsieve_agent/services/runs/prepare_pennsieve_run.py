"""Preparing a run on a node that Pennsieve runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pennsieve_agent.domain.datasets import Dataset, Role
from pennsieve_agent.domain.runs import RunRequest
from pennsieve_agent.errors import Forbidden, UsageProblem
from pennsieve_agent.services import lookup
from pennsieve_agent.services.runs import run_request
from pennsieve_agent.services.runs.run_input import input_of
from pennsieve_agent.services.runs.run_versions import on_pennsieve

if TYPE_CHECKING:
    from pennsieve_agent.domain.compute import ComputeNode
    from pennsieve_agent.domain.workflows import Workflow
    from pennsieve_agent.platform.client import Platform
    from pennsieve_agent.services.runs.run_input import Earlier
    from pennsieve_agent.services.runs.run_request import Prepared, RunOptions


def prepare(
    platform: Platform,
    node: ComputeNode,
    dataset: Dataset,
    workflow: Workflow,
    options: RunOptions,
    now: float,
    *,
    earlier: Earlier,
) -> Prepared:
    """Check a run on one of Pennsieve's nodes.

    Raises:
        UsageProblem: a pattern, a parameter or an option cannot be used there.
        Forbidden: the person cannot write the results.
    """
    # Few commands need them.
    from pennsieve_agent.engine.compile import compile_run  # noqa: PLC0415

    if workflow.writes:
        check_role(dataset)
    if options.versions:
        workflow = on_pennsieve(workflow, options.versions, platform.applications.image)
    name = run_request.run_name(options.name, workflow, now)
    folder = run_request.results_folder(options.folder, name)
    parameters, more, dropped = run_request.parameters_of(workflow, options)
    input_ = input_of(platform, workflow, dataset, options, folder, earlier)
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
    return run_request.Prepared(
        request, plan, dataset, node, input_, folder, differences=differences
    )


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
            hint="leave out --max-cost, --time-limit, --spot, --retries and --memory-on-oom, or "
            "use a node of your own with: --node NAME",
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
