"""What becomes of the layers that a run was to fill, when it has ended.

How the hosted platform learns what is in a layer is not public; here it reads what the node's own
job says in the log of the step.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Any

from pennsieve_agent.sandbox.compute.flows.layers import EMPTY, READY, LayerShelf
from pennsieve_agent.sandbox.compute.flows.target_types import LAYER_NAME, LAYER_TARGET
from pennsieve_agent.sandbox.compute.nodes.node_gateway import Unreachable
from pennsieve_agent.sandbox.compute.rows import find_run
from pennsieve_agent.sandbox.compute.runs.run_states import RunStates
from pennsieve_agent.sandbox.host.store import Row, Store

Lines = Callable[[Row, str], Iterable[dict[str, Any]]]
_FILLED = re.compile(r"(\d+) files? \((\d+) bytes\) in layer ")


def settle_layers(
    store: Store, shelf: LayerShelf, states: RunStates, lines: Lines, run: str
) -> None:
    """Make what an ended run filled READY, and what it did not fill EMPTY."""
    row = find_run(store, run)
    done = {step["node_id"] for step in states.steps(run) if step["status"] == "SUCCEEDED"}
    for layer in shelf.building(run):
        step = _step(row, layer["name"]) if row else ""
        if row is None or step not in done:
            shelf.settle(layer, EMPTY)
            continue
        shelf.settle(layer, READY, *_amount(lines, row, step))


def _step(run: Row, layer: str) -> str:
    """The step of a run that fills a layer."""
    targets: dict[str, Any] = json.loads(run["request"])["dataTargets"]
    for node in json.loads(run["dag"]):
        params = targets.get(node["id"], {}).get("params", {})
        if node.get("targetType") == LAYER_TARGET and params.get(LAYER_NAME) == layer:
            return str(node["id"])
    return ""


def _amount(lines: Lines, run: Row, step: str) -> tuple[int, int]:
    """The files and bytes that the step's job says it put there; 0 when it cannot be asked."""
    try:
        said = [_FILLED.match(str(line["message"])) for line in lines(run, step)]
    except Unreachable:
        return 0, 0
    filled = [match for match in said if match]
    return (int(filled[-1][1]), int(filled[-1][2])) if filled else (0, 0)
