from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pennsieve_agent.platform.http.times import iso, milliseconds


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("2026-07-02 13:37:35.123456789 +0000 UTC", "2026-07-02T13:37:35.123Z"),
        ("2026-07-02 13:37:35 +0000 UTC", "2026-07-02T13:37:35.000Z"),
        ("2026-07-02 15:37:35.1 +0200 CEST", "2026-07-02T13:37:35.100Z"),
        ("2026-07-02 13:37:35.12 +0000 UTC m=+0.001", "2026-07-02T13:37:35.120Z"),
        ("2026-07-02T13:37:35Z", "2026-07-02T13:37:35.000Z"),
        ("2026-07-02T13:37:35.987654321Z", "2026-07-02T13:37:35.987Z"),
        ("2026-07-02T15:37:35+02:00", "2026-07-02T13:37:35.000Z"),
        ("2026-07-02T13:37:35", "2026-07-02T13:37:35.000Z"),
        (1783000000, "2026-07-02T13:46:40.000Z"),
        (1783000000123, "2026-07-02T13:46:40.123Z"),
        ("1783000000123", "2026-07-02T13:46:40.123Z"),
        ("yesterday", "yesterday"),
        ("", ""),
        (None, ""),
        (0, ""),
        (-1, ""),
        (True, ""),
        ([], ""),
        (10**30, ""),
        (float("inf"), ""),
    ],
)
def test_every_way_to_write_a_moment(value: object, text: str) -> None:
    assert iso(value) == text


def test_milliseconds() -> None:
    assert milliseconds("2026-07-02T13:46:40.123Z") == 1783000000123
    assert milliseconds(1783000000123) == 1783000000123
    assert milliseconds("never") is None


@given(st.text() | st.integers() | st.floats() | st.none())
def test_nothing_breaks_it(value: object) -> None:
    iso(value)
    milliseconds(value)


@given(st.integers(min_value=1, max_value=4_000_000_000_000))
def test_milliseconds_come_back_as_they_went_in(value: int) -> None:
    if value >= 100_000_000_000:
        assert milliseconds(iso(value)) == value
