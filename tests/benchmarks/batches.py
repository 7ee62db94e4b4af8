"""Batches on an own node of a sandbox: how soon one is accepted, and how soon its table is there.

Commands are typed as a user types them, each in a process of its own; the memory of the one that
starts the batch is compared with a batch of a tenth of the subjects, its time with starting each
subject's run by a command of its own. One run at a time is open, so that the machine measures the
commands; only what one follower shows of 50 runs is measured with all of them open. Run with
``make bench-batches``; exits 1 when a target is missed. ``--subjects 10000`` has more.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.startup import PENNSIEVE, say
from tests.cli.conftest import DATASET, Lab, made, prepare
from tests.github import git_settings
from tests.prepared import NODE

ACCEPTED_SECONDS = 60.0
STARTS = 10
"""Runs that are started one by one, whose median says what a loop of them takes."""
LEAST_FASTER = 20.0
"""Times faster than a loop."""
FOLLOWED, MOST_FOLLOWING = 50, 2.0
"""Runs that one follower shows; times the memory of following a run alone."""
TABLE_RATIO = 2.0
"""Times the time to show a batch of a tenth, most of which finds the batch."""
MOST_MEMORY = 1.5
"""Times the memory of starting a batch of a tenth."""


START = ("run", "start", "-d", DATASET, "-w", "word-count")


@dataclass(frozen=True, slots=True)
class Typed:
    """A command: the seconds it took, and the most memory that it had, in MB."""

    seconds: float
    memory: float
    out: str


def typed(env: Mapping[str, str], folder: Path, *words: str) -> Typed:
    """Type a command, which must do."""
    begun = time.perf_counter()
    with (folder / "out").open("w+") as out:
        process = os.posix_spawn(
            PENNSIEVE[0],
            [*PENNSIEVE, *words],
            dict(env),
            file_actions=[(os.POSIX_SPAWN_DUP2, out.fileno(), 1)],
        )
        _, status, usage = os.wait4(process, 0)
        took = time.perf_counter() - begun
        out.seek(0)
        text = out.read()
    if code := os.waitstatus_to_exitcode(status):
        raise SystemExit(f"{' '.join(words)} ended with {code}")
    return Typed(took, usage.ru_maxrss / 1024, text)


def lab_with(root: Path, subjects: int) -> Lab:
    """A sandbox with a node, a workflow, and a dataset with a folder for each subject."""
    for name, count in (("few", subjects // 10), ("all", subjects)):
        for number in range(count):
            path = root / "sandbox" / "datasets" / DATASET / name / f"sub-{number:05}" / "a.txt"
            path.parent.mkdir(parents=True)
            path.write_text(f"one two {number}\n")
    lab = made(root)
    prepare(
        lab,
        ("compute", "register", "--name", NODE, "--yes"),
        ("workflow", "add", lab.url, "--public"),
        ("dataset", "grant", "word-count", "--dataset", DATASET, "--access", "read-write"),
    )
    return lab


def looped(lab: Lab, env: Mapping[str, str]) -> float:
    """Seconds to start a run by a command of its own, the median of some."""
    took = []
    for number in range(STARTS):
        files = ("--files", f"few/sub-{number:05}/*", "--name", f"alone-{number}")
        took.append(typed(env, lab.root, *START, *files).seconds)
        typed(env, lab.root, "run", "wait", f"alone-{number}")
    return statistics.median(took)


def followed(lab: Lab, env: Mapping[str, str]) -> tuple[float, float, bool]:
    """Seconds and times the memory to follow runs that start at once; whether no line is lost."""
    alone = typed(env, lab.root, "run", "logs", "alone-0", "--follow")
    subjects = [f"sub-{number:05}" for number in range(FOLLOWED)]
    (lab.root / "some.csv").write_text("\n".join(("subject", *subjects)) + "\n")
    words = ("--csv", str(lab.root / "some.csv"), "--files", "few/{subject}/*")
    typed(env, lab.root, *START, *words, "--parallel", str(FOLLOWED), "--name", "at-once")
    shown = typed(env, lab.root, "run", "logs", "at-once", "--follow")
    lines = Counter(line.split()[0] for line in shown.out.splitlines() if line.strip())
    each = len(alone.out.splitlines())
    is_whole = all(lines[subject] == each for subject in subjects)
    return shown.seconds, shown.memory / alone.memory, is_whole


def measured(lab: Lab, subjects: int) -> bool:
    """Print the figures; whether all targets are met."""
    env = {**os.environ, **lab.box.environment(), "HOME": str(lab.root)}
    env |= git_settings(lab.box.data)
    loop = looped(lab, env) * subjects
    batch = {}
    for name in ("few", "all"):
        words = (*START, "--each", f"{name}/*", "--parallel", "1", "--name", name)
        batch[name] = typed(env, lab.root, *words)
    few, table = (typed(env, lab.root, "run", "show", name, "--json") for name in batch)
    rows = json.loads(table.out)["rows"]
    typed(env, lab.root, "run", "cancel", "few")
    typed(env, lab.root, "run", "cancel", "all")
    following, follower, is_whole = followed(lab, env)
    memory = batch["all"].memory / batch["few"].memory
    ratio = table.seconds / few.seconds
    figures = (
        (batch["all"].seconds, ACCEPTED_SECONDS, f"s until {subjects} subjects are accepted"),
        (memory, MOST_MEMORY, f"times the memory of a tenth, {batch['all'].memory:.0f} MB"),
        (follower, MOST_FOLLOWING, f"times the memory of following a run, for {FOLLOWED} at once"),
        (ratio, TABLE_RATIO, f"times a tenth's, to show {len(rows)} rows, {table.seconds:.2f} s"),
    )
    for value, target, about in figures:
        verdict = "ok" if value <= target else "MISSED"
        say(f"{value:6.2f}  of {target:5.1f}  {verdict:6}  {about}")
    faster = loop / batch["all"].seconds
    verdict = "ok" if faster >= LEAST_FASTER else "MISSED"
    say(f"{faster:6.1f}  of {LEAST_FASTER:5.1f}  {verdict:6}  times a loop's speed ({loop:.0f} s)")
    say(f"{following:6.2f}  s from their start to the last line of {FOLLOWED} runs, one follower")
    say(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    is_good = all(value <= target for value, target, _ in figures) and faster >= LEAST_FASTER
    return is_good and is_whole and len(rows) == subjects


def main() -> int:
    """Measure, print a table, answer the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--subjects", type=int, default=1000)
    subjects = parser.parse_args().subjects
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        lab = lab_with(Path(folder), subjects)
        try:
            return int(not measured(lab, subjects))
        finally:
            lab.box.stop()


if __name__ == "__main__":
    sys.exit(main())
