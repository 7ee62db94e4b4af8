"""How long ``workflow check`` takes for 1,000 files, as a ratio to ``python -c 'import typer'``.

The repository is one program in which every module imports the next one, so that every file is read
and followed. Run by ``make bench``; exits 1 when the target is missed.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.startup import BASELINE, PENNSIEVE, say, seconds

FILES = 1000
ROUNDS = 7
TARGET = 15.0
"""1.5 s on a machine on which the baseline takes 100 ms."""
MODULE = '''"""Module {number}."""

import os
from pathlib import Path

from steps import step_{next}

SCALE = {scale}


class Step:
    """One of many."""

    def __init__(self, source: Path, target: Path) -> None:
        self.source = source
        self.target = target

    def run(self) -> None:
        for path in sorted(self.source.rglob("*.csv")):
            rows = [line.split(",") for line in path.read_text().splitlines()]
            total = sum(float(cell) * SCALE for row in rows for cell in row if cell)
            (self.target / path.name).write_text(f"{{total}}\\n")


def main({arguments}) -> None:
    """Do it."""
    Step({values}).run()
    step_{next}.main()
'''
PLAIN = {"scale": "1.0", "arguments": "source: Path, target: Path", "values": "source, target"}
READING = {
    "scale": 'float(os.getenv("SCALE", "1"))',
    "arguments": "",
    "values": 'Path(os.environ["INPUT_DIR"]), Path(os.environ["OUTPUT_DIR"])',
}
"""One module in ten reads variables."""


def repository(folder: Path) -> Path:
    """A repository of so many files."""
    (folder / "steps").mkdir(parents=True)
    (folder / "Dockerfile").write_text(
        'FROM python:3.12-slim\nCOPY . /app\nUSER 1000\nCMD ["python", "/app/main.py"]\n'
    )
    (folder / "app.yml").write_text(
        'schemaVersion: "1.0"\nname: many\nparameters:\n'
        "  - {name: SCALE, type: number, default: 1}\n"
    )
    (folder / "main.py").write_text("from steps import step_0\n\nstep_0.main()\n")
    for number in range(FILES - 3):
        what = PLAIN if number % 10 else READING
        text = MODULE.format(number=number, next=(number + 1) % (FILES - 3), **what)
        (folder / "steps" / f"step_{number}.py").write_text(text)
    for words in (("init", "--quiet"), ("add", "--all")):
        subprocess.run(["git", *words], cwd=folder, check=True)
    return folder


def main() -> int:
    """Measure, print a line, answer the exit code."""
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        code = repository(Path(place, "many"))
        env = {"HOME": place, "PATH": "/usr/local/bin:/usr/bin:/bin"}
        command = (*PENNSIEVE, "workflow", "check", str(code))
        pairs = [(seconds(BASELINE, env), seconds(command, env)) for _ in range(ROUNDS + 1)][1:]
    base, mine = (statistics.median(column) for column in zip(*pairs, strict=True))
    measured = mine / base
    verdict = "ok" if measured <= TARGET else "MISSED"
    what = f"workflow check of {FILES} files: {mine:.2f} s"
    say(f"{measured:6.2f}  of {TARGET:.1f}  {verdict:6}  {what}")
    return int(measured > TARGET)


if __name__ == "__main__":
    sys.exit(main())
