"""A run goes on while its node is updated: what a job is told, and the code that reads it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pennsieve_agent.node.jobs.tasks import Task
from tests.node.test_calls import QUICK, deliver_all
from tests.node.world import RUN, SETTINGS, World

NEW_KEY = "code/" + "b" * 64 + ".zip"


def code_of(world: World) -> dict[str, str]:
    """The code of each transfer job, by the step in its name."""
    jobs = {}
    for job in world.jobs.values():
        rows = job.definition["containerProperties"]["environment"]
        values = {row["name"]: row["value"] for row in rows}
        if "NODE_CODE_KEY" in values:
            jobs[job.name.removeprefix(f"{RUN}-").rpartition("-")[0]] = values["NODE_CODE_KEY"]
    return jobs


def test_jobs_that_wait_keep_their_code_and_later_ones_have_the_new(world: World) -> None:
    world.start_own()
    deliver_all(world)
    before = code_of(world)
    assert set(before.values()) == {SETTINGS.code_key}
    world.settings = replace(SETTINGS, code_key=NEW_KEY, version="2.0.0")
    world.finish_all()
    after = code_of(world)
    assert {name: after[name] for name in before} == before
    assert set(after.values()) - set(before.values()) == {NEW_KEY}, "the clean-up is new"


def test_a_call_that_does_not_read_an_earlier_task_leaves_it_to_a_job(world: World) -> None:
    """Its task is written anew, by the version that the job's code has."""
    world.settings = QUICK
    world.start_own()
    deliver_all(world)
    ((_, asked),) = world.called
    earlier = json.loads(world.objects[asked["task"]])
    world.objects[asked["task"]] = json.dumps(earlier | {"former": 1}).encode()
    with pytest.raises(TypeError):
        Task.of(world.objects[asked["task"]])
    world.settings = replace(QUICK, code_key=NEW_KEY, version="2.0.0")
    world.answer_call(crash=True)
    deliver_all(world)
    assert NEW_KEY in code_of(world).values()
    assert Task.of(world.objects[asked["task"]]).run == RUN
    world.finish_all()
    assert world.left() == {}


@pytest.fixture
def world() -> World:
    return World()
