"""Which run is executed when: the queue in front of the sandbox's compute node."""

from __future__ import annotations

import threading

from pennsieve_agent.domain.runs import RunStatus
from pennsieve_agent.sandbox.compute.node import Node
from pennsieve_agent.sandbox.compute.run_log import RunLog
from pennsieve_agent.sandbox.compute.run_states import RunStates
from pennsieve_agent.sandbox.compute.seams import DatasetFiles, Neighbours
from pennsieve_agent.sandbox.compute.secret_vault import SecretVault
from pennsieve_agent.sandbox.compute.workers import Workers
from pennsieve_agent.sandbox.world import World

RUNS_AT_ONCE = 3


class Dispatcher:
    """Executes queued runs, a few at once, in the order they were started."""

    def __init__(
        self,
        world: World,
        files: DatasetFiles,
        neighbours: Neighbours,
        lines: RunLog,
        vault: SecretVault,
    ) -> None:
        self._closing = threading.Event()
        self._states = RunStates(world.store, world.now)
        self._lines = lines
        self._node = Node(world, files, neighbours, lines, self._closing, vault)
        self._lock = threading.Lock()
        self._halts: dict[str, threading.Event] = {}
        self._workers = Workers("run", self._run, RUNS_AT_ONCE)

    def start(self) -> None:
        """Start, and continue what an earlier process left."""
        self._lines.start()
        for run_uuid in self._states.with_status(RunStatus.CANCELING):
            self._settle(run_uuid)
        self._node.sweep()
        for status in (RunStatus.FINALIZING, RunStatus.STARTED, RunStatus.NOT_STARTED):
            for run_uuid in self._states.with_status(status):
                self._workers.put(run_uuid)
        self._workers.start()

    def stop(self) -> None:
        """End everything that runs; the runs are continued after the next start."""
        self._closing.set()
        with self._lock:
            for halt in self._halts.values():
                halt.set()
        self._workers.stop()
        self._lines.stop()

    def put(self, run_uuid: str) -> None:
        """Queue a run."""
        self._workers.put(run_uuid)

    def halt(self, run_uuid: str) -> None:
        """A run was cancelled or declared ended: stop what it does, if it does anything."""
        with self._lock:
            halt = self._halts.get(run_uuid)
            if halt is not None:
                halt.set()
                return
        self._settle(run_uuid)

    def _run(self, run_uuid: str) -> None:
        halt = threading.Event()
        with self._lock:
            # From here on, whoever cancels the run sees that it is being executed.
            if self._closing.is_set() or run_uuid in self._halts:
                return
            self._halts[run_uuid] = halt
        try:
            self._node.run(run_uuid, halt)
        finally:
            with self._lock:
                del self._halts[run_uuid]
            self._settle(run_uuid)

    def _settle(self, run_uuid: str) -> None:
        self._states.settle_cancel(run_uuid)
        self._node.tidy(run_uuid)
