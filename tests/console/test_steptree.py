"""Steps and resources as they happen: lines that stay, and on a terminal what still runs."""

from __future__ import annotations

import io

from pennsieve_agent.console.steptree import Happening, StepTree
from pennsieve_agent.console.streams import Streams

STORY = (
    (0, Happening("started", "Create the stack")),
    (1, Happening("event", "", item="Bucket", status="CREATE_IN_PROGRESS", at=1)),
    (2, Happening("event", "", item="Files", status="CREATE_IN_PROGRESS", at=2)),
    (3, Happening("event", "", item="Bucket", status="CREATE_COMPLETE", at=13)),
    (
        4,
        Happening("event", "Files: create failed (Quota.)", item="Files", status="CREATE_FAILED"),
    ),
    (5, Happening("event", "the stack itself", status="CREATE_FAILED")),
    (75, Happening("done", "the stack is ready")),
    (75, Happening("already done", "Nothing to do: it is registered")),
    (76, Happening("started", "Let images be pulled")),
    (76, Happening("problem", "They cannot", "try again: pennsieve compute register")),
)
KEPT = [
    "… Create the stack",
    "  ✓ Bucket created (12 s)",
    "  ✗ Files: create failed (Quota.)",
    "✓ the stack is ready (1 min 15 s)",
    "✓ Nothing to do: it is registered",
    "! They cannot",
    "    hint: try again: pennsieve compute register",
]


def told(*, terminal: bool, width: int = 80) -> tuple[str, list[str]]:
    streams, clock = Streams.for_test(terminal=terminal, width=width), [0.0]
    pictures = []
    with StepTree(streams, lambda: clock[0]) as tree:
        for at, what in STORY:
            clock[0] = at
            tree.show(what)
            pictures.append(tree._picture().plain)
    assert isinstance(streams.err, io.StringIO)
    return streams.err.getvalue(), pictures


def test_in_a_pipe_only_what_stays() -> None:
    text, _ = told(terminal=False)
    assert text.splitlines() == KEPT
    assert "\x1b" not in text


def test_on_a_terminal_the_same_lines_stay() -> None:
    text, pictures = told(terminal=True)
    for line in KEPT:
        assert line in text
    assert pictures[2].splitlines() == [
        "… Create the stack (2 s)",
        "  … Bucket creating (1 s)",
        "  … Files creating",
    ]
    assert pictures[6] == pictures[-1] == ""


def test_many_resources_are_counted_not_listed() -> None:
    tree = StepTree(Streams.for_test(), lambda: 0.0)
    tree.show(Happening("started", "Delete the stack"))
    for number in range(12):
        tree.show(Happening("event", "", item=f"R{number}", status="DELETE_IN_PROGRESS", at=0))
    rows = tree._picture().plain.splitlines()
    assert rows[1] == "  … R0 deleting"
    assert rows[-1] == "  … and 4 more"


def test_a_narrow_terminal_breaks_between_words() -> None:
    text, _ = told(terminal=True, width=30)
    assert "✓ Nothing to do: it is\n  registered" in text
