"""Tables at 80 and 40 columns: what tells rows apart is there, and what is typed is whole."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pennsieve_agent.console import cells
from pennsieve_agent.console.shown import Shown, show
from pennsieve_agent.console.streams import Streams
from pennsieve_agent.console.tables import ID, NAME, PATH, Column, Cut, details, table
from pennsieve_agent.domain.name_matching import pick, short_ids

LONG = [f"{'a' * 28}-{middle}-{'z' * 28}" for middle in ("one", "two")]
JAPANESE = "マウスの脳波データセット、視覚野、二〇二六年、第一回の記録"
IDS = [f"N:dataset:{uuid.UUID(int=n << 96)}" for n in (0x1C20AAAA, 0x1C20BBBB)]
TIME = "14 minutes ago"


def at(width: int) -> Streams:
    return Streams.for_test(terminal=True, width=width)


@pytest.mark.parametrize("names", [LONG, [JAPANESE + "左", JAPANESE + "右"]])
def test_at_80_columns_the_short_id_is_first_and_the_name_is_cut_in_its_middle(
    names: list[str],
) -> None:
    rows = [[name, "owner", "1.2 MB", TIME, id_] for name, id_ in zip(names, IDS, strict=True)]
    head, *lines = table([NAME, "ROLE", "SIZE", "UPDATED", ID], rows, at(80)).splitlines()
    assert head.split() == ["ID", "NAME", "ROLE", "SIZE", "UPDATED"]
    assert [line.split()[0] for line in lines] == ["1c20aaaa", "1c20bbbb"]
    assert max(map(cells.width, lines)) <= 80
    shown = [line.split()[1] for line in lines]
    assert len(set(shown)) == 2, "names that differ look alike"
    for name, cut in zip(names, shown, strict=True):
        assert "…" in cut
        assert (cut[0], cut[-1]) == (name[0], name[-1])
    for line, id_ in zip(lines, IDS, strict=True):
        assert pick(line.split()[0], IDS, kind="d", keys=lambda i: (i, ""), list_command="") == id_


def test_at_40_columns_each_row_is_a_block_with_its_whole_name() -> None:
    rows = [[name, "owner", TIME, id_] for name, id_ in zip(LONG, IDS, strict=True)]
    first, second = table([NAME, "ROLE", "UPDATED", ID], rows, at(40)).split("\n\n")
    assert first.splitlines()[0].split() == ["ID", "1c20aaaa"]
    assert LONG[0] in first
    assert LONG[1] in second


def test_a_pipe_has_whole_ids_where_scripts_know_them() -> None:
    rows = [[LONG[0], "owner", IDS[0]]]
    text = table([NAME, "ROLE", ID], rows, Streams.for_test())
    assert text == f"NAME\tROLE\tID\n{LONG[0]}\towner\t{IDS[0]}"


def test_what_is_spare_goes_before_names_are_cut_too_short() -> None:
    columns: list[str | Column] = [
        NAME,
        "STATUS",
        Column("NODE", Cut.MIDDLE, spare=True),
        "STARTED",
        "TOOK",
        ID,
    ]
    row = ["spike-rate-1c20", "succeeded", "my-compute", TIME, "2 min 14 s", IDS[0]]
    assert "NODE" in table(columns, [row], at(90))
    narrow = table(columns, [[LONG[0], *row[1:3], TIME, *row[4:]]], at(80))
    assert "NODE" not in narrow
    assert "succeeded" in narrow


def test_a_name_without_an_id_is_never_cut() -> None:
    assert LONG[0] in table(["STEP", "STATUS"], [[LONG[0], "failed"], [LONG[1], "failed"]], at(60))


def test_a_path_comes_last_and_is_whole() -> None:
    path = "raw/" * 30 + "a.txt"
    head, line = table([PATH, "SIZE"], [[path, "1.2 MB"]], at(80)).splitlines()
    assert head.split() == ["SIZE", "PATH"]
    assert line.endswith(path)


def test_a_text_is_wrapped_beside_what_is_not() -> None:
    columns: list[str | Column] = ["TAG", Column("PROBLEM", Cut.WRAP)]
    lines = table(columns, [["v1", "no Dockerfile at all " * 8]], at(60)).splitlines()
    assert len(lines) > 3
    assert max(map(len, lines)) <= 60


def test_a_status_in_a_name_is_not_painted() -> None:
    streams = at(80)
    streams.colour = True
    line = table([NAME, "STATUS"], [["failed-again", "failed"]], streams).splitlines()[1]
    assert line == f"failed-again  {streams.paint('failed', 'red')}"


def test_short_ids_are_as_long_as_tells_them_apart() -> None:
    near = [f"N:user:1c20aaaa-000{n}-4000-8000-000000000000" for n in (1, 2)]
    assert short_ids(near) == ["1c20aaaa-0001", "1c20aaaa-0002"]
    assert short_ids([near[0], near[0], "team"]) == ["1c20aaaa", "1c20aaaa", "team"]
    assert short_ids([]) == []


@given(st.text(max_size=70), st.integers(2, 40))
def test_no_text_is_wider_than_its_column(text: str, columns: int) -> None:
    for tail in (0, columns // 2):
        assert cells.width(cells.cut(text, columns, tail)) <= columns
    assert all(cells.width(one) <= columns for one in cells.cut_apart([text, text + "x"], columns))
    for line in cells.wrap(text, columns, break_long=True):
        assert cells.width(line.strip()) <= columns


@given(st.lists(st.sampled_from(["a", "bb", "脳波", "c" * 30]), max_size=30))
def test_wrapping_loses_no_word(words: list[str]) -> None:
    assert " ".join(cells.wrap(" ".join(words), 20)).split() == words


def test_a_note_is_wrapped_and_its_command_is_whole() -> None:
    command = "pennsieve run logs spike-rate-1c20 --step spikes --follow"
    streams = at(40)
    note = f"run 'spike-rate-1c20' has not ended yet; follow it with: {command}"
    show(Shown(notes=[note]), streams, as_json=False)
    lines = streams.err.getvalue().splitlines()  # type: ignore[attr-defined]
    assert lines[-1].strip() == command
    assert all(len(line) < 40 for line in lines[:-1])
    piped = Streams.for_test(width=40)
    show(Shown(notes=[note]), piped, as_json=False)
    assert piped.err.getvalue() == f"{note}\n"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "command",
    [
        'eval "$(pennsieve sandbox env --data /a/folder/far/away/.demo)"',
        "pennsieve sandbox use --data /a/folder/far/away/.demo",
    ],
)
def test_a_command_that_is_set_apart_is_whole(command: str) -> None:
    assert cells.wrap(f"or as a profile:       {command}", 40)[-1].strip() == command


def test_what_stands_three_spaces_after_a_command_is_not_a_part_of_it() -> None:
    note = "next: pennsieve compute doctor 'lab' --run   (a trial run, about 0.001 USD)"
    assert [line.strip() for line in cells.wrap(note, 40, "  ")] == [
        "next:",
        "pennsieve compute doctor 'lab' --run",
        "(a trial run, about 0.001 USD)",
    ]


def test_a_value_without_room_beside_its_name_is_below_it_and_cuts_no_word() -> None:
    long = "about 0.11 USD (from 0.06 USD to 0.80 USD); about 4 min 36 s (from 44 s to 1 h)"
    pairs = [("of 57 runs that succeeded", "0.13 USD"), ("estimate before", long), ("id", IDS[0])]
    lines = details(pairs, at(40)).splitlines()
    assert lines[0] == "of 57 runs that succeeded  0.13 USD"
    assert lines[1:4] == [
        "estimate before",
        "  about 0.11 USD (from 0.06 USD to 0.80",
        "  USD); about 4 min 36 s (from 44 s to 1",
    ]
    assert all(cells.width(line) <= 40 for line in lines[:-1])
    assert lines[-1].endswith(IDS[0])  # too long for a line, so it is whole where it is
    short = details([("a long name of a value", "0b82cade-ed3f-41d0-8bfe-6be98b50a932")], at(40))
    assert short == "a long name of a value\n  0b82cade-ed3f-41d0-8bfe-6be98b50a932"
