"""The kinds of a run's cost: one list for the node that counts them, and for all who show them."""

from __future__ import annotations

from collections.abc import Mapping

KEPT = "kept steps"
COST_KINDS: Mapping[str, str] = {
    "ecs": "machines",
    "efsThroughput": "files",
    "data": "transfers",
    "cloudWatchLogs": "logs",
    "lambda": "functions",
    "keptSteps": KEPT,
    "stepFunctions": "step functions",
    "llm": "language models",
}
"""The parts of an estimate (``contracts/workflows.md`` 3.9), and what they are called, in the order
in which they are shown. ``keptSteps`` is an own node's: what steps made, kept after the run."""
_PENNSIEVES = frozenset({"stepFunctions", "llm"})
OWN_COST_KINDS: Mapping[str, str] = {
    name: kind for name, kind in COST_KINDS.items() if name not in _PENNSIEVES
}
"""Those that a run on an own node has."""
