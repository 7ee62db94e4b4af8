"""Transfers as typed, while connections break, storage is busy, and somebody presses Ctrl+C."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pennsieve_agent.sandbox.host.control import Sandbox
from tests.cli.harness import Agent

DATASET = "Troubled"
LIMIT_SECONDS = 30.0
TROUBLE = "reset=0.3@/files*,429=0.1@/files*,500=0.1@/files*"


@pytest.fixture(scope="module")
def troubled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox whose storage hands out files with faults, always the same ones."""
    box = Sandbox(tmp_path_factory.mktemp("box") / "sandbox")
    folder = box.data / "datasets" / DATASET
    words = random.Random(1)  # noqa: S311 - any bytes
    for number in range(40):
        path = folder / f"{number % 3}" / f"{number}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(words.randbytes(words.randrange(1, 600_000)))
    box.start_detached(0, "process", TROUBLE, 7)
    yield box
    box.stop()


def environ(box: Sandbox, home: Path) -> dict[str, str]:
    return {**os.environ, **box.environment(), "HOME": str(home)}


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_every_file_comes_whole(troubled: Sandbox, clean_machine: Path, tmp_path: Path) -> None:
    agent = Agent(environ(troubled, clean_machine))
    agent.quick = True
    target = tmp_path / "target"
    done = agent("dataset", "download", DATASET, "--to", str(target))
    assert done.code == 0, done.err
    assert contents(target) == contents(troubled.data / "datasets" / DATASET)


def test_two_at_once_into_one_folder(
    troubled: Sandbox, clean_machine: Path, tmp_path: Path
) -> None:
    source = troubled.data / "datasets" / "Both"
    source.mkdir(exist_ok=True)
    (source / "both.bin").write_bytes(random.Random(2).randbytes(20 * 2**20))  # noqa: S311 - any bytes
    target = tmp_path / "target"
    words = ("dataset", "download", "Both", "--to", str(target))
    command = [sys.executable, "-m", "pennsieve_agent", *words]
    both = [
        subprocess.Popen(
            command, env=environ(troubled, clean_machine), stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    ends = [(one.communicate(timeout=LIMIT_SECONDS)[1], one.returncode) for one in both]
    assert 0 in {code for _, code in ends}
    for err, code in ends:
        assert code == 0 or (code == 2 and "another download into this folder" in err), err
    assert contents(target) == contents(source)


def test_ctrl_c_leaves_no_half_file_and_the_next_one_goes_on(
    troubled: Sandbox, clean_machine: Path, tmp_path: Path
) -> None:
    source = troubled.data / "datasets" / "Large"
    source.mkdir(exist_ok=True)
    with (source / "large.bin").open("wb") as file:
        for number in range(400):
            file.write(bytes([number % 251]) * 2**20)
    target = tmp_path / "target"
    words = ("dataset", "download", "Large", "--to", str(target))
    command = [sys.executable, "-m", "pennsieve_agent", *words]
    with subprocess.Popen(
        command, env=environ(troubled, clean_machine), stderr=subprocess.PIPE, text=True
    ) as process:
        end = time.monotonic() + LIMIT_SECONDS
        while not any(path.stat().st_size for path in target.glob(".*.part")):
            assert time.monotonic() < end
            assert process.poll() is None, "it was done before it could be stopped"
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=LIMIT_SECONDS)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert not (target / "large.bin").exists()
    (part,) = target.glob(".*.part")
    before = part.stat().st_size
    assert 0 < before < 400 * 2**20
    agent = Agent(environ(troubled, clean_machine))
    done = agent(*words)
    assert done.code == 0, done.err
    assert contents(target) == contents(source)
