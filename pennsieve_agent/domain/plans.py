"""The run plan: what a run will execute, as plain data that can be printed and compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class JobKind(StrEnum):
    """What a job does."""

    STAGE_IN = "stage-in"
    PROCESSOR = "processor"
    TARGET = "data-target"


@dataclass(frozen=True, slots=True)
class Job:
    """One thing to execute. ``id`` is the step's id; ``depends_on`` are ids of jobs.

    ``environment`` is what the container sees, without ``INPUT_DIR`` and ``OUTPUT_DIR``, which the
    backend adds because only it knows its paths. ``cpu`` is in 1/1024 of a vCPU, ``memory`` in MB,
    ``disk`` in GiB; 0 is what comes with a machine.
    ``layers`` are read-only folders of this machine by their names; the backend shows them below
    ``LAYERS_DIR``.
    """

    id: str
    kind: JobKind
    depends_on: tuple[str, ...] = ()
    source_url: str = ""
    tag: str = ""
    target_type: str = ""
    target_folder: str = ""
    package_ids: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    cpu: int = 0
    memory: int = 0
    disk: int = 0
    layers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RunPlan:
    """All jobs of a run, in an order in which no job comes before one it depends on."""

    run_id: str
    workflow_name: str
    dataset_id: str
    jobs: tuple[Job, ...]

    def job(self, job_id: str) -> Job:
        """The job of that id.

        Raises:
            KeyError: there is none.

        """
        for job in self.jobs:
            if job.id == job_id:
                return job
        raise KeyError(job_id)
