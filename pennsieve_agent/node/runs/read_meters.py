"""What the meters of a run's steps have said, read from the ends of their logs."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from pennsieve_agent.domain.measured import Measured
from pennsieve_agent.node.node import Node
from pennsieve_agent.node.records.run_record import RunRecord
from pennsieve_agent.node.records.run_store import RunStore

log = logging.getLogger(__name__)

MOST_READS = 3
"""How often the log of an attempt is looked at: CloudWatch has a line some seconds after it was
written, and a meter that was killed has said nothing."""
_LINES = 5


def read_meters(node: Node, store: RunStore, record: RunRecord) -> None:
    """Note what was measured of attempts that have ended.

    It does not fail, and whoever is killed in it again and again gives it up.
    """
    rows = [row for job in record.work for row in (*job.past, *job.attempts) if _is_due(row)]
    if not rows:
        return
    for row in rows:
        row["reads"] = row.get("reads", 0) + 1
    store.write(record)
    for row in rows:
        row["measured"] = _measured(node, str(row["meter"]))


def _is_due(row: Mapping[str, Any]) -> bool:
    is_read = row.get("measured") is not None or row.get("reads", 0) >= MOST_READS
    return bool(row.get("meter")) and not is_read


def _measured(node: Node, stream: str) -> dict[str, Any] | None:
    try:
        answer = node.client("logs").get_log_events(
            logGroupName=node.settings.log_group,
            logStreamName=stream,
            startFromHead=False,
            limit=_LINES,
        )
    except Exception:  # what was measured is not worth a run
        log.exception("the meter's log %s cannot be read", stream)
        return None
    for event in reversed(answer.get("events") or ()):
        if (used := measured_in(str(event.get("message")))) is not None:
            return used.document()
    return None


def measured_in(line: str) -> Measured | None:
    """What a line of a meter says; None where it is another line."""
    try:
        document = json.loads(line)
    except ValueError:
        return None
    return Measured.of(document.get("measured")) if isinstance(document, dict) else None
