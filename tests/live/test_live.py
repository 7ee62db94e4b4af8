"""The script for hosted accounts runs here against a sandbox, so that it is known to run at all."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pennsieve_agent.sandbox.host.control import Sandbox

ROOT = Path(__file__).parents[2]
PARTS = ("integration", "journey")
"""The parts that are held to success here."""
SECONDS = 240


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    box = Sandbox(tmp_path_factory.mktemp("live") / "sandbox")
    box.start_detached(0, "process")
    yield box
    box.stop()


def run(box: Sandbox, *words: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, **box.environment()}
    return subprocess.run(
        [sys.executable, "-m", "tests.live", *words],
        cwd=ROOT,
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def typed(box: Sandbox, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "pennsieve_agent", *words],
        env={**os.environ, **box.environment()},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.mark.parametrize("part", PARTS)
def test_a_part_works_and_leaves_nothing(box: Sandbox, part: str) -> None:
    done = run(box, "--parts", part, "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "✗" not in done.stdout
    assert done.stdout.splitlines()[-1].endswith("steps worked, 0 did not")
    for words in (("dataset", "list"), ("workflow", "list"), ("compute", "list")):
        assert "live-" not in typed(box, *words)


def test_the_proof_is_complete(box: Sandbox) -> None:
    lines = run(box, "--parts", "integration", "--yes").stdout.splitlines()
    done = [line.removeprefix("✓ ") for line in lines if line.startswith("✓")]
    assert done == [
        "the profile signs in",
        "a dataset is made",
        "an integration is made",
        "its key signs in",
        "before, it cannot see the dataset",
        "it is enabled on the dataset",
        "it signs in again, and sees the dataset",
        "it makes an upload manifest",
        "it uploads a file",
        "the file is a package",
        "it downloads the file again",
        "it is taken off the dataset",
        "after that, it is refused",
        "it is deleted",
        "its key signs in no more",
        "the dataset is deleted",
    ]


def test_it_asks_before_it_spends(box: Sandbox) -> None:
    done = run(box)
    assert done.returncode == 2
    assert "costs less than 1 USD" in done.stdout
    assert "say --yes" in done.stderr
    assert "✓" not in done.stdout


def test_a_part_that_is_none(box: Sandbox) -> None:
    done = run(box, "--parts", "all")
    assert done.returncode == 2
    assert "there is no part all" in done.stderr


def test_what_does_not_work_is_told_and_cleaned_up(box: Sandbox) -> None:
    """Storage that does not answer: the steps before it are undone."""
    state = box.status()
    assert state is not None
    config = box.data / "aws" / "config"
    kept = config.read_text()
    config.write_text(kept.replace(state.aws, "http://127.0.0.1:9"))
    try:
        done = run(box, "--parts", "integration", "--yes")
    finally:
        config.write_text(kept)
    assert done.returncode == 1
    assert "✗ it uploads a file" in done.stdout
    assert "did not: it uploads a file" in done.stdout
    assert "✓ the integration is deleted" in done.stdout
    assert "live-" not in typed(box, "dataset", "list")
