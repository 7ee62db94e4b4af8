"""What AWS Batch takes of a task with several containers (``ecsProperties``).

https://docs.aws.amazon.com/batch/latest/userguide/multi-container-jobs.html,
https://docs.aws.amazon.com/batch/latest/APIReference/API_EcsTaskProperties.html,
https://docs.aws.amazon.com/batch/latest/APIReference/API_TaskContainerProperties.html and, for what
a task on Fargate may have,
https://docs.aws.amazon.com/batch/latest/userguide/fargate-job-definitions.html. A task's size is
the sum of what its containers have.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from pennsieve_agent.domain.job_sizes import memories

MOST_CONTAINERS = 10
LEAST_MEMORY = 4
SECONDS = range(2, 121)
"""Of ``startTimeout`` and ``stopTimeout`` on Fargate."""
_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
_AFTER_ENDS = {"COMPLETE", "SUCCESS"}
_NOT_ON_FARGATE = ("ipcMode", "networkMode")
Containers = Sequence[Mapping[str, Any]]


def task_problems(tasks: Containers, *, fargate: bool) -> Iterator[str]:
    """Why AWS refuses a task."""
    if len(tasks) != 1:
        yield "taskProperties must have one element"
        return
    (task,) = tasks
    containers = task.get("containers") or ()
    if not 1 <= len(containers) <= MOST_CONTAINERS:
        yield f"a task has between 1 and {MOST_CONTAINERS} containers"
        return
    names = [str(one.get("name") or "") for one in containers]
    if len(set(names)) < len(names) or not all(map(_NAME.fullmatch, names)):
        yield "containers must have names, each its own"
    if not any(one.get("essential", True) for one in containers):
        yield "at least one container must be essential"
    by_name = dict(zip(names, containers, strict=True))
    volumes = {volume.get("name") for volume in task.get("volumes") or ()}
    for one in containers:
        yield from _in_itself(one, volumes)
        yield from _dependencies(one, by_name)
        if fargate:
            yield from _on_fargate(one)
    if fargate:
        if not task.get("executionRoleArn"):
            yield "an executionRoleArn is required for Fargate"
        yield from (
            f"{name} is not applicable for Fargate" for name in _NOT_ON_FARGATE if task.get(name)
        )
        yield from _size(containers)


def _in_itself(one: Mapping[str, Any], volumes: set[Any]) -> Iterator[str]:
    if not one.get("image"):
        yield "a container must have an image"
    for point in one.get("mountPoints") or ():
        if point.get("sourceVolume") not in volumes:
            yield f"Unknown volume '{point.get('sourceVolume')}'"


def _dependencies(
    one: Mapping[str, Any], by_name: Mapping[str, Mapping[str, Any]]
) -> Iterator[str]:
    for row in one.get("dependsOn") or ():
        other = by_name.get(str(row.get("containerName")))
        if other is None or other is one:
            yield f"container '{row.get('containerName')}' of dependsOn does not exist"
        elif other.get("essential", True) and row.get("condition") in _AFTER_ENDS:
            yield "this condition can't be set on an essential container"


def _on_fargate(one: Mapping[str, Any]) -> Iterator[str]:
    if one.get("privileged"):
        yield "Fargate requires that the privileged setting be false at the container level"
    for name in ("startTimeout", "stopTimeout"):
        if one.get(name) is not None and one[name] not in SECONDS:
            yield f"{name} must be between {SECONDS[0]} and {SECONDS[-1]} seconds"
    if "GPU" in _resources(one):
        yield "GPU is not applicable for Fargate"


def _size(containers: Containers) -> Iterator[str]:
    try:
        vcpus = sum((Decimal(_resources(one)["VCPU"]) for one in containers), Decimal(0))
        amounts = [int(_resources(one)["MEMORY"]) for one in containers]
    except (KeyError, ValueError, InvalidOperation):
        yield "VCPU and MEMORY must be numbers in the resourceRequirements of each container"
        return
    if min(amounts) < LEAST_MEMORY:
        yield f"a container must have {LEAST_MEMORY} MiB of memory at least"
    if sum(amounts) not in memories(float(vcpus)):
        yield f"Fargate resource requirements ({vcpus:.2f} vCPU, {sum(amounts)} MiB) not valid."


def _resources(one: Mapping[str, Any]) -> dict[str, str]:
    return {row["type"]: str(row["value"]) for row in one.get("resourceRequirements") or ()}
