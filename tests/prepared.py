"""What takes long to make is made once for all processes of a test session, and copied by each."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from pennsieve_agent.sandbox.host.control import Sandbox
from tests.cli.harness import Agent
from tests.quick_sandbox import quick

NODE = "my-compute"


@dataclass(frozen=True)
class Prepared:
    """The data folder of a stopped sandbox after ``compute register --yes``."""

    data: Path

    def into(self, folder: Path) -> Sandbox:
        """A sandbox in ``folder``, not started, that has the node ``my-compute``.

        Datasets that are in the folder stay there; whoever starts it on port 0 has free ports.
        """
        shutil.copytree(self.data, folder, dirs_exist_ok=True)
        return quick(folder)


def prepare(folder: Path) -> Prepared:
    """The sandbox of the session in ``folder``."""
    return Prepared(once(folder, "registered", _make))


def once(folder: Path, name: str, make: Callable[[Path], None]) -> Path:
    """A folder that whichever process comes first makes, under another name until it is whole."""
    done, making = folder / name, folder / f"{name}-making"
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(making, ignore_errors=True)  # of a process that failed
            make(making)
            making.rename(done)
    return done


def session_folder(factory: pytest.TempPathFactory) -> Path:
    """The folder that all processes of a test session share."""
    own = factory.getbasetemp()
    return own.parent if os.environ.get("PYTEST_XDIST_WORKER") else own


def _make(data: Path) -> None:
    box = quick(data)
    box.start_detached(0, "process")
    try:
        agent = Agent({**box.environment(), "HOME": str(data.parent)})
        made = agent("compute", "register", "--name", NODE, "--yes")
        assert made.code == 0, made.err
    finally:
        box.stop()
