"""Every call that the node makes in a run fails, in every way: the run ends, whatever it was."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator

import pytest
from botocore.exceptions import (
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
    ReadTimeoutError,
)

from pennsieve_agent.node.records.run_document import CLEANINGS_AWAITED
from tests.node.world import FINAL, RUN, World, step

FAULTS: dict[str, Callable[[], Exception]] = {
    "throttled": lambda: ClientError({"Error": {"Code": "ThrottlingException"}}, "X"),
    "denied": lambda: ClientError({"Error": {"Code": "AccessDeniedException"}}, "X"),
    "invalid": lambda: ClientError({"Error": {"Code": "ValidationException"}}, "X"),
    "gone": lambda: ClientError({"Error": {"Code": "ResourceNotFoundException"}}, "X"),
    "down": lambda: ClientError({"Error": {"Code": "InternalServerError"}}, "X"),
    "no way": lambda: EndpointConnectionError(endpoint_url="https://x"),
    "slow": lambda: ReadTimeoutError(endpoint_url="https://x"),
    "no keys": NoCredentialsError,
    "parameters": lambda: ParamValidationError(report="x"),
    "answer": lambda: KeyError("Items"),
    "memory": MemoryError,
    "disk": lambda: OSError(28, "No space left on device"),
    "code": lambda: TypeError("not this"),
    "depth": RecursionError,
}
HOURS = 18


@pytest.fixture(autouse=True)
def no_log() -> Iterator[None]:
    """A thousand tracebacks take longer than what is tested."""
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


"""Ticks of the clock, one each five minutes."""


def calls_of_a_run(*, own: bool) -> list[str]:
    """All calls that the reconciler makes in the course of runs of every kind."""
    names = set()
    for end in ("well", "badly", "cancelled", "killed"):
        world = begun(own=own)
        world.calls.clear()
        if end == "killed":
            world.kill_on = "batch.submit_job"
        live(world, 3, fails=end == "badly", stops=end == "cancelled")
        live(world, 6, fails=end == "badly")
        names |= {name for name in world.calls if name != "platform"}
    return sorted(names)


def begun(*, own: bool) -> World:
    world = World(dag=[step("in", kind="data-source"), step("work", "in")])
    if own:
        world.start_own(retries=1)
    else:
        world.start()
    return world


def deliver(world: World, event: dict[str, object]) -> None:
    """As AWS does: an invocation that fails is made three times in all."""
    for _ in range(3):
        try:
            world.deliver(event)
        except Exception:  # noqa: BLE001 - it is what was injected
            world.clock += 60
        else:
            return


def live(world: World, ticks: int, *, fails: bool = False, stops: bool = False) -> None:
    """Time passes: jobs begin and end, events come, the clock ticks."""
    for number in range(ticks):
        while world.events:
            deliver(world, world.events.pop(0))
        running = [job for job in world.jobs.values() if job.status == "RUNNING"]
        for job in (*running, *world.ready()):
            if not job.started:
                world.begin(job)
            if not stops or number:
                bad = fails and "-work-" in job.name
                world.end(job, "FAILED" if bad else "SUCCEEDED", code=3 if bad else 0)
        if stops and number == 0:
            world.items[f"RUN#{RUN}", "CANCEL"] = {"pk": {"S": f"RUN#{RUN}"}, "sk": {"S": "CANCEL"}}
        world.clock += 300
        deliver(world, {"source": "aws.events"})


def assert_ended(world: World, *, own: bool) -> None:
    record = world.record()
    assert record["outcome"] in FINAL, record
    # Deleting the files goes on for ever; after an hour a run is called ended all the same.
    is_late = record["phase"] == "cleaning" and record["cleanings"] >= CLEANINGS_AWAITED
    assert is_late or record["phase"] in {"reporting", "done"}, record
    assert own or world.status == record["outcome"]
    assert is_late or all(job.ended for job in world.jobs.values())
    if record["phase"] == "done":
        assert not [key for key in world.items if key[0] == "ACTIVE"]


CALLS = sorted({*calls_of_a_run(own=True), *calls_of_a_run(own=False)})
ALL = "SOAK" in os.environ


@pytest.mark.parametrize("name", CALLS)
def test_a_run_ends_well_when_a_call_works_again(name: str) -> None:
    """Whether the call failed, or took effect and its answer was lost."""
    first = CALLS.index(name)
    for lost, every in ((False, 1 if ALL else 3), (True, 1 if ALL else 7)):
        for number in range(first % every, len(FAULTS), every):
            own, fault = number % 4 > 1, list(FAULTS.values())[number]
            world = begun(own=own)
            world.broken, world.times, world.lost = {name: fault}, 1 + number % 4, lost
            live(world, 8, stops=number % 2 == 1)
            live(world, 3)
            assert_ended(world, own=own)
            # What AWS calls gone is not looked for again.
            assert fault is FAULTS["gone"] or not world.left()


@pytest.mark.parametrize("name", CALLS)
def test_a_run_ends_when_a_call_fails_for_ever(name: str) -> None:
    """Where nothing at all can be read, written or told, it is tried until something can."""
    for number, fault in enumerate(FAULTS.values()):
        own = number % 4 > 1
        world = begun(own=own)
        world.broken = {name: fault}
        live(world, HOURS, stops=number % 2 == 1)
        if name.startswith(("table.", "secrets.")):
            world.broken = {}
            live(world, 8)
        assert_ended(world, own=own)
