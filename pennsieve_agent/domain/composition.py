"""A workflow that is composed of several steps in a file, and what can be wrong with it. Pure.

What it becomes are the nodes of a definition (``contracts/workflows.md`` 2.1).
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from graphlib import CycleError, TopologicalSorter

from pennsieve_agent.domain.command_lines import GROUP, SUBJECT, CommandLine, CommandLineFault
from pennsieve_agent.domain.parameters import Parameter
from pennsieve_agent.domain.target_types import DATASET_TARGET
from pennsieve_agent.domain.workflows import Checkout, Step, StepKind

INPUT, OUTPUT = "input", "output"
"""The ids of the data source and of the data target where a file does not name them."""
STANDARD = "standard"
_SHOWN = 6
"""So many steps of a circle are named."""


@dataclass(frozen=True, slots=True)
class ComposedStep:
    """A step that runs code. ``uses`` says which, as typed; ``needs`` are ids of what it reads.

    ``cpu`` is in 1/1024 of a vCPU, ``memory`` in MB, ``disk`` in GiB; 0, and an empty compute type,
    leave them to the code's manifest, as does no ``command``. ``declared`` are parameters of an
    image, which has no manifest that could declare them.
    """

    id: str
    uses: str
    needs: tuple[str, ...]
    parameters: Mapping[str, str] = field(default_factory=dict)
    compute_type: str = ""
    cpu: int = 0
    memory: int = 0
    disk: int = 0
    command: CommandLine | None = None
    declared: tuple[Parameter, ...] = ()


@dataclass(frozen=True, slots=True)
class ComposedTarget:
    """What is done with the results of the steps that it needs.

    An empty compute type is the one that the target offers.
    """

    id: str
    needs: tuple[str, ...]
    target: str = DATASET_TARGET
    parameters: Mapping[str, str] = field(default_factory=dict)
    compute_type: str = ""


@dataclass(frozen=True, slots=True)
class Composition:
    """A whole file. ``inputs`` are the ids of data sources; ``layout`` is empty for the default."""

    name: str
    steps: tuple[ComposedStep, ...]
    targets: tuple[ComposedTarget, ...]
    inputs: tuple[str, ...] = (INPUT,)
    description: str = ""
    layout: str = ""

    @property
    def disk(self) -> dict[str, int]:
        """GiB of disk by step, of those that ask for some."""
        return {step.id: step.disk for step in self.steps if step.disk}


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, with the id of the step or target where it is to be mended."""

    place: str
    text: str
    hint: str = ""


def ends_of(steps: Iterable[ComposedStep]) -> tuple[str, ...]:
    """The steps that no other step needs, in their order."""
    steps = list(steps)
    needed = {parent for step in steps for parent in step.needs}
    return tuple(step.id for step in steps if step.id not in needed)


def graph_faults(composition: Composition) -> Iterator[Fault]:
    """What is wrong with the graph, all of it: ids, unknown steps, and circles."""
    steps, targets = composition.steps, composition.targets
    ids = [*composition.inputs, *(step.id for step in steps), *(target.id for target in targets)]
    for name in (name for name, count in Counter(ids).items() if count > 1):
        yield Fault(name, "is the id of two parts of the workflow", "give each an id of its own")
    readable = dict.fromkeys((*composition.inputs, *(step.id for step in steps)))
    parts: list[ComposedStep | ComposedTarget] = [*steps, *targets]
    for part in parts:
        for parent in part.needs:
            if parent not in readable:
                yield Fault(
                    part.id, f"needs '{parent}', which is not a step", near(parent, list(readable))
                )
            elif parent == part.id:
                yield Fault(part.id, "needs itself", "take it out of needs")
        if len(set(part.needs)) < len(part.needs):
            yield Fault(part.id, "needs the same step twice", "name each once")
    for target in targets:
        if not target.needs:
            yield Fault(target.id, "takes no step's results", "say which with needs")
    yield from _circle(steps)


def _circle(steps: Sequence[ComposedStep]) -> Iterator[Fault]:
    graph = {step.id: set(step.needs) - {step.id} for step in steps}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        names = list(reversed(error.args[1]))
        if len(names) > _SHOWN:
            names = [*names[: _SHOWN - 2], f"… ({len(names) - _SHOWN + 1} more)", names[-1]]
        yield Fault(
            names[0],
            f"is in a circle: {' → '.join(names)}",
            "take one of these out of the needs of the next",
        )


def code_faults(composition: Composition, checkouts: Sequence[Checkout]) -> Iterator[Fault]:
    """What is wrong with steps once their code is known: parameters, and results that collide."""
    for step, checkout in zip(composition.steps, checkouts, strict=True):
        known = {parameter.name: parameter for parameter in checkout.manifest.parameters}
        if step.declared and not checkout.image:
            name = step.declared[0].name
            yield Fault(
                step.id,
                f"declares the parameter {name}, which is for images",
                "give its value alone; code in git declares parameters in its app.yml",
            )
        for name, value in step.parameters.items():
            if fault := _parameter_fault(step.id, known, name, value):
                yield fault
        yield from _command_faults(step, checkout)
    twins = {}
    for step, checkout in zip(composition.steps, checkouts, strict=True):
        values = tuple(sorted(step.parameters.items()))
        twins[step.id] = (checkout.source_url, checkout.commit, tuple(sorted(step.needs)), values)
    for part in composition.steps:
        parents = [parent for parent in part.needs if parent in twins]
        for number, parent in enumerate(parents):
            if other := next((p for p in parents[:number] if twins[p] == twins[parent]), ""):
                yield Fault(
                    part.id,
                    f"needs '{other}' and '{parent}', which are the same code on the same input, so"
                    " their files have the same names and cannot lie in one folder",
                    "take one of them out, or give them different parameters",
                )


def _command_faults(step: ComposedStep, checkout: Checkout) -> Iterator[Fault]:
    line = step.command
    if line is None:
        return
    try:
        line.check({parameter.name for parameter in checkout.manifest.parameters})
    except CommandLineFault as fault:
        yield Fault(step.id, f"has a command line that {fault}")
    if line.bids == GROUP and len(step.needs) != 1:
        yield Fault(step.id, "is of level group, and needs not just the step of its participants")


def with_commands(composition: Composition, checkouts: Sequence[Checkout]) -> tuple[Checkout, ...]:
    """The code of the steps, each with the command line and the parameters that it has there."""
    return tuple(
        replace(
            checkout,
            manifest=replace(
                checkout.manifest,
                parameters=_parameters_of(step, checkout),
                command=step.command or checkout.manifest.command,
            ),
        )
        for step, checkout in zip(composition.steps, checkouts, strict=True)
    )


def _parameters_of(step: ComposedStep, checkout: Checkout) -> tuple[Parameter, ...]:
    """The parameters of a step. An image declares none: it has those that are set or read."""
    declared = checkout.manifest.parameters
    if not checkout.image:
        return declared
    declared = (*declared, *step.declared)
    known = {parameter.name for parameter in declared}
    names = dict.fromkeys((*step.parameters, *(step.command.names if step.command else ())))
    optional = {SUBJECT} if step.command is not None and step.command.bids else set()
    return (
        *declared,
        *(Parameter(n, default="" if n in optional else None) for n in names if n not in known),
    )


def _command_of(
    step: ComposedStep, checkout: Checkout, processors: Collection[str]
) -> CommandLine | None:
    """The command line of a step; that of a group goes on with the step of its participants."""
    line = checkout.manifest.command
    if line is None or line.bids != GROUP or len(step.needs) != 1:
        return line
    return replace(line, continues=step.needs[0] if step.needs[0] in processors else "")


def _parameter_fault(
    step: str, known: Mapping[str, Parameter], name: str, value: str
) -> Fault | None:
    if name not in known:
        text = f"sets the parameter {name}, which its code does not declare"
        return Fault(step, text, near(name, list(known)) if known else "leave it out")
    try:
        known[name].normalise(value)
    except ValueError as error:
        return Fault(step, f"sets the parameter {name}, which {error}")
    return None


def near(word: str, known: Sequence[str]) -> str:
    """What was meant, perhaps; else what is possible."""
    if close := difflib.get_close_matches(word, known, n=1, cutoff=0.6):
        return f"did you mean {close[0]}?"
    return f"possible values: {', '.join(known)}"


def alone(composition: Composition, name: str) -> Composition:
    """One step by itself: it reads the input, and its results are the results.

    Raises:
        KeyError: no step is called so.

    """
    step = {step.id: step for step in composition.steps}[name]
    steps = (replace(step, needs=(INPUT,)),)
    return replace(
        composition, steps=steps, inputs=(INPUT,), targets=(ComposedTarget(OUTPUT, (name,)),)
    )


def one_target(composition: Composition) -> Composition:
    """The same steps with one target, which has the results of all."""
    needs = dict.fromkeys(name for target in composition.targets for name in target.needs)
    return replace(composition, targets=(ComposedTarget(OUTPUT, tuple(needs)),))


def steps_of(
    composition: Composition, checkouts: Sequence[Checkout], target_place: str = STANDARD
) -> tuple[Step, ...]:
    """The nodes of the definition; one checkout for each step that runs code, in their order."""
    sources = [Step(name, StepKind.SOURCE) for name in composition.inputs]
    processing = [step.id for step in composition.steps]
    processors = [
        Step(
            step.id,
            StepKind.PROCESSOR,
            depends_on=step.needs,
            source_url=checkout.source_url,
            tag=checkout.tag,
            compute_type=step.compute_type or compute_type_of(checkout),
            cpu=step.cpu or checkout.manifest.cpu,
            memory=step.memory or checkout.manifest.memory,
            disk=step.disk,
            parameters=checkout.manifest.parameters,
            default_params=dict(step.parameters),
            command=_command_of(step, checkout, processing),
        )
        for step, checkout in zip(composition.steps, checkouts, strict=True)
    ]
    targets = [
        Step(
            target.id,
            StepKind.TARGET,
            depends_on=target.needs,
            target_type=target.target,
            compute_type=target.compute_type or target_place,
            default_params=dict(target.parameters),
        )
        for target in composition.targets
    ]
    return (*sources, *processors, *targets)


def compute_type_of(checkout: Checkout) -> str:
    """The compute type that code asks for."""
    return checkout.manifest.compute_types[0] if checkout.manifest.compute_types else STANDARD
