"""Starting and reading runs (``contracts/workflows.md`` 3.1 to 3.4)."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

from pennsieve_agent.sandbox.compute import compute_answers
from pennsieve_agent.sandbox.compute.flows.dag import PROCESSOR, BadGraph
from pennsieve_agent.sandbox.compute.flows.definitions import BAD_BODY, ROOT, may_read
from pennsieve_agent.sandbox.compute.neighbour_protocols import Members
from pennsieve_agent.sandbox.compute.request_bodies import BadBody, read
from pennsieve_agent.sandbox.compute.rows import find_run
from pennsieve_agent.sandbox.compute.runs import run_sessions
from pennsieve_agent.sandbox.compute.runs.run_checks import Approved, RunChecks, active_row
from pennsieve_agent.sandbox.compute.runs.run_json import run_json, status_json
from pennsieve_agent.sandbox.compute.runs.run_list import RunList
from pennsieve_agent.sandbox.compute.runs.run_states import RunStates
from pennsieve_agent.sandbox.compute.runs.start_request import RunOrder, read_order
from pennsieve_agent.sandbox.compute.times import rfc3339
from pennsieve_agent.sandbox.host.store import Row
from pennsieve_agent.sandbox.host.world import World
from pennsieve_agent.sandbox.http.routing import Caller, Request, Response, Route, Scheme

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
        raise compute_answers.message(404, NO_RUN)
    if not may_read(members, caller, run):
        raise compute_answers.message(404, NO_RUN)
    return run


class Runs:
    """Start, list, show and status. ``queue`` is called with the uuid of a new run."""

    def __init__(
        self, world: World, members: Members, checks: RunChecks, queue: Callable[[str], None]
    ) -> None:
        self._world = world
        self._store = world.store
        self._members = members
        self._checks = checks
        self._queue = queue
        self._list = RunList(world.store, members)
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
        """Check the order, store the run and queue it (3.1)."""
        caller = request.caller
        if caller.run_id is not None:
            raise compute_answers.message(403, compute_answers.FORBIDDEN)  # a run starts no runs
        try:
            order = read_order(read(request))
        except BadBody:
            raise compute_answers.message(400, BAD_BODY) from None
        except BadGraph as problem:
            raise compute_answers.message(400, str(problem)) from None
        if len(order.name) > MAX_NAME:
            raise compute_answers.message(400, f"name is longer than {MAX_NAME} characters")
        approved = self._checks.approve(caller, order)
        uuid = self._insert(caller, order, approved, run_sessions.session_in(request))
        self._queue(uuid)
        run = find_run(self._store, uuid)
        return Response(201, run_json(run, self._states.steps(uuid)) if run else None)

    def _insert(
        self, caller: Caller, order: RunOrder, approved: Approved, session: run_sessions.RunSession
    ) -> str:
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
            run_sessions.keep(self._store, uuid, session)
            self._checks.take_layers(order, approved.dag, uuid)
            self._store.execute_many(
                "INSERT INTO workflow_steps (run_uuid, node_id, position, status)"
                " VALUES (?, ?, ?, 'NOT_STARTED')",
                [(uuid, node["id"], place) for place, node in enumerate(approved.dag)],
            )
            urls = {node["sourceUrl"] for node in approved.dag if node["type"] == PROCESSOR}
            self._store.execute_many(
                "INSERT INTO workflow_run_sources VALUES (?, ?)", [(url, uuid) for url in urls]
            )
        return uuid

    def list_all(self, request: Request) -> Response:
        """The runs of a workspace, or the caller's personal ones; newest first (3.3)."""
        return self._list.page(request)

    def show(self, request: Request) -> Response:
        """One run (3.2)."""
        run = readable_run(request, self._world, self._members)
        return Response(200, run_json(run, self._states.steps(run["uuid"])))

    def status(self, request: Request) -> Response:
        """How far it is (3.4)."""
        run = readable_run(request, self._world, self._members)
        return Response(200, status_json(run, self._states.steps(run["uuid"])))
