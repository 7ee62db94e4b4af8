"""Threads that work through a list, and end when they must."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from pennsieve_agent.transfer.workers import Workers

LIMIT_SECONDS = 5.0


class Stop:
    """Ends those that wait for it."""

    def __init__(self) -> None:
        self.event = threading.Event()

    def wait(self) -> None:
        assert self.event.wait(LIMIT_SECONDS)


def test_every_item_is_worked_on_once() -> None:
    done: list[int] = []
    Workers(4, done.append, lambda: None, name="t").run(range(1000))
    assert sorted(done) == list(range(1000))


def test_nothing_to_do() -> None:
    Workers(4, lambda _: None, lambda: None, name="t").run(())
    Workers(0, lambda _: None, lambda: None, name="t").run(())


def test_one_failure_ends_what_is_in_flight_and_is_raised() -> None:
    stop, all_there = Stop(), threading.Barrier(3)
    done: list[int] = []

    def work(number: int) -> None:
        if number < 3:
            all_there.wait(LIMIT_SECONDS)
        if number == 1:
            raise ValueError("full")
        stop.wait()
        done.append(number)

    with pytest.raises(ValueError, match="full"):
        Workers(3, work, stop.event.set, name="t").run(range(10_000))
    assert sorted(done) == [0, 2]


@pytest.mark.parametrize("kind", [KeyboardInterrupt, ValueError])
def test_trouble_with_the_items_ends_all(kind: type[BaseException]) -> None:
    stop, begun = Stop(), threading.Event()

    def work(_: int) -> None:
        begun.set()
        stop.wait()

    def items() -> Iterator[int]:
        yield 1
        begun.wait(LIMIT_SECONDS)
        raise kind

    before = threading.active_count()
    with pytest.raises(kind):
        Workers(3, work, stop.event.set, name="t").run(items())
    assert threading.active_count() == before
