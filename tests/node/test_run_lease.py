"""Two invocations at one run: whatever the order of their calls, no event of a job is lost."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pennsieve_agent.node.records.run_record import RunRecord
from pennsieve_agent.node.records.run_store import Busy, RunStore
from pennsieve_agent.node.runs.run_lease import LEASE_SECONDS, SURE_SECONDS, Lease
from tests.node.own_world import OwnWorld
from tests.node.world import RUN, World

MANY = 200
"""More calls than two invocations make."""


class Invocation(threading.Thread):
    """An event on its way through the reconciler, which makes a call each time it is let."""

    def __init__(self, world: World, event: dict[str, Any]) -> None:
        super().__init__(daemon=True)
        self._go, self._stands = threading.Semaphore(0), threading.Semaphore(0)
        self._world, self._event = world, event
        self.is_over = False
        self.start()
        self._stands.acquire()

    def run(self) -> None:
        self.wait()
        self._world.deliver(self._event)
        self.is_over = True
        self._stands.release()

    def wait(self) -> None:
        self._stands.release()
        self._go.acquire()

    def make_a_call(self) -> None:
        if not self.is_over:
            self._go.release()
            self._stands.acquire()


def taking_turns() -> None:
    """Let the invocation in whose thread this is called wait for its turn."""
    thread = threading.current_thread()
    if isinstance(thread, Invocation):
        thread.wait()


def end_of(world: World, step: str) -> dict[str, Any]:
    """Let the job of a step succeed; the event that tells of its end. What came before is lost."""
    (job,) = (job for job in world.ready() if f"-{step}-" in job.name)
    world.begin(job)
    world.events.clear()
    world.end(job, "SUCCEEDED", code=0)
    return world.events.pop()


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)
@given(
    before=st.integers(0, 40),
    turns=st.lists(st.tuples(st.booleans(), st.integers(1, 12)), max_size=8),
)
def test_an_event_that_meets_another_is_not_lost(
    before: int, turns: list[tuple[bool, int]]
) -> None:
    world = World(wait=taking_turns)
    world.start()
    while world.events:
        world.deliver(world.events.pop(0))
    world.finish_all_of("in")

    first = Invocation(world, end_of(world, "work"))
    for _ in range(before):
        first.make_a_call()
    second = Invocation(world, end_of(world, "out"))
    for is_second, count in turns:
        for _ in range(count):
            (second if is_second else first).make_a_call()
    for each in (first, second):
        for _ in range(MANY):
            each.make_a_call()
        assert each.is_over

    # Without the clock: what the last job's end brings has begun, or is over.
    assert "lease" not in world.left()
    assert world.record()["phase"] not in {"SUBMITTING", "RUNNING"}
    world.finish_all()
    assert (world.record()["outcome"], world.left()) == ("SUCCEEDED", {})


@pytest.fixture
def stores(own: OwnWorld) -> tuple[RunStore, RunStore]:
    """Two invocations' stores of a node, whose table is DynamoDB's."""
    return RunStore(own.node()), RunStore(own.node())


def test_a_lease_is_one_invocations(stores: tuple[RunStore, RunStore]) -> None:
    holder, other = stores
    assert holder.take(RUN)
    assert not other.take(RUN)

    assert not holder.release(RUN), "somebody came meanwhile"
    assert not other.take(RUN)
    assert not holder.release(RUN)
    assert holder.release(RUN)
    assert other.take(RUN)
    assert holder.release(RUN), "what it does not hold is not its to keep"
    assert not holder.take(RUN)
    other.drop(RUN)
    assert holder.take(RUN)


def test_a_lease_that_is_over_is_taken_and_then_not_kept(own: OwnWorld) -> None:
    late, other = (Lease(own.node(), f"RUN#{RUN}", owner) for owner in ("late", "other"))
    assert late.take()
    assert not other.take()
    own.pennsieve.clock += LEASE_SECONDS / 2
    assert late.keep()
    own.pennsieve.clock += LEASE_SECONDS - 1
    assert not other.take()
    own.pennsieve.clock += 2
    assert other.take()
    assert not late.keep()
    assert other.release(), "the mark was its own"


def test_whoever_holds_a_run_asks_only_when_it_could_be_lost(own: OwnWorld) -> None:
    holder, other = RunStore(own.node()), RunStore(own.node())
    asked: list[str] = []
    events = own.client("dynamodb").meta.events
    events.register("before-call.dynamodb.UpdateItem", lambda **_: asked.append("lease"))
    record = RunRecord(RUN, own.pennsieve.clock)
    assert holder.take(RUN)
    for _ in range(5):
        holder.write(record)
    assert len(asked) == 1, "it was taken just now"
    own.pennsieve.clock += SURE_SECONDS
    holder.write(record)
    holder.write(record)
    assert len(asked) == 2
    own.pennsieve.clock += LEASE_SECONDS - 1
    assert not other.take(RUN), "it was kept for longer"

    own.pennsieve.clock += 2
    assert other.take(RUN)
    with pytest.raises(Busy):
        holder.write(record)
    other.write(record)
