"""Whether a run's layers can be given to it, and filled by it (``contracts/workflows.md`` 2.6)."""

from __future__ import annotations

from collections import Counter

from pennsieve_agent.sandbox.compute import compute_answers
from pennsieve_agent.sandbox.compute.flows.layers import EMPTY, READY, LayerShelf
from pennsieve_agent.sandbox.compute.flows.target_types import LAYER_NAME, LAYER_TARGET
from pennsieve_agent.sandbox.compute.runs.start_request import Node, RunOrder
from pennsieve_agent.sandbox.host.store import Row


def check_layers(shelf: LayerShelf, order: RunOrder, dag: list[Node]) -> None:
    """See that layers to be read are READY, and layers to be filled EMPTY. The texts are ours.

    A target's name for its layer must be in the run: the definition's defaults of a target are
    ignored (``contracts/workflows.md`` 8.27).

    Raises:
        Refusal: 400, there is no such layer, or a name is missing or there twice; 409, a layer is
            in another state.

    """
    for name in order.layers:
        _demand(_layer(shelf, order, name), READY)
    targets = [node["id"] for node in dag if node.get("targetType") == LAYER_TARGET]
    names = {target: order.targets.get(target, {}).get(LAYER_NAME, "") for target in targets}
    for target, name in names.items():
        if not name:
            raise compute_answers.message(400, f"data-target {target}: missing {LAYER_NAME}")
        _demand(_layer(shelf, order, name), EMPTY)
    for name, times in Counter(names.values()).items():
        if times > 1:
            raise compute_answers.message(400, f"layer {name} is the target of {times} nodes")


def filled_layers(order: RunOrder, dag: list[Node]) -> list[str]:
    """The layers that a run fills."""
    targets = [node["id"] for node in dag if node.get("targetType") == LAYER_TARGET]
    return [order.targets.get(target, {}).get(LAYER_NAME, "") for target in targets]


def _layer(shelf: LayerShelf, order: RunOrder, name: str) -> Row:
    layer = shelf.find(order.node_uuid, name)
    if layer is None:
        raise compute_answers.message(400, f"layer {name} does not exist on this compute node")
    return layer


def _demand(layer: Row, status: str) -> None:
    if layer["status"] != status:
        raise compute_answers.message(
            409, f"layer {layer['name']} is {layer['status']}, not {status}"
        )
