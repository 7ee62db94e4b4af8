from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pennsieve_agent.console import failures, words
from pennsieve_agent.console.streams import Streams
from pennsieve_agent.console.tables import details, table
from pennsieve_agent.errors import AgentError, Forbidden, NotSignedIn, RunFailed, UsageProblem

COLUMNS = ["NAME", "STATUS", "ID"]
ROWS = [["Mouse EEG", "succeeded", "N:dataset:1"], ["β", "failed", "N:dataset:22"]]


def test_a_pipe_gets_tabs_and_full_values() -> None:
    text = table(COLUMNS, [["x" * 200, "failed", "1"]], Streams.for_test())
    assert text == f"NAME\tSTATUS\tID\n{'x' * 200}\tfailed\t1"


@pytest.mark.parametrize("width", [80, 40, 20])
def test_a_terminal_gets_lines_that_fit(width: int) -> None:
    rows = [["a long name of a dataset", "succeeded", "N:dataset:0123456789"]]
    streams = Streams.for_test(terminal=True, width=width)
    text = table(COLUMNS, rows, streams)
    if width >= 40:
        assert max(map(len, text.splitlines())) <= max(width, 32)
    assert "succeeded" in text


def test_colour_changes_no_text() -> None:
    plain = Streams.for_test(terminal=True)
    coloured = Streams.for_test(terminal=True)
    coloured.colour = True
    coloured.result(table(COLUMNS, ROWS, coloured))
    text = coloured.out.getvalue()  # type: ignore[attr-defined]
    assert "\x1b[32msucceeded\x1b[0m" in text
    for code in ("1", "31", "32"):
        text = text.replace(f"\x1b[{code}m", "")
    assert text.replace("\x1b[0m", "") == table(COLUMNS, ROWS, plain) + "\n"


def test_control_characters_of_a_server_do_not_reach_the_terminal() -> None:
    text = table(["N"], [["a\x1b[2Jb\nc\td"]], Streams.for_test())
    assert text == "N\na [2Jb c d"
    assert details([("n", "x\ry")], Streams.for_test()) == "n\tx y"


def test_details_leave_out_what_is_empty() -> None:
    assert details([("a", "1"), ("b", "")], Streams.for_test()) == "a\t1"


@pytest.mark.parametrize(
    "where",
    [
        "5b3ca211-f13e-47a5-9fd1-0141f32fe9b2",
        "N:dataset:bd0bd409-c6e5-4f59-b7a0-c756634fca18",
        "3613a3f1",
    ],
)
def test_an_id_is_not_shown_where_a_name_is(where: str) -> None:
    named = RunFailed("run 'spikes-1' failed", where=where, hint="read why")
    for terminal in (False, True):
        text = failures.text(named, Streams.for_test(terminal=terminal))
        assert text == "error: run 'spikes-1' failed\n  hint: read why"
    assert failures.document(named)["error"]["where"] == where
    nameless = RunFailed("the run failed", where=where)
    assert f"where: {where}" in failures.text(nameless, Streams.for_test())
    place = RunFailed("run 'spikes-1' failed", where="config.ini")
    assert "where: config.ini" in failures.text(place, Streams.for_test())


def test_an_error_says_what_where_and_next() -> None:
    error = Forbidden("no access", where="dataset 7", hint="ask its owner")
    text = failures.text(error, Streams.for_test())
    assert text == "error: no access\n  where: dataset 7\n  hint: ask its owner"
    assert json.loads(json.dumps(failures.document(error)))["error"]["exit_code"] == 4


def test_an_error_is_wrapped_on_a_terminal_and_what_is_to_be_typed_is_whole() -> None:
    typed = "type: pennsieve workflow archive 'a long name' --delete"
    error = Forbidden(
        "only your own nodes have this workflow, and nodes have no archive", hint=typed
    )
    narrow = failures.text(error, Streams.for_test(terminal=True, width=40)).splitlines()
    assert all(len(line) < 40 for line in narrow[:-1])
    assert " ".join(" ".join(narrow[:-2]).split()) == f"error: {error.message}"
    assert narrow[-2:] == ["  hint: type:", f"    {typed.removeprefix('type: ')}"]
    assert len(failures.text(error, Streams.for_test(width=40)).splitlines()) == 2


@pytest.mark.parametrize(
    ("error", "code", "exit_code"),
    [
        (UsageProblem("x"), "invalid_option", 2),
        (NotSignedIn("x"), "not_signed_in", 4),
        (RunFailed("x"), "run_failed", 3),
        (AgentError("x"), "failed", 1),
    ],
)
def test_codes_are_stable(error: AgentError, code: str, exit_code: int) -> None:
    assert (error.code, error.exit_code) == (code, exit_code)


def test_nobody_to_ask() -> None:
    streams = Streams.for_test()
    with pytest.raises(UsageProblem, match="not a terminal: API key") as caught:
        streams.ask("API key", instead="set PENNSIEVE_API_KEY")
    assert caught.value.hint == "set PENNSIEVE_API_KEY"
    with pytest.raises(UsageProblem):
        streams.confirm("Go on?", assume=False)
    assert streams.confirm("Go on?", assume=True)


def test_answers() -> None:
    streams = Streams.for_test("  me \nsecret\ny\n\n", terminal=True)
    assert streams.ask("Name", instead="") == "me"
    assert streams.ask_secret("Secret", instead="") == "secret"
    assert streams.confirm("Sure?", assume=False)
    assert not streams.confirm("Sure?", assume=False)
    with pytest.raises(KeyboardInterrupt):  # the end of the input is a Ctrl+D
        streams.ask("More", instead="")


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 B"), (1023, "1023 B"), (1536, "1.5 kB"), (5 * 1024**4, "5.0 TB")]
)
def test_sizes(count: int, text: str) -> None:
    assert words.size(count) == text


def test_times_in_all_the_platforms_spellings() -> None:
    now = 1_777_054_332.0 + 3 * 3600
    for text in (
        "2026-04-24 18:12:12.123456789 +0000 UTC",
        "2026-04-24T18:12:12Z",
        "2026-04-24T20:12:12.5+02:00",
    ):
        assert words.when(text, now, relative=False) == "2026-04-24T18:12:12Z"
        assert words.when(text, now, relative=True) == "3 hours ago"
    assert words.when("soon", now, relative=True) == "soon"
    assert words.duration("2026-04-24T18:00:00Z", "2026-04-24T18:01:05Z", now) == "1 min 5 s"
    assert words.duration("", "", now) == ""


@given(st.text(max_size=40))
def test_no_time_text_breaks_it(text: str) -> None:
    words.when(text, 0.0, relative=True)
    words.duration(text, text, 0.0)
