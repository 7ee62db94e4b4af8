"""What the steps of runs wrote (``contracts/workflows.md`` 3.5), and sessions (3.8)."""

from __future__ import annotations

from pennsieve_agent.domain.runs import RunStatus
from pennsieve_agent.sandbox.compute import compute_answers
from pennsieve_agent.sandbox.compute.neighbour_protocols import Members
from pennsieve_agent.sandbox.compute.nodes.node_gateway import Unreachable
from pennsieve_agent.sandbox.compute.runs.log_archive import Lines, LogArchives
from pennsieve_agent.sandbox.compute.runs.runs import RUNS, readable_run
from pennsieve_agent.sandbox.host.store import Row, Store
from pennsieve_agent.sandbox.host.world import World
from pennsieve_agent.sandbox.http.routing import Request, Response, Route, Scheme


class RunLogs:
    """The lines of one step, or an archive with everything."""

    def __init__(self, world: World, members: Members, lines: Lines) -> None:
        """``lines`` reads them from the nodes, which keep the logs of their runs."""
        self._lines = lines
        self._world = world
        self._members = members
        self._archives = LogArchives(world, lines)

    def routes(self) -> list[Route]:
        """The routes."""
        return [
            Route("GET", f"{RUNS}/<id>/logs", Scheme.USER, self.read),
            Route("GET", f"{RUNS}/<id>/session/connect", Scheme.USER, self.connect),
            *self._archives.routes(),
        ]

    def read(self, request: Request) -> Response:
        """The lines of one step, in order, or the address of the archive (3.5)."""
        run = readable_run(request, self._world, self._members)
        if request.query.get("format") == "zip":
            return self._archive(run)
        node, app = request.query.get("nodeId"), request.query.get("applicationUuid")
        if not node and not app:
            raise compute_answers.message(422, "missing parameter")
        step = find_step(self._world.store, run["uuid"], node or "", app or "")
        if step is None:
            raise compute_answers.message(404, "node not found in this run")
        try:
            return Response(200, {"messages": list(self._lines(run, step))})
        except Unreachable:
            raise compute_answers.message(502, compute_answers.PROVISIONER) from None

    def _archive(self, run: Row) -> Response:
        if not RunStatus.of(run["status"]).is_final:
            # Logs are archived while a run is FINALIZING (3.4); the text is ours.
            raise compute_answers.message(404, "the logs are archived when the run has ended")
        try:
            return Response(200, {"url": self._archives.url(run)})
        except Unreachable:
            raise compute_answers.message(502, compute_answers.PROVISIONER) from None

    def connect(self, request: Request) -> Response:
        """No session (3.8): interactive steps cannot be started in the sandbox."""
        readable_run(request, self._world, self._members)
        raise compute_answers.message(404, "no active session for this run")


def find_step(store: Store, run_uuid: str, node_id: str, app_uuid: str) -> str | None:
    """The id of a run's step, by that id or by its application's uuid."""
    row = store.row(
        "SELECT node_id FROM workflow_steps WHERE run_uuid = ? AND node_id = ?",
        (run_uuid, node_id),
    ) or store.row(
        "SELECT s.node_id FROM workflow_steps s, workflow_runs r, json_each(r.dag) n,"
        " app_store a WHERE s.run_uuid = r.uuid AND r.uuid = ? AND a.uuid = ?"
        " AND json_extract(n.value, '$.sourceUrl') = a.source_url"
        " AND json_extract(n.value, '$.id') = s.node_id ORDER BY s.position",
        (run_uuid, app_uuid),
    )
    return str(row["node_id"]) if row else None
