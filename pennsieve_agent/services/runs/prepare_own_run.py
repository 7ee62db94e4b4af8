"""Preparing a run on an own node: what the node knows is what may run there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from shlex import quote
from typing import TYPE_CHECKING, Any

from pennsieve_agent.domain.input_layout import Layout, local_paths
from pennsieve_agent.domain.repeats import same_code
from pennsieve_agent.domain.runs import RunRequest
from pennsieve_agent.domain.workflows import Workflow
from pennsieve_agent.errors import (
    UsageProblem,
)
from pennsieve_agent.platform.workflows.run_codec import without_empty
from pennsieve_agent.services.nodes.node_documents import (
    NodeWorkflow,
    WorkflowVersion,
)
from pennsieve_agent.services.runs import run_mail, run_request
from pennsieve_agent.services.runs.estimate_run import OwnEstimator, history_of
from pennsieve_agent.services.runs.node_runs import NodeRuns
from pennsieve_agent.services.runs.run_input import input_of
from pennsieve_agent.services.runs.start_problems import Problems, tried
from pennsieve_agent.services.runs.start_run import files_document
from pennsieve_agent.services.side_by_side import side_by_side

if TYPE_CHECKING:
    from pennsieve_agent.domain.datasets import DataFile, Dataset
    from pennsieve_agent.domain.own_node import OwnNode
    from pennsieve_agent.domain.run_results import Input
from pennsieve_agent.services.runs.checks_on_node import check_on_node
from pennsieve_agent.services.runs.granted_on_node import check_grant
from pennsieve_agent.services.runs.own_node_context import OwnNodeContext
from pennsieve_agent.services.runs.workflow_on_node import known_workflow


def prepare(
    context: OwnNodeContext,
    dataset: Dataset | None,
    options: run_request.RunOptions,
    now: float,
    problems: Problems,
) -> run_request.Prepared:
    """Resolve the names, and check that the run can start; all that is wrong is told at once.

    ``problems`` are those before; without a dataset, it is among them.

    Raises:
        UsageProblem: a name, a pattern, a parameter or the layout cannot be used.
        Forbidden: the workflow has no (sufficient) grant on the dataset.
        NodeError: the node cannot run it now, or does not answer.
        SeveralProblems: several of these.
    """
    row, known = known_workflow(context, dataset, options, problems)
    workflow = known.workflow if known else Workflow("", options.workflow or "")
    name = problems.of(lambda: run_request.run_name(options.name, workflow, now)) or "run"
    folder = problems.of(lambda: run_request.results_folder(options.folder, name)) or name
    if row is None or known is None:
        problems.of(lambda: layout_of(options.layout or Layout.TREE, ()))
        raise problems.all()
    collected = run_request.collected_parameters(workflow, options, problems, known.version)
    if dataset is None:
        raise problems.all()
    problems.of(partial(check_grant, context.node, row, workflow, dataset))
    asks: list[Callable[[], Any]] = [
        partial(input_of, context.platform, workflow, dataset, options, folder, context.earlier),
        partial(check_on_node, context, known, dataset, collected[0], options),
        partial(history_of, NodeRuns(context.node, context.calls).newest, workflow.uuid),
    ]
    (read, why_none), (checked, hindrance), (history, _) = side_by_side(
        [partial(tried, ask) for ask in asks]
    )
    mail = problems.of(partial(run_mail.mail_of, context.node, context.calls, options.mail))
    input_ = problems.take((read, why_none))
    files = input_.files if input_ else ()
    layout = problems.of(lambda: layout_of(options.layout or known.layout, files).value) or ""
    if problems or input_ is None:
        problems.take((None, hindrance))
        raise problems.all()
    ready = _Ready(row, known, dataset, options, name, folder, layout, input_, collected)
    checks = checked or run_request.Checked()
    return replace(
        ready.prepared(context.node, history),
        hindrance=hindrance,
        quotas=checks.quotas,
        budget_left=checks.budget_left,
        mail=mail,
    )


@dataclass(frozen=True, slots=True)
class _Ready:
    """All that a run is made of, found and checked.

    ``collected`` are its parameters, whether some of them are not declared by the workflow, and
    which of an earlier run's are gone.
    """

    row: NodeWorkflow
    known: WorkflowVersion
    dataset: Dataset
    options: run_request.RunOptions
    name: str
    folder: str
    layout: str
    input: Input
    collected: tuple[Any, bool, tuple[str, ...]]

    def prepared(self, node: OwnNode, history: Any) -> run_request.Prepared:
        """The run, with its plan and its estimate."""
        from pennsieve_agent.engine.compile import compile_run  # noqa: PLC0415 - few need it

        request = self._request(node)
        plan = compile_run("new", request, {})
        known, files = self.known, self.input.files
        estimator = OwnEstimator.of_version(node, history, known, self.options.limits)
        return run_request.Prepared(
            request,
            plan,
            self.dataset,
            node,
            self.input,
            self.folder,
            version=known.version,
            layout=self.layout,
            fingerprint=fingerprint_of(known.document, request, self.layout, files),
            differences=self._differences(),
            estimate=estimator.of(plan, files),
            goes_on=self.options.goes_on,
        )

    def _request(self, node: OwnNode) -> RunRequest:
        workflow, (parameters, more, _) = self.known.workflow, self.collected
        return RunRequest(
            workflow=workflow,
            node_uuid=node.token,
            dataset_id=self.dataset.id,
            package_ids=self.input.packages,
            name=self.name,
            parameters=parameters,
            target_params=run_request.targets(workflow, self.folder),
            limits=self.options.limits,
            undeclared=self.options.undeclared or more,
        )

    def _differences(self) -> tuple[str, ...]:
        """What is different from the run that is started again."""
        again = self.options.again
        return (
            *newer(self.row, self.known, again.version if again else ""),
            *same_code(again.code if again else {}, self.known.code),
            *self.collected[2],
            *self.input.changes,
        )


def fingerprint_of(
    document: Mapping[str, Any], request: RunRequest, layout: str, files: Sequence[DataFile]
) -> str:
    """What the node will keep as the fingerprint of a run of a version's ``document``."""
    from pennsieve_agent.domain.fingerprints import fingerprint  # noqa: PLC0415 - few need it
    from pennsieve_agent.engine.run_parameters import declares_none, merged  # noqa: PLC0415

    is_open = request.undeclared or declares_none(request.workflow)
    parameters = {
        step.id: merged(
            step, without_empty(request.parameters.get(step.id, {})), undeclared=is_open
        )
        for step in request.workflow.processors
    }
    return fingerprint(document, parameters, layout, files_document(files))


def newer(row: NodeWorkflow, known: WorkflowVersion, before: str) -> tuple[str, ...]:
    """What is said of the code of what is started again; ``before`` is the version it had."""
    if not before:
        return ()
    if known.version != before:
        return (f"the code is version {known.version}; it was {before}",)
    if row.newest == known.version:
        return ()
    words = (
        f"the workflow has the newer version {row.newest}; {known.version} is used again; "
        f"take the newest with: --workflow {quote(row.name)}"
    )
    return (words,)


def layout_of(name: str, files: Sequence[DataFile]) -> Layout:
    """The layout of the input; files that do not fit it are refused before anything is sent.

    Raises:
        UsageProblem: there is no such layout, or the files do not fit it.
    """
    try:
        layout = Layout(name)
    except ValueError:
        names = ", ".join(known.value for known in Layout)
        raise UsageProblem(f"there is no layout '{name}'", hint=f"use one of: {names}") from None
    local_paths([file.path for file in files], layout)
    return layout
