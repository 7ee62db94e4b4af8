from __future__ import annotations

from itertools import islice

import pytest

from pennsieve_agent.domain.backoff import LONGEST_RETRY_AFTER_SECONDS, Backoff, read_retry_after


def test_waits_double_up_to_the_longest_and_end() -> None:
    found = list(Backoff(first=1.0, longest=5.0, repeats=4).waits(lambda: 0.5))
    assert found == [1.0, 2.0, 4.0, 5.0, None]


def test_some_never_give_up() -> None:
    found = list(islice(Backoff(1.0, 60.0, None).waits(lambda: 0.5), 3000))
    assert found[-1] == 60.0


def test_jitter_spreads_the_waits() -> None:
    backoff = Backoff(1.0)
    assert {backoff.wait(0, jitter=jitter) for jitter in (0.0, 0.5, 1.0)} == {0.75, 1.0, 1.25}


def test_what_the_server_asks_for_is_done_up_to_a_limit() -> None:
    backoff = Backoff(1.0)
    for asked, wait in ((3.0, 3.0), (0.0, 0.0), (3600.0, LONGEST_RETRY_AFTER_SECONDS)):
        assert backoff.wait(0, retry_after=asked) == wait
    assert backoff.wait(4, retry_after=3.0) is None


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("2", 2.0),
        ("2.5", 2.5),
        ("-1", 0.0),
        ("Thu, 01 Jan 1970 00:16:45 GMT", 5.0),
        ("Thu, 01 Jan 1970 00:16:45 -0000", 5.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("soon", None),
        ("", None),
        ("nan", None),
        ("inf", None),
        ("Thu, 99 Jan 1970 00:16:45 GMT", None),
    ],
)
def test_retry_after(header: str | None, seconds: float | None) -> None:
    assert read_retry_after(header, now=1000.0) == seconds
