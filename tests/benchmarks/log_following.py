"""How well a log is followed on a sandbox: lines a second, delay of a line, memory.

The time is a ratio to a program that prints the same lines through a pipe, the memory one to that
of a log of a tenth of the lines, and the delay is from a program's print to the follower's output.
Run by ``make bench``; exits 1 when a target is missed. ``--lines 1000000`` has more lines.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.startup import PENNSIEVE, sandbox, say, seconds

LINES = 100_000
PRINT = "for i in range({}): print('line', i, 'of a log of some length', flush=True)"
TICKS, TICK_SECONDS = 60, 0.25
PROGRAM = f"""\
import os, time
count = int(os.environ["COUNT"])
if count:
    {PRINT.format("count")}
else:
    for _ in range({TICKS}):
        print("tick", time.time(), flush=True)
        time.sleep({TICK_SECONDS})
open(os.path.join(os.environ["OUTPUT_DIR"], "done.txt"), "w").write("yes")
"""
FILES = {
    "Dockerfile": 'FROM python:3.11-slim\nCOPY main.py /app/\nCMD ["python", "/app/main.py"]\n',
    "app.yml": 'schemaVersion: "1.0"\nname: lines\nparameters:\n  - {name: COUNT, type: string}\n',
    "main.py": PROGRAM,
}
MOST_SLOWER = 20.0
"""Times the time of printing them through a pipe, whose writer flushes each line: 20,000 lines a
second on a machine on which that prints 400,000."""
MOST_MEMORY = 1.25
"""Times the memory of following a tenth."""
MOST_DELAY = 0.3
"""Seconds, the median."""


@dataclass(frozen=True, slots=True)
class Followed:
    """What a follower did: seconds it took, bytes it held at most, its lines and when they came."""

    took: float
    memory: int
    lines: list[tuple[float, str]]


def repository(folder: Path) -> Path:
    """The program as a git repository of its own."""
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text)
    for words in (
        ("init", "--quiet", "--initial-branch", "main"),
        ("add", "."),
        ("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "commit", "-qm", "Code"),
        ("tag", "v1.0.0"),
    ):
        subprocess.run(("git", "-C", str(folder), *words), check=True)
    return folder


def start(env: Mapping[str, str], count: int, *more: str) -> str:
    """Start a run that prints so many lines, or 0 for ticks; its name."""
    name = f"lines-{count}-{time.time_ns()}"
    words = (
        "run",
        "start",
        "-w",
        "lines",
        "-d",
        "Data",
        "--all",
        "--param",
        f"COUNT={count}",
        *more,
    )
    seconds((*PENNSIEVE, *words, "--name", name), env)
    return name


def follow(env: Mapping[str, str], run: str) -> Followed:
    """Follow a run's program to its end."""
    began = time.perf_counter()
    lines = []
    with subprocess.Popen(
        (*PENNSIEVE, "run", "logs", run, "--step", "lines", "--follow"),
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as child:
        if child.stdout is None:
            raise AssertionError("it was started with a pipe")
        lines = [(time.time(), line) for line in child.stdout]
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    return Followed(time.perf_counter() - began, usage.ru_maxrss * 1024, lines)


def through_a_pipe(count: int) -> float:
    """How long a program takes that prints so many lines to one that reads them."""
    began = time.perf_counter()
    with subprocess.Popen(
        (sys.executable, "-c", PRINT.format(count)), stdout=subprocess.PIPE, text=True
    ) as child:
        printed = sum(1 for _ in child.stdout or ())
    if printed != count:
        raise AssertionError(f"{printed} lines came of {count}")
    return time.perf_counter() - began


def judge(name: str, value: float, target: float) -> int:
    """Say a figure; 1 if it misses its target."""
    is_good = value <= target
    say(f"{value:12,.2f}  of {target:9,.2f}  {'ok' if is_good else 'MISSED':6}  {name}")
    return int(not is_good)


def measure(env: Mapping[str, str], count: int) -> int:
    """Measure; how many targets were missed."""
    ticks = follow(env, start(env, 0))
    delays = sorted(at - float(line.split()[-1]) for at, line in ticks.lines if "tick" in line)
    missed = judge("s, median delay of a line", statistics.median(delays), MOST_DELAY)
    say(f"{delays[int(len(delays) * 0.9)]:12,.2f}  s, nine tenths; {delays[-1]:.2f} at most")
    small, whole = (start(env, n, "--wait") for n in (count // 10, count))
    few, many = follow(env, small), follow(env, whole)
    texts = [line for _, line in many.lines]
    if [text.partition("line ")[2].split()[0] for text in texts] != [str(i) for i in range(count)]:
        raise AssertionError(f"lines are missing or doubled: {len(texts)} of {count}")
    say(f"{count / many.took:12,.0f}  lines a second")
    ratio = many.took / through_a_pipe(count)
    missed += judge("times the time of a pipe", ratio, MOST_SLOWER)
    missed += judge("times the memory of a tenth", many.memory / few.memory, MOST_MEMORY)
    live = follow(env, start(env, count))
    say(f"{count / live.took:12,.0f}  lines a second while they are printed")
    return missed


def main() -> int:
    """Measure, print a table, answer the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=LINES)
    count = parser.parse_args().lines
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        data = folder / "data" / "datasets" / "Data"
        data.mkdir(parents=True)
        (data / "a.txt").write_text("a")
        with sandbox(folder, "--engine", "process") as env:
            for words in (
                ("login",),
                ("compute", "register", "--yes"),
                ("workflow", "add", str(repository(folder / "lines"))),
                ("dataset", "grant", "lines", "-d", "Data", "--access", "read-write"),
            ):
                seconds((*PENNSIEVE, *words), env)
            missed = measure(env, count)
    say(f"{missed} targets missed")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
