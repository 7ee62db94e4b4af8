"""What an own node answers about workflows and runs, as the program's own types (protocol 1)."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pennsieve_agent.domain.command_lines import CommandLine, CommandLineFault
from pennsieve_agent.domain.forecast import Forecast
from pennsieve_agent.domain.mail import MailTo
from pennsieve_agent.domain.measured import Measured
from pennsieve_agent.domain.parameters import Parameter, ParameterType
from pennsieve_agent.domain.runs import (
    Attempt,
    Run,
    RunDetails,
    RunLimits,
    RunState,
    RunStatus,
    StepCode,
    StepState,
    settled,
)
from pennsieve_agent.domain.workflows import Step, StepKind, Workflow
from pennsieve_agent.platform.http.decode import Fields
from pennsieve_agent.platform.http.times import iso

if TYPE_CHECKING:
    from pennsieve_agent.domain.grants import Access


@dataclass(frozen=True, slots=True)
class NodeWorkflow:
    """A workflow that a node knows. ``grants`` are by dataset; ``versions`` the oldest first.

    ``registered`` are the times of the versions, and ``ended`` those when grants ended, by dataset;
    older nodes tell neither.
    """

    uuid: str
    name: str
    versions: tuple[str, ...]
    latest: str
    grants: Mapping[str, Access]
    registered: Mapping[str, str] = field(default_factory=dict)
    ended: Mapping[str, str] = field(default_factory=dict)

    @property
    def newest(self) -> str:
        """The newest version; empty when there is none."""
        return self.latest or (self.versions[-1] if self.versions else "")


@dataclass(frozen=True, slots=True)
class WorkflowVersion:
    """One version of a workflow as a node runs it. ``layout`` is that of a step's input.

    ``document`` is the node's own.
    """

    workflow: Workflow
    version: str
    layout: str
    code: Mapping[str, StepCode]
    document: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


def decode_workflows(answer: Mapping[str, Any], where: str) -> tuple[NodeWorkflow, ...]:
    """The answer of ``GET /workflows``."""
    from pennsieve_agent.domain.grants import Access  # noqa: PLC0415 - few commands need it

    return tuple(
        NodeWorkflow(
            uuid=row.text("id"),
            name=row.text("name"),
            versions=row.texts("versions"),
            latest=row.text("latest"),
            grants={
                grant.text("dataset"): Access(grant.text("access"))
                for grant in row.records("grants")
                if grant.text("access") in set(Access)
            },
            registered=row.text_map("registered"),
            ended=row.text_map("ended"),
        )
        for row in Fields(dict(answer), where).records("workflows")
    )


def decode_version(answer: Mapping[str, Any], where: str) -> WorkflowVersion:
    """The answer of ``GET /workflows/ID/versions/V``."""
    item = Fields(dict(answer), where)
    rows = item.records("steps")
    workflow = Workflow(
        uuid=item.need_text("workflow"),
        name=item.text("name"),
        description=item.text("description"),
        steps=tuple(_step(row) for row in rows),
    )
    return WorkflowVersion(
        workflow,
        item.text("version"),
        item.text("layout") or "tree",
        {row.text("id"): StepCode(row.text("commit"), row.text("image")) for row in rows},
        answer,
    )


def _step(row: Fields) -> Step:
    return Step(
        id=row.need_text("id"),
        kind=StepKind.of(row.text("kind")),
        depends_on=row.texts("dependsOn"),
        source_url=row.text("sourceUrl"),
        tag=row.text("tag"),
        target_type=row.text("targetType"),
        compute_type=row.text("computeType"),
        cpu=row.integer("cpu") or 0,
        memory=row.integer("memory") or 0,
        disk=row.integer("disk") or 0,
        parameters=tuple(_parameter(item) for item in row.records("parameters")),
        default_params=row.text_map("defaults"),
        command=_command(row.raw("command")),
        image=row.text("image"),
    )


def _command(value: object) -> CommandLine | None:
    """A command line; None where there is none, or one that this program does not understand."""
    with suppress(CommandLineFault):
        return CommandLine.of(value)
    return None


def _parameter(row: Fields) -> Parameter:
    default = row.raw("default")
    return Parameter(
        name=row.need_text("name"),
        type=ParameterType.of(row.text("type") or ParameterType.STRING),
        default=None if default is None else row.text("default"),
        required=row.flag("required"),
        allowed=row.texts("values"),
        minimum=row.number("min"),
        maximum=row.number("max"),
    )


def decode_run(answer: Mapping[str, Any], where: str) -> Run:
    """A run document, or the summary of one.

    Raises:
        PlatformError: it has no id.
    """
    item = Fields(dict(answer), where)
    workflow, rows = item.record("workflow"), item.records("steps")
    status = RunStatus.of(item.text("status"))
    return Run(
        uuid=item.need_text("id"),
        status=status,
        name=item.text("name"),
        workflow_uuid=workflow.text("id"),
        workflow_name=workflow.text("name"),
        node_uuid=item.record("node").text("token"),
        dataset_id=item.text("dataset"),
        created_by=item.text("caller"),
        created_at=iso(item.raw("created")),
        started_at=iso(item.raw("started")),
        completed_at=iso(item.raw("ended")),
        steps=tuple(_run_step(row) for row in rows),
        states=settled(status, map(_state, rows)),
        parameters=_nested(item, "parameters"),
        target_params=_nested(item, "targets"),
        limits=_limits(item.record("limits")),
        reason=item.text("reason"),
        details=_details(item),
    )


def decode_state(answer: Mapping[str, Any], where: str) -> RunState:
    """How far the run of a document is."""
    run, item = decode_run(answer, where), Fields(dict(answer), where)
    times = run.started_at, run.completed_at
    return RunState(run.status, *times, run.states, run.reason, item.number("spent"))


def _details(item: Fields) -> RunDetails:
    person, input_ = item.record("person"), item.record("input")
    batch, taken = item.record("batch"), item.record("taken")
    return RunDetails(
        workflow_version=item.record("workflow").text("version"),
        caller=item.text("caller"),
        person_name=person.text("name"),
        person_email=person.text("email"),
        folder=item.text("folder"),
        phase=item.text("phase"),
        layout=input_.text("layout"),
        input_count=input_.integer("count"),
        input_bytes=input_.integer("bytes"),
        cost=item.number("cost"),
        layers=item.texts("layers"),
        code={
            row.text("id"): StepCode(row.text("commit"), row.text("digest"))
            for row in item.records("steps")
        },
        node_version=item.record("node").text("version"),
        fingerprint=item.text("fingerprint"),
        kept_until=iso(item.raw("keptUntil")),
        kept_bytes=item.integer("keptBytes"),
        files_of=item.text("filesOf"),
        taken_from=taken.text("name") or taken.text("run"),
        taken_steps=taken.texts("steps"),
        batch=batch.text("name"),
        batch_id=batch.text("id"),
        subject=batch.text("subject"),
        estimate=Forecast.known(item.raw("estimate")),
        costs=_amounts(item, "costs"),
        step_costs=_amounts(item, "stepCosts"),
        spent=item.number("spent"),
        spot=item.flag("spot"),
        mail=MailTo.of(item.raw("mail")),
    )


def _amounts(item: Fields, name: str) -> dict[str, float]:
    """Numbers by name; what is none is left out."""
    amounts = item.record(name) if isinstance(item.raw(name), dict) else Fields({}, item.where)
    known = {key: amounts.number(key) for key in amounts.plain()}
    return {key: value for key, value in known.items() if value is not None}


def _run_step(row: Fields) -> Step:
    return Step(
        id=row.need_text("id"),
        kind=StepKind.of(row.text("kind")),
        depends_on=row.texts("dependsOn"),
        source_url=row.text("sourceUrl"),
        tag=row.text("tag"),
        compute_type=row.text("computeType"),
        cpu=row.integer("cpu") or 0,
        memory=row.integer("memory") or 0,
    )


def _state(row: Fields) -> StepState:
    return StepState(
        id=row.need_text("id"),
        status=RunStatus.of(row.text("status") or RunStatus.NOT_STARTED),
        started_at=iso(row.raw("started")),
        completed_at=iso(row.raw("ended")),
        reason=row.text("reason"),
        attempts=tuple(
            Attempt(
                iso(one.raw("started")),
                iso(one.raw("ended")),
                one.integer("exitCode"),
                one.text("reason"),
                one.integer("memory") or 0,
                one.number("queuedSeconds"),
                one.number("startupSeconds"),
                one.number("runningSeconds"),
                Measured.of(one.raw("measured")),
            )
            for one in row.records("attempts")
        ),
    )


def _limits(item: Fields) -> RunLimits:
    return RunLimits(
        max_cost=item.number("maxCost") or 0.0,
        seconds=item.integer("timeoutSeconds") or 0,
        spot=item.flag("spot"),
        retries=item.integer("retries") or 0,
        memory_on_oom=item.number("memoryOnOom") or 0.0,
        keep_steps=item.integer("keepSteps") or 0,
    )


def _nested(item: Fields, name: str) -> dict[str, dict[str, str]]:
    value = item.record(name)
    return {key: value.text_map(key) for key in item.maps(name)}
