"""Starting and reading runs (``contracts/workflows.md`` 3.1 to 3.5)."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

from pennsieve_agent.sandbox.compute import answers
from pennsieve_agent.sandbox.compute.bodies import BadBody, read
from pennsieve_agent.sandbox.compute.dag import BadGraph
from pennsieve_agent.sandbox.compute.definitions import BAD_BODY, ROOT, may_read
from pennsieve_agent.sandbox.compute.paging import cursor_of, limit_of
from pennsieve_agent.sandbox.compute.records import find_run
from pennsieve_agent.sandbox.compute.run_checks import Approved, RunChecks, active_row
from pennsieve_agent.sandbox.compute.run_json import run_item, run_json, status_json
from pennsieve_agent.sandbox.compute.run_log import RunLog
from pennsieve_agent.sandbox.compute.run_order import RunOrder, read_order
from pennsieve_agent.sandbox.compute.run_states import RunStates
from pennsieve_agent.sandbox.compute.seams import Members
from pennsieve_agent.sandbox.compute.times import parse, rfc3339
from pennsieve_agent.sandbox.http import Caller, Request, Response, Route, Scheme
from pennsieve_agent.sandbox.store import Row
from pennsieve_agent.sandbox.world import World

RUNS = f"{ROOT}/runs"
NO_RUN = "run not found"
MAX_NAME = 200
_INSERT = (
    "INSERT INTO workflow_runs (uuid, name, status, workflow_uuid, workflow_name, node_uuid,"
    " dataset_id, organization_id, org_int_id, created_by, user_int_id, email, created_at, dag,"
    " request) VALUES (:uuid, :name, :status, :workflow_uuid, :workflow_name, :node_uuid,"
    " :dataset_id, :organization_id, :org_int_id, :created_by, :user_int_id, :email, :created_at,"
    " :dag, :request)"
)


def readable_run(request: Request, world: World, members: Members) -> Row:
    """The run of the path, if the caller may read it.

    Raises:
        Refusal: 404, there is none, or it is hidden from the caller.

    """
    run = find_run(world.store, request.params["id"])
    caller = request.caller
    if run is None or caller.run_id not in {None, run["uuid"]}:
        raise answers.message(404, NO_RUN)
    if not may_read(members, caller, run):
        raise answers.message(404, NO_RUN)
    return run


class Runs:
    """Start, list, show, status and logs. ``queue`` is told the uuid of a new run."""

    def __init__(
        self, world: World, members: Members, checks: RunChecks, queue: Callable[[str], None]
    ) -> None:
        self._world = world
        self._store = world.store
        self._members = members
        self._checks = checks
        self._queue = queue
        self._states = RunStates(world.store, world.now)

    def routes(self) -> list[Route]:
        """The routes."""
        return [
            Route("POST", RUNS, Scheme.USER, self.start),
            Route("GET", RUNS, Scheme.USER, self.list_all),
            Route("GET", f"{RUNS}/<id>", Scheme.USER, self.show),
            Route("GET", f"{RUNS}/<id>/status", Scheme.USER, self.status),
        ]

    def start(self, request: Request) -> Response:
        """Check the order, store the run and queue it."""
        caller = request.caller
        if caller.run_id is not None:
            raise answers.message(403, answers.FORBIDDEN)  # a run starts no runs
        try:
            order = read_order(read(request))
        except BadBody:
            raise answers.message(400, BAD_BODY) from None
        except BadGraph as problem:
            raise answers.message(400, str(problem)) from None
        if len(order.name) > MAX_NAME:
            raise answers.message(400, f"name is longer than {MAX_NAME} characters")
        uuid = self._insert(caller, order, self._checks.approve(caller, order))
        self._queue(uuid)
        run = find_run(self._store, uuid)
        return Response(201, run_json(run, self._states.steps(uuid)) if run else None)

    def _insert(self, caller: Caller, order: RunOrder, approved: Approved) -> str:
        uuid, now = str(uuid4()), rfc3339(self._world.now())
        values = {
            **active_row(order, approved),
            "uuid": uuid,
            "name": order.name.strip() or f"run-{now}",
            "org_int_id": caller.org_int_id,
            "created_by": caller.user_id,
            "user_int_id": caller.user_int_id,
            "email": caller.email,
            "created_at": now,
        }
        with self._store.transaction():
            self._store.execute(_INSERT, values)
            self._store.execute_many(
                "INSERT INTO workflow_steps (run_uuid, node_id, position, status)"
                " VALUES (?, ?, ?, 'NOT_STARTED')",
                [(uuid, node["id"], place) for place, node in enumerate(approved.dag)],
            )
        return uuid

    def list_all(self, request: Request) -> Response:
        """The runs of a workspace, or the caller's personal ones; newest first."""
        caller, organization = request.caller, request.query.get("organization_id", "")
        if organization and not self._members.org_role(caller.user_id, organization):
            raise answers.message(403, answers.FORBIDDEN)
        limit = limit_of(request)
        status = request.query.get("status", "").upper()
        rows = self._store.rows(
            "SELECT * FROM workflow_runs WHERE seq < :before AND organization_id = :org"
            " AND (:org <> '' OR created_by = :user)"
            " AND (:status = '' OR status = :status) AND (:flow = '' OR workflow_uuid = :flow)"
            " AND created_at >= :since AND (:until = '' OR created_at <= :until)"
            " ORDER BY seq DESC LIMIT :limit",
            {
                "before": cursor_of(request, 2**62),
                "org": organization,
                "user": caller.user_id,
                "status": "CANCELED" if status == "CANCELLED" else status,
                "flow": request.query.get("workflow_id", ""),
                "since": _date(request, "start_date"),
                "until": _date(request, "end_date"),
                "limit": limit + 1,
            },
        )
        page = rows[:limit]
        cursor = str(page[-1]["seq"]) if len(rows) > limit else ""
        return Response(200, {"runs": [run_item(row) for row in page], "nextCursor": cursor})

    def show(self, request: Request) -> Response:
        """One run."""
        run = readable_run(request, self._world, self._members)
        return Response(200, run_json(run, self._states.steps(run["uuid"])))

    def status(self, request: Request) -> Response:
        """How far it is."""
        run = readable_run(request, self._world, self._members)
        return Response(200, status_json(run, self._states.steps(run["uuid"])))


class RunLogs:
    """What the steps wrote (3.5)."""

    def __init__(self, world: World, members: Members, log: RunLog) -> None:
        self._world = world
        self._members = members
        self._log = log

    def routes(self) -> list[Route]:
        """The routes."""
        return [Route("GET", f"{RUNS}/<id>/logs", Scheme.USER, self.read)]

    def read(self, request: Request) -> Response:
        """The lines of one step, in order."""
        run = readable_run(request, self._world, self._members)
        if request.query.get("format") == "zip":
            # Ours: there is no bucket to put an archive in, and no other form of it is known.
            raise answers.message(400, "the sandbox serves no log archives; ask for a nodeId")
        step = self._step(run, request)
        return Response(200, {"messages": self._log.read(run["uuid"], step)})

    def _step(self, run: Row, request: Request) -> str:
        node, app = request.query.get("nodeId"), request.query.get("applicationUuid")
        if node:
            found = self._world.store.row(
                "SELECT node_id FROM workflow_steps WHERE run_uuid = ? AND node_id = ?",
                (run["uuid"], node),
            )
        elif app:
            found = self._world.store.row(
                "SELECT s.node_id FROM workflow_steps s, workflow_runs r, json_each(r.dag) n,"
                " app_store a WHERE s.run_uuid = r.uuid AND r.uuid = ? AND a.uuid = ?"
                " AND json_extract(n.value, '$.sourceUrl') = a.source_url"
                " AND json_extract(n.value, '$.id') = s.node_id",
                (run["uuid"], app),
            )
        else:
            raise answers.message(422, "missing parameter")
        if found is None:
            raise answers.message(404, "node not found in this run")
        return str(found["node_id"])


def _date(request: Request, name: str) -> str:
    text = request.query.get(name, "")
    if not text:
        return ""
    seconds = parse(text.replace(" ", "+"))
    if seconds is None:
        raise answers.message(400, f"invalid {name}")
    return rfc3339(seconds)
