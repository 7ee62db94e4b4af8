"""Whatever others wrote, no character of it acts on a terminal: cleaned at the one exit."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable
from pathlib import Path

import pytest

import pennsieve_agent
from pennsieve_agent.console import failures
from pennsieve_agent.console.cells import width
from pennsieve_agent.console.printable import printable, program_line
from pennsieve_agent.console.progress import ProgressLine
from pennsieve_agent.console.shown import Details, Prose, Shown, Table, show
from pennsieve_agent.console.steptree import Happening, StepTree
from pennsieve_agent.console.streams import Streams
from pennsieve_agent.errors import UsageProblem

ACTS = {
    "a title": "\x1b]0;PWN\x07",
    "the clipboard": "\x1b]52;c;cm0=\x1b\\",
    "a link": "\x1b]8;;http://example.org\x1b\\here\x1b]8;;\x1b\\",
    "clearing": "\x1b[2J\x1b[H",
    "a colour": "\x1b[31mred\x1b[0m",
    "hidden": "\x1b[8mhidden",
    "C1": "\x9b31m\x9d0;PWN\x9c\x85",
    "writing over": "good\rbad \x08\x7f\x0b\x0c\x00",
    "turned round": "\u202egpj.exe\u202c \u2066x\u2069 \u200f\u061c",
    "line ends": "a\u2028b\u2029c",
    "no text": "\udcff",
}
ACTING = {c for text in ACTS.values() for c in text if not c.isprintable()}
Writer = Callable[[Streams, str], object]
WAYS: dict[str, Writer] = {
    "a result": lambda s, text: s.result(text),
    "a note": lambda s, text: s.note(text),
    "prose": lambda s, text: show(Shown(text=Prose(text)), s, as_json=False),
    "a question": lambda s, text: s.ask(text, instead=""),
    "a secret's question": lambda s, text: s.ask_secret(text, instead=""),
    "a yes": lambda s, text: s.confirm(text, assume=False),
    "a table": lambda s, text: show(Shown(text=Table([text], [[text]])), s, as_json=False),
    "details": lambda s, text: show(Shown(text=Details([(text, text)])), s, as_json=False),
    "an error": lambda s, text: s.note(failures.text(UsageProblem(text, where=text, hint=text), s)),
    "painted": lambda s, text: s.result(s.paint(text, "red")),
    "a document": lambda s, text: s.document({text: [text]}),
    "progress": lambda s, text: ProgressLine(s, text, lambda: 0.0).show(1, 2, 1, 2),
}


def written(streams: Streams) -> str:
    return streams.out.getvalue() + streams.err.getvalue()  # type: ignore[attr-defined, no-any-return]


@pytest.mark.parametrize("terminal", [True, False])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("acts", ACTS)
def test_no_way_to_the_terminal_lets_it_through(acts: str, way: str, *, terminal: bool) -> None:
    streams = Streams.for_test("y\n", terminal=terminal)
    streams.can_ask = True
    WAYS[way](streams, f"n{ACTS[acts]}m")
    text = written(streams).removeprefix("\r" if way == "progress" else "")
    assert not ACTING & set(text)
    assert not text or "n" in text


@pytest.mark.parametrize("acts", ACTS)
def test_our_own_colours_pass_and_those_of_others_do_not(acts: str) -> None:
    streams = Streams.for_test(terminal=True)
    streams.colour = True
    streams.result(f"{streams.paint('mine', 'green')} {ACTS[acts]}")
    start, end = "\x1b[32mmine\x1b[0m ", "\n"
    text = written(streams)
    assert text.startswith(start)
    assert not ACTING & set(text.removeprefix(start).removesuffix(end))


def test_what_draws_itself_anew_is_clean() -> None:
    streams = Streams.for_test(terminal=True)
    with StepTree(streams, lambda: 0.0) as tree:
        tree.show(Happening("started", "making \x1b]0;PWN\x07"))
        tree.show(Happening("event", "", item="x\x9d0;PWN\x9c", status="CREATE_IN_PROGRESS"))
        tree.show(Happening("problem", "no \x1b]0;PWN\x07", hint="\x1b]0;PWN\x07"))
    assert "\x1b]" not in written(streams)
    assert not {"\x07", "\x9d", "\x9c"} & set(written(streams))


def test_a_document_has_the_very_text() -> None:
    for text in ACTS.values():
        streams = Streams.for_test(terminal=True)
        streams.document([text])
        assert json.loads(written(streams)) == [text]


def test_other_text_stays_as_it_is() -> None:
    text = "tab\tline\nMäuse 数据 שלום क्‍ष 👩‍🔬 \U000f0001 …"
    assert printable(text) == text
    assert printable("a\r\nb") == "a\nb"


def test_a_program_s_line_has_none_of_its_colours() -> None:
    line = "\x1b[1;31mERROR\x1b[0m \x1b[38:5:200mx\x1b[m\tend\x1b]0;PWN\x07\x1b[2J"
    assert program_line(line) == "ERROR x\tend"


def test_our_colours_take_no_room() -> None:
    streams = Streams.for_test(terminal=True)
    streams.colour = True
    assert width(streams.paint("ab", "red", "bold")) == 2


def test_nothing_else_writes_to_the_streams() -> None:
    root = Path(pennsieve_agent.__file__).parent
    found = {
        str(file.relative_to(root))
        for room in ("cli", "console", "services", "account")
        for file in (root / room).rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in {"err", "out"}
    }
    assert found == {
        "console/streams.py",
        "console/steptree.py",  # gives standard error to rich, which draws cleaned text
        "console/live_view.py",  # the same of standard output
    }
