"""The containers beside the essential one of a task: they begin with it, and are ended after it.

How one ends is noted, and nobody else's matter ("Amazon ECS task definition parameters for
Fargate": ``essential``).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from typing import Self

from pennsieve_agent.sandbox.aws.batch.containers import Container, Machine
from pennsieve_agent.sandbox.aws.batch.job_log import JobLog, log_place
from pennsieve_agent.sandbox.aws.batch.jobs import Job, Unstartable

log = logging.getLogger(__name__)

STOP_SECONDS = 30.0
"""``stopTimeout``, where nothing is said."""


class Companions:
    """Run ``containers``, by name, between entering and leaving."""

    def __init__(
        self, job: Job, containers: Mapping[str, Container], machine: Machine, logs: JobLog
    ) -> None:
        self._job, self._machine, self._logs = job, machine, logs
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(
                target=self._run, args=row, name=f"{row[0]} of {job.name}", daemon=True
            )
            for row in containers.items()
        ]

    def __enter__(self) -> Self:
        """Begin."""
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End, and wait for the ends."""
        self._stop.set()
        for thread in self._threads:
            thread.join(STOP_SECONDS)

    def _run(self, name: str, container: Container) -> None:
        row = self._job.beside[name]
        try:
            with self._logs.writing(log_place(self._job), str(row["logStreamName"])) as write:
                ended = self._machine.run(container, write, self._stop)
        except Unstartable as problem:
            row["reason"] = str(problem)
        except Exception:
            log.exception("container %s of job %s", name, self._job.id)
        else:
            row.update({} if ended.code is None else {"exitCode": ended.code})
