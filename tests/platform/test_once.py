from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from pennsieve_agent.platform.http.once import Once


def test_many_threads_make_one() -> None:
    barrier, made = threading.Barrier(8), list[object]()

    def make() -> object:
        made.append(object())
        return made[-1]

    once = Once(make)
    assert once.existing() is None

    def ask(_: int) -> object:
        barrier.wait(10)
        return once()

    with ThreadPoolExecutor(8) as pool:
        found = set(map(id, pool.map(ask, range(8))))
    assert len(made) == 1
    assert found == {id(made[0])}
    assert once.existing() is made[0]


def test_what_failed_is_tried_again() -> None:
    tries: list[int] = []

    def make() -> int:
        tries.append(1)
        if len(tries) == 1:
            raise ValueError("not yet")
        return 7

    once = Once(make)
    with pytest.raises(ValueError, match="not yet"):
        once()
    assert once() == 7
