"""Sending a batch to a node that Pennsieve runs: run by run, each once.

Pennsieve tells no rate for its API (``contracts/core.md``), so runs are sent one after the other,
with a pause, and a request to slow down is obeyed. Each is written down before it is sent and when
it is answered; one whose answer was lost is looked for by its name before it is sent again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from pennsieve_agent.domain.runs import RunStatus
from pennsieve_agent.errors import Invalid, NotFound, RateLimited, Unreachable
from pennsieve_agent.services.batches.pennsieve_document import Sent, changed, request_of
from pennsieve_agent.services.runs.run_versions import on_pennsieve

if TYPE_CHECKING:
    from pennsieve_agent.domain.workflows import Workflow
    from pennsieve_agent.platform.client import Platform

SEND_SECONDS = 0.2
"""Between two starts: five a second."""
LOOK_SECONDS = 5.0
"""Between two looks at what is active."""
SLOW_SECONDS = 30.0
"""After a request to slow down that the HTTP client could not wait out."""
ACTIVE = (RunStatus.NOT_STARTED, RunStatus.STARTED, RunStatus.FINALIZING, RunStatus.CANCELING)


class Journal(Protocol):
    """Where it is written down what was sent."""

    def note(self, event: Mapping[str, Any]) -> None:
        """Write down what happened."""
        ...


@dataclass
class Sender:
    """Sends what was not sent. ``events`` are those of the journal so far."""

    platform: Platform
    document: Mapping[str, Any]
    events: list[dict[str, Any]]
    journal: Journal
    sleep: Callable[[float], None]
    is_cancelled: Callable[[], bool] = lambda: False
    sent: Sent = field(init=False)
    _active: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Read what was sent before."""
        self.sent = Sent.of(self.events)

    def waiting(self) -> list[Mapping[str, Any]]:
        """The rows that have no run and were not skipped, as they are to be sent."""
        done = self.sent.done
        return [row for row in self._rows() if row["subject"] not in done]

    def _rows(self) -> Iterator[Mapping[str, Any]]:
        """All rows, each as its newest attempt has it."""
        for row in self.document["runs"]:
            yield self.sent.attempt(row["subject"]).of_row(row)

    def send(self) -> Iterator[int]:
        """Send all that waits, while fewer than ``parallel`` are active; how many have a run.

        Raises:
            AgentError: Pennsieve cannot be reached or refuses; what was sent is written down.
        """
        rows = self.waiting()
        if not rows:
            return
        workflow = self.platform.workflows.get(self.document["workflow"]["id"])
        if versions := self.document.get("versions"):
            workflow = on_pennsieve(workflow, versions, self.platform.applications.image)
        self._skip_changed(rows)
        self._find_lost()
        if self.sent.runs:
            self._look()
        for row in self.waiting():
            while not self.is_cancelled() and len(self._active) >= self.document["parallel"]:
                self.sleep(LOOK_SECONDS)
                self._look()
            if self.is_cancelled():
                return
            self._send(row, workflow)
            yield len(self.sent.runs)
            self.sleep(SEND_SECONDS)

    def _send(self, row: Mapping[str, Any], workflow: Workflow) -> None:
        subject = row["subject"]
        self.journal.note({"subject": subject, "sending": True})
        self.sent.maybe.add(subject)
        while True:
            try:
                run = self.platform.runs.start(request_of(self.document, row, workflow))
            except RateLimited:
                self.sleep(SLOW_SECONDS)
            except Unreachable:
                self._find_lost()  # where Pennsieve is away, this says so
                if subject in self.sent.runs:
                    return
                raise
            except (Invalid, NotFound) as error:
                self._skipped(subject, error.message)
                return
            else:
                self._has(subject, run.uuid)
                return

    def _find_lost(self) -> None:
        """Look for runs by their names whose answers were lost."""
        if not self.sent.maybe:
            return
        names = {row["name"]: row["subject"] for row in self._rows()}
        for run in self.platform.runs.list(
            self.platform.workspace_id(), workflow_id=self.document["workflow"]["id"]
        ):
            subject = names.get(run.name, "")
            if subject in self.sent.maybe:
                self._has(subject, run.uuid)

    def _skip_changed(self, rows: list[Mapping[str, Any]]) -> None:
        """Leave out subjects whose files are not those that were chosen, after a pause."""
        if not self.events:
            return
        files = {f.path: f for f in self.platform.datasets.files(self.document["dataset"])}
        for row in rows:
            if why := changed(row, files):
                self._skipped(row["subject"], why)

    def _look(self) -> None:
        """Which of the runs are active; those of the workflow alone are read."""
        mine = set(self.sent.runs.values())
        workspace, workflow = self.platform.workspace_id(), self.document["workflow"]["id"]
        self._active = {
            run.uuid
            for status in ACTIVE
            for run in self.platform.runs.list(workspace, workflow_id=workflow, status=status)
            if run.uuid in mine
        }

    def _has(self, subject: str, run: str) -> None:
        self.journal.note({"subject": subject, "run": run})
        self.sent.runs[subject] = run
        self.sent.maybe.discard(subject)
        self._active.add(run)

    def _skipped(self, subject: str, why: str) -> None:
        self.journal.note({"subject": subject, "skipped": why})
        self.sent.skipped[subject] = why
        self.sent.maybe.discard(subject)
