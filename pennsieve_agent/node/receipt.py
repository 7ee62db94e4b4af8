"""The receipt of a run, which lies with its results. Pure.

The owner of the results is a nameless user of an integration, so this says what made them: which
version of which workflow, from which commits and images, out of which files, for whom, when, and
at what cost until they were delivered.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pennsieve_agent.node.node_settings import NodeSettings
from pennsieve_agent.node.run_document import run_document, timestamp
from pennsieve_agent.node.run_record import RunRecord

NAME = "pennsieve-run.json"
"""What the file is called."""
FORM = "pennsieve-run/1"
_LATER = ("status", "phase", "reason", "ended", "metrics")
"""What is not known while results are delivered."""


def receipt_of(
    record: RunRecord, start: Mapping[str, Any], settings: NodeSettings, cost: float, now: float
) -> dict[str, Any]:
    """A run's receipt at a time in unix seconds, with its cost so far in USD."""
    document = run_document(record, settings)
    about = {name: value for name, value in document.items() if name not in _LATER}
    files = [dict(row) for row in start.get("files") or ()]
    return {
        "form": FORM,
        **about,
        "input": {**document["input"], "files": files, "packages": start.get("packages") or []},
        "delivered": timestamp(now),
        "cost": round(cost, 6),
    }
