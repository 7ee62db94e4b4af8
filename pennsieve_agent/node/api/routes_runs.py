"""Routes to start, see and cancel runs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from pennsieve_agent.node.api.request_handler import Problem, Reply, Request, Route, route
from pennsieve_agent.node.jobs.step_secrets import hidden_of
from pennsieve_agent.node.mail.subscriptions import mail_status
from pennsieve_agent.node.records.run_document import run_document, shown_summary
from pennsieve_agent.node.records.run_record import Phase, RunRecord
from pennsieve_agent.node.records.run_store import RUNS
from pennsieve_agent.node.runs import run_logs
from pennsieve_agent.node.runs.log_archive import archive_key, is_archived
from pennsieve_agent.node.runs.outputs import outputs_of
from pennsieve_agent.node.table import Items
from pennsieve_agent.node.wake_reconciler import wake

LINK_SECONDS = 900
MOST_RUNS, MOST_FILES = 200, 5000
_OVER = {Phase.CLEANING, Phase.REPORTING, Phase.DONE}
_SAME = ("workflow", "dataset", "caller", "status", "person", "batch")


def start(request: Request) -> Reply:
    """Start a run; the same request twice is one run."""
    # Most requests only look, and a cold start takes as long as what it loads.
    from pennsieve_agent.node.api.start_run import started  # noqa: PLC0415

    return started(request)


def check(request: Request) -> Reply:
    """Tell what hinders a run; nothing is started."""
    from pennsieve_agent.node.api.check_run import checked  # noqa: PLC0415 - as above

    return checked(request)


def list_runs(request: Request) -> Reply:
    """Runs, newest first; ``next`` goes on where a page ended."""
    limit = max(request.number("limit", 50, MOST_RUNS), 1)
    # One more than asked for tells whether there is another page.
    rows = list(islice(_listed(request), limit + 1))
    page = [shown_summary(row) for _, row in rows[:limit]]
    return 200, {"runs": page, "next": rows[limit - 1][0] if len(rows) > limit else ""}


def _listed(request: Request) -> Iterator[tuple[str, dict[str, Any]]]:
    since = _moment(request, "since")
    until = _moment(request, "until")
    ends = [end for end in (request.query.get("next", ""), until) if end]
    rows = Items(request.node).query(RUNS, before=min(ends, default=""), newest=True)
    for item in rows:
        key = str(item["sk"]["S"])
        if since and key < since:
            return
        row = json.loads(item["body"]["S"])
        if (request.is_owner or row["owner"] == request.caller.owner) and _fits(request, row):
            yield key, row


def _fits(request: Request, row: Mapping[str, Any]) -> bool:
    about = {
        "workflow": {row["workflow"].get("id"), row["workflow"].get("name")},
        "dataset": {row["dataset"]},
        "caller": {row["caller"], row["owner"]},
        "status": {row["status"]},
        "batch": {(row.get("batch") or {}).get(name, "") for name in ("id", "name")},
        "person": {str(value).casefold() for value in row["person"].values()},
    }
    for name in _SAME:
        filter_text = request.query.get(name, "")
        words = filter_text.casefold() if name == "person" else filter_text
        choice = set(words.split(",")) if name == "status" else {words}
        if filter_text and not choice & about[name]:
            return False
    return True


def _moment(request: Request, name: str) -> str:
    """A time of the query, ISO 8601 or unix seconds, as the list of runs is ordered by."""
    text = request.query.get(name, "")
    if not text:
        return ""
    try:
        if re.fullmatch(r"\d{1,11}(\.\d+)?", text):
            at = float(text)
        else:
            moment = datetime.fromisoformat(text)
            at = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except ValueError:
        raise Problem(
            400, "bad-query", f"{name} must be a time, such as 2026-11-28T12:00:00Z"
        ) from None
    return f"{int(max(at, 0) * 1000):015d}"


def show(request: Request, run: str) -> Reply:
    """Everything about a run but its files."""
    record = _record(request, run)
    document = run_document(record, request.node.settings)
    if record.kept:  # another run that goes on with them, or itself where they are deleted
        document["filesOf"] = request.store.holder_of_files(run)
    if record.mail:
        document["mail"] |= mail_status(request.node, document["mail"])
    return 200, {**document, "spent": _spent(request, record)}


def _spent(request: Request, record: RunRecord) -> float | None:
    """What a run has cost so far by estimate, in USD; null before it started."""
    if record.metrics:
        return round(record.cost, 6)
    if not record.started:
        return None
    # As above: what has ended or not begun needs none of it.
    from pennsieve_agent.node.runs.observe_jobs import limits_of  # noqa: PLC0415
    from pennsieve_agent.node.runs.run_costs import run_cost  # noqa: PLC0415

    return round(run_cost(record, limits_of(request.node), request.node.now()).total, 6)


def files(request: Request, run: str) -> Reply:
    """The input files of a run."""
    rows = request.store.start_of(_record(request, run)).get("files") or []
    return 200, _page(request, rows)


def outputs(request: Request, run: str) -> Reply:
    """The files that a run has delivered."""
    return 200, _page(request, outputs_of(request.node, _record(request, run).run))


def _page(request: Request, rows: list[dict[str, Any]]) -> dict[str, Any]:
    begin = request.number("next", 0, len(rows))
    limit = max(request.number("limit", 1000, MOST_FILES), 1)
    end = begin + limit
    return {"files": rows[begin:end], "next": str(end) if end < len(rows) else ""}


def log_lines(request: Request, run: str) -> Reply:
    """A page of a run's log."""
    record = _record(request, run)
    query = request.query
    reading = run_logs.LogReading(
        request.node,
        record,
        query.get("step", ""),
        request.number("since", 0, 10**15),
        request.number("until", 0, 10**15),
        request.number("attempt", 0, 10**3),
        query.get("word", ""),
    )
    if last := request.number("tail", 0, run_logs.MOST_TAIL):
        return 200, reading.last(last, hidden_of(request.node, record))
    limit = request.number("limit", run_logs.MOST_LINES, run_logs.MOST_LINES)
    try:
        page = reading.page(limit, query.get("next", ""), hidden_of(request.node, record))
    except ValueError:
        raise Problem(400, "bad-query", "next is not a token of this log") from None
    return 200, page


def archive(request: Request, run: str) -> Reply:
    """A link to the whole log of a run that has ended."""
    record = _record(request, run)
    if record.phase not in _OVER:
        raise Problem(404, "not-ended", "the log is available when the run has ended")
    if not is_archived(record):
        wake(request.node, (run,), "archive")
        text = "the archive of this log is not ready yet; ask for it again in a few minutes"
        raise Problem(404, "not-archived", text)
    url = request.node.client("s3").generate_presigned_url(
        "get_object",
        Params={"Bucket": request.node.settings.bucket, "Key": archive_key(run)},
        ExpiresIn=LINK_SECONDS,
    )
    return 200, {"url": url}


def cancel(request: Request, run: str) -> Reply:
    """End a run."""
    record = _record(request, run)
    if record.phase in _OVER:
        raise Problem(409, "ended", f"the run has ended: {record.outcome}")
    request.store.ask_cancel(run)
    wake(request.node, (run,))
    return 202, {"run": run}


def _record(request: Request, run: str) -> RunRecord:
    """A run that the caller may see; others do not exist for him."""
    record = request.store.read(run)
    if record is None or not request.may_see(record):
        raise Problem(404, "no-such-run", "this node has no such run of yours")
    return record


ROUTES: tuple[Route, ...] = (
    route("POST", "/runs", start),
    route("POST", "/checks", check),
    route("GET", "/runs", list_runs),
    route("GET", "/runs/{}", show),
    route("GET", "/runs/{}/files", files),
    route("GET", "/runs/{}/outputs", outputs),
    route("GET", "/runs/{}/logs", log_lines),
    route("GET", "/runs/{}/archive", archive),
    route("POST", "/runs/{}/cancel", cancel),
)
