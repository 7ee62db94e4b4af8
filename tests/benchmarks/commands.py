"""How long everyday commands take against a sandbox, as ratios to ``python -c 'import typer'``.

They are measured twice: with a node of one's own, which is called by way of AWS, and with one that
Pennsieve runs. A run that was started is waited for outside the measure. Ratios of interleaved
medians; a busy machine answers more slowly than it loads, so a miss is measured again. Run by
``make bench``; exits 1 when a target is missed.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from tests.benchmarks.startup import BASELINE, PENNSIEVE, sandbox, say, seconds
from tests.cli.conftest import WORD_COUNT, repository
from tests.github import git_settings, on_github

ROUNDS = 9
TARGET = 3.0
"""300 ms on a machine on which the baseline takes 100 ms."""
START = ("run", "start", "--workflow", "word-count", "--dataset", "Texts", "--files", "*.txt")
COMMANDS = (
    ("run", "list"),
    ("run", "show"),
    START,
    ("dataset", "list"),
    ("workflow", "list"),
    ("compute", "list"),
)
NODES = {
    "an own node": ("compute", "register", "--yes"),
    "Pennsieve's node": ("compute", "register", "--provisioner", "platform", "--yes"),
}


def ratio(words: tuple[str, ...], env: Mapping[str, str], rounds: int) -> float:
    """The median of a command over the median of the baseline, measured in turns."""
    own, base = [], []
    for number in range(rounds + 1):
        first = seconds(BASELINE, env), seconds((*PENNSIEVE, *words), env)
        if number:  # the first one fills caches
            base.append(first[0])
            own.append(first[1])
        if words == START:
            seconds((*PENNSIEVE, "run", "wait"), env)
    return statistics.median(own) / statistics.median(base)


def prepare(folder: Path, env: dict[str, str], register: tuple[str, ...]) -> None:
    """A node, a workflow that may use a dataset, and a run."""
    url = on_github(folder / "data", repository(folder / "word-count", WORD_COUNT))
    grant = ("dataset", "grant", "word-count", "--dataset", "Texts", "--access", "read-write")
    seconds((*PENNSIEVE, "login"), env)
    seconds((*PENNSIEVE, *register), env)
    seconds((*PENNSIEVE, "workflow", "add", url, "--public"), env)
    if "platform" not in register:  # a run on Pennsieve's node acts as the person, without grants
        seconds((*PENNSIEVE, *grant), env)
    seconds((*PENNSIEVE, *START, "--wait"), env)


def main() -> int:
    """Measure, print a table, answer the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    rounds = parser.parse_args().rounds
    missed = 0
    for node, register in NODES.items():
        with tempfile.TemporaryDirectory(prefix="bench-") as name:
            folder = Path(name)
            files = folder / "data" / "datasets" / "Texts"
            files.mkdir(parents=True)
            (files / "a.txt").write_text("one two three\n")
            with sandbox(folder, "--engine", "process") as pointing:
                env = {**pointing, **git_settings(folder / "data")}
                prepare(folder, env, register)
                for words in COMMANDS:
                    measured = ratio(words, env, rounds)
                    if measured > TARGET:
                        measured = min(measured, ratio(words, env, 2 * rounds))
                    missed += measured > TARGET
                    verdict = "ok" if measured <= TARGET else "MISSED"
                    shown = " ".join(words[:2])
                    say(f"{measured:6.2f}  of {TARGET:.1f}  {verdict:6}  {shown}, {node}")
    say(f"{missed} targets missed; 1.00 is {' '.join(BASELINE[1:])}")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
