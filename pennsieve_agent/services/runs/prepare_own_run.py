"""Preparing a run on an own node: what the node knows is what may run there."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from shlex import quote
from typing import TYPE_CHECKING, Any, Self

from pennsieve_agent.domain.grants import Access, until_words
from pennsieve_agent.domain.input_layout import Layout, local_paths
from pennsieve_agent.domain.name_matching import pick
from pennsieve_agent.domain.repeats import same_code
from pennsieve_agent.domain.runs import RunRequest, unix_seconds
from pennsieve_agent.domain.workflows import Workflow
from pennsieve_agent.errors import (
    Forbidden,
    Invalid,
    NodeError,
    NodeOlder,
    NotFound,
    UsageProblem,
    together,
)
from pennsieve_agent.platform.http.decode import Fields
from pennsieve_agent.platform.workflows.run_codec import without_empty
from pennsieve_agent.services.nodes.node_documents import (
    NodeWorkflow,
    WorkflowVersion,
    decode_version,
)
from pennsieve_agent.services.runs import run_mail, run_request
from pennsieve_agent.services.runs.estimate_run import OwnEstimator, history_of
from pennsieve_agent.services.runs.node_runs import NodeRuns
from pennsieve_agent.services.runs.run_input import Earlier, input_of
from pennsieve_agent.services.runs.run_versions import version_on_node
from pennsieve_agent.services.runs.start_problems import Problems, tried
from pennsieve_agent.services.runs.start_run import files_document, limit_error, limits_document
from pennsieve_agent.services.side_by_side import side_by_side
from pennsieve_agent.services.workflows.node_workflows import version_path, workflows_on

if TYPE_CHECKING:
    from pennsieve_agent.domain.datasets import DataFile, Dataset
    from pennsieve_agent.domain.node_calls import NodeCalls
    from pennsieve_agent.domain.own_node import OwnNode
    from pennsieve_agent.platform.client import Platform


_LOOK = {
    "unhealthy": "see what to do with: pennsieve compute doctor",
    "no-image": "put it there again with: pennsieve workflow update WORKFLOW",
    "unfit": "see the node's limits with: pennsieve compute show",
}
"""What is typed next, by the word of what hinders a run on the node."""


@dataclass(frozen=True, slots=True)
class OwnNodeContext:
    """Pennsieve, the own node and what is known of ``earlier`` runs.

    ``hand_over`` is as in :func:`.prepare_run.prepare`.
    """

    platform: Platform
    node: OwnNode
    calls: NodeCalls
    earlier: Earlier
    hand_over: run_request.HandOver | None = None

    def ask(self, path: str) -> Mapping[str, Any]:
        """The node's answer to a GET."""
        return self.calls.ask("GET", path, admin=self.node.is_owned)

    @property
    def where(self) -> str:
        """The node in a sentence."""
        return f"compute node '{self.node.name}'"


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
    from pennsieve_agent.engine.compile import compile_run  # noqa: PLC0415 - few commands need it

    row, known = known_workflow(context, dataset, options, problems)
    workflow = known.workflow if known else Workflow("", options.workflow or "")
    name = problems.of(lambda: run_request.run_name(options.name, workflow, now)) or "run"
    folder = problems.of(lambda: run_request.results_folder(options.folder, name)) or name
    if row is None or known is None:
        problems.of(lambda: layout_of(options.layout or Layout.TREE, ()))
        raise problems.all()
    parameters, more, dropped = run_request.collected_parameters(
        workflow, options, problems, known.version
    )
    if dataset is None:
        raise problems.all()
    problems.of(partial(check_grant, context.node, row, workflow, dataset))
    asks: list[Callable[[], Any]] = [
        partial(input_of, context.platform, workflow, dataset, options, folder, context.earlier),
        partial(check_on_node, context, known, dataset, parameters, options),
        partial(history_of, NodeRuns(context.node, context.calls).newest, workflow.uuid),
    ]
    (read, why_none), (checked, hindrance), (history, _) = side_by_side(
        [partial(tried, ask) for ask in asks]
    )
    mail = problems.of(partial(run_mail.mail_of, context.node, context.calls, options.mail))
    checked = checked or run_request.Checked()
    input_ = problems.take((read, why_none))
    files = input_.files if input_ else ()
    layout = problems.of(lambda: layout_of(options.layout or known.layout, files).value) or ""
    if problems or input_ is None:
        problems.take((None, hindrance))
        raise problems.all()
    request = RunRequest(
        workflow=workflow,
        node_uuid=context.node.token,
        dataset_id=dataset.id,
        package_ids=input_.packages,
        name=name,
        parameters=parameters,
        target_params=run_request.targets(workflow, folder),
        limits=options.limits,
        undeclared=options.undeclared or more,
    )
    plan = compile_run("new", request, {})
    estimator = OwnEstimator.of_version(context.node, history, known, options.limits)
    return run_request.Prepared(
        request,
        plan,
        dataset,
        context.node,
        input_,
        folder,
        version=known.version,
        layout=layout,
        fingerprint=fingerprint_of(known.document, request, layout, input_.files),
        differences=(
            *newer(row, known, options.again.version if options.again else ""),
            *same_code(options.again.code if options.again else {}, known.code),
            *dropped,
            *input_.changes,
        ),
        hindrance=hindrance,
        quotas=checked.quotas,
        estimate=estimator.of(plan, input_.files),
        budget_left=checked.budget_left,
        goes_on=options.goes_on,
        mail=mail,
    )


def known_workflow(
    context: OwnNodeContext,
    dataset: Dataset | None,
    options: run_request.RunOptions,
    problems: Problems,
) -> tuple[NodeWorkflow | None, WorkflowVersion | None]:
    """The workflow and its version, as far as the node can be asked for them."""
    if dataset is None and options.workflow is None:
        return None, None  # which one is meant depends on the dataset
    row = problems.of(lambda: _workflow(context, dataset, options.workflow))
    if row is None:
        return None, None
    return row, problems.of(lambda: _version(context, row, options.versions))


def check_on_node(
    context: OwnNodeContext,
    known: WorkflowVersion,
    dataset: Dataset,
    parameters: Mapping[str, Mapping[str, str]],
    options: run_request.RunOptions,
) -> run_request.Checked:
    """Ask the node what hinders the run there: keys, images, budget, queues, sizes of machines.

    A node that was made before it could be asked answers when the run is started.

    Raises:
        NodeError: something does; SeveralProblems where several things do.
    """
    body = {
        "id": str(uuid.UUID(int=0)),
        "workflow": known.workflow.uuid,
        "version": known.version,
        "dataset": dataset.id,
        "parameters": {step: without_empty(values) for step, values in parameters.items()},
        "undeclared": True,
        "limits": limits_document(options.limits),
        **({"from": options.goes_on.document()} if options.goes_on else {}),
    }
    try:
        answer = context.calls.ask("POST", "/checks", body=body, admin=context.node.is_owned)
    except (NotFound, NodeOlder):
        return run_request.Checked()
    except Invalid as error:
        raise limit_error(error, context.node.name) from error
    said = Fields(dict(answer), context.where)
    rows = said.records("problems")
    hindrances = [
        NodeError(f"{context.where}: {row.text('message')}", hint=_LOOK.get(row.text("code")))
        for row in rows
    ]
    if hindrances:
        raise together(hindrances)
    quotas = tuple(
        f"up to {row.number('processors') or 0:g} processors at once ({row.text('name')})"
        for row in said.records("quotas")
    )
    return run_request.Checked(said.number("budgetLeft"), quotas)


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


def _workflow(
    context: OwnNodeContext, dataset: Dataset | None, reference: str | None
) -> NodeWorkflow:
    """The workflow that is meant, which must be on the node."""
    here = workflows_on(context.node, context.calls)
    if reference is None:
        granted = [row for row in here if dataset and dataset.id in row.grants]
        if len(candidates := granted or list(here)) > 1:
            candidates = _without_archived(context, candidates)
        if len(candidates) == 1:
            return candidates[0]
        raise run_request.which_workflow(row.name for row in candidates)
    on_node = {row.uuid for row in here}
    # A name is looked for in both places: one that is elsewhere must not be taken for another here.
    known = list(context.platform.workflows.list(context.platform.workspace_id()))
    registered = [NodeWorkflow(w.uuid, w.name, (), "", {}) for w in known if w.uuid not in on_node]
    strays = on_node - {w.uuid for w in known}
    if any(row.name.startswith(reference) for row in here if row.uuid in strays):
        here = tuple(_without_archived(context, here))
    chosen = pick(
        reference,
        [*here, *registered],
        kind="workflow",
        keys=lambda row: (row.uuid, row.name),
        list_command="pennsieve workflow list",
    )
    return chosen if chosen.uuid in on_node else _handed_over(context, chosen)


def _without_archived(context: OwnNodeContext, rows: Sequence[NodeWorkflow]) -> list[NodeWorkflow]:
    """Without those that are archived on Pennsieve: nodes keep what they had, and its grants."""
    platform = context.platform
    archived = {w.uuid for w in platform.workflows.list(platform.workspace_id(), archived=True)}
    return [row for row in rows if row.uuid not in archived]


def _handed_over(context: OwnNodeContext, chosen: NodeWorkflow) -> NodeWorkflow:
    """Register a workflow that only Pennsieve had on the node."""
    if context.hand_over is None or not context.node.is_owned:
        raise _missing(context, chosen.name)
    context.hand_over(context.node, context.platform.workflows.get(chosen.uuid))
    for row in workflows_on(context.node, context.calls):
        if row.uuid == chosen.uuid:
            return row
    raise _missing(context, chosen.name)


def _missing(context: OwnNodeContext, name: str) -> UsageProblem:
    """The workflow is on Pennsieve and not on the node, which is the list of what may run."""
    hint = (
        "'run start' registers it there; or register it now: pennsieve workflow add REPOSITORY"
        if context.node.is_owned
        else "ask the owner of the node to register it there"
    )
    return UsageProblem(f"workflow '{name}' is not on {context.where} yet", hint=hint)


def _version(context: OwnNodeContext, row: NodeWorkflow, typed: Sequence[str]) -> WorkflowVersion:
    if not row.newest:
        raise _missing(context, row.name)

    def read(version: str) -> WorkflowVersion:
        return decode_version(context.ask(version_path(row.uuid, version)), context.where)

    try:
        return version_on_node(row, typed, read)
    except NotFound:
        raise _missing(context, row.name) from None


class NotGrantedError(Forbidden):
    """A workflow may not use a dataset on a node of the user's own, who can grant it."""

    workflow, dataset = "", ""
    needed = Access.READ

    @classmethod
    def of(cls, message: str, command: str, workflow: str, dataset: str, needed: Access) -> Self:
        """The error, with what is to be granted: names, and the access that is needed."""
        error = cls(message, hint=f"grant it with: {command}; or start it with --grant")
        error.workflow, error.dataset, error.needed = workflow, dataset, needed
        return error


def check_grant(node: OwnNode, row: NodeWorkflow, workflow: Workflow, dataset: Dataset) -> None:
    """Refuse a workflow that may not use the dataset.

    Raises:
        Forbidden: it has no (sufficient) grant.
    """
    access, ended = row.grants.get(dataset.id), row.ended.get(dataset.id, "")
    needed = Access.READ_WRITE if workflow.writes else Access.READ
    if access is needed or access is Access.READ_WRITE:
        return
    has = (
        f"may only read dataset '{dataset.name}', and it writes results there"
        if access
        else f"has no access to dataset '{dataset.name}'"
        + (f": its grant ended on {_day(ended)}" if ended else "")
    )
    command = f"pennsieve dataset grant {quote(row.name)} --dataset {quote(dataset.name)}"
    message = f"on compute node '{node.name}', workflow '{row.name}' {has}"
    if not node.is_owned:
        raise Forbidden(message, hint=f"ask the node's owner for: {command}")
    raise NotGrantedError.of(message, command, row.uuid, dataset.id, needed)


def _day(moment: str) -> str:
    at = unix_seconds(moment)
    return until_words(at) if at else moment


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
