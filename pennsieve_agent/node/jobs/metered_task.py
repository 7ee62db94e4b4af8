"""The task of a step with a second container that measures it: ``ecsProperties`` of AWS Batch.

What this rests on, and what it takes from a step, is in ``MEASURED.md`` beside the node's code.
"""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from typing import Any

from pennsieve_agent.node.jobs import step_meter
from pennsieve_agent.node.jobs.step_meter import STEP
from pennsieve_agent.node.records.run_record import JobKind, JobRecord

METER = "meter"
"""The name of the second container."""
VCPUS, MEMORY = 0.1, 64
"""What the meter gets, and the step's container no longer has: memory in MiB. The task as a whole,
which is what is paid and what has to be a size of AWS Fargate, stays as declared."""
LEAST_MEMORY = 1024
"""Of a smaller step 64 MiB would be too large a part, and nothing smaller can be declared."""
MOST_BYTES = 20 * 1024
"""A definition has 24 KiB at most (AWS Batch User Guide, "AWS Batch service quotas")."""
_STOP_SECONDS = 10
_NOBODY = "65534:65534"
_OF_TASK = ("executionRoleArn", "volumes", "ephemeralStorage", "networkConfiguration")
_OF_STEP = ("image", "command", "environment", "secrets", "mountPoints", "logConfiguration")


def has_meter(job: JobRecord) -> bool:
    """Whether a job is measured: a step on Fargate that is not small."""
    is_step = job.kind is JobKind.PROCESS and not job.gpu
    return is_step and not job.unmetered and job.memory >= LEAST_MEMORY


def step_memory(job: JobRecord) -> int:
    """MiB that the container of a job gets, of those of its task."""
    return job.memory - MEMORY if has_meter(job) else job.memory


def meter_command() -> list[str]:
    """The command of the meter's container."""
    return ["python3", "-c", inspect.getsource(step_meter)]


def metered_task(container: Mapping[str, Any], job: JobRecord, image: str) -> dict[str, Any] | None:
    """The task of a step whose ``containerProperties`` these are; None where it is too large.

    ``image`` has Python and is the node's own.
    """
    options = container["logConfiguration"]["options"]
    prefix = f"{METER}/{options['awslogs-stream-prefix'].partition('/')[2]}"
    log = {"logDriver": "awslogs", "options": {**options, "awslogs-stream-prefix": prefix}}
    step = {
        "name": STEP,
        "essential": True,
        **{name: container[name] for name in _OF_STEP if container.get(name)},
        "resourceRequirements": _requirements(job.vcpus - VCPUS, job.memory - MEMORY),
    }
    meter = {
        "name": METER,
        # Its end, however it ends, is not the step's; the step's end is its own.
        "essential": False,
        "image": image,
        "command": meter_command(),
        "user": _NOBODY,
        "readonlyRootFilesystem": True,
        "stopTimeout": _STOP_SECONDS,
        "logConfiguration": log,
        "resourceRequirements": _requirements(VCPUS, MEMORY),
    }
    task = {
        "containers": [step, meter],
        **{name: container[name] for name in _OF_TASK if container.get(name)},
        "taskRoleArn": container["jobRoleArn"],
        "platformVersion": container["fargatePlatformConfiguration"]["platformVersion"],
    }
    return {"taskProperties": [task]} if len(json.dumps(task)) <= MOST_BYTES else None


def _requirements(vcpus: float, memory: int) -> list[dict[str, str]]:
    return [
        {"type": "VCPU", "value": f"{vcpus:g}"},
        {"type": "MEMORY", "value": str(memory)},
    ]


def plain_row(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """A job as ``DescribeJobs`` tells it, with its step as if it were its only container.

    Where the meter's log is stands as ``meter``, in each attempt and in the job.
    """
    if not (row.get("ecsProperties") or {}).get("taskProperties"):
        return row
    containers = _containers(row["ecsProperties"])
    attempts = [{**one, **_of_two(_containers(one))} for one in row.get("attempts") or ()]
    return {**row, **_of_two(containers), "attempts": attempts}


def _of_two(containers: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    log = containers.get(METER, {}).get(_LOG, "")
    return {"container": containers.get(STEP, {}), "meter": log}


_LOG = "logStreamName"


def _containers(row: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    tasks = row.get("taskProperties") or ()
    return {str(one.get("name")): one for task in tasks for one in task.get("containers") or ()}
