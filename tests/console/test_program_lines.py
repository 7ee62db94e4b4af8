"""Lines of programs, as a terminal may show them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pennsieve_agent.console.printable import program_line
from pennsieve_agent.console.progress import OutageLine
from pennsieve_agent.console.streams import Streams


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b]0;title\x07b", "ab"),
        ("a\x1b]52;c;aGk=\x1b\\b", "ab"),
        ("a\x1b]8;;http://x\x07link\x1b]8;;\x07", "alink"),
        ("a\x1b]0;never ended", "a"),
        ("\x1b[2J\x1b[Ha", "a"),
        ("\x1b[?25la\x1b[1;2Hb", "ab"),
        ("\x1bP1;2|data\x1b\\a", "a"),
        ("\x9b2Ja\x9d0;t\x9cb", "ab"),
        ("\x1bca\x1b(Bb\x1b", "ab"),
        ("a\x00\x08\x7f\u202eb\tc", "ab\tc"),
        ("  0/2000\r  1/2000\r1999/2000", "1999/2000"),
        ("99%\r\x1b[Kdone\r", "done"),
        ("\x1b[31mred", "red"),
    ],
)
def test_sequences_go_as_a_whole(text: str, shown: str) -> None:
    assert program_line(text) == shown


@given(st.text())
def test_nothing_else_reaches_the_terminal(text: str) -> None:
    assert all(c.isprintable() or c == "\t" for c in program_line(text))


def test_an_outage_is_one_line_that_counts() -> None:
    streams = Streams.for_test(terminal=True)
    line = OutageLine(streams)
    for seconds in (0, 40, 185):
        line.show(seconds, "no network")
    line.show(None, "")
    shown = streams.err.getvalue()  # type: ignore[attr-defined]
    assert shown.count("\n") == 1
    assert "\rno answer for 3 min, waiting; the run goes on (no network)" in shown
    assert shown.endswith("\ranswered again after 3 min; no line was lost\n")


def test_in_a_pipe_an_outage_is_told_seldom() -> None:
    streams = Streams.for_test()
    line = OutageLine(streams)
    for seconds in range(0, 1200, 5):
        line.show(seconds, "no network")
    lines = streams.err.getvalue().splitlines()  # type: ignore[attr-defined]
    assert [text.split(",")[0] for text in lines] == [
        f"no answer for {length}" for length in ("0 s", "1 min", "10 min")
    ]
