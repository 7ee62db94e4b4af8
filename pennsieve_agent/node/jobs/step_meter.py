"""The meter of a step: a program in a second container of its task, which says what the step used.

It is given to Python as text (:mod:`pennsieve_agent.node.jobs.metered_task`), so it imports the
standard library alone. Amazon ECS tells every container of a task of all of them, at an address
that leads nowhere else ("Amazon ECS task metadata endpoint version 4 for tasks on Fargate",
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4-fargate.html).
The last line of its log is what it read. Nothing that it does or fails to do reaches the step.
"""

from __future__ import annotations

import json
import os
import signal
import threading
import time
import urllib.request
from collections.abc import Callable
from typing import Any

STEP = "default"
QUICK, QUICK_SECONDS, SECONDS, LINE_SECONDS = 50, 0.1, 1.0, 600.0
DIFFERENT, ALL = 3, 20
"""Readings, different or in all, of which fewer say nothing of a step: it was seen as it began."""


def fetched(path: str) -> Any:
    """What the endpoint answers."""
    address = os.environ["ECS_CONTAINER_METADATA_URI_V4"] + path
    with urllib.request.urlopen(address, timeout=2) as answer:  # noqa: S310 - it is http
        return json.load(answer)


def add(used: dict[str, Any], stats: Any) -> None:
    """Count in what was read of the step."""
    memory, cpu = stats["memory_stats"], stats["cpu_stats"]["cpu_usage"]["total_usage"] / 1e9
    stat = memory.get("stats") or {}
    total = "total_" if "total_active_file" in stat else ""
    cache = sum(int(stat.get(total + kind + "_file") or 0) for kind in ("active", "inactive"))
    used["cache"] = max(used.get("cache", 0), cache)
    used["largest"] = max(used.get("largest", 0), memory["usage"] - cache)
    used["most"] = max(used.get("most", 0), memory.get("max_usage") or 0)
    used["cpu"] = max(used.get("cpu", 0.0), cpu)
    reading = memory["usage"], cpu
    used["different"] = used.get("different", 0) + (reading != used.get("last"))
    used["last"], used["all"] = reading, used.get("all", 0) + 1
    rows = (stats.get("blkio_stats") or {}).get("io_service_bytes_recursive") or []
    for kind in ("read", "write"):
        if rows:
            sums = sum(row["value"] for row in rows if row["op"].lower() == kind)
            used[kind] = max(used.get(kind, 0), sums)


def line_of(used: dict[str, Any]) -> str:
    """The line that says it."""
    figures = {
        "peakMemoryBytes": max(used["largest"], used["most"] - used["cache"]),
        "peakMemoryBound": "at_least",
        "cpuSeconds": round(used["cpu"], 3),
        "readBytes": used.get("read"),
        "writtenBytes": used.get("write"),
        "by": "task",
    }
    return json.dumps({"measured": figures})


def measure(
    fetch: Callable[[str], Any], tell: Callable[[str], None], ended: threading.Event
) -> None:
    """Read until ``ended`` is set, and once more."""
    used: dict[str, Any] = {}
    step, count, next_line = "", 0, time.monotonic() + LINE_SECONDS
    while True:
        is_over = ended.is_set()
        try:
            if not step:
                rows = fetch("/task")["Containers"]
                step = next((row["DockerId"] for row in rows if row["Name"] == STEP), "")
            if step and (stats := fetch("/task/stats").get(step)):
                add(used, stats)
        except Exception:  # noqa: BLE001, S110 - not there yet, or no more
            pass
        is_enough = used.get("different", 0) >= DIFFERENT or used.get("all", 0) >= ALL
        if is_enough and (is_over or time.monotonic() >= next_line):
            tell(line_of(used))
            next_line = time.monotonic() + LINE_SECONDS
        if is_over:
            return
        count += 1
        ended.wait(QUICK_SECONDS if count < QUICK else SECONDS)


if __name__ == "__main__":
    over = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: over.set())
    measure(fetched, lambda line: print(line, flush=True), over)  # noqa: T201 - its log
