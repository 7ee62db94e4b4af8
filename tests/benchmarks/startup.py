"""How long commands take to start, as ratios to ``python -c 'import typer'`` in the same run.

Ratios of interleaved medians say the same on a fast machine, a slow one and a busy one. Run with
``make bench``; exits 1 when a target is missed. ``--rounds N`` measures longer.
"""

from __future__ import annotations

import argparse
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pennsieve_agent.cli import tree

ROUNDS = 7
VERSION_TARGET = 0.6
HELP_TARGET = 1.2
LIST_TARGET = 3.0
BASELINE = (sys.executable, "-c", "import typer")
PENNSIEVE = (str(Path(sys.executable).with_name("pennsieve")),)


@dataclass(frozen=True, slots=True)
class Subject:
    """A command to measure, and how many times the baseline it may take."""

    arguments: tuple[str, ...]
    target: float

    @property
    def name(self) -> str:
        return " ".join(("pennsieve", *self.arguments))


def commands() -> Iterator[tuple[str, ...]]:
    """Every command and group of commands, as the words one types; the first is the empty one."""
    yield ()
    yield from (tuple(entry.words.split()) for entry in tree.ENTRIES)


def seconds(command: Sequence[str], env: Mapping[str, str]) -> float:
    """How long a command takes.

    Raises:
        RuntimeError: it failed, so that its time says nothing.

    """
    start = time.perf_counter()
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    elapsed = time.perf_counter() - start
    if done.returncode:
        raise RuntimeError(f"{shlex.join(command)} ended with {done.returncode}: {done.stderr}")
    return elapsed


def ratio(subject: Subject, env: Mapping[str, str], rounds: int) -> float:
    """The median of the subject over the median of the baseline, measured in turns."""
    own, base = [], []
    seconds((*PENNSIEVE, *subject.arguments), env)  # fills the file cache
    for _ in range(rounds):
        base.append(seconds(BASELINE, env))
        own.append(seconds((*PENNSIEVE, *subject.arguments), env))
    return statistics.median(own) / statistics.median(base)


def say(line: str) -> None:
    """Write a line of the result."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


@contextmanager
def sandbox(folder: Path, *options: str) -> Iterator[dict[str, str]]:
    """A running sandbox. Answers the environment that points at it."""
    env = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    env["HOME"] = str(folder)
    data = ("--data", str(folder / "data"))
    seconds((*PENNSIEVE, "sandbox", "start", "--detach", "--port", "0", *data, *options), env)
    try:
        shell = subprocess.run(
            (*PENNSIEVE, "sandbox", "env", *data),
            env=env,
            capture_output=True,
            text=True,
            check=True,
        )
        words = [word for line in shell.stdout.splitlines() for word in shlex.split(line)]
        yield env | dict(word.split("=", 1) for word in words if "=" in word)
    finally:
        seconds((*PENNSIEVE, "sandbox", "stop", *data), env)


def main() -> int:
    """Measure, print a table, answer the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    rounds = parser.parse_args().rounds
    subjects = [
        Subject(("--version",), VERSION_TARGET),
        *(Subject((*words, "--help"), HELP_TARGET) for words in commands()),
        Subject(("dataset", "list"), LIST_TARGET),
    ]
    missed = 0
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, sandbox(Path(folder)) as env:
        for subject in subjects:
            measured = ratio(subject, env, rounds)
            if measured > subject.target:  # something else may have kept the machine busy
                measured = ratio(subject, env, 3 * rounds)
            missed += measured > subject.target
            verdict = "ok" if measured <= subject.target else "MISSED"
            say(f"{measured:6.2f}  of {subject.target:.1f}  {verdict:6}  {subject.name}")
    say(f"{missed} of {len(subjects)} targets missed; 1.00 is {' '.join(BASELINE[1:])}")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
