"""The runs of one own node (protocol 1)."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from pennsieve_agent.domain.datasets import DataFile
from pennsieve_agent.domain.figures import total
from pennsieve_agent.domain.log_filter import ALL_LINES, LogFilter
from pennsieve_agent.domain.log_follower import LogWindow
from pennsieve_agent.domain.run_filter import RunQuery
from pennsieve_agent.domain.run_results import Delivered, own_folder
from pennsieve_agent.domain.runs import (
    LogMessage,
    OutputFile,
    Run,
    RunDetails,
    RunInput,
    RunState,
    RunStatus,
    StepState,
    seconds_between,
)
from pennsieve_agent.errors import NotFound
from pennsieve_agent.platform.http.decode import Fields
from pennsieve_agent.services.nodes.node_documents import decode_run, decode_state
from pennsieve_agent.services.side_by_side import side_by_side

if TYPE_CHECKING:
    from pennsieve_agent.domain.metrics import Counters, Period, RunMetrics
    from pennsieve_agent.domain.node_calls import NodeCalls
    from pennsieve_agent.domain.own_node import OwnNode
    from pennsieve_agent.domain.receipt.context import Stated

PAGE = 200
"""The most that a node answers at once."""


class NodeRuns:
    """The runs of an own node that its user may see: all for the owner, his own for others."""

    def __init__(
        self, node: OwnNode, calls: NodeCalls, now: Callable[[], float] = time.time
    ) -> None:
        self.node = node
        self._calls, self._now = calls, now
        self._windows: dict[str, LogWindow] = {}

    @property
    def token(self) -> str:
        """The node's id."""
        return self.node.token

    @property
    def name(self) -> str:
        """The node's name."""
        return self.node.name

    def newest(self, query: RunQuery) -> list[Run]:
        """The newest runs that fit, newest first."""
        return list(self._pages(query))

    def get(self, run_id: str) -> Run:
        """One run with all that is known of it.

        Raises:
            NotFound: the node has no such run, or it is somebody else's.
        """
        return self._named(decode_run(self._ask(f"/runs/{run_id}"), self._where))

    def state(self, run_id: str) -> RunState:
        """The state of a run and its steps."""
        return decode_state(self._ask(f"/runs/{run_id}"), self._where)

    def new_lines(
        self, run_id: str, steps: Sequence[StepState], only: LogFilter = ALL_LINES
    ) -> Iterator[Sequence[LogMessage]]:
        """Lines that were not answered before, page by page, by time; one call for all steps.

        Lines of the last minute are read again, as AWS may make them readable late and out of
        order (Amazon CloudWatch Logs, "FilterLogEvents").
        """
        names = {step.id for step in steps}
        window = self._windows.setdefault(run_id, LogWindow())
        since = max(window.begin(), only.since)
        for page in self._log_pages(run_id, steps, replace(only, since=since)):
            yield window.fresh(line for line in page if line.step in names)

    def _log_pages(
        self, run_id: str, steps: Sequence[StepState], only: LogFilter, tail: int = 0
    ) -> Iterator[list[LogMessage]]:
        step = steps[0].id if len(steps) == 1 else ""
        numbers = {
            "since": only.since,
            "until": only.until,
            "attempt": only.attempt,
            "tail": tail,
        }
        query = {name: str(number) for name, number in numbers.items() if number}
        for page in self._pages_of(f"/runs/{run_id}/logs", step=step, word=only.word, **query):
            yield [_message(row, step) for row in page.records("messages")]

    def last_lines(
        self, run_id: str, steps: Sequence[StepState], count: int, only: LogFilter = ALL_LINES
    ) -> Sequence[LogMessage]:
        """The last lines of these steps; of a long log, what is before is not read.

        An older node answers all of it, and any node all that may fit a pattern.
        """
        only = replace(only, is_followed=False)
        tail = 0 if only.pattern else count
        names = {step.id for step in steps}
        lines: deque[LogMessage] = deque(maxlen=count)
        for page in self._log_pages(run_id, steps, only, tail):
            lines.extend(line for line in only.lines(page) if line.step in names)
        return list(lines)

    def log_archive(self, run_id: str) -> str:
        """The address of a zip with all logs.

        Raises:
            NotFound: there is none yet.
        """
        if address := Fields(dict(self._ask(f"/runs/{run_id}/archive")), self._where).text("url"):
            return address
        raise NotFound("there is no archive of the logs of this run yet")

    def input(self, run: Run) -> RunInput:
        """The files that this run was started with; none where it was started by packages alone."""
        details = run.details or RunDetails()
        files = tuple(
            DataFile(
                row.text("package"),
                row.need_text("path"),
                row.integer("size"),
                row.text("checksum"),
            )
            for row in self._rows(f"/runs/{run.uuid}/files", "files")
        )
        return RunInput(files or None, details.input_count, details.input_bytes, is_recorded=True)

    def outputs(self, run: Run) -> Sequence[OutputFile]:
        """The files that this run delivered, by path."""
        files = [
            OutputFile(
                row.need_text("path"),
                row.integer("size"),
                row.text("package"),
                row.text("sha256"),
            )
            for row in self._rows(f"/runs/{run.uuid}/outputs", "files")
        ]
        return sorted(files, key=lambda file: file.path)

    def receipt(self, run: Run, stated: Stated) -> dict[str, Any]:
        """The receipt of a run, of all that the node keeps of it."""
        from pennsieve_agent.domain.receipt.node_run import (  # noqa: PLC0415 - few ask for it
            receipt_of,
        )

        return receipt_of(self._ask(f"/runs/{run.uuid}"), stated)

    def delivered(self, dataset_id: str, has: Callable[[str], bool]) -> Delivered:
        """What the runs that are shown wrote to a dataset.

        What a run wrote to a folder that somebody chose may lie beside other files, so it is asked.
        """
        runs = self.newest(RunQuery(dataset=dataset_id))
        folders = {run.details.folder for run in runs if run.details} & {
            own_folder(run.name) for run in runs
        }
        elsewhere = [
            run
            for run in runs
            if run.details and run.details.folder not in folders and has(run.details.folder)
        ]
        written = side_by_side([partial(self.outputs, run) for run in elsewhere])
        packages = {file.package_id for files in written for file in files if file.package_id}
        return Delivered(frozenset(folders), frozenset(packages))

    def metrics(self, run_id: str) -> RunMetrics | None:
        """What a run took; None before it has ended."""
        from pennsieve_agent.platform.compute.metrics import (  # noqa: PLC0415 - few ask for it
            decode_run_metrics,
        )

        return decode_run_metrics(Fields(dict(self._ask(f"/runs/{run_id}")), self._where))

    def counters(self, period: Period, workflow_id: str) -> Counters:
        """Totals, counted here from all runs that the node shows."""
        from pennsieve_agent.domain.metrics import (  # noqa: PLC0415 - few commands need them
            Counters,
            Period,
        )

        since = ""
        if days := {Period.YEAR: 365, Period.MONTH: 30}.get(period):
            at = datetime.fromtimestamp(self._now(), UTC) - timedelta(days=days)
            since = at.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
        runs = self.newest(RunQuery(workflow=workflow_id, since=since))
        ended = [run.status for run in runs]
        # A run that goes on has no cost yet, which does not hide that of the others.
        costs = [
            run.details.cost
            for run in runs
            if run.details and (run.status.is_final or run.details.cost is not None)
        ]
        return Counters(
            total=len(runs),
            succeeded=ended.count(RunStatus.SUCCEEDED),
            failed=ended.count(RunStatus.FAILED),
            canceled=ended.count(RunStatus.CANCELED),
            seconds=sum(seconds_between(run.started_at, run.completed_at) or 0.0 for run in runs),
            cost=total(costs),
        )

    def cancel(self, run_id: str) -> None:
        """Ask for a run to be cancelled.

        Raises:
            Conflict: it has ended already.
        """
        self._call("POST", f"/runs/{run_id}/cancel")

    @property
    def _where(self) -> str:
        return f"compute node '{self.node.name}'"

    def _pages(self, query: RunQuery) -> Iterator[Run]:
        most = query.limit
        filters = {
            "status": query.status.value if query.status else "",
            "workflow": query.workflow,
            "dataset": query.dataset,
            "person": query.person.email if query.person else "",
            "since": query.since,
            "until": query.until,
            "batch": query.batch,
            "limit": str(PAGE if most is None else max(1, min(most, PAGE))),
        }
        rows = self._rows("/runs", "runs", **filters)
        for row in islice(rows, most):  # which asks for no page more than it needs
            yield self._named(decode_run(row.plain(), self._where))

    def _rows(self, path: str, name: str, **query: str) -> Iterator[Fields]:
        """All rows of a listing, page by page."""
        for page in self._pages_of(path, **query):
            yield from page.records(name)

    def _pages_of(self, path: str, **query: str) -> Iterator[Fields]:
        token = ""
        while True:
            page = Fields(dict(self._ask(path, **query, next=token)), self._where)
            yield page
            before, token = token, page.text("next")
            if not token or token == before:
                return

    def _ask(self, path: str, **query: str) -> Mapping[str, Any]:
        return self._call("GET", path, {k: v for k, v in query.items() if v})

    def _call(
        self, method: str, path: str, query: Mapping[str, str] | None = None
    ) -> Mapping[str, Any]:
        return self._calls.ask(method, path, query or {}, admin=self.node.is_owned)

    def _named(self, run: Run) -> Run:
        return replace(
            run,
            node_uuid=self.node.token,
            node_name=self.node.name,
            organization_id=self.node.organization_id,
        )


def _message(row: Fields, step: str) -> LogMessage:
    text = row.text("message").rstrip("\r\n")
    return LogMessage(row.integer("timestamp") or 0, text, row.text("step") or step)
