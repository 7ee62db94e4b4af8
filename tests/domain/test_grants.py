"""When a grant ends, as it is typed and as it is told."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from pennsieve_agent.domain.grants import parse_until, until_words
from pennsieve_agent.errors import UsageProblem

NOW = datetime(2026, 11, 29, 16, 30, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("2027-01-31", "2027-01-31"),
        ("2026-11-29", "2026-11-29"),  # today counts, to its end
        ("30d", "2026-12-29 16:30 UTC"),
        (" 12H ", "2026-11-30 04:30 UTC"),
        ("2w", "2026-12-13 16:30 UTC"),
    ],
)
def test_a_date_and_a_time_from_now_on(typed: str, told: str) -> None:
    until = parse_until(typed, NOW)
    assert until > NOW
    assert until_words(until) == told


def test_a_date_is_a_whole_day_in_utc() -> None:
    assert parse_until("2027-01-31", NOW) == datetime(2027, 2, 1, tzinfo=UTC).timestamp()


@pytest.mark.parametrize("typed", ["", "soon", "31.1.2027", "2027-02-30", "d", "-3d", "9999-12-31"])
def test_what_is_no_date_is_refused(typed: str) -> None:
    with pytest.raises(UsageProblem, match="is not a date or a duration") as caught:
        parse_until(typed, NOW)
    assert "--until 2027-01-31" in str(caught.value.hint)


@pytest.mark.parametrize("typed", ["2026-11-28", "0d", "1999-01-01"])
def test_a_date_in_the_past_is_refused(typed: str) -> None:
    with pytest.raises(UsageProblem, match="is in the past"):
        parse_until(typed, NOW)
