"""What a run has in the node's table fits an item, however large the run is."""

from __future__ import annotations

import random
import uuid
from typing import Any

import pytest

from pennsieve_agent.node.jobs.tasks import OUTPUTS_PATH
from pennsieve_agent.node.records.run_record import JobKind, JobRecord, RunRecord
from pennsieve_agent.node.records.run_store import MOST_PLANS as PLANS
from pennsieve_agent.node.records.run_store import RunStore
from pennsieve_agent.node.records.start_document import MOST_PACKAGES
from pennsieve_agent.node.relay import handle
from pennsieve_agent.node.runs.outputs import MOST_AT_ONCE, outputs_of
from pennsieve_agent.node.table import Damaged
from tests.node.services import MOST_ITEM_BYTES, item_size
from tests.node.world import FINAL, RUN, World

PACKAGES = [f"N:package:{uuid.UUID(int=number)}" for number in range(MOST_PACKAGES)]


def largest(world: World) -> int:
    return max(map(item_size, world.items.values()))


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("count", [4_081, MOST_PACKAGES])
def test_a_run_of_many_files_comes_to_its_end(count: int, *, own: bool) -> None:
    world = World()
    packages = PACKAGES[:count]
    if own:
        files = [{"path": f"a/{i}.edf", "package": p, "size": 1} for i, p in enumerate(packages)]
        world.start_own(packages=packages, files=files)
    else:
        world.run = {"dataSources": {"in": {"packageIds": packages}}}
        world.start()
    world.finish_all()
    world.tick()
    assert world.record()["outcome"] == "SUCCEEDED"
    assert largest(world) < MOST_ITEM_BYTES
    assert not world.left()


def long_record() -> RunRecord:
    """As many steps as there may be, each of which failed as often as it may."""
    chance = random.Random(1)  # noqa: S311 - no secret
    jobs = []
    for step in range(1000):
        past: list[dict[str, Any]] = [
            {
                "started": chance.random(),
                "ended": chance.random(),
                "exitCode": 3,
                "reason": f"{chance.getrandbits(128):032x}",
            }
            for _ in range(11)
        ]
        jobs.append(
            JobRecord(
                f"{step}",
                f"{step}",
                JobKind.PROCESS,
                id=f"{chance.getrandbits(128):032x}",
                past=past,
            )
        )
    return RunRecord(RUN, 1.0, jobs=jobs)


def test_a_record_that_fits_no_item_lies_in_the_bucket() -> None:
    world = World()
    store, record = RunStore(world.node()), long_record()
    store.begin(record)
    assert largest(world) < MOST_ITEM_BYTES
    assert store.read(RUN) == record
    (place,) = (key for key in world.objects if key.startswith(f"documents/runs/{RUN}/"))
    world.objects[place] = world.objects[place][:-1] + b"x"
    with pytest.raises((Damaged, Exception)):
        store.read(RUN)


def test_a_run_whose_plan_is_gone_or_was_changed_ends_and_says_so() -> None:
    world = World()
    world.start_own(packages=PACKAGES[:4_081])
    while world.events:
        world.deliver(world.events.pop(0))
    for key in [key for key in world.objects if key.startswith("documents/")]:
        del world.objects[key]
    for _ in range(6):
        try:
            world.tick()
        except Exception:  # noqa: BLE001 - AWS Lambda notes it
            world.clock += 1
    record = world.record()
    assert record["outcome"] == "FAILED"
    assert "its record cannot be read: AWS refuses: NoSuchKey" in record["reason"]
    world.finish_all()
    world.tick()
    assert not world.left()


def test_a_record_that_makes_no_sense_ends_with_its_jobs() -> None:
    world = World()
    world.start_own()
    world.deliver(world.events.pop(0))
    (job,) = world.ready()
    world.begin(job)
    world.items[f"RUN#{RUN}", "RUN"]["body"] = {"S": "{}"}
    for _ in range(6):
        try:
            world.tick()
        except Exception:  # noqa: BLE001 - AWS Lambda notes it
            world.clock += 1
    assert world.record()["outcome"] in FINAL
    assert all(job.ended for job in world.jobs.values())
    assert not [key for key in world.items if key[0] == "ACTIVE"]


def test_results_with_the_longest_names_are_noted() -> None:
    world = World()
    world.start_own()
    files = [{"path": "\u6f22" * 1000 + str(number), "size": 1} for number in range(MOST_AT_ONCE)]
    message = {"run": RUN, "path": OUTPUTS_PATH, "body": {"step": "out", "files": files}}
    assert handle({"relay": message}, world.node())["status"] == 200
    assert largest(world) < MOST_ITEM_BYTES
    assert len(outputs_of(world.node(), RUN)) == MOST_AT_ONCE


def test_a_run_that_was_never_written_down_is_forgotten() -> None:
    """Whoever asked for it was cut off between two writes; the clock is not kept on for it."""
    world = World()
    world.items["ACTIVE", RUN] = {
        "pk": {"S": "ACTIVE"},
        "sk": {"S": RUN},
        "at": {"N": str(world.clock)},
    }
    world.tick()
    switched = [world.schedule]
    for _ in range(12):
        world.tick()
    assert [*switched, world.schedule] == [True, False]
    assert not world.items


def test_a_run_whose_request_was_lost_is_found_by_the_clock() -> None:
    """Nobody told the reconciler of it, and no other run is active."""
    world = World()
    world.start_own()
    world.events.clear()
    switched = [world.schedule]
    world.clock += 3600
    world.deliver({"source": "aws.events"})
    assert [*switched, world.schedule] == [False, True]
    world.finish_all()
    assert world.record()["outcome"] == "SUCCEEDED"


def test_a_plan_is_read_once_and_few_are_remembered() -> None:
    world = World()
    stores = []
    for number in range(PLANS + 4):
        stores.append(RunStore(world.node()))
        record = RunRecord(f"{number}", 1.0, plan={"jobs": [], "number": number})
        assert stores[-1].begin(record)
    node = world.node()
    before = world.calls.copy()
    for _ in range(3):
        for number in range(4):
            read = RunStore(node).read(f"{number}")
            assert read is not None
            assert read.plan["number"] == number
    assert (world.calls - before)["table.get_item"] == 3 * 4 + 4

    record = RunRecord("large", 1.0, plan={"jobs": [], "files": ["x" * 100] * 10_000})
    assert RunStore(node).begin(record)
    assert len(node.memory["plans"]) == 1, "what is large is remembered alone"
    for number in range(PLANS + 4):
        RunStore(node).read(f"{number}")
    assert len(node.memory["plans"]) == PLANS
