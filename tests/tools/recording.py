"""Writes the README's recordings of ``make demo-own`` and ``make demo-batch`` anew, shortened.

``python -m tests.tools.recording`` types them against sandboxes of their own.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
WIDTH = 110
_CONTINUED = "\n" + 6 * " "
"""Before the rest of a line that is longer than ``WIDTH``."""
_MANY = 6
"""So many rows of a table's end are kept."""
_FOLDER = re.compile(r"/\S+/(?=spike-rate )")
"""Where the script is on this machine."""
_LEFT_OUT = re.compile(
    r"note: |#|without Docker|.*\| (Looking|installing) |.*✓|● (run|step \S+: running)"
)
_SUBJECT = re.compile(r"sub-\S+\tsucceeded\t")
_CHANGING = re.compile(
    r"[0-9a-f]{8}-[0-9a-f-]{27}|\d{8}-\d{6}-[0-9a-f]{4}|\([0-9a-f]{7}\)|\d+ bytes|[\d.]+ MB|"
    r"(\d+ min )?<?\d+ s\b|\d{4}-\d\d-\d\dT\S+"
)
"""Identifiers, times, and sizes of what has such in it: different each time."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording of the README: its ``title`` there, the script, and its ``first`` command.

    ``environ`` has the variables that a test sets for a smaller one.
    """

    title: str
    script: str
    first: str
    environ: dict[str, str] = field(default_factory=dict)

    def typed(self, demo: Path, *, small: bool = False) -> str:
        """What the script types, and what is answered, with ``demo`` as the sandbox's folder.

        Raises:
            subprocess.CalledProcessError: a command failed.

        """
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        environ = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
        more = self.environ if small else {}
        shown = subprocess.run(
            ["bash", str(ROOT / "examples" / self.script)],
            env={**environ, **more, "PATH": path, "DEMO": str(demo), "HOME": str(demo)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=True,
            timeout=600,
        )
        return shown.stdout

    def shortened(self, shown: str) -> str:
        """The lines for the README: none of pip's, no notes; long ones go on in the next line."""
        lines = (shown[shown.index(self.first) :]).splitlines()
        kept = [_FOLDER.sub("~/", line) for line in lines if not _LEFT_OUT.match(line)]
        kept = _without_many(kept)
        text = "\n".join(_CONTINUED.join(_folded(line)) for line in kept)
        return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"

    def recorded(self) -> str:
        """What the README has."""
        return self._parts()[1]

    def write(self) -> None:
        """Record it anew."""
        with tempfile.TemporaryDirectory() as folder:
            new = self.shortened(self.typed(Path(folder, "demo")))
        before, _, after = self._parts()
        _README.write_text(f"{before}{new}{after}", encoding="utf-8")

    def _parts(self) -> tuple[str, str, str]:
        begin, end = f"<!-- {self.title} -->\n```\n", f"```\n<!-- /{self.title} -->"
        before, _, rest = _README.read_text(encoding="utf-8").partition(begin)
        recording, _, after = rest.partition(end)
        return f"{before}{begin}", recording, f"{end}{after}"


_README = ROOT / "README.md"
OWN_CODE = Recording("own code", "own-code.sh", "$ pennsieve workflow init")
BATCH = Recording(
    "batch", "batch.sh", "$ pennsieve run start", {"SUBJECTS": "5", "LONG": "02 03 05"}
)


def _without_many(lines: list[str]) -> list[str]:
    """The lines, of many subjects that succeeded the first few alone."""
    kept: list[str] = []
    some = 0
    for line in lines:
        some = some + 1 if _SUBJECT.match(line) else 0
        if some <= _MANY:
            kept.append(line)
        elif kept[-1] != "…":
            kept.append("…")
    return kept


def _folded(line: str) -> list[str]:
    """A line in parts that are no longer than ``WIDTH``, cut between words."""
    parts = []
    while len(line) > WIDTH and (at := line.rfind(" ", 0, WIDTH - len(_CONTINUED))) > 0:
        parts.append(line[:at])
        line = line[at + 1 :]
    return [*parts, line]


def answers(recording: str) -> dict[str, list[str]]:
    """The lines of each command, without what is different each time."""
    blocks = re.split(r"(?m)^\$ ", recording.replace(_CONTINUED, " "))[1:]
    lines = {words: said.splitlines() for words, _, said in (b.partition("\n") for b in blocks)}
    return {
        words: [_CHANGING.sub("…", line).partition("…")[0] for line in said if line]
        for words, said in lines.items()
    }


if __name__ == "__main__":
    for recording in (OWN_CODE, BATCH):
        recording.write()
