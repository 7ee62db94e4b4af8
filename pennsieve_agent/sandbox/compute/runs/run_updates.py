"""Changes of a run from outside: status, outputs, cancel (``contracts/workflows.md`` 3.4-3.7)."""

from __future__ import annotations

import json
from collections.abc import Callable

from pennsieve_agent.domain.datasets import Role
from pennsieve_agent.domain.runs import RunStatus
from pennsieve_agent.sandbox.compute import compute_answers
from pennsieve_agent.sandbox.compute.flows.definitions import BAD_BODY
from pennsieve_agent.sandbox.compute.neighbour_protocols import Neighbours
from pennsieve_agent.sandbox.compute.request_bodies import BadBody, read
from pennsieve_agent.sandbox.compute.rows import find_run
from pennsieve_agent.sandbox.compute.runs.run_logs import find_step
from pennsieve_agent.sandbox.compute.runs.run_states import FINAL, RunStates
from pennsieve_agent.sandbox.compute.runs.runs import RUNS, readable_run
from pennsieve_agent.sandbox.host.store import Row
from pennsieve_agent.sandbox.host.world import World
from pennsieve_agent.sandbox.http.routing import Caller, Request, Response, Route, Scheme

MAX_SECONDS = 4_000_000_000


class RunUpdates:
    """``halt`` is called with the uuid of a run that is to end, whatever it is doing."""

    def __init__(self, world: World, neighbours: Neighbours, halt: Callable[[str], None]) -> None:
        self._world = world
        self._store = world.store
        self._neighbours = neighbours
        self._halt = halt
        self._states = RunStates(world.store, world.now)

    def routes(self) -> list[Route]:
        """The routes."""
        one = f"{RUNS}/<id>"
        return [
            Route("PUT", f"{one}/status", Scheme.USER, self.report),
            Route("PUT", f"{one}/processor/<step>/status", Scheme.USER, self.report_step),
            Route("PUT", f"{one}/outputs", Scheme.USER, self.add_outputs),
            Route("POST", f"{one}/cancel", Scheme.USER, self.cancel),
        ]

    def cancel(self, request: Request) -> Response:
        """Cancel: one's own run as an editor of its dataset, anybody's as a manager (3.7)."""
        run, caller = self._run(request), request.caller
        if caller.run_id is not None or not self._may_cancel(caller, run):
            raise compute_answers.message(403, compute_answers.FORBIDDEN)
        if not self._states.ask_cancel(run["uuid"]):
            status = self._states.of(run["uuid"])
            raise compute_answers.message(409, f"run is already {status}")
        self._halt(run["uuid"])
        return Response(202, {"message": "Run cancellation initiated"})

    def _may_cancel(self, caller: Caller, run: Row) -> bool:
        own = bool(run["created_by"] == caller.user_id)
        if not run["dataset_id"]:
            return own
        role = self._neighbours.dataset_role(caller.user_int_id, run["dataset_id"])
        return role.at_least(Role.EDITOR if own else Role.MANAGER)

    def report(self, request: Request) -> Response:
        """Set the run's state; unlike the ancestor, an ended run stays as it is (3.4)."""
        run = self._writable(request)
        status, seconds = self._reported(request)
        if not self._states.force(run["uuid"], status, seconds):
            raise compute_answers.message(409, f"run is already {self._states.of(run['uuid'])}")
        if status in FINAL or status is RunStatus.CANCELING:
            self._halt(run["uuid"])
        return Response(200, _updated(run, status))

    def report_step(self, request: Request) -> Response:
        """Set a step's state; what comes of the run its node says (3.4)."""
        run, name = self._writable(request), request.params["step"]
        status, seconds = self._reported(request)
        if RunStatus.of(run["status"]).is_final:
            raise compute_answers.message(409, f"run is already {run['status']}")
        # Nodes name the step; the older workflow-manager names its application (3.4).
        step = find_step(self._store, run["uuid"], name, name)
        if step is None or not self._states.set_step(run["uuid"], step, status, seconds):
            text = f"invalid processor {name} for workflow instance {run['uuid']}"
            raise compute_answers.message(400, text)
        return Response(200, _updated(run, status))

    def _reported(self, request: Request) -> tuple[RunStatus, float]:
        try:
            body = read(request)
            text, timestamp = body.text("status"), body.number("timestamp")
        except BadBody:
            raise compute_answers.message(400, BAD_BODY) from None
        status = RunStatus.of(text)
        if status is RunStatus.UNKNOWN or text != status.value or status is RunStatus.NOT_STARTED:
            raise compute_answers.message(400, f"invalid workflow instance status: {text}")
        if timestamp is None:
            return status, self._world.now()
        if not 0 <= timestamp <= MAX_SECONDS:
            raise compute_answers.message(400, f"invalid timestamp: {timestamp}")
        return status, float(timestamp)

    def add_outputs(self, request: Request) -> Response:
        """Merge text values into the run's outputs (3.6)."""
        run = self._writable(request)
        try:
            more = read(request).all_texts()
        except BadBody:
            raise compute_answers.message(400, BAD_BODY) from None
        with self._store.transaction():
            now = find_run(self._store, run["uuid"]) or run
            outputs = {**json.loads(now["outputs"]), **more}
            self._store.execute(
                "UPDATE workflow_runs SET outputs = ? WHERE uuid = ?",
                (json.dumps(outputs), run["uuid"]),
            )
        return Response(200, {"outputs": outputs})

    def _writable(self, request: Request) -> Row:
        """The run, for its own callback token and for the person who created it."""
        run, caller = self._run(request), request.caller
        if caller.run_id is None and caller.user_id != run["created_by"]:
            raise compute_answers.message(403, compute_answers.FORBIDDEN)
        return run

    def _run(self, request: Request) -> Row:
        return readable_run(request, self._world, self._neighbours.members)


def _updated(run: Row, status: RunStatus) -> dict[str, str]:
    # The platform's ancestor writes "worklow" (contracts/workflows.md 3.4).
    return {"message": f"worklow instance {run['uuid']} status updated to {status}"}
