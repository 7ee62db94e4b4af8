"""Runs: start, list, follow, cancel (v2, ``contracts/workflows.md`` 3)."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from itertools import islice

from pennsieve_agent.domain.metrics import RunMetrics
from pennsieve_agent.domain.run_filter import EVERY_RUN, RunFilter
from pennsieve_agent.domain.runs import LogMessage, Run, RunRequest, RunState, RunStatus
from pennsieve_agent.domain.workflows import StepKind
from pennsieve_agent.errors import NotFound, PlatformError, Unreachable, UsageProblem
from pennsieve_agent.platform.http.decode import Fields, parse, records
from pennsieve_agent.platform.http.eventually import look
from pennsieve_agent.platform.http.failures import clean
from pennsieve_agent.platform.http.paging import by_cursor
from pennsieve_agent.platform.http.surface import Surface, segment
from pennsieve_agent.platform.http.times import milliseconds
from pennsieve_agent.platform.workflows.run_codec import decode_run, decode_state, encode_request

# Named here because inside the class below "list" is the method.
_Messages = list[LogMessage]

_RUNS = "/compute/workflows/runs"
_PAGE = 100
_LIST_HINT = "it may have started nevertheless; check with: pennsieve run list"


class Runs:
    """The runs of a workspace, those of other members included."""

    def __init__(
        self, v2: Surface, workspace_id: Callable[[], str], sleep: Callable[[float], None]
    ) -> None:
        self._v2 = v2
        self._workspace_id = workspace_id
        self._sleep = sleep

    def start(self, request: RunRequest) -> Run:
        """Start a run, once.

        Route: POST v2 /compute/workflows/runs
        Route: GET v2 /compute/workflows/runs/{id}
        Route: GET v2 /compute/workflows/runs

        The session's refresh token is sent along: without it the run's own session ends after 60
        minutes (``contracts/workflows.md`` 3.1 and 5.5). The platform hands it to the containers
        (section 8, trap 8), so the user is warned before.

        Raises:
            UsageProblem: the workflow has a data source and no package was chosen (trap 28).
            Unreachable: the answer was lost, and the run may or may not have started.

        """
        if request.workflow.of_kind(StepKind.SOURCE) and not request.package_ids:
            raise UsageProblem(
                "the workflow reads data, but no file or folder was chosen",
                hint="choose some with --files",
            )
        try:
            reply = self._v2.post_record(_RUNS, encode_request(request), with_refresh_token=True)
        except Unreachable as error:
            raise Unreachable(error.message, where=error.where, hint=_LIST_HINT) from None
        uuid = reply.text("uuid", "executionRunId", "id", "runId")
        if not uuid:
            run = look(lambda: self._find(request), self._sleep)
            if run is None:
                raise PlatformError(
                    "Pennsieve accepted the run but does not show it yet",
                    where=reply.where,
                    hint="check with: pennsieve run list",
                )
            return run
        if reply.text("status") and reply.text("uuid"):
            return decode_run(reply, request=request)
        try:
            return self.get(uuid)
        except NotFound:  # accepted, and not readable yet
            return decode_run(Fields({"uuid": uuid}, reply.where), request=request)

    def _find(self, request: RunRequest) -> Run | None:
        """The newest run that is what was asked for; one without a start is the newest."""
        organization_id = request.workflow.organization_id or self._workspace_id()
        same = [
            run
            for run in self.list(organization_id, workflow_id=request.workflow.uuid)
            if not run.status.is_final
            and run.workflow_uuid in {request.workflow.uuid, ""}
            and run.node_uuid in {request.node_uuid, ""}
            and run.dataset_id in {request.dataset_id, ""}
            and (not request.name or run.name in {request.name, ""})
        ]
        return max(same, key=lambda run: run.created_at or run.started_at or "~", default=None)

    def list(
        self,
        organization_id: str,
        *,
        workflow_id: str | None = None,
        status: RunStatus | None = None,
        limit: int | None = None,
        only: RunFilter = EVERY_RUN,
    ) -> Iterator[Run]:
        """Runs in the platform's order, which is none; at most ``limit``.

        Route: GET v2 /compute/workflows/runs

        Those of a list may come without steps.

        Raises:
            UsageProblem: ``limit`` is negative.

        """
        if limit is not None and limit < 0:
            raise UsageProblem("the number of runs must be at least 1", hint="ask for 1 or more")
        page_size = _PAGE if limit is None else max(1, min(limit, _PAGE))

        def fetch(cursor: str) -> tuple[list[Fields], str]:
            # Filters are forgotten between pages, so they go along with the cursor (3.3).
            query = {
                "organization_id": organization_id,
                "workflow_id": workflow_id,
                "status": None if status is None else status.value,
                "start_date": only.since or None,
                "end_date": only.until or None,
                "limit": page_size,
                "cursor": cursor or None,
            }
            answer = self._v2.call("GET", _RUNS, query=query)
            page = parse(answer)
            if not isinstance(page, dict):
                return records(page, answer.where), ""
            fields = Fields(page, answer.where)
            return fields.records("runs"), fields.text("nextCursor")

        runs = (decode_run(item) for item in by_cursor(fetch))
        matching = (r for r in runs if (status is None or r.status is status) and only.takes(r))
        return islice(matching, min(limit, sys.maxsize)) if limit is not None else matching

    def get(self, uuid: str) -> Run:
        """One run with its steps and how far they are.

        Route: GET v2 /compute/workflows/runs/{id}

        Raises:
            NotFound: there is none, also when the platform says so by 200 and next to nothing.

        """
        item = self._record(uuid, "")
        known = any(item.raw(name) for name in ("status", "workflowUuid", "datasetId", "dag"))
        if not item.text("uuid") or not known:
            raise _no_run(uuid, item.where)
        return decode_run(item)

    def state(self, uuid: str) -> RunState:
        """How far a run and its steps are.

        Route: GET v2 /compute/workflows/runs/{id}/status

        Raises:
            NotFound: there is no such run.

        """
        item = self._record(uuid, "/status")
        if not item.text("status"):
            raise _no_run(uuid, item.where)
        return decode_state(item)

    def logs(self, uuid: str, step_id: str) -> _Messages:
        """All log lines of a step so far, in the platform's order; there is no paging.

        Route: GET v2 /compute/workflows/runs/{id}/logs
        """
        item = self._record(uuid, "/logs", {"nodeId": step_id})
        return [
            LogMessage(
                timestamp=milliseconds(row.raw("timestamp", "utcTime", "ingestionTime")) or 0,
                message=row.text("message").rstrip("\r\n"),
            )
            for row in item.records("messages")
        ]

    def log_archive(self, uuid: str) -> str:
        """The address of a zip with all logs and the run's configuration; valid for a short time.

        Route: GET v2 /compute/workflows/runs/{id}/logs

        The only complete form of the logs (trap 30).

        Raises:
            NotFound: there is none yet, or no such run.

        """
        reply = self._record(uuid, "/logs", {"format": "zip"})
        if address := reply.text("url"):
            return address
        raise NotFound("there is no archive of the logs of this run yet", where=reply.where)

    def metrics(self, uuid: str) -> RunMetrics | None:
        """What a run took; None before the platform counted it, which is when it is finalized.

        Route: GET v2 /compute/workflows/runs/{id}
        """
        from pennsieve_agent.platform.compute.metrics import (  # noqa: PLC0415 - few commands ask for it
            decode_run_metrics,
        )

        return decode_run_metrics(self._record(uuid, ""))

    def cancel(self, uuid: str) -> None:
        """Ask for a run to be cancelled; it is CANCELING, then CANCELED.

        Route: POST v2 /compute/workflows/runs/{id}/cancel

        Raises:
            Conflict: it has ended already.

        """
        self._v2.call("POST", f"{_RUNS}/{segment(uuid)}/cancel")

    def _record(self, uuid: str, below: str, query: dict[str, str] | None = None) -> Fields:
        answer = self._v2.call("GET", f"{_RUNS}/{segment(uuid)}{below}", query=query)
        value = parse(answer) if answer.body.strip() else None
        return Fields({} if value is None else value, answer.where)


def _no_run(uuid: str, where: str) -> NotFound:
    return NotFound(
        f"there is no run {clean(uuid)}", where=where, hint="list them with: pennsieve run list"
    )
