"""How long the demo's steps take on a sandbox, as ratios to ``python -c 'import typer'``.

A run is started and waited for by one command. The first makes what later ones find: an environment
for the program, and processes of the node's functions. The baseline is measured before and after
each step. Run by ``make bench``; exits 1 when a target is missed. ``--rounds N`` has more runs.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydicom.data import get_testdata_file

from tests.benchmarks.startup import BASELINE, PENNSIEVE, sandbox, say, seconds

EXAMPLE = Path(__file__).parents[2] / "examples" / "dicom-deid"
IMAGES = ("CT_small.dcm", "MR_small.dcm", "MR_small_bigendian.dcm", "MR_small_RLE.dcm")
START = ("run", "start", "--workflow", "dicom-deid", "--dataset", "Head", "--files", "**/*.dcm")
ROUNDS = 3
READY_TARGET, REGISTER_TARGET, FIRST_TARGET, LATER_TARGET = 20.0, 60.0, 60.0, 20.0
"""2, 6, 6 and 2 seconds on a machine on which the baseline takes 100 ms."""
UNCHANGED_TARGET = 20.0
"""2 seconds there, to see that code which is added again is what it was."""


@dataclass(slots=True)
class Bench:
    """Measures steps, and counts those that are too slow."""

    env: Mapping[str, str]
    missed: int = 0

    def step(self, name: str, target: float, *arguments: str, times: int = 1) -> None:
        """Measure a command, in turns with the baseline."""
        base, own = [seconds(BASELINE, self.env)], []
        for _ in range(times):
            own.append(seconds((*PENNSIEVE, *arguments), self.env))
            base.append(seconds(BASELINE, self.env))
        self.judge(name, target, statistics.median(own), statistics.median(base))

    def judge(self, name: str, target: float, own: float, base: float) -> None:
        """Say how long a step took."""
        ratio = own / base
        self.missed += ratio > target
        verdict = "ok" if ratio <= target else "MISSED"
        say(f"{ratio:6.1f}  of {target:.0f}  {verdict:6}  {name}, {own:.1f} s")


def code(folder: Path) -> Path:
    """The example as a git repository of its own."""
    shutil.copytree(EXAMPLE, folder)
    for words in (
        ("init", "--quiet", "--initial-branch", "main"),
        ("add", "."),
        ("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "commit", "-qm", "Code"),
        ("tag", "v1.0.0"),
    ):
        subprocess.run(("git", "-C", str(folder), *words), check=True)
    return folder


@contextmanager
def measured(folder: Path) -> Iterator[Bench]:
    """A sandbox with a dataset of real images; how long it took to be ready is judged, too."""
    images = folder / "data" / "datasets" / "Head" / "raw"
    images.mkdir(parents=True)
    for name in IMAGES:
        shutil.copy(str(get_testdata_file(name, download=False)), images)
    seconds(BASELINE, {})  # fills the file cache
    base = seconds(BASELINE, {})
    began = time.perf_counter()
    with sandbox(folder, "--engine", "process") as env:
        bench = Bench(env)
        own = time.perf_counter() - began
        bench.judge("sandbox start and env", READY_TARGET, own, base)
        yield bench


def main() -> int:
    """Measure, print a table, answer the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        repository = str(code(folder / "dicom-deid"))
        grant = ("dataset", "grant", "dicom-deid", "--dataset", "Head", "--access", "read-write")
        with measured(folder) as bench:
            seconds((*PENNSIEVE, "login"), bench.env)
            bench.step("compute register", REGISTER_TARGET, "compute", "register", "--yes")
            for words in (("workflow", "add", repository), grant):
                seconds((*PENNSIEVE, *words), bench.env)
            again = ("workflow", "add", repository)
            bench.step("adding unchanged code", UNCHANGED_TARGET, *again, times=rounds)
            bench.step("the first run", FIRST_TARGET, *START, "--wait")
            bench.step("a later run", LATER_TARGET, *START, "--wait", times=rounds)
    say(f"{bench.missed} targets missed; 1.0 is {' '.join(BASELINE[1:])}")
    return int(bool(bench.missed))


if __name__ == "__main__":
    sys.exit(main())
