"""The words of the older Pennsieve agent, a program that is called ``pennsieve`` as well."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from pennsieve_agent.errors import UnknownCommand

NOW = {
    "agent": "pennsieve login",
    "upload": "pennsieve dataset upload DATASET PATH",
    "download": "pennsieve dataset download DATASET --to DIR",
    "manifest": "pennsieve dataset upload DATASET PATH",
    "map": "pennsieve dataset download DATASET --to DIR",
    "config": "pennsieve profile list",
    "account": "pennsieve compute register",
}
"""The first words of that agent's commands (``contracts/core.md`` 5.1), and what does now
what they did. There is no background process any more, so signing in is all that is left of
``agent``."""


def answer(word: str, search_path: str) -> UnknownCommand:
    """What to type instead of the older agent's command, and where that agent is installed."""
    program = installed(search_path)
    other = f" (or, with that agent: {program} {word})" if program else ""
    return UnknownCommand(
        f"'{word}' is a command of the older Pennsieve agent, which this program replaces",
        where=f"that agent is installed as {program}" if program else None,
        hint=f"type: {NOW[word]}{other}",
    )


def installed(search_path: str) -> str:
    """The first ``pennsieve`` of a search path that is not a script, as this program is."""
    for folder in filter(None, search_path.split(os.pathsep)):
        program = shutil.which("pennsieve", path=folder)
        if program and not _is_script(Path(program)):
            return program
    return ""


def _is_script(program: Path) -> bool:
    try:
        with program.open("rb") as file:
            return file.read(2) == b"#!"
    except OSError:
        return False
