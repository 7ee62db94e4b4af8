from __future__ import annotations

import pytest

from pennsieve_agent.domain.backoff import LONGEST_RETRY_AFTER_SECONDS
from pennsieve_agent.platform.http.retries import PATIENCE_SECONDS, Trouble, wait_before_repeat


def waits(trouble: Trouble, *, each_try_takes: float = 0.0, patience: float = 5.0) -> list[float]:
    """All waits until giving up."""
    elapsed, found = each_try_takes, list[float]()
    while True:
        wait = wait_before_repeat(trouble, len(found), elapsed=elapsed, patience=patience)
        if wait is None:
            return found
        found.append(wait)
        elapsed += wait + each_try_takes


@pytest.mark.parametrize("trouble", list(Trouble))
def test_every_trouble_ends(trouble: Trouble) -> None:
    found = waits(trouble)
    assert 1 <= len(found) <= 4
    assert found == sorted(found)


def test_waits_double() -> None:
    assert waits(Trouble.BUSY) == [0.5, 1, 2, 4]
    assert waits(Trouble.SLOW_DOWN) == [1, 2, 4, 8]


def test_silence_is_borne_for_five_seconds_at_most() -> None:
    assert sum(waits(Trouble.NO_CONNECTION)) <= PATIENCE_SECONDS
    assert waits(Trouble.NO_CONNECTION, each_try_takes=10) == []
    assert sum(waits(Trouble.NO_CONNECTION, patience=1.5)) <= 1.5


def test_a_slow_server_is_asked_once_more() -> None:
    assert len(waits(Trouble.NO_ANSWER, each_try_takes=60)) == 1


def test_what_the_server_asks_for_is_done_up_to_a_limit() -> None:
    for asked, wait in ((3.0, 3.0), (0.0, 0.0), (3600.0, LONGEST_RETRY_AFTER_SECONDS)):
        assert wait_before_repeat(Trouble.SLOW_DOWN, 0, elapsed=0, retry_after=asked) == wait
