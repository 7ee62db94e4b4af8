"""Reads and checks the request that starts a run (``contracts/workflows.md`` 3.1)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pennsieve_agent.domain.runs import RunRequest
from pennsieve_agent.domain.workflows import Step, Workflow
from pennsieve_agent.sandbox.compute.flows.dag import (
    PROCESSOR,
    SOURCE,
    TARGET,
    BadGraph,
    check_amount,
    check_place,
    fills_dataset,
    to_step,
    with_extra_parameters,
)
from pennsieve_agent.sandbox.compute.request_bodies import Body
from pennsieve_agent.sandbox.host.store import Row

Node = dict[str, Any]


@dataclass(frozen=True, slots=True)
class RunOrder:
    """The body of ``POST /runs``. ``configs`` are by node id; ``sources`` hold package ids."""

    workflow_uuid: str
    node_uuid: str
    dataset_id: str
    name: str
    sources: Mapping[str, list[str]]
    parameters: Mapping[str, Mapping[str, str]]
    targets: Mapping[str, Mapping[str, str]]
    configs: Mapping[str, Mapping[str, str]]
    layers: list[str]
    interactive: bool

    def echo(self) -> dict[str, Any]:
        """The request's parts as the run shows them (3.2)."""
        return {
            "dataSources": {key: {"packageIds": ids} for key, ids in self.sources.items()},
            "dataTargets": {key: {"params": dict(p)} for key, p in self.targets.items()},
            "processorConfigs": [{"nodeId": key, **c} for key, c in self.configs.items()],
            "processorParams": {key: dict(p) for key, p in self.parameters.items()},
            "layers": self.layers,
        }


def read_order(body: Body) -> RunOrder:
    """The order in a request's body.

    Raises:
        BadBody: a field has the wrong type; all parameters are text.

    """
    instance = body.object("workflowInstanceConfiguration") or Body({})
    configs = instance.objects("processorConfigs") or []
    sources, targets = (
        body.object("dataSources") or Body({}),
        body.object("dataTargets") or Body({}),
    )
    params = body.object("processorParams") or Body({})
    return RunOrder(
        workflow_uuid=instance.text("workflowId"),
        node_uuid=instance.text("computeNodeId"),
        dataset_id=body.text("datasetId"),
        name=body.text("name"),
        sources={
            name: (sources.object(name) or Body({})).texts("packageIds") or []
            for name in sources.names()
        },
        parameters={name: params.text_map(name) for name in params.names()},
        targets={
            name: (targets.object(name) or Body({})).text_map("params") for name in targets.names()
        },
        configs={config.text("nodeId"): _config(config) for config in configs},
        layers=list(dict.fromkeys(body.texts("layers") or [])),
        interactive=any(config.flag("interactive") for config in configs),
    )


def _config(config: Body) -> dict[str, str]:
    texts = {n: config.text(n) for n in ("executionTarget", "version", "cpu", "memory")}
    return {name: text for name, text in texts.items() if text}


def check_order(order: RunOrder, dag: list[Node]) -> None:
    """Check that an order fits a workflow's graph.

    Raises:
        BadGraph: it names nodes that are not there or of another kind, gives a data-source no
            packages, or has no dataset where one is needed.

    """
    kinds = {node["id"]: node["type"] for node in dag}
    _check_names(order, kinds)
    for node in dag:
        if node["type"] == TARGET and node["id"] in order.configs:
            check_place(node, order.configs[node["id"]].get("executionTarget", ""))
    for node_id, kind in kinds.items():
        if kind == SOURCE and not order.sources.get(node_id):
            raise BadGraph(f"data-source {node_id} needs at least one package")
    needs_dataset = SOURCE in kinds.values() or any(map(fills_dataset, dag))
    if not order.dataset_id and needs_dataset:
        raise BadGraph("missing datasetId")
    if order.interactive or any(node.get("interactive") for node in dag):
        raise BadGraph("interactive sessions are not part of the sandbox")  # ours


def _check_names(order: RunOrder, kinds: Mapping[str, str]) -> None:
    for named, kind in (
        (order.sources, SOURCE),
        (order.parameters, PROCESSOR),
        (order.targets, TARGET),
    ):
        for node_id in named:
            if kinds.get(node_id) != kind:
                raise BadGraph(f"the workflow has no {kind} {node_id}")
    for node_id, config in order.configs.items():
        if node_id not in kinds:
            raise BadGraph(f"the workflow has no node {node_id}")
        for amount in ("cpu", "memory"):
            check_amount(node_id, amount, config.get(amount, ""))


def with_versions(order: RunOrder, nodes: list[Node]) -> list[Node]:
    """A definition's nodes with the versions that the order chose instead."""
    chosen = {key: c["version"] for key, c in order.configs.items() if c.get("version")}
    return [{**n, "tag": chosen[n["id"]]} if n["id"] in chosen else n for n in nodes]


def with_amounts(order: RunOrder, dag: list[Node]) -> list[Node]:
    """Resolved nodes with the resources and the place to run that the order chose instead."""
    return [_chosen(node, order.configs.get(node["id"], {})) for node in dag]


def _chosen(node: Node, config: Mapping[str, str]) -> Node:
    amounts = {name: config[name] for name in ("cpu", "memory") if config.get(name)}
    place = {"computeType": config["executionTarget"]} if config.get("executionTarget") else {}
    runtime = {"runtimeConfig": {**node.get("runtimeConfig", {}), **amounts}} if amounts else {}
    return {**node, **place, **runtime}


def package_ids(run: Row) -> dict[str, tuple[str, ...]]:
    """The packages of each data-source of a stored run."""
    sources: dict[str, Any] = json.loads(run["request"])["dataSources"]
    return {name: tuple(source["packageIds"]) for name, source in sources.items()}


def request_of(run: Row) -> RunRequest:
    """A stored run as the engine's request."""
    echo: dict[str, Any] = json.loads(run["request"])
    packages = [i for source in echo["dataSources"].values() for i in source["packageIds"]]
    parameters = echo["processorParams"]
    steps = tuple(_step(node, parameters.get(node["id"], {})) for node in json.loads(run["dag"]))
    return RunRequest(
        workflow=Workflow(uuid=run["workflow_uuid"], name=run["workflow_name"], steps=steps),
        node_uuid=run["node_uuid"],
        dataset_id=run["dataset_id"],
        package_ids=tuple(dict.fromkeys(packages)),
        name=run["name"],
        parameters=parameters,
        target_params={key: target["params"] for key, target in echo["dataTargets"].items()},
    )


def _step(node: Node, values: Mapping[str, str]) -> Step:
    step = with_extra_parameters(to_step(node), values)
    # The platform stores a target's defaults and ignores them (contracts/workflows.md 8.27).
    return replace(step, default_params={}) if node["type"] == TARGET else step
