"""Runs: handed to their node's gateway, and watched until they end.

The node does the work and reports as the person who started the run, or by the run's own token. The
platform runs nothing itself; what it can do is ask the node, and end a run whose node no longer
answers. Which words pass between the two is not public, and neither is how a node reports the end
of a run whose tokens are no longer good (``contracts/workflows.md`` 5.5): here the platform sees it
when it asks.
"""

from __future__ import annotations

import logging
import random
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pennsieve_agent.domain.backoff import Backoff
from pennsieve_agent.domain.runs import RunStatus
from pennsieve_agent.sandbox.compute.flows.layers import LayerShelf
from pennsieve_agent.sandbox.compute.neighbour_protocols import NodeCalls
from pennsieve_agent.sandbox.compute.nodes.node_gateway import GatewayAnswer, Unreachable
from pennsieve_agent.sandbox.compute.rows import find_node, find_run
from pennsieve_agent.sandbox.compute.runs import run_sessions
from pennsieve_agent.sandbox.compute.runs.layer_ends import settle_layers
from pennsieve_agent.sandbox.compute.runs.run_states import FINAL, RunStates
from pennsieve_agent.sandbox.compute.workers import Workers
from pennsieve_agent.sandbox.host.store import Row
from pennsieve_agent.sandbox.host.world import World

log = logging.getLogger(__name__)

BACKOFF = Backoff(first=1.0, longest=3.0, repeats=2)
"""Before a node is asked again that did not answer."""
WATCH_SECONDS = 15.0
MOST_SILENT = 4
"""Looks at a run in a row that its node did not answer before the run is given up."""
PAGE = 10_000


class Handover:
    """Hands runs over, cancels them, and reads their logs through."""

    def __init__(self, world: World, nodes: NodeCalls, shelf: LayerShelf) -> None:
        self._store = world.store
        self._now = world.now
        self._nodes = nodes
        self._shelf = shelf
        self._states = RunStates(world.store, world.now)
        self._closing = threading.Event()
        self._silent: dict[str, int] = {}
        self._telling: dict[str, threading.Lock] = defaultdict(threading.Lock)
        """By run: its start is sent before its cancellation."""
        self._starts = Workers("hand over", self._start_run, 2)
        self._cancels = Workers("cancel", self._cancel_run)
        self._ends = Workers("settle layers", self._settle)
        self._watcher = threading.Thread(target=self._watch, name="watch runs", daemon=True)

    def start(self) -> None:
        """Start, with what an earlier process left."""
        for run_uuid in self._states.with_status(RunStatus.NOT_STARTED):
            self._starts.put(run_uuid)
        for run_uuid in self._states.with_status(RunStatus.CANCELING):
            self._cancels.put(run_uuid)
        for layer in self._shelf.building():
            self._ends.put(layer["builder"])
        self._starts.start()
        self._cancels.start()
        self._ends.start()
        self._watcher.start()

    def stop(self) -> None:
        """Stop asking; the nodes go on."""
        self._closing.set()
        self._starts.stop()
        self._cancels.stop()
        self._ends.stop()
        if self._watcher.is_alive():
            self._watcher.join()

    def put(self, run_uuid: str) -> None:
        """Queue a new run."""
        self._starts.put(run_uuid)

    def halt(self, run_uuid: str) -> None:
        """A run was cancelled, which is sent to its node, or has ended."""
        if self._states.of(run_uuid) is RunStatus.CANCELING:
            self._cancels.put(run_uuid)
        elif self._shelf.building(run_uuid):
            self._ends.put(run_uuid)

    def _settle(self, run_uuid: str) -> None:
        if self._states.of(run_uuid).is_final:
            settle_layers(self._store, self._shelf, self._states, self.lines, run_uuid)

    def lines(self, run: Row, step: str) -> Iterator[dict[str, Any]]:
        """The lines of a step, from its node.

        Raises:
            Unreachable: the node does not answer.

        """
        token = ""
        while True:
            query = {"node": step, "limit": str(PAGE), **({"next": token} if token else {})}
            answer = self._ask(run, "GET", f"/runs/{run['uuid']}/logs", query)
            if not answer.ok:
                return
            yield from map(_line, answer.body.get("messages") or ())
            after = str(answer.body.get("next") or "")
            if not after or after == token:
                return
            token = after

    def _start_run(self, run_uuid: str) -> None:
        with self._telling[run_uuid]:
            self._tell_start(run_uuid)

    def _cancel_run(self, run_uuid: str) -> None:
        with self._telling[run_uuid]:
            self._tell_cancel(run_uuid)
        self._telling.pop(run_uuid, None)

    def _tell_start(self, run_uuid: str) -> None:
        run = find_run(self._store, run_uuid)
        token = self._states.issue(run_uuid)
        if run is None or token is None:
            return
        person = run_sessions.kept(self._store, run_uuid)
        body = {
            "runId": run_uuid,
            "token": token,
            "nodeId": run["node_uuid"],
            "session": person.session,
            "refresh": person.refresh,
        }
        if self._insist(run, "POST", "/runs", body, RunStatus.FAILED):
            run_sessions.forget(self._store, run_uuid)

    def _tell_cancel(self, run_uuid: str) -> None:
        run = find_run(self._store, run_uuid)
        if run is None or self._states.of(run_uuid) is not RunStatus.CANCELING:
            return
        self._insist(run, "POST", f"/runs/{run_uuid}/cancel", {}, RunStatus.CANCELED)

    def _insist(
        self, run: Row, method: str, path: str, body: Mapping[str, Any], otherwise: RunStatus
    ) -> bool:
        """Ask until the node answers; a run whose node does not, or refuses, ends ``otherwise``.

        Whether that is over: the node said yes, or the run has ended.
        """
        why = ""
        for pause in BACKOFF.waits(random.random):
            try:
                answer = self._ask(run, method, path, body=body)
            except Unreachable as unreachable:
                why = f"the compute node does not answer: {unreachable}"
            else:
                if answer.ok:
                    return True
                why = f"the compute node refused the run: {answer.why}"
                break
            if pause is not None and self._closing.wait(pause):
                return False  # the next process asks again
        self._give_up(run, why, otherwise)
        return True

    def _ask(
        self,
        run: Row,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> GatewayAnswer:
        node = find_node(self._store, run["node_uuid"])
        if node is None:
            raise Unreachable("it is no longer registered")
        return self._nodes.ask(node, method, path, query, body)

    def _give_up(self, run: Row, why: str, status: RunStatus) -> None:
        # No route has a reason (contracts/workflows.md 3.2); the sandbox's log has it.
        log.warning("run %s: %s", run["uuid"], why)
        self._states.force(run["uuid"], status, self._now())
        self.halt(run["uuid"])

    def _watch(self) -> None:
        """Look at the runs that nodes have, so that no lost run stays unfinished forever."""
        while not self._closing.wait(WATCH_SECONDS):
            for run_uuid in self._states.with_status(*set(RunStatus) - FINAL):
                if self._closing.is_set():
                    return
                self.look(run_uuid)

    def look(self, run_uuid: str) -> None:
        """See whether a run's node still has it, and whether it has ended there."""
        run = find_run(self._store, run_uuid)
        if run is None:
            return
        waits = run["status"] == RunStatus.NOT_STARTED  # it may be on its way to the node
        try:
            answer = self._ask(run, "GET", f"/runs/{run_uuid}/status")
        except Unreachable as unreachable:
            self._silent[run_uuid] = 0 if waits else self._silent.get(run_uuid, 0) + 1
            if self._silent[run_uuid] >= MOST_SILENT:
                why = f"the compute node no longer answers: {unreachable}"
                self._give_up(run, why, RunStatus.FAILED)
            return
        self._silent.pop(run_uuid, None)
        if answer.status == 404 and not waits:  # noqa: PLR2004 - HTTP
            self._give_up(run, "the compute node does not know this run", RunStatus.FAILED)
        elif answer.ok and (end := RunStatus.of(answer.body.get("status"))) in FINAL:
            self._take_over(run, end, answer.body.get("steps") or ())

    def _take_over(self, run: Row, end: RunStatus, steps: Sequence[Mapping[str, Any]]) -> None:
        """Write down an end that the node could not report, with the states of the steps."""
        known = {row["node_id"]: row["status"] for row in self._states.steps(run["uuid"])}
        for step in steps:
            if known.get(step["id"]) != step["status"]:
                self._states.set_step(run["uuid"], step["id"], RunStatus.of(step["status"]))
        if self._states.force(run["uuid"], end, self._now()):
            self.halt(run["uuid"])


def _line(event: Mapping[str, Any]) -> dict[str, Any]:
    return {"timestamp": int(event["timestamp"]), "message": str(event["message"])}
