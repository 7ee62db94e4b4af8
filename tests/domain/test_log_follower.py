from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pennsieve_agent.domain.log_follower import LogReader
from pennsieve_agent.domain.runs import LogMessage


def log(count: int) -> list[LogMessage]:
    return [LogMessage(1000 + i // 3, f"line {i}") for i in range(count)]


@given(st.lists(st.integers(0, 40), max_size=12))
def test_each_line_once_and_in_order_however_it_is_read(cuts: list[int]) -> None:
    """Answers may lag behind earlier ones, as they do from an eventually consistent server."""
    whole, reader, shown = log(40), LogReader(), []
    for cut in [*cuts, 40]:
        shown += reader.fresh(whole[:cut])
    assert shown == whole


def test_equal_lines_at_the_same_time_are_all_shown() -> None:
    same = [LogMessage(1, "tick")] * 5
    reader = LogReader()
    assert len(reader.fresh(same[:2])) + len(reader.fresh(same)) == 5


def test_a_server_that_forgot_the_beginning() -> None:
    whole, reader = log(30), LogReader()
    reader.fresh(whole[:20])
    assert reader.fresh(whole[10:]) == whole[20:]


def test_a_server_that_forgot_everything() -> None:
    reader = LogReader()
    reader.fresh(log(3))
    assert reader.fresh([]) == []
    later = [LogMessage(9000, "new")]
    assert reader.fresh(later) == later
