"""The task metadata endpoint: what the containers of a task are told of all of them.

"Amazon ECS task metadata endpoint version 4 for tasks on Fargate"
(https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4-fargate.html),
with what Docker calls the stats of a container. One that has ended, or not begun, has none. On AWS
they come a second after a container has begun; here at once.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from typing import Any

from pennsieve_agent.engine.control_groups import Gauge, Reading

METADATA_PATH = "/ecs-task-metadata/v4/"
"""On AWS at an address of its own, which is not signed either; no bucket is called so."""
VARIABLE = "ECS_CONTAINER_METADATA_URI_V4"


class TaskMetadata:
    """Tells of tasks that run, at an address that only their containers know."""

    def __init__(self, endpoint: str) -> None:
        self._endpoint = endpoint
        self._tasks: dict[str, Mapping[str, Gauge | None]] = {}

    def open(self, containers: Mapping[str, Gauge | None]) -> str:
        """The address for a task, whose containers these are by name."""
        word = secrets.token_urlsafe(24)
        self._tasks[word] = containers
        return f"{self._endpoint}{METADATA_PATH}{word}"

    def close(self, address: str) -> None:
        """Forget a task."""
        self._tasks.pop(address.rpartition("/")[2], None)

    def answer(self, path: str) -> dict[str, Any] | None:
        """What stands at a path; None where nothing does."""
        word, _, rest = path.removeprefix(METADATA_PATH).partition("/")
        containers = self._tasks.get(word)
        if containers is None:
            return None
        ids = {name: hashlib.sha256(f"{word}/{name}".encode()).hexdigest() for name in containers}
        if rest == "task":
            return {"Containers": [{"DockerId": ids[name], "Name": name} for name in containers]}
        if rest == "task/stats":
            return {ids[name]: _stats(gauge) for name, gauge in containers.items()}
        return None


def _stats(gauge: Gauge | None) -> dict[str, Any] | None:
    reading = gauge.reading if gauge is not None else None
    return None if reading is None else stats_of(reading)


def stats_of(reading: Reading) -> dict[str, Any]:
    """A reading as Docker tells it (Docker Engine API, ``ContainerStats``)."""
    moved = (("read", reading.read), ("write", reading.written))
    return {
        "memory_stats": {
            "usage": reading.used,
            "max_usage": reading.most,
            "stats": {"active_file": reading.cache, "inactive_file": 0},
        },
        "cpu_stats": {"cpu_usage": {"total_usage": round(reading.cpu_seconds * 1e9)}},
        "blkio_stats": {
            "io_service_bytes_recursive": [
                {"major": 0, "minor": 0, "op": kind, "value": value}
                for kind, value in moved
                if value is not None
            ]
            or None
        },
    }
