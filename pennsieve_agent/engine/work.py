"""Doing one job of a run: its folders, its files, its program; every failure put into words."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pennsieve_agent.domain.plans import Job, JobKind, RunPlan
from pennsieve_agent.engine.backend import Backend, Log, Mover, Outcome, Program, Task
from pennsieve_agent.engine.exits import ENGINE_FAILED, describe_exit, describe_fault
from pennsieve_agent.engine.files import Folders, check_output, job_folders, merge, remove_tree
from pennsieve_agent.errors import AgentError


@dataclass(frozen=True, slots=True)
class JobWorker:
    """Does the jobs of one run, several at once if asked from several threads."""

    plan: RunPlan
    backend: Backend
    programs: Mapping[str, Program]
    mover: Mover
    workdir: Path
    halt: threading.Event

    def run(self, job: Job, log: Log) -> Outcome:
        """Do a job. Raises only what ``log`` does; an outcome that is not ok has a reason."""
        activity = _Activity("preparing its folders")
        try:
            outcome = self._do(job, log, activity)
        except OSError as error:
            return Outcome(ENGINE_FAILED, describe_fault(error, activity.name))
        except AgentError as error:
            if error.hint:
                log(f"hint: {error.hint}")
            where = f" ({error.where})" if error.where else ""
            return Outcome(ENGINE_FAILED, f"{error.message}{where}")
        except Exception as error:  # noqa: BLE001 - a job's failure must not be the runner's
            what = f"{type(error).__name__}: {error}".rstrip(": ")
            return Outcome(ENGINE_FAILED, f"unexpected failure while {activity.name}: {what}")
        if outcome.ok or outcome.reason:
            return outcome
        return Outcome(outcome.exit_code, describe_exit(outcome.exit_code), outcome.canceled)

    def _do(self, job: Job, log: Log, activity: _Activity) -> Outcome:
        folders = job_folders(self.workdir, job.id)
        folders.renew()
        outcome = Outcome(0)
        match job.kind:
            case JobKind.STAGE_IN:
                activity.name = "staging input"
                self.mover.stage_in(job, folders.output, log)
            case JobKind.TARGET:
                self._merge(job, folders, activity, share=True)
                activity.name = "delivering results"
                self.mover.deliver(job, folders.input, log)
            case JobKind.PROCESSOR:
                self._merge(job, folders, activity, share=self.backend.read_only_input)
                activity.name = "running"
                outcome = self._process(job, folders, log)
        if outcome.ok:
            # Only the output is of use now; a failed job's files stay for whoever looks into it.
            activity.name = "tidying up"
            remove_tree(folders.input)
            remove_tree(folders.scratch)
        return outcome

    def _merge(self, job: Job, folders: Folders, activity: _Activity, *, share: bool) -> None:
        activity.name = "merging its input"
        # A target hands nothing on; after a resumed run it may not even have a folder here.
        parents = {
            name: job_folders(self.workdir, name).output
            for name in job.depends_on
            if self.plan.job(name).kind is not JobKind.TARGET
        }
        merge(parents, folders.input, share=share)

    def _process(self, job: Job, folders: Folders, log: Log) -> Outcome:
        program = self.programs.get(job.id)
        if program is None:
            return Outcome(ENGINE_FAILED, "no program was prepared for it")
        task = Task(
            run_id=self.plan.run_id,
            job=job,
            program=program,
            root=self.workdir,
            input=folders.input,
            output=folders.output,
            scratch=folders.scratch,
        )
        outcome = self.backend.run(task, log, self.halt)
        if outcome.ok:
            check_output(folders.output)
        return outcome


@dataclass(slots=True)
class _Activity:
    """What a job is about, for the sentence that says why it failed."""

    name: str
