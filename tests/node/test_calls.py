"""Transfers as calls of functions: one machine for a run of one step, and jobs where they fail."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pennsieve_agent.node.api.health import health
from pennsieve_agent.node.jobs.calls import LATEST_SECONDS, stop_key
from pennsieve_agent.node.records.run_document import CLEANINGS_AWAITED, status_of
from pennsieve_agent.node.records.run_record import Phase, RunRecord
from pennsieve_agent.node.records.run_store import RunStore
from pennsieve_agent.node.runs.transitions import AwsState, step_states, update_jobs
from tests.node.world import RUN, SETTINGS, World, step

QUICK = replace(SETTINGS, transfer_function="n-transfer", files_function="n-files")


@pytest.fixture
def world() -> World:
    return World(settings=QUICK)


def record(world: World) -> RunRecord:
    found = RunStore(world.node()).read(RUN)
    assert found is not None
    return found


def deliver_all(world: World) -> None:
    while world.events:
        world.deliver(world.events.pop(0))


def test_a_run_of_one_step_starts_one_machine(world: World) -> None:
    world.start_own()
    world.finish_all()
    assert [name for name, _ in world.done] == ["n-transfer", "n-files", "n-transfer", "n-files"]
    (job,) = world.jobs.values()
    assert "-work-" in job.name
    assert status_of(record(world)) == "SUCCEEDED"
    assert world.left() == {}
    said = [(stream.split("/")[2], text) for stream, _, text in world.lines]
    assert said[:1] == [("in", "n-transfer SUCCEEDED")]
    assert {name for name, _ in said} >= {"in", "out"}


def test_the_next_step_waits_for_the_call(world: World) -> None:
    world.start_own()
    deliver_all(world)
    ((name, asked),) = world.called
    assert (name, asked["part"]) == ("n-transfer", "transfer")
    assert world.jobs == {}, "Batch cannot wait for what it does not know"
    world.answer_call()
    deliver_all(world)
    assert len(world.jobs) == 1


@pytest.mark.parametrize("why", ["too large", "crashed", "lost"])
def test_what_a_call_does_not_do_a_job_goes_on_with(world: World, why: str) -> None:
    world.start_own()
    deliver_all(world)
    if why == "lost":
        world.called.clear()
        world.clock += LATEST_SECONDS + 1
        world.tick()
    else:
        world.answer_call("UNFIT", crash=why == "crashed")
    deliver_all(world)
    (stage,) = (job for job in world.jobs.values() if "-in-" in job.name)
    assert stage.definition["containerProperties"]["command"]
    assert any("-work-" in job.name for job in world.jobs.values()), "it can wait for that"
    world.finish_all()
    assert status_of(record(world)) == "SUCCEEDED"
    assert world.left() == {}


def test_a_delivery_that_a_call_began_is_gone_on_with_by_a_job(world: World) -> None:
    world.start_own()
    deliver_all(world)
    world.answer_call()
    deliver_all(world)
    (work,) = world.ready()
    world.begin(work)
    world.end(work, "SUCCEEDED", code=0)
    deliver_all(world)
    world.answer_call()
    deliver_all(world)
    ((name, asked),) = world.called
    assert (name, asked["part"]) == ("n-transfer", "transfer")
    world.answer_call(crash=True)
    deliver_all(world)
    assert [job.name for job in world.ready() if "-out-" in job.name]
    world.finish_all()
    assert status_of(record(world)) == "SUCCEEDED"
    assert world.left() == {}


def test_a_step_goes_on_between_its_two_calls(world: World) -> None:
    world.start_own()
    deliver_all(world)
    world.answer_call()
    deliver_all(world)
    (work,) = world.ready()
    world.begin(work)
    world.end(work, "SUCCEEDED", code=0)
    deliver_all(world)
    seen = record(world)
    (job,) = (job for job in seen.work if job.step == "out")
    update_jobs(seen, AwsState({job.id: {"status": "SUCCEEDED", "startedAt": 1000}}))
    assert (job.id, step_states(seen)["out"]) == ("", ("STARTED", ""))


def test_a_call_that_fails_fails_the_run_with_its_reason(world: World) -> None:
    world.start_own()
    deliver_all(world)
    world.answer_call("FAILED", "'a.edf' cannot be downloaded: storage answered 404")
    world.finish_all()
    found = record(world)
    assert status_of(found) == "FAILED"
    assert found.reason == "step 'in': 'a.edf' cannot be downloaded: storage answered 404"
    assert world.jobs == {}
    assert world.left() == {}


def test_a_cancelled_run_asks_its_call_to_end_and_waits_for_it(world: World) -> None:
    world.start_own()
    deliver_all(world)
    assert RunStore(world.node()).ask_cancel(RUN)
    world.deliver({"advance": RUN})
    assert status_of(record(world)) == "CANCELING"
    assert stop_key(RUN) in world.objects
    world.answer_call("FAILED", "the run was ended")
    world.finish_all()
    found = record(world)
    assert (status_of(found), found.reason) == ("CANCELED", "")
    assert world.left() == {}


def test_steps_that_merge_wait_for_their_calls(world: World) -> None:
    world.dag = [
        step("in", kind="data-source"),
        *(step("a", "in"), step("b", "in"), step("both", "a", "b")),
        step("out", "both", kind="data-target"),
    ]
    world.start_own()
    world.finish_all()
    parts = ["n-transfer", "n-files", "n-files", "n-transfer", "n-files"]
    assert [name for name, _ in world.done] == parts
    assert sorted(job.name.split("-")[5] for job in world.jobs.values()) == ["a", "b", "both"]
    assert status_of(record(world)) == "SUCCEEDED"
    assert world.left() == {}


def test_an_answer_that_comes_twice_changes_nothing(world: World) -> None:
    world.start_own()
    deliver_all(world)
    world.answer_call()
    (again,) = world.events
    world.events.append(json.loads(json.dumps(again)))
    deliver_all(world)
    world.finish_all()
    lines = [row for row in world.lines if row[0].split("/")[2] == "in"]
    assert len(lines) == 1
    assert status_of(record(world)) == "SUCCEEDED"


@pytest.mark.parametrize("after", [False, True])
def test_whoever_is_killed_anywhere_leaves_a_run_that_goes_on(after: bool) -> None:  # noqa: FBT001
    quiet = World(settings=QUICK)
    quiet.start_own()
    begun = sum(quiet.calls.values())
    quiet.finish_all()
    for number in range(sum(quiet.calls.values()) - begun):
        world = World(settings=QUICK)
        world.start_own()
        world.kill_at, world.kill_after = number, after
        world.finish_all()
        for _ in range(4):
            world.tick()
            world.finish_all()
        assert status_of(record(world)) == "SUCCEEDED", (number, record(world))
        assert world.left() == {}, number
        assert len([job for job in world.jobs.values() if "-work-" in job.name]) == 1


def test_a_run_is_not_ended_before_its_files_are_gone(world: World) -> None:
    def fail_to_clean() -> None:
        deliver_all(world)
        while world.called:
            is_clean = world.called[0][1]["task"].endswith("clean.json")
            world.answer_call(*(("FAILED", "Permission denied: a") if is_clean else ()))
            deliver_all(world)

    world.start_own()
    fail_to_clean()
    (work,) = world.ready()
    world.begin(work)
    world.end(work, "SUCCEEDED", code=0)
    fail_to_clean()
    found = record(world)
    assert (found.phase, found.left, found.cleanings) == (Phase.CLEANING, "Permission denied: a", 1)
    assert status_of(found) == "FINALIZING"
    (issue,) = health(world.node())["issues"]
    assert issue.startswith(f"the files of run {RUN} are still in the bucket of the node, as")
    while record(world).cleanings < CLEANINGS_AWAITED:
        before = record(world).cleanings
        world.tick()
        fail_to_clean()
        assert record(world).cleanings == before + 1, "each beat of the clock tries again"
    assert status_of(record(world)) == "SUCCEEDED", "whoever waits need not wait for ever"
    world.tick()
    fail_to_clean()
    assert record(world).phase is Phase.CLEANING, "but it is not forgotten"
    world.clock += 3700
    world.tick()
    world.finish_all()
    assert (record(world).phase, world.left()) == (Phase.DONE, {})
