"""How fast files move, as ratios to ``curl`` in the same run, on loopback and the same addresses.

Files lie in memory where the system has room for them there, as a disk that others use hides all
differences; ``--on`` names another folder. One file of 1 GB and 1,000 files of 20 kB; downloads
with verification. Wall time is the smallest of several rounds, in turns; processor seconds are of
the whole program. Run by ``make bench``; exits 1 when a target is missed. Without ``curl`` nothing
is measured.

Each ratio is the plain one, to what ``curl`` needs, and each has a target. ``curl`` computes no
SHA-256, which a download is checked by and storage wants of what is uploaded: on fewer processors
than the work needs, that alone can miss a target. So a second ratio is printed beside it, to curl
and the SHA-256 one after the other; it explains a miss, and decides nothing.

The sandbox's own server needs 1.7 ms of a processor for a small file, twenty times what ``curl``
does, so that both wait for it. Storage that costs nothing (:mod:`.storage`) shows what the client
itself costs.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pennsieve_agent.domain.profile import ApiKey, Hosts
from pennsieve_agent.platform.client import Platform
from pennsieve_agent.sandbox.host.config_file import read_profile
from tests.benchmarks.startup import PENNSIEVE, sandbox, say

ROUNDS = 3
BIG_BYTES, SMALL_BYTES, SMALL_FILES = 10**9, 20_000, 1000
STAGED = 2.5
PHASE = {"big": 1.1, "small": 1.3}
"""Targets of the transfers alone."""
COMMAND = 1.5
MOST_MB = 80
CURL = ("curl", "--silent", "--show-error", "--fail")
PARALLEL = ("--parallel", "--parallel-max", "16")


@dataclass(frozen=True, slots=True)
class Figures:
    """Seconds by the clock and of processors, and the most memory in MB."""

    wall: float
    cpu: float
    memory: float


@dataclass(slots=True)
class Bench:
    """Where things lie, and what was missed."""

    folder: Path
    rounds: int
    only: str = ""
    hashing: float = 0.0
    """Seconds that the SHA-256 of one byte takes."""
    missed: int = 0

    @property
    def target(self) -> Path:
        """A folder to download into, empty."""
        target = self.folder / "target"
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()
        return target

    def compare(
        self,
        name: str,
        size: int,
        most: float,
        ours: Callable[[], Figures],
        theirs: Callable[[], Figures],
    ) -> None:
        """Measure two ways to move ``size`` bytes in turns, and say how they compare."""
        if self.only not in name:
            return
        pairs = [(theirs(), ours()) for _ in range(self.rounds)]
        base = min((pair[0] for pair in pairs), key=lambda figures: figures.wall)
        own = min((pair[1] for pair in pairs), key=lambda figures: figures.wall)
        memory = max(pair[1].memory for pair in pairs)
        ratio = own.wall / base.wall
        with_digest = own.wall / (base.wall + self.hashing * size)
        is_good = ratio <= most and memory <= MOST_MB
        self.missed += not is_good
        say(
            f"{ratio:6.2f}  of {most:.1f}  {'ok' if is_good else 'MISSED':6}  {name}: "
            f"{with_digest:.2f} of curl and SHA-256; "
            f"{own.wall:.2f} s ({own.cpu:.2f} s of processors, {memory:.0f} MB); "
            f"curl {base.wall:.2f} s ({base.cpu:.2f} s of processors)"
        )


def measured(command: Sequence[str], env: Mapping[str, str] | None = None) -> Figures:
    """Run a command; where it prints ``wall SECONDS`` at its end, that is its time.

    Raises:
        RuntimeError: it failed, so that its time says nothing.

    """
    begin = time.perf_counter()
    with subprocess.Popen(
        command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        said, trouble = process.stdout.read(), process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command[:6])} ended with {process.returncode}: {trouble}")
    last = said.rstrip().rpartition("\n")[2]
    if last.startswith("wall "):
        wall = float(last.split()[1])
    return Figures(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def make_files(folder: Path) -> dict[str, list[Path]]:
    """One big file and many small ones, in folders as datasets have them."""
    block = os.urandom(1 << 20)
    big = folder / "Big" / "big.bin"
    big.parent.mkdir(parents=True)
    with big.open("wb") as file:
        for start in range(0, BIG_BYTES, len(block)):
            file.write(block[: BIG_BYTES - start])
    small = []
    for number in range(SMALL_FILES):
        path = folder / "Small" / f"{number % 10}" / f"{number:04}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(SMALL_BYTES))
        small.append(path)
    return {"big": [big], "small": small}


@contextmanager
def storage(folder: Path) -> Iterator[str]:
    """Fast storage of a folder; its address."""
    command = (sys.executable, "-m", "tests.benchmarks.storage", str(folder))
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.kill()


Rows = list[tuple[str, str, int, str]]
"""Address, name, size and checksum of files."""


def rows_of(base: str, root: Path, paths: Sequence[Path]) -> Rows:
    """The files of a folder at storage."""
    rows = []
    for path in paths:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        url = f"{base}/{path.relative_to(root).as_posix()}"
        rows.append((url, path.name, path.stat().st_size, digest))
    return rows


def client(bench: Bench, action: str, rows: object, *more: str) -> Figures:
    """One of this program's parts, in a process of its own."""
    task = bench.folder / "task.json"
    task.write_text(json.dumps(rows))
    command = (sys.executable, "-m", "tests.benchmarks.transfer_client", action, str(task), *more)
    return measured(command)


def curl_down(bench: Bench, rows: Rows) -> Figures:
    """The same by curl."""
    target, config = bench.target, bench.folder / "curl.txt"
    config.write_text("".join(f'url="{row[0]}"\noutput="{target / row[1]}"\n' for row in rows))
    more = PARALLEL if len(rows) > 1 else ()
    return measured((*CURL, *more, "--config", str(config)))


def curl_up(bench: Bench, base: str, paths: Sequence[Path]) -> Figures:
    """Upload by curl."""
    config = bench.folder / "curl.txt"
    lines = [f'upload-file="{path}"\nurl="{base}/{path.name}"\n' for path in paths]
    config.write_text("".join(lines))
    more = PARALLEL if len(paths) > 1 else ()
    return measured((*CURL, *more, "--config", str(config)))


def size_of(paths: Sequence[Path]) -> int:
    """The size of all files in bytes."""
    return sum(path.stat().st_size for path in paths)


def phases(bench: Bench, root: Path, files: Mapping[str, Sequence[Path]]) -> None:
    """The transfers alone, at fast storage."""
    with storage(root) as base:
        for kind, paths in files.items():
            rows, size, most = rows_of(base, root, paths), size_of(paths), PHASE[kind]

            def theirs(rows: Rows = rows) -> Figures:
                return curl_down(bench, rows)

            def curl_sends(paths: Sequence[Path] = paths) -> Figures:
                return curl_up(bench, base, paths)

            def ours(rows: Rows = rows) -> Figures:
                return client(bench, "fetch", rows, str(bench.target))

            def staged(rows: Rows = rows) -> Figures:
                return client(bench, "stage", rows, base, str(bench.target))

            bench.compare(f"fetch, {kind}", size, most, ours, theirs)
            # From storage into the node's bucket: each byte comes and goes.
            bench.compare(f"stage, {kind}", size, STAGED * most, staged, theirs)
            for action in ("store", "deliver"):

                def sends(action: str = action, paths: Sequence[Path] = paths) -> Figures:
                    return client(bench, action, list(map(str, paths)), base, str(bench.target))

                bench.compare(f"{action}, {kind}", size, most, sends, curl_sends)


def commands(bench: Bench, files: Mapping[str, Sequence[Path]]) -> None:
    """The whole command, at a sandbox, and the transfers alone at the same signed addresses."""
    with sandbox(bench.folder) as env:
        for kind, paths in files.items():
            dataset = kind.capitalize()
            rows, size = signed(bench.folder / "data", dataset, paths), size_of(paths)

            def theirs(rows: Rows = rows) -> Figures:
                return curl_down(bench, rows)

            def phase(rows: Rows = rows) -> Figures:
                return client(bench, "fetch", rows, str(bench.target))

            def whole(dataset: str = dataset) -> Figures:
                words = ("dataset", "download", dataset, "--to", str(bench.target))
                return measured((*PENNSIEVE, *words), env)

            bench.compare(f"fetch from a sandbox, {kind}", size, PHASE[kind], phase, theirs)
            bench.compare(f"dataset download, {kind}", size, COMMAND, whole, theirs)


def signed(data: Path, dataset: str, paths: Sequence[Path]) -> Rows:
    """The signed addresses of a dataset's files."""
    digests = {row[1]: row[3] for row in rows_of("", paths[0].parents[1], paths)}
    values = read_profile(data)
    hosts = Hosts(values["api_host"], values["api2_host"], values["cli_cognito_endpoint"])
    with Platform(hosts, ApiKey(values["api_token"], values["api_secret"])) as platform:
        (row,) = [row for row in platform.datasets.list() if row.name == dataset]
        ids = [file.package_id for file in platform.datasets.files(row.id)]
        files = platform.downloads.manifest(row.id, ids).files
    return [(file.url, file.name, file.size, digests[file.name]) for file in files]


def in_memory() -> Path | None:
    """A file system in memory with room for all files; None where there is none."""
    folder = Path("/dev/shm")  # noqa: S108 - Linux's own; what is made there has a name of its own
    return folder if folder.is_dir() and shutil.disk_usage(folder).free > 4 * BIG_BYTES else None


def main() -> int:
    """Measure, print a table, answer the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--only", default="", help="measure what has this word in its name")
    parser.add_argument("--on", type=Path, help="a folder of the file system to measure on")
    options = parser.parse_args()
    if shutil.which("curl") is None:
        say("skipped: transfers are compared with curl, which is not installed")
        return 0
    with tempfile.TemporaryDirectory(prefix="bench-", dir=options.on or in_memory()) as name:
        say(f"files are in {Path(name).parent}")
        bench = Bench(Path(name), options.rounds, options.only)
        root = bench.folder / "data" / "datasets"
        files = make_files(root)
        begin = time.perf_counter()
        rows_of("", root, files["big"])
        seconds = time.perf_counter() - begin
        bench.hashing = seconds / BIG_BYTES
        say(f"the SHA-256 of the big file alone: {seconds:.2f} s")
        phases(bench, root, files)
        commands(bench, files)
    say(f"{bench.missed} targets missed; 1.00 is curl")
    return int(bool(bench.missed))


if __name__ == "__main__":
    sys.exit(main())
