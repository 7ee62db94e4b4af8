from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pennsieve_agent.engine.output_lines import MAX_LINE_BYTES, LineSplitter


def split(*pieces: bytes) -> list[str]:
    lines: list[str] = []
    splitter = LineSplitter(lines.append, lambda: 0.0)
    for piece in pieces:
        splitter.feed(piece)
    splitter.close()
    return lines


@given(st.lists(st.binary(max_size=20) | st.sampled_from([b"\r", b"\n", b"\r\n", b"a\r"])))
def test_pieces_do_not_matter(pieces: list[bytes]) -> None:
    assert split(*pieces) == split(b"".join(pieces))


def test_a_line_is_there_as_soon_as_it_ends() -> None:
    lines: list[str] = []
    splitter = LineSplitter(lines.append)
    splitter.feed(b"one\ntw")
    assert lines == ["one"]
    splitter.feed(b"o\r\n\nthree")
    assert lines == ["one", "two", ""]
    splitter.close()
    assert lines == ["one", "two", "", "three"]


def test_bytes_that_are_no_text() -> None:
    assert split(b"caf\xe9\n") == ["caf\N{REPLACEMENT CHARACTER}"]


def test_long_lines_come_in_pieces_between_characters() -> None:
    text = "x" + "é" * MAX_LINE_BYTES
    data = text.encode()
    for lines in (
        split(data),
        split(data + b"\n"),
        split(*(data[i:][:999] for i in range(0, len(data), 999))),
    ):
        assert "".join(lines) == text
        assert len(lines) == 3
        assert max(len(line.encode()) for line in lines) <= MAX_LINE_BYTES


def test_a_line_of_just_the_limit_is_whole() -> None:
    assert split(b"x" * MAX_LINE_BYTES + b"\ny\n") == ["x" * MAX_LINE_BYTES, "y"]


def test_a_line_of_a_million_bytes_is_whole() -> None:
    assert split(b"x" * 1_000_000, b"\n") == ["x" * 1_000_000]


def test_of_a_bar_that_is_drawn_quickly_the_last_state_is_told() -> None:
    bar = b"".join(b"\r%5d/2000" % number for number in range(2000))
    assert split(bar + b"\nafter\n") == [" 1999/2000", "after"]
    assert split(*(bytes([byte]) for byte in bar), b"\n") == [" 1999/2000"]


def test_of_a_bar_with_its_returns_behind_the_last_state_is_told() -> None:
    assert split(b"1%\r2%\r", b"\n", b"3%\r") == ["2%", "3%"]


def test_a_slow_bar_is_seen_while_it_is_drawn() -> None:
    at, lines = [0.0], list[str]()
    splitter = LineSplitter(lines.append, lambda: at[0])
    for percent in range(5):
        splitter.feed(b"\r%d%%" % percent)
        at[0] += 0.3
    assert lines == ["1%", "3%"]
    splitter.idle()
    splitter.idle()
    assert lines == ["1%", "3%"]
    at[0] += 0.3
    splitter.idle()  # nothing comes for a while: where it stands is told
    assert lines == ["1%", "3%", "4%"]
    splitter.feed(b"\ndone\n")
    assert lines == ["1%", "3%", "4%", "done"]


def test_line_ends_of_windows_are_no_bar() -> None:
    assert split(b"a\r\n\r\nb\r\r\n") == ["a", "", "b"]
