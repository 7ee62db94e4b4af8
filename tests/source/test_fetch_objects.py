"""What of a large repository is fetched, and what is told meanwhile."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from pennsieve_agent.source.fetch import fetch, read_refs
from pennsieve_agent.source.fetch_objects import Fetching, _Progress
from pennsieve_agent.source.repository import checkout, inspect
from pennsieve_agent.transfer import temporary_folders
from tests.source.repositories import DOCKERFILE, Repository

MEGABYTE = 1 << 20


@pytest.fixture
def large(tmp_path: Path) -> Repository:
    """A server's repository with large files in its history and its newest commit."""
    repository = Repository(tmp_path / "large")
    repository.git("config", "uploadpack.allowFilter", "true")
    for number in range(2):
        (repository.path / "scan.bin").write_bytes(os.urandom(3 * MEGABYTE))
        repository.commit({"main.py": f"print({number})\n"}, tag=f"v1.{number}.0")
    return repository


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_looking_at_code_leaves_large_files_and_history_where_they_are(
    large: Repository, tmp_path: Path
) -> None:
    inspected = inspect(large.url, None, tmp_path / "work")
    assert inspected.tag == "v1.1.0"
    assert size_of(tmp_path / "work") < MEGABYTE
    checkout(large.url, "v1.1.0", tmp_path / "whole")
    assert (tmp_path / "whole" / "scan.bin").stat().st_size == 3 * MEGABYTE


@pytest.mark.parametrize("letters", [12, 40])
def test_a_commit_in_the_history_is_fetched_alone(
    large: Repository, tmp_path: Path, letters: int
) -> None:
    first = large.git("rev-parse", "v1.0.0")
    large.git("tag", "--delete", "v1.0.0")
    refs = read_refs(large.url)
    fetched = fetch(large.url, refs, first[:letters], tmp_path / "work", Fetching(small=True))
    assert fetched.commit == first
    sizes = {entry.path: entry.size for entry in fetched.entries(recursive=True)}
    assert sizes == {"Dockerfile": len(DOCKERFILE), "main.py": 9, "scan.bin": None}
    assert size_of(tmp_path / "work") < MEGABYTE


def test_progress_is_told_every_few_seconds() -> None:
    times = iter([0, 1, 6, 7, 12, 12])
    notes: list[str] = []
    progress = _Progress("large", Fetching(note=notes.append, now=lambda: float(next(times))))
    for line in (
        "Receiving objects:   1% (1/99)",
        "Receiving objects:  45% (45/99), 300.00 MiB | 12.00 MiB/s",
        "Receiving objects:  50% (50/99), 310.00 MiB | 12.00 MiB/s",
        "remote: Counting objects: 100% (5/5), done.",
        "Receiving objects: 100% (99/99), 600.10 MiB | 12.00 MiB/s, done.",
    ):
        progress.line(line)
    assert notes == ["fetching large: 45 % (300.00 MiB)", "fetching large: 100 % (600.10 MiB)"]


def test_the_folder_of_a_killed_command_is_swept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    program = (
        "from pennsieve_agent.transfer.temporary_folders import temporary_folder\n"
        "with temporary_folder() as folder:\n"
        "    (folder / 'objects').write_text('x')\n"
        "    print('ready', flush=True)\n"
        "    input()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        (left,) = tmp_path.iterdir()
        with temporary_folders.temporary_folder() as mine:
            assert {left, mine} == set(tmp_path.iterdir()), "it is in use"
        child.send_signal(signal.SIGKILL)
        child.wait()
    assert list(tmp_path.iterdir()) == [left]
    temporary_folders.sweep()
    assert not list(tmp_path.iterdir())
