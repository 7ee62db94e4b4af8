"""What runs on both kinds of nodes have in common: options, files, names and folders."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from pennsieve_agent.domain.compute import ComputeNode
from pennsieve_agent.domain.datasets import DataFile, Dataset
from pennsieve_agent.domain.forecast import Forecast
from pennsieve_agent.domain.mail import MailTo
from pennsieve_agent.domain.own_node import OwnNode
from pennsieve_agent.domain.plans import RunPlan
from pennsieve_agent.domain.repeats import Again, GoesOn, same_parameters, undeclared_in
from pennsieve_agent.domain.run_results import Input, own_folder
from pennsieve_agent.domain.runs import NO_LIMITS, RunLimits, RunRequest
from pennsieve_agent.domain.target_types import DATASET_TARGET
from pennsieve_agent.domain.workflows import StepKind, Workflow
from pennsieve_agent.errors import AgentError, Ambiguous, UnknownName, UsageProblem
from pennsieve_agent.services.runs.start_problems import Problems

#: The platform's own rule for names (contracts/workflows.md 3.1).
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _.\-]{2,63}")
HandOver = Callable[[OwnNode, Workflow], None]
"""Registers a workflow of Pennsieve's on an own node."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """The options of the command line; an empty one is to be determined.

    ``input_runs`` are runs whose results are input, too, and ``include_results`` lets those of all
    runs be. ``layout`` is that of the input, empty for the workflow's own. ``undeclared`` lets
    parameters pass that no step declares. ``grant`` lets the workflow use the dataset first.
    ``again`` is an earlier run that is started again: what is typed beside it wins.
    ``goes_on`` is the run whose finished steps are taken over, and from where it is repeated.
    ``mail`` is the address that is told of the end.
    ``versions`` are as :func:`.run_versions.choice_of` takes them; empty for the workflow's own.
    """

    dataset: str
    workflow: str | None = None
    node: str | None = None
    files: tuple[str, ...] = ()
    input_runs: tuple[str, ...] = ()
    include_results: bool = False
    parameters: tuple[str, ...] = ()
    name: str | None = None
    folder: str | None = None
    limits: RunLimits = NO_LIMITS
    layout: str = ""
    undeclared: bool = False
    grant: bool = False
    again: Again | None = None
    versions: tuple[str, ...] = ()
    goes_on: GoesOn | None = None
    mail: str = ""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a node says of itself where nothing hinders a run there, as :class:`Prepared` has it."""

    budget_left: float | None = None
    quotas: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Prepared:
    """A run that can be sent.

    ``version`` and ``layout`` are those of the workflow on an own node, ``fingerprint`` that of the
    run there. ``differences`` say what is not as it was in the run that is started again.
    ``hindrance`` is why the node cannot run it now; a start that goes on is not refused for it, as
    its own run may be what fills the node. ``estimate`` is what it is expected to cost and take,
    and ``budget_left`` what the node's budget for the month has left in USD; None for no budget.
    ``quotas`` are those of the node's AWS account that it counts for, in words. ``goes_on`` is as
    in the options, and ``mail`` is who is told of the end.
    """

    request: RunRequest
    plan: RunPlan
    dataset: Dataset
    node: ComputeNode | OwnNode
    input: Input
    folder: str
    version: str = ""
    layout: str = ""
    fingerprint: str = ""
    differences: tuple[str, ...] = ()
    hindrance: AgentError | None = None
    quotas: tuple[str, ...] = ()
    estimate: Forecast | None = None
    budget_left: float | None = None
    goes_on: GoesOn | None = None
    mail: MailTo | None = None

    @property
    def files(self) -> tuple[DataFile, ...]:
        """The files of the input."""
        return self.input.files

    @property
    def own_node(self) -> OwnNode | None:
        """The node, where it is an own one."""
        return self.node if isinstance(self.node, OwnNode) else None


def which_workflow(names: Iterable[str]) -> UsageProblem:
    """The error where no workflow was named, and there are none or several."""
    listed = ", ".join(sorted(names))
    if not listed:
        return UnknownName(
            "there is no workflow yet", hint="add one with: pennsieve workflow add GITHUB_URL"
        )
    return Ambiguous(f"which workflow? There are {listed}", hint="add: --workflow NAME")


def targets(workflow: Workflow, folder: str, bucket: str = "") -> dict[str, dict[str, str]]:
    """The parameters of the data targets: where the results go.

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


def run_name(requested: str | None, workflow: Workflow, now: float) -> str:
    """The run's name; one that nobody gave is made of workflow and time.

    Raises:
        UsageProblem: it cannot be one.
    """
    if requested is None:
        stamp = datetime.fromtimestamp(now, tz=UTC).strftime("%Y%m%d-%H%M%S")
        slug = re.sub(r"[^A-Za-z0-9_.\-]+", "-", workflow.name).strip("-.")[:43] or "run"
        # Two runs begun in one second must not share a name, nor so a folder.
        return f"{slug}-{stamp}-{secrets.token_hex(2)}"
    check_name(requested)
    return requested


def check_name(requested: str) -> None:
    """Refuse a name that Pennsieve does not accept for a run.

    Raises:
        UsageProblem: it is one.
    """
    if not _NAME.fullmatch(requested):
        raise UsageProblem(
            f"'{requested}' is not a valid name for a run",
            hint="3 to 64 characters: letters from a to z without accents, digits, spaces, '.', "
            "'_' or '-', beginning with a letter or digit",
        )


def results_folder(requested: str | None, name: str) -> str:
    """The folder of the dataset for the results.

    Raises:
        UsageProblem: it cannot be one.
    """
    if requested is None:
        return own_folder(name)
    parts = [part for part in requested.strip("/").split("/") if part]
    if not parts or any(part in {".", ".."} for part in parts):
        raise UsageProblem(
            f"'{requested}' is not a valid folder for results", hint="for example: results/first"
        )
    return "/".join(parts)


def parameters_of(
    workflow: Workflow, options: RunOptions, version: str = ""
) -> tuple[Mapping[str, Mapping[str, str]], bool, tuple[str, ...]]:
    """The parameters of a run: those of the run that is started again, and over them the typed.

    Beside them: whether a step gets one that it does not declare, as it did before; and what the
    ``version`` of the workflow does not take any more, in sentences.

    Raises:
        UsageProblem: a typed one cannot be used.
    """
    from pennsieve_agent.engine.run_parameters import check_parameters  # noqa: PLC0415 - few need it

    typed = check_parameters(workflow, options.parameters, undeclared=options.undeclared)
    if options.again is None:
        return typed, False, ()
    again = options.again
    is_same = (again.workflow, again.version) == (workflow.uuid, version)
    before, dropped = same_parameters(workflow, options.again.parameters, is_same=is_same)
    both = {step: {**before.get(step, {}), **typed.get(step, {})} for step in before.keys() | typed}
    return both, undeclared_in(workflow, before), dropped


def collected_parameters(
    workflow: Workflow, options: RunOptions, problems: Problems, version: str = ""
) -> tuple[Mapping[str, Mapping[str, str]], bool, tuple[str, ...]]:
    """As :func:`parameters_of`; what is wrong with the values, or missing, is collected."""
    from pennsieve_agent.engine.run_parameters import check_values  # noqa: PLC0415 - few need it

    known = problems.of(lambda: parameters_of(workflow, options, version))
    if known is None:
        return {}, False, ()
    parameters, more, dropped = known
    problems.of(lambda: check_values(workflow, parameters))
    return parameters, more, tuple(dropped)
