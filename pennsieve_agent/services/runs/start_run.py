"""Starting a run, once: also where an answer was lost or the program was killed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, Self

from pennsieve_agent.domain.figures import total
from pennsieve_agent.domain.runs import Run, RunDetails, RunStatus
from pennsieve_agent.domain.workflows import StepKind
from pennsieve_agent.errors import AgentError, NodeError, NotFound, PlatformError
from pennsieve_agent.platform.workflows.run_codec import without_empty

if TYPE_CHECKING:
    from pennsieve_agent.domain.datasets import DataFile
    from pennsieve_agent.domain.node_calls import NodeCalls
    from pennsieve_agent.domain.own_node import OwnNode
    from pennsieve_agent.domain.runs import RunLimits
    from pennsieve_agent.domain.workflows import Workflow
    from pennsieve_agent.services.runs.run_backend import RunBackend
    from pennsieve_agent.services.runs.run_request import Prepared, RunOptions

REFUSALS = frozenset({400, 403, 404, 409, 413, 422})
"""Answers after which the run is not there; others, such as 503, leave it open."""


class OpenStart(Protocol):
    """A start that is written down."""

    @property
    def run_id(self) -> str:
        """The id of the run."""
        ...

    @property
    def kept(self) -> Mapping[str, str]:
        """What was chosen for it when it was written down."""
        ...

    @property
    def goes_on(self) -> bool:
        """Whether it was begun by an earlier command."""
        ...

    def answered(self, how: str) -> None:
        """Note that it was answered."""
        ...

    def __enter__(self) -> Self:
        """Itself."""
        ...

    def __exit__(self, *_: object) -> None:
        """Release it."""
        ...


class StartJournal(Protocol):
    """Where starts are written down before anything is sent."""

    def begin(self, typed: Mapping[str, Any], node: str, kept: Mapping[str, str]) -> OpenStart:
        """Begin a start, or go on with the same one that got no answer."""
        ...


@dataclass(frozen=True, slots=True)
class Started:
    """A run that exists. ``before`` says that an earlier command had started it.

    ``acknowledge`` is called when the user knows of it: then the same command is a new run.
    """

    run: Run
    before: bool = False
    acknowledge: Callable[[], None] = lambda: None


@contextmanager
def on_own_node(
    ready: Prepared,
    options: RunOptions,
    *,
    calls: NodeCalls,
    backend: RunBackend,
    journal: StartJournal,
    note: Callable[[str], None],
    check: Callable[[], None],
) -> Iterator[Started]:
    """Start a run on an own node. The id is on disk before anything is sent.

    ``check`` refuses a name that is taken; that of a start that goes on may be its own run's.
    The journal knows a command by what was typed, not by the files that fit its patterns: a run
    whose answer was lost may have written its results among them meanwhile.

    Raises:
        AgentError: what ``check`` raises.
        PlatformError: the node refused; the same command is then a new run.
        AwsError, NodeError: it cannot be reached; the same command goes on with this one.
    """
    node = ready.own_node
    if node is None:
        raise TypeError("this is for own nodes")
    kept = {"name": ready.request.name, "folder": ready.folder}
    with journal.begin(typed(ready, options), node.token, kept) as start:
        if start.goes_on:
            note(
                f"the same command got no answer before; continuing that start (run {start.run_id})"
            )
        else:
            _checked(start, check)
        body = start_body(ready, start.run_id, start.kept)
        created = _send(calls, backend, node, start, body)
        before = start.goes_on and not created
        # The node alone knows which steps it took over.
        is_there = before or ready.goes_on is not None
        run = (
            backend.get(start.run_id)
            if is_there
            else _begun(ready, node, body, start.kept["folder"])
        )
        yield Started(run, before, lambda: start.answered("started"))


def _checked(start: OpenStart, check: Callable[[], None]) -> None:
    try:
        check()
    except AgentError:
        start.answered("refused")
        raise


def _send(
    calls: NodeCalls, backend: RunBackend, node: OwnNode, start: OpenStart, body: Mapping[str, Any]
) -> bool:
    """Send a start; False when the node already had the run from an earlier try."""
    try:
        answer = calls.ask("POST", "/runs", body=body, admin=node.is_owned)
    except PlatformError as error:
        if error.status not in REFUSALS:
            raise
        # The earlier try may have arrived, and its run may have used up what is refused now.
        if not (start.goes_on and _is_there(backend, start.run_id)):
            start.answered("refused")
            raise
        return False
    return answer.get("created") is not False


def _begun(ready: Prepared, node: OwnNode, body: Mapping[str, Any], folder: str) -> Run:
    """A run that the node has just taken, as it is there."""
    request = ready.request
    return Run(
        uuid=body["id"],
        status=RunStatus.NOT_STARTED,
        name=body["name"],
        workflow_uuid=request.workflow.uuid,
        workflow_name=request.workflow.name,
        node_uuid=node.token,
        node_name=node.name,
        dataset_id=request.dataset_id,
        organization_id=node.organization_id,
        steps=request.workflow.steps,
        package_ids=request.package_ids,
        parameters=body["parameters"],
        target_params=body["targets"],
        limits=request.limits,
        details=RunDetails(
            workflow_version=ready.version,
            folder=folder,
            layout=ready.layout,
            input_count=len(body["files"]),
            input_bytes=total(file["size"] for file in body["files"]),
            estimate=ready.estimate,
        ),
    )


def typed(ready: Prepared, options: RunOptions) -> dict[str, Any]:
    """What makes two commands the same one; names are resolved, so a rename changes nothing."""
    return {
        "workflow": ready.request.workflow.uuid,
        "dataset": ready.dataset.id,
        "files": sorted(options.files),
        **({"input_runs": sorted(options.input_runs)} if options.input_runs else {}),
        **({"include_results": True} if options.include_results else {}),
        **({"again": options.again.run} if options.again else {}),
        **({"versions": sorted(options.versions)} if options.versions else {}),
        "parameters": sorted(options.parameters),
        "name": options.name,
        "folder": options.folder,
        "layout": options.layout,
        "limits": limits_document(options.limits),
        "undeclared": options.undeclared,
        **({"from": options.goes_on.document()} if options.goes_on else {}),
        **({"mail": options.mail} if options.mail else {}),
    }


def start_body(ready: Prepared, run_id: str, kept: Mapping[str, str]) -> dict[str, Any]:
    """The start document of protocol 1. The definition's defaults for a target are sent along."""
    request = ready.request
    folder = {"TARGET_FOLDER": kept["folder"]}
    return {
        "id": run_id,
        "name": kept["name"],
        "workflow": request.workflow.uuid,
        "version": ready.version,
        "dataset": request.dataset_id,
        "packages": list(request.package_ids),
        "files": files_document(ready.files),
        "parameters": {step: without_empty(v) for step, v in request.parameters.items()},
        "targets": targets_document(request.workflow, folder),
        "limits": limits_document(request.limits),
        "layers": [],
        "layout": ready.layout,
        **({"undeclared": True} if request.undeclared else {}),
        **({"from": ready.goes_on.document()} if ready.goes_on else {}),
        **({"mail": ready.mail.to} if ready.mail else {}),
        **({"estimate": ready.estimate.document()} if ready.estimate else {}),
    }


def targets_document(workflow: Workflow, more: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """The parameters of the data targets: the definition's own, and ``more`` for each."""
    return {
        step.id: without_empty({**step.default_params, **more})
        for step in workflow.of_kind(StepKind.TARGET)
    }


def files_document(files: Iterable[DataFile]) -> list[dict[str, Any]]:
    """The input files of a run as the start document has them."""
    return [
        {
            "path": file.path,
            "package": file.package_id,
            "size": file.size,
            **({"checksum": file.checksum} if file.checksum else {}),
        }
        for file in files
    ]


def limits_document(limits: RunLimits) -> dict[str, Any]:
    """The limits of protocol 1; what has no limit is left out."""
    fields = {
        "maxCost": limits.max_cost,
        "timeoutSeconds": limits.seconds,
        "spot": limits.spot,
        "retries": limits.retries,
        "memoryOnOom": limits.memory_on_oom,
        "keepSteps": limits.keep_steps,
    }
    return {name: value for name, value in fields.items() if value}


def limit_error(refused: PlatformError, name: str) -> AgentError:
    """What to say where a node refuses a run's document; an older one has fewer limits."""
    if "'keepSteps' is not supported" not in refused.message:
        return refused
    return NodeError(
        f"compute node '{name}' is older than this program, and keeps nothing that steps made",
        hint=f"update it with: pennsieve compute update {name}",
    )


def _is_there(backend: RunBackend, run_id: str) -> bool:
    try:
        backend.get(run_id)
    except NotFound:
        return False
    return True
