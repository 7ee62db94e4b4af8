from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from pennsieve_agent.services.side_by_side import MOST_AT_ONCE, side_by_side


def test_answers_come_in_order_and_are_asked_for_at_once() -> None:
    barrier = threading.Barrier(MOST_AT_ONCE)

    def ask(number: int) -> Callable[[], int]:
        def answer() -> int:
            barrier.wait(timeout=30)
            return number

        return answer

    many = 2 * MOST_AT_ONCE
    assert side_by_side([ask(number) for number in range(many)]) == list(range(many))


def test_the_first_error_is_raised_after_all_have_ended() -> None:
    ended: list[int] = []

    def fail(kind: type[Exception]) -> int:
        raise kind

    def end() -> int:
        ended.append(1)
        return 1

    with pytest.raises(KeyError):
        side_by_side([lambda: fail(KeyError), end, lambda: fail(OSError)])
    assert ended == [1]


def test_one_or_none_needs_no_thread() -> None:
    def here() -> int:
        return threading.get_ident()

    assert side_by_side([here]) == [threading.get_ident()]
    assert side_by_side([]) == []
