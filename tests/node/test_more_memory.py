"""A step that ran out of memory is repeated with more of it, and only then."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pennsieve_agent.domain.job_sizes import more_memory
from pennsieve_agent.errors import Invalid
from pennsieve_agent.node.runs.observe_jobs import limits_of
from pennsieve_agent.node.runs.run_costs import run_cost
from tests.node.owned import Owned, start
from tests.node.services import Job
from tests.node.test_gpu_jobs import gpu_version, with_gpus
from tests.node.world import SETTINGS, World

SHORT = "OutOfMemoryError: Container killed due to memory usage"


@pytest.fixture
def world() -> World:
    return World()


def memory_of(job: Job) -> str:
    rows = job.definition["containerProperties"]["resourceRequirements"]
    return str(next(row["value"] for row in rows if row["type"] == "MEMORY"))


def fail_short(world: World, reason: str = SHORT, times: int = 50) -> list[str]:
    """Let the step's program end out of memory, so often; the sizes of all its jobs."""
    for _ in range(60):
        while world.events:
            world.deliver(world.events.pop(0))
        for job in world.ready():
            world.begin(job)
            if "-work-" in job.name and times:
                times -= 1
                job.attempts = [_ended(world, reason)]
                world.end(job, "FAILED", reason or "Essential container in task exited", 137)
            else:
                world.end(job, "SUCCEEDED", code=0)
    return [memory_of(job) for job in world.jobs.values() if "-work-" in job.name]


def _ended(world: World, reason: str) -> dict[str, Any]:
    at = int(world.clock * 1000)
    container = {"exitCode": 137, **({"reason": reason} if reason else {})}
    return {"startedAt": at, "stoppedAt": at + 1000, "container": container}


def work(world: World) -> dict[str, Any]:
    row: dict[str, Any] = next(row for row in world.record()["jobs"] if row["key"] == "work")
    return row


@pytest.mark.parametrize("reason", [SHORT, ""], ids=["container", "kernel"])
def test_more_memory_and_what_each_try_had(world: World, reason: str) -> None:
    world.start_own(memoryOnOom=2)
    assert fail_short(world, reason, times=2) == ["2048", "4096", "8192"]
    assert world.record()["outcome"] == "SUCCEEDED"
    assert [row["memory"] for row in work(world)["past"]] == [2048, 4096]
    assert world.left() == {}


def test_each_try_is_paid_at_its_size(world: World) -> None:
    world.start_own(memoryOnOom=4)
    fail_short(world, times=1)
    record = world.taken()
    (job,) = [job for job in record.work if job.key == "work"]
    for row in (*job.past, *job.attempts):
        row["started"], row["ended"] = record.started, record.started + 3600
    limits = limits_of(world.node())
    both = run_cost(record, limits, world.now()).machines
    job.past[0]["memory"] = job.memory
    assert both < run_cost(record, limits, world.now()).machines


def test_it_ends_with_the_largest_size_and_says_so(world: World) -> None:
    world.settings = replace(SETTINGS, max_vcpus="2")
    world.start_own(memoryOnOom=4, retries=3)
    assert fail_short(world) == ["2048", "8192", "16384"]
    assert (
        "ran out of memory with 16384 MB, and no size with more fits the 2 processors"
        in (world.record()["reason"])
    )
    assert world.left() == {}


def test_other_failures_are_retries_and_no_reason_for_more(world: World) -> None:
    world.start_own(memoryOnOom=2, retries=1)
    tried = 0
    for _ in range(20):
        while world.events:
            world.deliver(world.events.pop(0))
        for job in world.ready():
            fails = "-work-" in job.name
            tried += fails
            world.begin(job)
            world.end(job, "FAILED" if fails else "SUCCEEDED", code=3 if fails else 0)
    assert tried == 2
    assert {memory_of(job) for job in world.jobs.values() if "-work-" in job.name} == {"2048"}
    assert world.record()["outcome"] == "FAILED"


def test_without_the_limit_nothing_is_repeated(world: World) -> None:
    world.start_own()
    assert fail_short(world) == ["2048"]
    assert "ran out of memory; give the step more" in world.record()["reason"]


def test_gpu_steps_have_all_memory_already(node: Owned) -> None:
    with_gpus(node)
    gpu_version(node)
    body = start(version="gpu", limits={"memoryOnOom": 2})
    with pytest.raises(Invalid, match="have all the memory of its machine already"):
        node.furnish().ask("POST", "/runs", body=body)


@pytest.mark.parametrize("factor", [1, 1.4, 4.1, True, "2"])
def test_a_factor_that_is_none(node: Owned, factor: object) -> None:
    with pytest.raises(Invalid, match="'memoryOnOom' is not supported"):
        node.furnish().ask("POST", "/runs", body=start(limits={"memoryOnOom": factor}))


@pytest.mark.parametrize(
    ("had", "most", "gets"),
    [
        ((0.25, 512), 0, (0.25, 1024)),
        ((0.25, 2048), 0, (0.5, 4096)),
        ((4, 30720), 0, (8, 61440)),
        ((16, 98304), 0, (16, 122880)),
        ((16, 122880), 0, None),
        ((4, 20480), 4, (4, 30720)),
        ((4, 30720), 4, None),
    ],
)
def test_sizes_are_those_of_fargate(
    had: tuple[float, int], most: float, gets: tuple[float, int] | None
) -> None:
    assert more_memory(*had, 2, most) == gets
