from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pennsieve_agent.engine.output_lines import MAX_LINE_BYTES, LineSplitter


def split(*pieces: bytes) -> list[str]:
    lines: list[str] = []
    splitter = LineSplitter(lines.append)
    for piece in pieces:
        splitter.feed(piece)
    splitter.close()
    return lines


@given(st.lists(st.binary(max_size=20)))
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
