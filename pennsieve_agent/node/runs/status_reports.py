"""Status reports of a run to Pennsieve: in order, once each, and later when it is down."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from urllib.parse import quote

from pennsieve_agent.node.identity.pennsieve_api import RUNS, Down, Refused
from pennsieve_agent.node.identity.user_session import as_person
from pennsieve_agent.node.node import Node
from pennsieve_agent.node.records.run_record import RunRecord
from pennsieve_agent.node.records.run_store import RunStore

log = logging.getLogger(__name__)

RUN = ""
_FINAL = {"SUCCEEDED", "FAILED", "CANCELED"}
_NOT_STARTED = "NOT_STARTED"


@dataclass(slots=True)
class StatusReports:
    """The reports of one run. Queued ones are part of its record; sent ones are gone from it.

    A run of this node alone is reported to nobody.
    """

    node: Node
    store: RunStore
    record: RunRecord

    def run(self, status: str) -> None:
        """Say how the run is; nothing is said after its end."""
        last = self.record.reported.get(RUN, "")
        if last not in _FINAL and last != status and not (status == "STARTED" and last):
            self._queue(RUN, status, "/status")

    def step(self, step: str, status: str) -> None:
        """Say how a step is; that it has not begun is not said."""
        last = self.record.reported.get(step, _NOT_STARTED)
        if status not in {_NOT_STARTED, last} and last not in _FINAL:
            self._queue(step, status, f"/processor/{quote(step, safe='')}/status")

    def _queue(self, who: str, status: str, path: str) -> None:
        if not self.record.is_own:
            self.record.reported[who] = status
            body = {"status": status, "timestamp": int(self.node.now())}
            self.record.outbox.append({"path": path, "body": body})

    def flush(self) -> None:
        """Send what is queued, in order; what the platform refuses is not sent again."""
        if not self.record.outbox:
            return
        sent = 0
        try:
            web = as_person(self.node, self.store, self.record.run)
            for report in self.record.outbox:
                try:
                    path = f"{RUNS}/{self.record.run}{report['path']}"
                    web.ask("PUT", path, None, report["body"])
                except Refused as refused:
                    log.warning("run %s: a report was refused: %s", self.record.run, refused)
                sent += 1
        except Down as down:
            log.warning("run %s: Pennsieve is down: %s", self.record.run, down)
        except Exception:  # what cannot be said now neither holds a run up nor is forgotten
            log.exception("run %s: a report cannot be sent now", self.record.run)
        if sent:
            del self.record.outbox[:sent]
            self.store.write(self.record)
