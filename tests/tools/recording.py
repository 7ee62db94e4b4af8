"""Writes the README's recording of ``make demo-own`` anew, shortened to the lines that matter.

``python -m tests.tools.recording`` types it against a sandbox of its own.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "examples" / "own-code.sh"
BEGIN, END = "<!-- own code -->\n```\n", "```\n<!-- /own code -->"
FIRST = "$ pennsieve workflow init"
WIDTH = 110
_FOLDER = re.compile(r"/\S+/(?=spike-rate )")
"""Where the script is on this machine."""
_LEFT_OUT = re.compile(
    r"note: |#|without Docker|.*\| (Looking|installing) |.*✓|● (run|step \S+: running)"
)
_CHANGING = re.compile(
    r"[0-9a-f]{8}-[0-9a-f-]{27}|\d{8}-\d{6}-[0-9a-f]{4}|\([0-9a-f]{7}\)|\d+ bytes|[\d.]+ MB|"
    r"<?\d+ s\b"
)
"""Identifiers, times, and sizes of what has such in it: different each time."""


def typed(demo: Path) -> str:
    """What the script types, and what is answered, with ``demo`` as the sandbox's folder.

    Raises:
        subprocess.CalledProcessError: a command failed.

    """
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environ = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    shown = subprocess.run(
        ["bash", str(SCRIPT)],
        env={**environ, "PATH": path, "DEMO": str(demo), "HOME": str(demo)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
        timeout=300,
    )
    return shown.stdout


def shortened(shown: str) -> str:
    """The lines for the README: none of pip's, no notes, none longer than a screen is wide."""
    lines = (shown[shown.index(FIRST) :]).splitlines()
    kept = [_FOLDER.sub("~/", line) for line in lines if not _LEFT_OUT.match(line)]
    text = "\n".join(line if len(line) <= WIDTH else f"{line[: WIDTH - 1]}…" for line in kept)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def recorded() -> str:
    """What the README has."""
    return (ROOT / "README.md").read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]


def answers(recording: str) -> dict[str, list[str]]:
    """The lines of each command, without what is different each time."""
    blocks = re.split(r"(?m)^\$ ", recording)[1:]
    lines = {words: said.splitlines() for words, _, said in (b.partition("\n") for b in blocks)}
    return {
        words: [_CHANGING.sub("…", line).partition("…")[0] for line in said if line]
        for words, said in lines.items()
    }


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        new = shortened(typed(Path(folder, "demo")))
    readme = ROOT / "README.md"
    before, _, rest = readme.read_text(encoding="utf-8").partition(BEGIN)
    readme.write_text(f"{before}{BEGIN}{new}{END}{rest.partition(END)[2]}", encoding="utf-8")
