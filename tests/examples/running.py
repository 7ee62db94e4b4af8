"""Running an example workflow as a run would: a child process with two folders."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "examples"
ISOLATED = ("INPUT_DIR", "OUTPUT_DIR", "DEID_KEY", "PATIENT_PREFIX", "KEEP_DATES", "PIXELS")


def run_example(
    name: str, source: Path, target: Path, **settings: str
) -> subprocess.CompletedProcess[str]:
    """Run an example's main.py to its end, in a folder of its own like a container."""
    target.mkdir(exist_ok=True)
    env = {key: value for key, value in os.environ.items() if key not in ISOLATED}
    env |= {"INPUT_DIR": str(source), "OUTPUT_DIR": str(target), **settings}
    return subprocess.run(
        [sys.executable, str(EXAMPLES / name / "main.py")],
        env=env,
        cwd=target.parent,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def table(file: Path) -> list[dict[str, str]]:
    """The rows of a CSV file with a header."""
    with file.open(newline="", encoding="utf-8") as rows:
        return list(csv.DictReader(rows))
