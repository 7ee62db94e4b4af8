"""Lists of runs that stay quick with many of them (``contracts/workflows.md`` 3.3)."""

from __future__ import annotations

from pennsieve_agent.sandbox.compute import compute_answers
from pennsieve_agent.sandbox.compute.neighbour_protocols import Members
from pennsieve_agent.sandbox.compute.paging import cursor_of, limit_of
from pennsieve_agent.sandbox.compute.runs.run_json import run_item
from pennsieve_agent.sandbox.compute.times import parse, rfc3339
from pennsieve_agent.sandbox.host.store import Store
from pennsieve_agent.sandbox.http.routing import Request, Response

# No graphs and requests: they are what is big in a run, and no list shows them.
_COLUMNS = (
    "seq, uuid, name, status, workflow_uuid, workflow_name, node_uuid, dataset_id,"
    " organization_id, created_by, created_at, started_at, completed_at"
)


class RunList:
    """Pages of the runs of a workspace, or of one's personal runs; newest first."""

    def __init__(self, store: Store, members: Members) -> None:
        self._store = store
        self._members = members

    def page(self, request: Request) -> Response:
        """The page that the request asks for.

        Raises:
            Refusal: 403, not a member; 400, a filter that is none.

        """
        caller, organization = request.caller, request.query.get("organization_id", "")
        if organization and not self._members.org_role(caller.user_id, organization):
            raise compute_answers.message(403, compute_answers.FORBIDDEN)
        limit = limit_of(request)
        status = request.query.get("status", "").upper()
        filters = {
            "organization_id = ?": organization,
            "created_by = ?": "" if organization else caller.user_id,
            "status = ?": "CANCELED" if status == "CANCELLED" else status,
            "workflow_uuid = ?": request.query.get("workflow_id", ""),
            "created_at >= ?": date_of(request, "start_date"),
            "created_at <= ?": date_of(request, "end_date"),
        }
        # Only what is asked for, so that an index fits; the workspace is always asked for.
        chosen = {k: v for k, v in filters.items() if v or k == "organization_id = ?"}
        where = " AND ".join([*chosen, "seq < ?"])
        rows = self._store.rows(
            f"SELECT {_COLUMNS} FROM workflow_runs WHERE {where}"  # noqa: S608 - our own words
            " ORDER BY seq DESC LIMIT ?",
            [*chosen.values(), cursor_of(request, 2**62), limit + 1],
        )
        page = rows[:limit]
        cursor = str(page[-1]["seq"]) if len(rows) > limit else ""
        return Response(200, {"runs": [run_item(row) for row in page], "nextCursor": cursor})


def date_of(request: Request, name: str) -> str:
    """A date of the query, as runs have theirs; empty when it is not there.

    Raises:
        Refusal: 400, it is not a date.

    """
    text = request.query.get(name, "")
    if not text:
        return ""
    seconds = parse(text.replace(" ", "+"))
    if seconds is None:
        raise compute_answers.message(400, f"invalid {name}")
    return rfc3339(seconds)
