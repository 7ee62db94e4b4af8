"""What runs before what, on a node: several parents, and more than Batch takes."""

from __future__ import annotations

import json

import pytest

from tests.node.test_runs import states
from tests.node.world import RUN, World, step


@pytest.fixture
def world() -> World:
    return World()


def test_more_parents_than_batch_takes_are_waited_for_by_the_node(world: World) -> None:
    """A job may depend upon 20 others; the 25 that are merged here are not all given to Batch."""
    wide = [step(f"w{number}", "in") for number in range(25)]
    names = [row["id"] for row in wide]
    end = [step("merged", *names), step("out", "merged", kind="data-target")]
    world.dag = [step("in", kind="data-source"), *wide, *end]
    world.start()
    world.deliver(world.events.pop(0))
    assert not [job.name for job in world.jobs.values() if "merged" in job.name]
    (first,) = world.ready()
    world.begin(first)
    world.end(first, "SUCCEEDED", code=0)
    for job in world.ready()[:5]:
        world.begin(job)
        world.end(job, "SUCCEEDED", code=0)
    while world.events:
        world.deliver(world.events.pop(0))
    (merge, *_) = [job for job in world.jobs.values() if "merged" in job.name]
    assert len(merge.after) == 20
    world.finish_all()
    assert world.status == "SUCCEEDED"
    assert states(world, "merged") == ["STARTED", "SUCCEEDED"]


def test_what_comes_after_a_job_that_is_held_back_is_held_back(world: World) -> None:
    wide = [step(f"w{number}", "in") for number in range(25)]
    merged = step("merged", *[row["id"] for row in wide])
    world.dag = [step("in", kind="data-source"), *wide, merged, step("last", "merged")]
    world.start()
    while world.events:
        world.deliver(world.events.pop(0))
    waiting = [job for job in world.jobs.values() if job.status == "SUBMITTED"]
    assert len(waiting) == len(world.jobs) == 26
    for job in world.ready():
        world.begin(job)
        world.end(job, "SUCCEEDED", code=0)
    for job in world.ready()[:1]:
        world.begin(job)
        world.end(job, "FAILED", code=3)
    while world.events:
        world.deliver(world.events.pop(0))
    world.finish_all()
    world.tick()
    assert world.status == "FAILED"
    assert not [job for job in world.jobs.values() if "merged" in job.name or "last" in job.name]
    assert world.left() == {}


def test_several_parents_are_merged_first(world: World) -> None:
    world.dag = [
        step("in", kind="data-source"),
        step("a", "in"),
        step("b", "in"),
        step("c", "a", "b"),
        step("out", "c", kind="data-target"),
    ]
    world.start()
    world.deliver(world.events.pop(0))
    names = [job.name.removeprefix(f"{RUN}-") for job in world.jobs.values()]
    assert names == ["in-1", "a-1", "b-1", "c_2f_merge-1", "c-1", "out-1"]
    world.finish_all()
    assert world.status == "SUCCEEDED"
    task = json.loads(world.objects.get(f"runs/{RUN}/c.merge.json", b"{}"))
    assert task == {}  # it is gone with the run
