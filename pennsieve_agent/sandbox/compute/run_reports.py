"""What nodes tell about runs beyond their states: ours, for self-managed nodes.

``PUT /runs/{id}/status`` may carry ``metrics``, the run's receipt in the shape of
``contracts/workflows.md`` 3.9, and ``reason``, why it ended or waits; so may that of a step.
"""

from __future__ import annotations

import json
from typing import Any

from pennsieve_agent.sandbox.store import Store

RUN = ""
"""In place of a step's id: the run itself."""


def note_reason(store: Store, run_uuid: str, reason: str, step: str = RUN) -> None:
    """Write down why a run, or a step of it, is as it is; an empty reason takes the last away."""
    store.execute(
        "INSERT INTO workflow_reasons VALUES (?, ?, ?)"
        " ON CONFLICT (run_uuid, node_id) DO UPDATE SET reason = excluded.reason",
        (run_uuid, step, reason),
    )


def note_metrics(store: Store, run_uuid: str, metrics: dict[str, Any]) -> None:
    """Write down a run's receipt."""
    store.execute(
        "INSERT OR REPLACE INTO workflow_receipts VALUES (?, ?)", (run_uuid, json.dumps(metrics))
    )


def reasons(store: Store, run_uuid: str) -> dict[str, str]:
    """The reasons of a run (:data:`RUN`) and its steps."""
    rows = store.rows("SELECT * FROM workflow_reasons WHERE run_uuid = ?", (run_uuid,))
    return {row["node_id"]: row["reason"] for row in rows if row["reason"]}


def metrics(store: Store, run_uuid: str) -> dict[str, Any] | None:
    """A run's receipt, if its node sent one."""
    row = store.row("SELECT metrics FROM workflow_receipts WHERE run_uuid = ?", (run_uuid,))
    found: dict[str, Any] | None = json.loads(row["metrics"]) if row else None
    return found
