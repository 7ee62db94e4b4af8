"""What the platform is told of a run: in order, once each, and later when it is down."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from pennsieve_agent.node.journal import Journal
from pennsieve_agent.node.node import Node
from pennsieve_agent.node.record import RunRecord
from pennsieve_agent.node.web import RUNS, Down, Refused, Web

log = logging.getLogger(__name__)

RUN = ""
_FINAL = {"SUCCEEDED", "FAILED", "CANCELED"}
_UNTOLD = "NOT_STARTED"


@dataclass(slots=True)
class Outbox:
    """The reports of one run. Queued ones are part of its record; sent ones are gone from it.

    A run of this node alone is reported to nobody.
    """

    node: Node
    journal: Journal
    record: RunRecord

    def run(self, status: str, reason: str = "", metrics: dict[str, Any] | None = None) -> None:
        """Say how the run is; nothing is said after its end."""
        told = self.record.told.get(RUN, ["", ""])
        if self.record.is_own or told[0] in _FINAL or told == [status, reason]:
            return
        if status == "STARTED" and told[0] not in {"", "STARTED"}:
            return
        body: dict[str, Any] = {"status": status, "timestamp": int(self.node.now())}
        body |= {"reason": reason} if reason or told[1] else {}
        body |= {"metrics": metrics} if metrics is not None else {}
        self._queue(RUN, status, reason, "/status", body)

    def step(self, step: str, status: str, reason: str) -> None:
        """Say how a step is; that it has not begun is not said."""
        told = self.record.told.get(step, [_UNTOLD, ""])
        if self.record.is_own or status == _UNTOLD or told == [status, reason] or told[0] in _FINAL:
            return
        body: dict[str, Any] = {"status": status, "timestamp": int(self.node.now())}
        body |= {"reason": reason} if reason else {}
        self._queue(step, status, reason, f"/processor/{quote(step, safe='')}/status", body)

    def _queue(self, who: str, status: str, reason: str, path: str, body: dict[str, Any]) -> None:
        self.record.told[who] = [status, reason]
        self.record.outbox.append({"path": path, "body": body})

    def flush(self) -> None:
        """Send what is queued, in order; what the platform refuses is not sent again."""
        if not self.record.outbox:
            return
        web = Web(self.node, self.record.run, self.journal.token(self.record.run))
        sent = 0
        try:
            for report in self.record.outbox:
                try:
                    path = f"{RUNS}/{self.record.run}{report['path']}"
                    web.ask("PUT", path, None, report["body"])
                except Refused as refused:
                    log.warning("run %s: a report was refused: %s", self.record.run, refused)
                sent += 1
        except Down as down:
            log.warning("run %s: Pennsieve is down: %s", self.record.run, down)
        if sent:
            del self.record.outbox[:sent]
            self.journal.write(self.record)
