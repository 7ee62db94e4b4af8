"""Questions that do not depend on each other, asked at the same time.

``concurrent.futures`` would do, and is loaded in 5 ms, which is what a question costs in a sandbox.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")
MOST_AT_ONCE = 8


def side_by_side(asks: Sequence[Callable[[], T]]) -> list[T]:
    """The answers, in order.

    Raises:
        Exception: what the first of them that failed raised, after all have ended.

    """
    answers: dict[int, T] = {}
    errors: dict[int, Exception] = {}
    numbers, lock = iter(range(len(asks))), threading.Lock()

    def work() -> None:
        while True:
            with lock:
                number = next(numbers, None)
            if number is None:
                return
            try:
                answers[number] = asks[number]()
            except Exception as error:  # noqa: BLE001 - raised below
                errors[number] = error

    threads = [
        threading.Thread(target=work, daemon=True) for _ in range(min(len(asks), MOST_AT_ONCE) - 1)
    ]
    for thread in threads:
        thread.start()
    work()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[min(errors)]
    return [answers[number] for number in range(len(asks))]
