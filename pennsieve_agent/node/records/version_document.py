"""The document of a workflow version: validated and decoded. Pure.

``{workflow, name, description, version, layout, needsPennsieve, origin, steps: [...]}``; each step
has ``id, kind, dependsOn, sourceUrl, tag, commit, image, command, computeType, cpu, memory, disk,
parameters, targetType, defaults``. An image is always named by its digest; a ``command`` replaces
the arguments of the image. It is a list of words as they are, or the mapping of a
:class:`~pennsieve_agent.domain.command_lines.CommandLine`, which older nodes refuse.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Any

from pennsieve_agent.domain.command_lines import MOST_CHARACTERS, CommandLine, CommandLineFault
from pennsieve_agent.domain.image_names import archive_of, ecr_of
from pennsieve_agent.domain.job_sizes import fault_of_disk
from pennsieve_agent.domain.parameters import Parameter, ParameterType
from pennsieve_agent.domain.target_types import TARGETS
from pennsieve_agent.domain.workflows import Step, StepKind, Workflow

Json = Mapping[str, Any]
LAYOUTS = ("tree", "flat")
NEEDS = ("", "read", "write")
COMPUTE = ("", "standard", "gpu")
MOST_STEPS = 1000
MOST_VERSION = 128
_KINDS = (StepKind.SOURCE, StepKind.PROCESSOR, StepKind.TARGET)
_ID = re.compile(r"[0-9A-Za-z_.-]{1,100}")
_IMAGE = re.compile(r"[^\s@]{1,512}@sha256:[0-9a-f]{64}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_MOST_TEXT = 4096
MOST_COMMAND = MOST_CHARACTERS
"""Characters of a command; AWS Batch takes a job definition of 24 KiB at most ("Service quotas",
https://docs.aws.amazon.com/batch/latest/userguide/service_limits.html)."""


def check_version(document: Json, workflow: str, version: str) -> None:
    """Refuse a document that is not a version.

    Raises:
        ValueError: what is wrong, in words.

    """
    if not _ID.fullmatch(workflow) or not _plain(version, MOST_VERSION):
        raise ValueError("a workflow and a version must have plain names")
    if (document.get("workflow"), document.get("version")) != (workflow, version):
        raise ValueError("the document is of another workflow or version")
    if not _plain(document.get("name"), 256):
        raise ValueError("a workflow must have a name")
    for name, allowed in (("layout", LAYOUTS), ("needsPennsieve", NEEDS)):
        if document.get(name, allowed[0]) not in allowed:
            raise ValueError(f"{name} must be one of {', '.join(map(repr, allowed))}")
    steps = document.get("steps")
    if not isinstance(steps, Sequence) or not steps or len(steps) > MOST_STEPS:
        raise ValueError(f"a version must have between one and {MOST_STEPS} steps")
    for step in steps:
        _check_step(step)
    _check_graph(steps)


def check_reached(document: Json, mode: str, region: str) -> None:
    """Refuse a version whose steps could not reach what they need from a network without internet.

    Endpoints lead to services of their own region alone (AWS PrivateLink, "Access AWS services":
    https://docs.aws.amazon.com/vpc/latest/privatelink/privatelink-access-aws-services.html).

    Raises:
        ValueError: what they could not reach, in words.

    """
    if mode != "compliant":
        return
    if document.get("needsPennsieve"):
        raise ValueError(
            "steps on a node of mode compliant cannot reach Pennsieve, as it has no internet "
            "access; add it without --needs-pennsieve, or to a node of another mode"
        )
    for row in document["steps"]:
        image = str(row.get("image") or "")
        if not image or archive_of(image):
            continue
        registry = ecr_of(image.partition("/")[0])
        if registry is None or registry.region != region:
            raise ValueError(
                f"the image of step '{row['id']}' is not in a private registry in {region}, and a "
                "node of mode compliant can use no other; build it with: --build here"
            )


def workflow_of(document: Json) -> Workflow:
    """The workflow of a registered document, as runs are compiled from it."""
    return Workflow(
        uuid=str(document["workflow"]),
        name=str(document["name"]),
        steps=tuple(_step(row) for row in document["steps"]),
    )


def writes(document: Json) -> bool:
    """Whether a run of a version changes its dataset."""
    return any(row.get("targetType") in TARGETS[:2] for row in document["steps"])


def moves_files(document: Json) -> bool:
    """Whether a run of a version has to do with a dataset: files, or a key for its steps."""
    kinds = {StepKind.of(row["kind"]) for row in document["steps"]}
    return kinds != {StepKind.PROCESSOR} or bool(document.get("needsPennsieve"))


def rows_of(document: Json) -> dict[str, Json]:
    """The steps of a document by their ids."""
    return {str(row["id"]): row for row in document["steps"]}


def _check_step(step: Any) -> None:
    if not isinstance(step, Mapping) or not _plain(step.get("id"), 256):
        raise ValueError("each step must have an id")
    name, kind = step["id"], StepKind.of(step.get("kind"))
    if kind not in _KINDS:
        raise ValueError(f"step '{name}' has an unknown kind")
    if not all(isinstance(parent, str) for parent in step.get("dependsOn") or ()):
        raise ValueError(f"dependsOn of step '{name}' must be a list of ids")
    if kind is StepKind.TARGET and step.get("targetType") not in TARGETS:
        raise ValueError(f"target '{name}' must be one of {', '.join(TARGETS)}")
    defaults = step.get("defaults") or {}
    if not isinstance(defaults, Mapping) or not all(map(_text, defaults.values())):
        raise ValueError(f"the defaults of step '{name}' must be texts by name")
    for row in step.get("parameters") or ():
        if not isinstance(row, Mapping) or not _plain(row.get("name"), 256):
            raise ValueError(f"a parameter of step '{name}' has no name")
    if kind is StepKind.PROCESSOR:
        _check_code(step)


def _check_code(step: Json) -> None:
    name = step["id"]
    if not _IMAGE.fullmatch(str(step.get("image") or "")):
        raise ValueError(f"the image of step '{name}' must be given by its digest")
    if not _plain(step.get("sourceUrl"), _MOST_TEXT):
        raise ValueError(f"step '{name}' does not say where its code is from")
    _check_command(step)
    if step.get("computeType", "") not in COMPUTE:
        raise ValueError(f"the compute type of step '{name}' must be standard or gpu")
    for what in ("cpu", "memory"):
        size = step.get(what) or 0
        if not isinstance(size, int) or size < 0:
            raise ValueError(f"{what} of step '{name}' must be a number")
    if fault := fault_of_disk(step.get("disk") or 0):
        raise ValueError(f"disk of step '{name}' {fault}")


def _check_command(step: Json) -> None:
    name, command = step["id"], step.get("command") or []
    try:
        line = CommandLine.of(command)
        if line is not None:
            line.check({str(row["name"]) for row in step.get("parameters") or ()})
    except CommandLineFault as fault:
        raise ValueError(f"the command of step '{name}' {fault}") from None
    if line is not None:
        if line.continues and list(step.get("dependsOn") or ()) != [line.continues]:
            raise ValueError(f"step '{name}' must come after '{line.continues}' alone")
        return
    if not isinstance(command, list) or not all(isinstance(word, str) for word in command):
        raise ValueError(f"the command of step '{name}' must be a list of words")
    if sum(map(len, command)) > MOST_COMMAND:
        raise ValueError(f"the command of step '{name}' is longer than {MOST_COMMAND} characters")


def _check_graph(steps: Sequence[Json]) -> None:
    names = [str(step["id"]) for step in steps]
    if len(set(names)) < len(names):
        raise ValueError("two steps have the same id")
    graph = {str(step["id"]): set(step.get("dependsOn") or ()) - {""} for step in steps}
    if unknown := {parent for parents in graph.values() for parent in parents} - set(names):
        raise ValueError(f"steps depend on steps that do not exist: {', '.join(sorted(unknown))}")
    processors = {str(step["id"]) for step in steps if step["kind"] == StepKind.PROCESSOR}
    for step in steps:
        line = CommandLine.of(step.get("command"))
        if line is not None and line.continues and line.continues not in processors:
            raise ValueError(f"step '{step['id']}' goes on with a step that runs no code")
    try:
        TopologicalSorter(graph).prepare()
    except CycleError:
        raise ValueError("the steps depend on each other in a circle") from None


def _step(row: Json) -> Step:
    return Step(
        id=str(row["id"]),
        kind=StepKind.of(row["kind"]),
        depends_on=tuple(parent for parent in row.get("dependsOn") or () if parent),
        source_url=str(row.get("sourceUrl") or ""),
        tag=str(row.get("tag") or ""),
        target_type=str(row.get("targetType") or ""),
        compute_type=str(row.get("computeType") or ""),
        cpu=int(row.get("cpu") or 0),
        memory=int(row.get("memory") or 0),
        disk=int(row.get("disk") or 0),
        parameters=tuple(_parameter(parameter) for parameter in row.get("parameters") or ()),
        default_params=dict(row.get("defaults") or {}),
    )


def _parameter(row: Json) -> Parameter:
    default = row.get("default")
    return Parameter(
        name=str(row["name"]),
        type=ParameterType.of(row.get("type") or "string"),
        default=None if default is None else str(default),
        required=bool(row.get("required")),
        allowed=tuple(str(value) for value in row.get("values") or ()),
        minimum=row.get("min"),
        maximum=row.get("max"),
    )


def _plain(value: object, most: int) -> bool:
    return isinstance(value, str) and 0 < len(value) <= most and not _CONTROL.search(value)


def _text(value: object) -> bool:
    return isinstance(value, str)
