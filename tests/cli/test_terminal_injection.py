"""A collaborator's dataset whose name would take over the terminal."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Lab
from tests.cli.harness import Agent

NAME = "D\x1b]52;c;cm0=\x07\x9d0;PWN\x9c\u202etxt"
COMMANDS = {
    "list": ("dataset", "list"),
    "show": ("dataset", "show", NAME),
    "files": ("dataset", "files", NAME),
    "as JSON": ("dataset", "list", "--json"),
    "a wrong name": ("dataset", "show", f"{NAME}x"),
    "a wrong word": ("dataset", f"{NAME}x"),
    "a wrong option": ("dataset", "list", f"--{NAME}"),
    "a wrong profile": ("whoami", "--profile", NAME),
    "a wrong AWS profile": ("aws", "test", NAME),
    "a question": ("dataset", "delete", NAME),
    "the end": ("dataset", "delete", NAME, "--yes"),
}


@pytest.mark.parametrize("terminal", [True, False])
def test_its_name_is_shown_without_acting(lab: Lab, agent: Agent, *, terminal: bool) -> None:
    del lab
    assert agent("dataset", "create", NAME, terminal=terminal).code == 0
    for what, words in COMMANDS.items():
        done = agent(*words, answers="n\n", terminal=terminal)
        text = done.out + done.err
        assert text, what
        assert not set("\x1b\x07\x9d\x9c\u202e") & set(text), (what, text)
        if what == "as JSON":
            assert NAME in [row["name"] for row in done.document]
