"""The states of runs and steps, and every change of them (``contracts/workflows.md`` 3.4).

Changes are conditional on the state they start from, so that of two that meet (a run ends while it
is being cancelled) exactly one happens.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pennsieve_agent.domain.runs import RunStatus
from pennsieve_agent.sandbox.compute.times import rfc3339
from pennsieve_agent.sandbox.host.store import Row, Store

FINAL = frozenset(status for status in RunStatus if status.is_final)
_OPEN = ("NOT_STARTED", "STARTED", "FINALIZING")


class RunStates:
    """Reads and writes states; safe to use from any thread."""

    def __init__(self, store: Store, now: Callable[[], float]) -> None:
        self._store = store
        self._now = now

    def of(self, run_uuid: str) -> RunStatus:
        """A run's state."""
        row = self._store.row("SELECT status FROM workflow_runs WHERE uuid = ?", (run_uuid,))
        return RunStatus.of(row["status"] if row else None)

    def with_status(self, *statuses: RunStatus) -> list[str]:
        """The runs in these states, oldest first."""
        marks = ", ".join("?" * len(statuses))
        rows = self._store.rows(
            f"SELECT uuid FROM workflow_runs WHERE status IN ({marks}) ORDER BY seq",  # noqa: S608
            [status.value for status in statuses],
        )
        return [str(row["uuid"]) for row in rows]

    def issue(self, run_uuid: str) -> str | None:
        """A new callback token for a run that a node is to begin; None when it is not waiting.

        Only the token's hash is kept. The node itself says when the run is STARTED.
        """
        token = secrets.token_hex(32)
        changed = self._store.execute(
            "UPDATE workflow_runs SET token_hash = ? WHERE uuid = ? AND status = 'NOT_STARTED'",
            (hash_token(token), run_uuid),
        )
        return token if changed else None

    def ask_cancel(self, run_uuid: str) -> bool:
        """Any state that is not final to CANCELING; answers whether that happened."""
        return self._move(run_uuid, [*_OPEN, "CANCELING"], RunStatus.CANCELING)

    def force(self, run_uuid: str, status: RunStatus, seconds: float) -> bool:
        """What a node reports about a run; a final state is never left. Whether it happened."""
        return self._move(run_uuid, [*_OPEN, "CANCELING"], status, seconds)

    def _move(
        self,
        run_uuid: str,
        origins: Iterable[str],
        status: RunStatus,
        seconds: float | None = None,
    ) -> bool:
        when = rfc3339(self._now() if seconds is None else seconds)
        started = when if status is RunStatus.STARTED else ""
        ended = when if status in FINAL else ""
        states = list(origins)
        changed = self._store.execute(
            "UPDATE workflow_runs SET status = ?,"  # noqa: S608 - only question marks
            " started_at = CASE started_at WHEN '' THEN ? ELSE started_at END, completed_at = ?"
            f" WHERE uuid = ? AND status IN ({', '.join('?' * len(states))})",
            (status.value, started, ended, run_uuid, *states),
        )
        return changed > 0

    def set_step(
        self, run_uuid: str, node_id: str, status: RunStatus, seconds: float | None = None
    ) -> bool:
        """Set a step's state; False when there is no such step."""
        when = rfc3339(self._now() if seconds is None else seconds)
        if status is RunStatus.STARTED:
            times = "started_at = :when, completed_at = ''"
        elif status in FINAL:
            times = (
                "started_at = CASE started_at WHEN '' THEN :when ELSE started_at END,"
                " completed_at = :when"
            )
        else:
            times = "completed_at = ''"
        changed = self._store.execute(
            f"UPDATE workflow_steps SET status = :status, {times}"  # noqa: S608 - our own words
            " WHERE run_uuid = :run AND node_id = :node",
            {"status": status.value, "when": when, "run": run_uuid, "node": node_id},
        )
        return changed > 0

    def steps(self, run_uuid: str) -> list[Row]:
        """A run's steps, in the definition's order."""
        return self._store.rows(
            "SELECT * FROM workflow_steps WHERE run_uuid = ? ORDER BY position", (run_uuid,)
        )


def step_json(step: Mapping[str, Any]) -> dict[str, str]:
    """A step's state as it is sent."""
    return {
        "id": step["node_id"],
        "status": step["status"],
        "startedAt": step["started_at"],
        "completedAt": step["completed_at"],
    }


def hash_token(token: str) -> str:
    """How a callback token is kept."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
