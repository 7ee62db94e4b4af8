"""A composed workflow as a YAML file: reading it, and writing one of a workflow that is there.

What is left out has a default: a step that needs nothing reads the input, a target takes the steps
that no other step needs, and the last of a workflow is a target that uploads to the dataset. What
is written leaves out the same, so that a file that was read is written the same way again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import yaml

from pennsieve_agent.domain.command_lines import (
    LEVELS,
    SUBJECT,
    CommandLine,
    CommandLineFault,
    of_bids_app,
    parse,
)
from pennsieve_agent.domain.composition import (
    INPUT,
    OUTPUT,
    ComposedStep,
    ComposedTarget,
    Composition,
    Fault,
    ends_of,
    graph_faults,
)
from pennsieve_agent.domain.image_addresses import is_image
from pennsieve_agent.domain.job_sizes import fault_of_disk, fit
from pennsieve_agent.domain.parameters import Parameter, ParameterType
from pennsieve_agent.domain.target_types import DATASET_TARGET, TARGETS
from pennsieve_agent.domain.workflows import Step, StepKind, Workflow
from pennsieve_agent.errors import SourceError
from pennsieve_agent.source.yaml_nodes import Node, read_nodes

KEYS = ("name", "description", "layout", "inputs", "steps", "targets")
STEP_KEYS = ("uses", "needs", "parameters", "compute", "cpu", "memory", "disk")
COMMAND_KEYS = ("command", "bids")
PARAMETER_KEYS = ("type", "default")
PARAMETER_TYPES = ("string", "number", "boolean")
"""Of parameters that an image is given."""
TARGET_KEYS = ("target", "needs", "parameters", "compute")
LAYOUTS = ("tree", "flat")
COMPUTE_TYPES = ("standard", "lambda", "gpu")
MOST_ID = 256
"""Characters of an id; a node takes no longer ones."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Read:
    """What a file says, and where its parts are; ``faults`` are all that is wrong with it."""

    composition: Composition
    faults: tuple[SourceError, ...]
    places: Mapping[str, Node] = field(repr=False, default_factory=dict)

    def located(self, fault: Fault) -> SourceError:
        """A fault of a step or target, at its line."""
        return _located(self.places, fault)


def read_composition(data: bytes, file: str) -> Read:
    """A composed workflow.

    Raises:
        SourceError: it is no YAML, too large, not text in UTF-8, or no workflow at all.

    """
    reading = _Reading()
    composition = reading.whole(read_nodes(data, file))
    if not reading.faults:  # a graph of half a file would be told wrong
        reading.faults += [_located(reading.places, fault) for fault in graph_faults(composition)]
    return Read(composition, tuple(reading.faults), reading.places)


def _located(places: Mapping[str, Node], fault: Fault) -> SourceError:
    if (node := places.get(fault.place)) is not None:
        return node.problem(fault.text, fault.hint or "correct it")
    return SourceError(f"'{fault.place}' {fault.text}", hint=fault.hint or None)


@dataclass(slots=True)
class _Reading:
    faults: list[SourceError] = field(default_factory=list)
    places: dict[str, Node] = field(default_factory=dict)

    def whole(self, root: Node) -> Composition:
        keys = root.mapping(KEYS, ("name", "steps"), self.faults.append, "a composed workflow")
        inputs = self._names(keys, "inputs") if "inputs" in keys else (INPUT,)
        entries = self._entries(keys, "steps")
        if "steps" in keys and not entries and not self.faults:
            self.faults.append(keys["steps"].problem("has no step", "add one with uses:"))
        steps = tuple(self._step(name, node, inputs) for name, node in entries)
        targets = self._entries(keys, "targets") if "targets" in keys else None
        ends = ends_of(steps)
        return Composition(
            name=self._get(keys, "name", _text, ""),
            description=self._get(keys, "description", Node.text, "").strip(),
            layout=self._get(keys, "layout", lambda node: node.choice(LAYOUTS), ""),
            inputs=inputs,
            steps=steps,
            targets=(ComposedTarget(OUTPUT, ends),)
            if targets is None
            else tuple(self._target(name, node, ends) for name, node in targets),
        )

    def _step(self, name: str, node: Node, inputs: tuple[str, ...]) -> ComposedStep:
        keys = self._keys(node, (*STEP_KEYS, *COMMAND_KEYS), ("uses",))
        return ComposedStep(
            id=name,
            uses=self._get(keys, "uses", _text, ""),
            needs=self._names(keys, "needs") if "needs" in keys else inputs,
            parameters=self._parameters(keys, declares=True),
            declared=self._declared(keys),
            compute_type=self._get(keys, "compute", lambda n: n.choice(COMPUTE_TYPES), ""),
            cpu=self._get(keys, "cpu", lambda n: _size(n, most_cpu=True), 0),
            memory=self._get(keys, "memory", _size, 0),
            disk=self._get(keys, "disk", _disk, 0),
            command=self._command(keys),
        )

    def _command(self, keys: Mapping[str, Node]) -> CommandLine | None:
        level = self._get(keys, "bids", lambda node: node.choice(LEVELS), "")
        if "command" not in keys:
            return of_bids_app(level, {SUBJECT}) if level else None
        nothing: tuple[str, ...] = ()
        return CommandLine(self._get(keys, "command", _words, nothing), level)

    def _target(self, name: str, node: Node, ends: tuple[str, ...]) -> ComposedTarget:
        keys = {} if node.is_null() else self._keys(node, TARGET_KEYS, ())
        return ComposedTarget(
            id=name,
            needs=self._names(keys, "needs") if "needs" in keys else ends,
            target=self._get(keys, "target", lambda n: n.choice(TARGETS), DATASET_TARGET),
            parameters=self._parameters(keys),
            compute_type=self._get(keys, "compute", lambda n: n.choice(COMPUTE_TYPES), ""),
        )

    def _keys(self, node: Node, known: Sequence[str], required: Sequence[str]) -> dict[str, Node]:
        nothing: dict[str, Node] = {}
        return self._try(
            lambda n: n.mapping(known, required, self.faults.append, "a part of a workflow"),
            node,
            nothing,
        )

    def _entries(self, keys: Mapping[str, Node], name: str) -> list[tuple[str, Node]]:
        """The entries of a mapping with names of one's own."""
        if name not in keys or not isinstance(keys[name].yaml, yaml.MappingNode):
            if name in keys:
                self.faults.append(
                    keys[name].problem("must be a set of names, each with its keys below it")
                )
            return []
        entries: list[tuple[str, Node]] = []
        for key, value in keys[name].yaml.value:
            word = str(key.value) if isinstance(key, yaml.ScalarNode) else ""
            node = Node(keys[name].file, f"{name}.{word}", value)
            at = Node(keys[name].file, f"{name}.{word}", key)
            if not word.strip() or len(word) > MOST_ID or not word.isprintable():
                self.faults.append(
                    at.problem("cannot be an id", f"1 to {MOST_ID} letters or digits")
                )
            elif word in dict(entries):
                self.faults.append(at.problem("appears twice", "give each an id of its own"))
            else:
                entries.append((word, node))
                self.places[word] = at
        return entries

    def _names(self, keys: Mapping[str, Node], name: str) -> tuple[str, ...]:
        empty: list[Node] = []
        nodes = self._try(_one_or_many, keys[name], empty)
        return tuple(filter(None, (self._try(Node.scalar, node, "") for node in nodes)))

    def _declared(self, keys: Mapping[str, Node]) -> tuple[Parameter, ...]:
        """The parameters that have a type, and perhaps a default, in place of a value."""
        node = keys.get("parameters")
        if node is None or not isinstance(node.yaml, yaml.MappingNode):
            return ()
        declared = []
        for key, value in node.yaml.value:
            if isinstance(value, yaml.MappingNode):
                at = Node(node.file, f"{node.place}.{key.value}", value)
                own = self._keys(at, PARAMETER_KEYS, ("type",))
                kind = self._get(own, "type", lambda n: n.choice(PARAMETER_TYPES), "string")
                default = self._get(own, "default", _value, "") if "default" in own else None
                parameter = Parameter(str(key.value), ParameterType.of(kind), default)
                try:
                    if default:
                        parameter.normalise(default)
                except ValueError as error:
                    self.faults.append(at.problem(f"has a default that {error}"))
                declared.append(parameter)
        return tuple(declared)

    def _parameters(self, keys: Mapping[str, Node], *, declares: bool = False) -> dict[str, str]:
        if "parameters" not in keys:
            return {}
        node = keys["parameters"]
        if not isinstance(node.yaml, yaml.MappingNode):
            self.faults.append(node.problem("must be a set of names and values"))
            return {}
        values = {}
        for key, value in node.yaml.value:
            name = str(key.value)
            at = Node(node.file, f"{node.place}.{name}", value)
            if name in values:
                self.faults.append(at.problem("appears twice"))
            if declares and isinstance(value, yaml.MappingNode):
                continue
            values[name] = self._try(_value, at, "")
        return values

    def _get(
        self, keys: Mapping[str, Node], name: str, read: Callable[[Node], T], otherwise: T
    ) -> T:
        return self._try(read, keys[name], otherwise) if name in keys else otherwise

    def _try(self, read: Callable[[Node], T], node: Node, otherwise: T) -> T:
        try:
            return read(node)
        except SourceError as problem:
            self.faults.append(problem)
            return otherwise


def _one_or_many(node: Node) -> list[Node]:
    return [node] if isinstance(node.yaml, yaml.ScalarNode) else node.items()


def _words(node: Node) -> tuple[str, ...]:
    """A command line, as one types it or word for word."""
    if not isinstance(node.yaml, yaml.ScalarNode):
        return tuple(item.scalar() for item in node.items())
    try:
        return parse(node.text())
    except CommandLineFault as fault:
        raise node.problem(str(fault)) from None


def _text(node: Node) -> str:
    if not (value := node.text().strip()):
        raise node.problem("must not be empty")
    return value


def _value(node: Node) -> str:
    """A parameter's value as it is sent: everything is text on the wire (3.1)."""
    if node.yaml.tag == "tag:yaml.org,2002:bool":
        return "true" if node.boolean() else "false"
    return node.scalar()


def _size(node: Node, *, most_cpu: bool = False) -> int:
    """1/1024 of a vCPU, or MB; a job gets the next size that AWS Fargate has."""
    value = node.number()
    if value < 1 or value != int(value):
        raise node.problem("must be a whole number, 1 or more")
    try:
        fit(*((int(value), 0) if most_cpu else (0, int(value))))
    except ValueError as error:
        raise node.problem(f"is too large: {error}") from None
    return int(value)


def _disk(node: Node) -> int:
    value = node.number()
    if fault := fault_of_disk(int(value) if value == int(value) else None):
        raise node.problem(fault)
    return int(value)


def _uses(address: str, step: Step) -> str:
    """The code of a step with its version, as one types it."""
    if not step.tag:
        return address
    if is_image(address):
        digest = step.image.rpartition("@")[2]
        is_digest = digest.partition(":")[2].startswith(step.tag)
        return f"{address}@{digest}" if is_digest else f"{address}:{step.tag}"
    return f"{address}@{step.tag}"


def _typed(step: Step, address: str) -> dict[str, Parameter]:
    """The parameters of an image that its command line alone would not bring back."""
    subject = {SUBJECT} if step.command is not None and step.command.bids else set()
    values = step.default_params
    return {
        p.name: replace(p, default=values.get(p.name, p.default))
        for p in (step.parameters if is_image(address) else ())
        if p.name not in subject
        and (p.type is not ParameterType.STRING or (p.default and p.name not in values))
    }


def composition_of(workflow: Workflow, addresses: Sequence[str], layout: str = "") -> Composition:
    """A workflow that is there as a composition; ``addresses`` are where its code is, by step."""
    steps = tuple(
        ComposedStep(
            step.id,
            _uses(address, step),
            step.depends_on,
            {k: v for k, v in step.default_params.items() if k not in _typed(step, address)},
            "" if step.compute_type == "standard" else step.compute_type,
            step.cpu,
            step.memory,
            step.disk,
            step.command and replace(step.command, continues=""),
            tuple(_typed(step, address).values()),
        )
        for step, address in zip(workflow.processors, addresses, strict=True)
    )
    targets = tuple(
        ComposedTarget(
            step.id,
            step.depends_on,
            step.target_type,
            dict(step.default_params),
            "" if step.compute_type == "standard" else step.compute_type,
        )
        for step in workflow.of_kind(StepKind.TARGET)
    )
    inputs = tuple(step.id for step in workflow.of_kind(StepKind.SOURCE))
    return Composition(workflow.name, steps, targets, inputs, workflow.description, layout)


def written(composition: Composition) -> str:
    """The file of a composition: without what is the default, in the order of its steps."""
    document: dict[str, Any] = {"name": composition.name}
    document |= {
        key: value
        for key, value in (("description", composition.description), ("layout", composition.layout))
        if value
    }
    if composition.inputs != (INPUT,):
        document["inputs"] = list(composition.inputs)
    document["steps"] = {step.id: _step(step, composition.inputs) for step in composition.steps}
    ends = ends_of(composition.steps)
    if composition.targets != (ComposedTarget(OUTPUT, ends),):
        document["targets"] = {target.id: _target(target, ends) for target in composition.targets}
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100)


def _step(step: ComposedStep, inputs: tuple[str, ...]) -> dict[str, Any]:
    row: dict[str, Any] = {"uses": step.uses}
    if step.needs != inputs:
        row["needs"] = list(step.needs)
    declared = {p.name: _declaration(p) for p in step.declared}
    values = {
        "parameters": {**step.parameters, **declared},
        "compute": step.compute_type,
        "cpu": step.cpu,
        "memory": step.memory,
        "disk": step.disk,
    }
    line = step.command
    if line is not None:
        values["bids"] = line.bids
        values["command"] = "" if line == of_bids_app(line.bids, {SUBJECT}) else line.text
    return row | {key: value for key, value in values.items() if value}


def _declaration(parameter: Parameter) -> dict[str, str]:
    default = {} if parameter.default is None else {"default": parameter.default}
    return {"type": parameter.type.value, **default}


def _target(target: ComposedTarget, ends: tuple[str, ...]) -> dict[str, Any]:
    row: dict[str, Any] = {"target": target.target}
    if target.needs != ends:
        row["needs"] = list(target.needs)
    values = {"parameters": dict(target.parameters), "compute": target.compute_type}
    return row | {key: value for key, value in values.items() if value}
