"""The sandbox's compute node: takes a run through its states, also after a restart."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pennsieve_agent.domain.plans import Job, JobKind, RunPlan
from pennsieve_agent.domain.runs import RunStatus
from pennsieve_agent.engine.backend import Outcome, Program
from pennsieve_agent.engine.files import job_folders, remove_tree
from pennsieve_agent.errors import AgentError
from pennsieve_agent.sandbox.compute.catalogue import find_program
from pennsieve_agent.sandbox.compute.deadline import Deadline
from pennsieve_agent.sandbox.compute.layers import LayerShelf
from pennsieve_agent.sandbox.compute.masking import MaskedLines, Masking, with_secrets
from pennsieve_agent.sandbox.compute.mover import DatasetMover
from pennsieve_agent.sandbox.compute.ours import missing_grant
from pennsieve_agent.sandbox.compute.records import find_node, find_run
from pennsieve_agent.sandbox.compute.run_log import RunLog
from pennsieve_agent.sandbox.compute.run_order import package_ids, request_of
from pennsieve_agent.sandbox.compute.run_states import RunStates
from pennsieve_agent.sandbox.compute.seams import DatasetFiles, Ended, Neighbours
from pennsieve_agent.sandbox.compute.secret_vault import SecretVault
from pennsieve_agent.sandbox.store import Row
from pennsieve_agent.sandbox.world import World

log = logging.getLogger(__name__)


class Node:
    """Executes runs. One object serves several threads, each with a run of its own."""

    def __init__(
        self,
        world: World,
        files: DatasetFiles,
        neighbours: Neighbours,
        lines: RunLog,
        closing: threading.Event,
        vault: SecretVault,
    ) -> None:
        """``closing`` says that a stopped run is to be continued later, not to be ended."""
        self._world = world
        self._store = world.store
        self._files = files
        self._neighbours = neighbours
        self._lines = lines
        self._closing = closing
        self._shelf = LayerShelf(world)
        self._vault = vault
        self._states = RunStates(world.store, world.now)

    def run(self, run_uuid: str, halt: threading.Event) -> None:
        """Take a run as far as it goes. Setting ``halt`` makes that the nearest end."""
        if self._states.of(run_uuid) is not RunStatus.FINALIZING:
            # The token is for targets that run as containers; ours needs none. Processors never
            # get it (contracts/workflows.md 5.5).
            if self._states.begin(run_uuid) is None:
                return
            if not self._execute(run_uuid, halt):
                return
        self._finish(run_uuid)

    def tidy(self, run_uuid: str) -> None:
        """Remove what an ended run leaves behind."""
        if not self._states.of(run_uuid).is_final:
            return
        for step in self._states.steps(run_uuid):
            if step["status"] == "STARTED":
                self._states.set_step(run_uuid, step["node_id"], RunStatus.CANCELED)
        self._lines.flush()
        self._lines.forget(run_uuid)
        self._shelf.release(run_uuid)
        try:
            remove_tree(self._folder(run_uuid))
        except OSError as error:
            log.warning("the work folder of run %s stays: %s", run_uuid, error)

    def sweep(self) -> None:
        """Remove work folders that an earlier process left of ended runs."""
        folders = self._world.data / "runs"
        for folder in folders.iterdir() if folders.is_dir() else ():
            self.tidy(folder.name)

    def _execute(self, run_uuid: str, halt: threading.Event) -> bool:
        """Run the steps; whether the run is now to be finished."""
        run = find_run(self._store, run_uuid)
        steps = self._states.steps(run_uuid)
        if run is None or any(step["status"] == "FAILED" for step in steps):
            return run is not None
        limit = json.loads(run["request"]).get("limits", {}).get("timeoutSeconds", 0)
        try:
            self._check_grant(run)
            plan = self._plan(run)
            with Deadline(limit, halt) as deadline:
                ended = self._hand_over(run, plan, self._resume(run_uuid, steps), halt)
        except Exception as error:
            if not isinstance(error, AgentError):
                log.exception("run %s failed", run_uuid)
            self._fail_first(run_uuid, error)
            return True
        if deadline.passed and not ended.ok:
            text = f"the time limit of the run, {limit} s, was reached"
            self._fail_first(run_uuid, AgentError(text))
            return True
        stopped = ended.canceled or self._closing.is_set()
        return ended.ok or not stopped

    def _check_grant(self, run: Row) -> None:
        """Ask again: a grant may have been revoked since the run was started."""
        if run["dataset_id"]:
            dag = json.loads(run["dag"])
            workflow, dataset = run["workflow_uuid"], run["dataset_id"]
            why = missing_grant(self._neighbours, workflow, dataset, dag)
            if why:
                raise AgentError(f"workflow {run['workflow_name']} {why}")

    def _hand_over(
        self, run: Row, plan: RunPlan, done: frozenset[str], halt: threading.Event
    ) -> Ended:
        folder = self._folder(run["uuid"])
        folder.mkdir(parents=True, exist_ok=True)
        secrets = self._vault.environment(run["node_uuid"], run["created_by"])
        lines = MaskedLines(self._lines, Masking(secrets.values()))
        plan = replace(plan, jobs=tuple(with_secrets(job, secrets) for job in plan.jobs))
        return self._neighbours.execute(
            plan,
            self._neighbours.backend,
            self._programs(plan),
            DatasetMover(self._store, self._files, run, halt, self._shelf),
            folder,
            _Watcher(run["uuid"], plan, self._states, lines, halt, folder),
            halt,
            done,
        )

    def _plan(self, run: Row) -> RunPlan:
        request = request_of(run)
        plan = self._neighbours.compile(run["uuid"], request, self._hosts(run))
        sources = package_ids(run)
        layers = self._layers(run)
        jobs = (_with_own_packages(job, sources) for job in plan.jobs)
        return replace(plan, jobs=tuple(_with_layers(job, layers) for job in jobs))

    def _layers(self, run: Row) -> Mapping[str, str]:
        names: list[str] = json.loads(run["request"])["layers"]
        try:
            return self._shelf.use(run["node_uuid"], names)
        except LookupError as error:
            raise AgentError(f"layer {error.args[0]} is no longer there") from None

    def _hosts(self, run: Row) -> dict[str, str]:
        node = find_node(self._store, run["node_uuid"])
        return {
            "PENNSIEVE_API_HOST": self._world.urls.api,
            "PENNSIEVE_API_HOST2": self._world.urls.api2,
            "ENVIRONMENT": "sandbox",
            "REGION": "us-east-1",
            "DEPLOYMENT_MODE": node["deployment_mode"] if node else "basic",
        }

    def _programs(self, plan: RunPlan) -> dict[str, Program]:
        found = {}
        for job in plan.jobs:
            if job.kind is JobKind.PROCESSOR:
                version = find_program(self._store, job.source_url, job.tag)
                if version is None:
                    raise AgentError(f"application {job.source_url} {job.tag} is not deployed")
                found[job.id] = Program(version["backend"], version["reference"])
        return found

    def _resume(self, run_uuid: str, steps: list[Row]) -> frozenset[str]:
        """The steps that are done; what was cut off runs again from its beginning."""
        for step in steps:
            if step["status"] not in {"SUCCEEDED", "NOT_STARTED"}:
                self._states.reset_step(run_uuid, step["node_id"])
                text = "the sandbox was stopped during this step; it runs again from its beginning"
                self._lines.line(run_uuid, step["node_id"], text)
        return frozenset(step["node_id"] for step in steps if step["status"] == "SUCCEEDED")

    def _fail_first(self, run_uuid: str, error: Exception) -> None:
        """The run cannot go on: say so at its first step that is not done."""
        what = error.message if isinstance(error, AgentError) else f"unexpected failure: {error!r}"
        for step in self._states.steps(run_uuid):
            if step["status"] != "SUCCEEDED":
                self._lines.line(run_uuid, step["node_id"], what)
                self._states.set_step(run_uuid, step["node_id"], RunStatus.FAILED)
                return

    def _finish(self, run_uuid: str) -> None:
        """Through FINALIZING to an end that the steps decide."""
        self._lines.flush()
        self._states.finalize(run_uuid)
        steps = self._states.steps(run_uuid)
        ok = all(step["status"] == "SUCCEEDED" for step in steps)
        self._states.end(run_uuid, RunStatus.SUCCEEDED if ok else RunStatus.FAILED)

    def _folder(self, run_uuid: str) -> Path:
        return self._world.data / "runs" / run_uuid


@dataclass(frozen=True, slots=True)
class _Watcher:
    """Writes down what happens in a run; see ``engine.runner.Observer``."""

    run_uuid: str
    plan: RunPlan
    states: RunStates
    lines: MaskedLines
    halt: threading.Event
    folder: Path

    def started(self, job_id: str) -> None:
        """A job begins."""
        self.states.set_step(self.run_uuid, job_id, RunStatus.STARTED)

    def line(self, job_id: str, text: str) -> None:
        """A job said something."""
        self.lines.line(self.run_uuid, job_id, text)

    def finished(self, job_id: str, outcome: Outcome) -> None:
        """A job ended. Its lines are there before its state says so."""
        if not outcome.ok and self.halt.is_set():
            return  # cancelled, or to be continued: whoever stopped it decides
        if outcome.ok:
            self._warn_when_empty(job_id)
        elif outcome.reason:
            self.line(job_id, outcome.reason)
        self.lines.flush()
        self.states.set_step(self.run_uuid, job_id, _status(outcome))

    def _warn_when_empty(self, job_id: str) -> None:
        if self.plan.job(job_id).kind is not JobKind.PROCESSOR:
            return
        output = job_folders(self.folder, job_id).output
        if output.is_dir() and not any(output.iterdir()):
            self.line(job_id, "warning: this step wrote no files")


def _status(outcome: Outcome) -> RunStatus:
    if outcome.ok:
        return RunStatus.SUCCEEDED
    # Stopped because another step failed.
    return RunStatus.CANCELED if outcome.canceled else RunStatus.FAILED


def _with_own_packages(job: Job, sources: Mapping[str, tuple[str, ...]]) -> Job:
    """Each data-source stages the packages it was given, not those of all sources."""
    own = sources.get(job.id)
    return replace(job, package_ids=own) if own and job.kind is JobKind.STAGE_IN else job


def _with_layers(job: Job, layers: Mapping[str, str]) -> Job:
    return replace(job, layers=layers) if job.kind is JobKind.PROCESSOR else job
