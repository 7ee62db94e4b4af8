"""Job definitions of a task with several containers (``ecsProperties``), which moto does not know.

moto keeps containers: here its definition has the essential one, with what the task has as
``containerProperties`` would, and the task beside it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

TASK = "_task"
"""Under which a container has the task that it is of."""
_OF_TASK = {
    "executionRoleArn": "executionRoleArn",
    "taskRoleArn": "jobRoleArn",
    "volumes": "volumes",
    "ephemeralStorage": "ephemeralStorage",
    "networkConfiguration": "networkConfiguration",
}
"""What stands at the task, and what it is called in ``containerProperties``."""


def essential(task: Mapping[str, Any]) -> Mapping[str, Any]:
    """The container that the job is about; a container is essential if nothing is said."""
    return next(one for one in task["containers"] if one.get("essential", True))


def others(task: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The containers beside it."""
    return [one for one in task.get("containers") or () if one is not essential(task)]


def container_of(task: Mapping[str, Any]) -> dict[str, Any]:
    """The essential container with what its task has, and the task."""
    above = {name: task[key] for key, name in _OF_TASK.items() if key in task}
    return {**above, **essential(task), TASK: dict(task)}


def keep_tasks() -> None:
    """Have moto take definitions of tasks, and tell of them as AWS does."""
    from moto.batch.models import JobDefinition  # noqa: PLC0415 - slow
    from moto.batch.responses import BatchResponse  # noqa: PLC0415 - slow

    register, describe = BatchResponse.registerjobdefinition, JobDefinition.describe
    if getattr(register, "keeps_tasks", False):
        return

    def registerjobdefinition(self: Any) -> str:
        document = json.loads(self.body or "{}")
        tasks = (document.get("ecsProperties") or {}).get("taskProperties")
        if tasks:
            document["containerProperties"] = container_of(tasks[0])
            self.body = json.dumps(document)
        return register(self)

    def described(self: Any) -> dict[str, Any]:
        row = describe(self)
        task = (row.get("containerProperties") or {}).get(TASK)
        if task is None:
            return row
        kept = {name: value for name, value in row.items() if name != "containerProperties"}
        return {**kept, "ecsProperties": {"taskProperties": [task]}}

    registerjobdefinition.keeps_tasks = True  # type: ignore[attr-defined]
    BatchResponse.registerjobdefinition = registerjobdefinition  # type: ignore[method-assign]
    JobDefinition.describe = described  # type: ignore[method-assign]
