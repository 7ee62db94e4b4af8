"""The graph of a workflow definition: reading, checking, resolving (``contracts/workflows.md`` 2).

A node is a dict in the wire's own words; what is stored is what was accepted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter
from typing import Any

from pennsieve_agent.domain.parameters import Parameter, ParameterType
from pennsieve_agent.domain.workflows import Step, StepKind
from pennsieve_agent.sandbox.compute.flows.target_types import LAYER_TARGET, places
from pennsieve_agent.sandbox.compute.request_bodies import Body

SOURCE, PROCESSOR, TARGET = "data-source", "processor", "data-target"
MAX_NODES = 200
_OPTIONAL_TEXTS = ("sourceUrl", "tag", "computeType", "cpu", "memory", "sessionType", "targetType")


class BadGraph(Exception):  # noqa: N818 - a kind of answer, not a fault
    """The nodes are not a valid workflow; the text says why."""


def read_nodes(bodies: Iterable[Body]) -> list[dict[str, Any]]:
    """The nodes of a request, checked.

    Raises:
        BadGraph: ids are missing or not unique, a field that is needed is not there, a dependency
            is unknown, or the graph has a cycle.
        BadBody: a field has the wrong type; all parameters are text.

    """
    nodes = [_read_node(body) for body in bodies]
    if not nodes or len(nodes) > MAX_NODES:
        raise BadGraph(f"a workflow needs between 1 and {MAX_NODES} nodes")
    ids = [node["id"] for node in nodes]
    for node_id in ids:
        if ids.count(node_id) > 1:
            raise BadGraph(f"duplicate node id: {node_id}")
    _check_edges({node["id"]: node for node in nodes})
    return nodes


def _read_node(body: Body) -> dict[str, Any]:
    node: dict[str, Any] = {"id": body.text("id"), "type": body.text("type") or PROCESSOR}
    if not node["id"]:
        raise BadGraph("every node needs an id")
    if node["type"] not in {SOURCE, PROCESSOR, TARGET}:
        raise BadGraph(f"node {node['id']}: unknown type {node['type']}")
    node["dependsOn"] = [parent for parent in body.texts("dependsOn") or [] if parent]
    texts = {name: body.text(name) for name in _OPTIONAL_TEXTS}
    node.update({name: text for name, text in texts.items() if text})
    if params := body.text_map("defaultParams"):
        node["defaultParams"] = params
    if body.flag("interactive"):
        node["interactive"] = True
    if isinstance(position := body.raw("position"), dict):
        node["position"] = {axis: position[axis] for axis in ("x", "y") if axis in position}
    _check_fields(node)
    return node


def _check_fields(node: Mapping[str, Any]) -> None:
    name, kind = node["id"], node["type"]
    if kind == SOURCE and node["dependsOn"]:
        raise BadGraph(f"data-source {name} cannot depend on other nodes")
    if kind == PROCESSOR and "sourceUrl" not in node:
        raise BadGraph(f"processor {name}: missing sourceUrl")
    if kind == TARGET:
        _check_target(node)
    for field in ("cpu", "memory"):
        check_amount(name, field, node.get(field, ""))


def _check_target(node: Mapping[str, Any]) -> None:
    name, type_ = node["id"], node.get("targetType")
    if not type_:
        raise BadGraph(f"data-target {name}: missing targetType")
    if not places(type_):
        raise BadGraph(f"data-target {name}: unknown targetType {type_}")
    check_place(node, node.get("computeType", ""))


def check_place(target: Mapping[str, Any], place: str) -> None:
    """Check that a data target runs where its type can (``contracts/upstream-2026-11.md`` 8).

    Raises:
        BadGraph: it does not, or nothing is said.

    """
    offered = places(target["targetType"])
    if place not in offered:
        raise BadGraph(f"data-target {target['id']}: computeType must be {' or '.join(offered)}")


def check_amount(node_id: str, field: str, text: str) -> None:
    """Check that ``cpu`` and ``memory`` are whole numbers as text.

    Raises:
        BadGraph: they are not.

    """
    if text and not (text.isascii() and text.isdecimal() and len(text) <= 9):  # noqa: PLR2004
        raise BadGraph(f"node {node_id}: {field} must be a whole number as text, not {text}")


def _check_edges(nodes: Mapping[str, Mapping[str, Any]]) -> None:
    for node in nodes.values():
        for parent in node["dependsOn"]:
            if parent not in nodes:
                raise BadGraph(f"node {node['id']} depends on unknown node {parent}")
            if nodes[parent]["type"] == TARGET:
                raise BadGraph(f"node {node['id']} cannot depend on data-target {parent}")
    try:
        TopologicalSorter({key: node["dependsOn"] for key, node in nodes.items()}).prepare()
    except CycleError as error:
        raise BadGraph(f"cycle in the workflow: {' -> '.join(error.args[1])}") from error


def resolve(node: Mapping[str, Any], about: Mapping[str, Any]) -> dict[str, Any]:
    """A node as it is answered: a processor's with what its application says (2.3)."""
    if node["type"] != PROCESSOR:
        return dict(node)
    schema = about.get("paramSchema", [])
    defaults = {p["name"]: p["defaultValue"] for p in schema if "defaultValue" in p}
    runtime = about.get("runtimeConfig", {})
    amounts = {name: node.get(name) or runtime.get(name) for name in ("cpu", "memory")}
    return {
        **node,
        "paramSchema": schema,
        "resolvedParams": {**defaults, **node.get("defaultParams", {})},
        "runtimeConfig": {name: str(value) for name, value in amounts.items() if value},
    }


def fills_dataset(node: Mapping[str, Any]) -> bool:
    """Whether a node puts files into the run's dataset."""
    return node["type"] == TARGET and node.get("targetType") != LAYER_TARGET


def to_step(node: Mapping[str, Any]) -> Step:
    """A resolved node as the domain's step."""
    runtime = node.get("runtimeConfig", {})
    return Step(
        id=node["id"],
        kind=StepKind.of(node["type"]),
        depends_on=tuple(node["dependsOn"]),
        source_url=node.get("sourceUrl", ""),
        tag=node.get("tag", ""),
        target_type=node.get("targetType", ""),
        compute_type=node.get("computeType", ""),
        cpu=int(runtime.get("cpu", 0)),
        memory=int(runtime.get("memory", 0)),
        parameters=tuple(_parameter(p) for p in node.get("paramSchema", [])),
        default_params=node.get("defaultParams", {}),
    )


def with_extra_parameters(step: Step, names: Iterable[str]) -> Step:
    """The step with parameters that its schema does not have; a run may name such (3.1)."""
    known = {parameter.name for parameter in step.parameters}
    extra = tuple(Parameter(name) for name in names if name not in known)
    return replace(step, parameters=(*step.parameters, *extra))


def _parameter(schema: Mapping[str, Any]) -> Parameter:
    return Parameter(
        name=schema["name"],
        type=ParameterType.of(schema.get("type")),
        default=schema.get("defaultValue"),
        label=schema.get("label", ""),
        description=schema.get("description", ""),
        required=bool(schema.get("required")),
        allowed=tuple(schema.get("validValues", ())),
        minimum=schema.get("min"),
        maximum=schema.get("max"),
    )
