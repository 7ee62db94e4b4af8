"""What was said of ten runs in a sandbox before each of them, beside what it came to.

A workflow works on ten files, one after the other, longer on larger ones; each run is started and
read as a user does it. The first is estimated by the resources it declares, the others by the runs
before them. Run by ``make estimates``; exits 1 when fewer than eight of the nine are in the band.
"""

from __future__ import annotations

import random
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.benchmarks.startup import say
from tests.cli.conftest import repository
from tests.cli.harness import Agent
from tests.quick_sandbox import quick

DATASET, NODE, FLOW = "Recordings", "lab", "steady"
SIZES = (8, 20, 12, 30, 4, 24, 16, 40, 10, 28)
"""In MB."""
LEAST = 8
"""How many of the nine that have earlier runs are to be in the band."""
PROGRAM = """\
import os, pathlib, time
source, target = pathlib.Path(os.environ["INPUT_DIR"]), pathlib.Path(os.environ["OUTPUT_DIR"])
for path in sorted(p for p in source.rglob("*") if p.is_file()):
    data = path.read_bytes()
    time.sleep(2 + len(data) / 4e6)
    (target / (path.name + ".txt")).write_text(str(len(data)))
"""
FILES = {
    "Dockerfile": 'FROM debian:12\nCOPY main.py /app/\nCMD ["python3", "/app/main.py"]\n',
    "app.yml": ('schemaVersion: "1.0"\nname: steady\nresources:\n  cpu: 2048\n  memory: 8192\n'),
    "main.py": PROGRAM,
}


def typed(agent: Agent, *words: str) -> Any:
    """What a command answers."""
    done = agent(*words)
    if done.code:
        raise SystemExit(f"{' '.join(words)}\n{done.out}{done.err}")
    return done


def lab(root: Path) -> tuple[Agent, Any]:
    """A sandbox with a node, a workflow and ten files."""
    chance = random.Random(1)  # noqa: S311 - any bytes
    raw = root / "box" / "datasets" / DATASET
    raw.mkdir(parents=True)
    for number, size in enumerate(SIZES):
        (raw / f"{number:02}.dat").write_bytes(chance.randbytes(size * 10**6))
    box = quick(root / "box")
    box.start_detached(0, "process")
    agent = Agent({**box.environment(), "HOME": str(root)})
    typed(agent, "compute", "register", "--name", NODE, "--yes")
    typed(agent, "workflow", "add", str(repository(root / "code", FILES)), "--name", FLOW)
    typed(agent, "dataset", "grant", FLOW, "-d", DATASET, "--access", "read-write")
    return agent, box


def row(agent: Agent, number: int) -> tuple[str, bool]:
    """Start a run, wait for it, and compare: a line, and whether time and cost were in the band."""
    how = ("-d", DATASET, "-w", FLOW, "--node", NODE, "--files", f"{number:02}.dat")
    run = typed(agent, "run", "start", *how, "--wait", "--json").document
    shown = typed(agent, "run", "cost", run["id"], "--json").document
    said, counted = shown["estimate"], shown["metrics"]
    usd, seconds = counted["estimated_usd"], counted["seconds"]
    held = (
        said["low_usd"] <= usd <= said["high_usd"]
        and said["low_seconds"] <= seconds <= said["high_seconds"]
    )
    cells = (
        f"{number + 1:3}",
        f"{SIZES[number]:5} MB",
        *(f"{said[f'{name}_seconds']:8.1f}" for name in ("low", "expected", "high")),
        f"{seconds:8.1f}",
        *(f"{said[f'{name}_usd']:9.6f}" for name in ("low", "expected", "high")),
        f"{usd:9.6f}",
        "yes" if held else "no ",
        said["basis"],
    )
    return "  ".join(cells), held


def main() -> int:
    """Print a line for each run, answer the exit code."""
    with tempfile.TemporaryDirectory(prefix="estimates-") as place:
        agent, box = lab(Path(place))
        try:
            say(
                "run      size       low  expected      high   seconds        low   expected"
                "       high        USD  held  estimated"
            )
            held = []
            for number in range(len(SIZES)):
                line, is_held = row(agent, number)
                say(line)
                held.append(is_held)
        finally:
            box.stop()
    return int(sum(held[1:]) < LEAST)


if __name__ == "__main__":
    sys.exit(main())
