"""A sandbox with a registered node, made once for all tests of a session and copied by each."""

from __future__ import annotations

import fcntl
import shutil
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
    """The sandbox of the session in ``folder``; whichever process comes first makes it."""
    done = folder / "registered"
    with (folder / "registered.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            _make(folder / "registering")
            (folder / "registering").rename(done)
    return Prepared(done)


def session_folder(factory: pytest.TempPathFactory, worker: str | None) -> Path:
    """The folder that all processes of a test session share."""
    own = factory.getbasetemp()
    return own.parent if worker else own


def _make(data: Path) -> None:
    box = quick(data)
    box.start_detached(0, "process")
    try:
        agent = Agent({**box.environment(), "HOME": str(data.parent)})
        made = agent("compute", "register", "--name", NODE, "--yes")
        assert made.code == 0, made.err
    finally:
        box.stop()
