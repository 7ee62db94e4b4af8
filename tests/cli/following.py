"""A run that is followed by a real process, for tests that stop the server meanwhile."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from pennsieve_agent.sandbox.host.control import Sandbox
from tests.cli.conftest import repository
from tests.cli.harness import Agent

PROGRAM = """\
import os, pathlib, time
for number in range(5):
    print("line", number, flush=True)
pathlib.Path(os.environ["FLAG"] + ".started").touch()
while not pathlib.Path(os.environ["FLAG"]).exists():
    time.sleep(0.02)
print("released", flush=True)
pathlib.Path(os.environ["OUTPUT_DIR"], "done.txt").write_text("yes")
"""
FILES = {
    "Dockerfile": 'FROM python:3.11-slim\nCOPY main.py /app/\nCMD ["python", "/app/main.py"]\n',
    "app.yml": 'schemaVersion: "1.0"\nname: patient\nparameters:\n  - {name: FLAG, type: string}\n',
    "main.py": PROGRAM,
}


def start_patient_run(box: Sandbox, folder: Path, flag: Path) -> tuple[Agent, str]:
    """Start a run on the sandbox's node that goes on until ``flag`` exists.

    It has logged five lines.
    """
    agent = Agent({**box.environment(), "HOME": str(folder)})
    code = repository(folder / "code", FILES)
    for words in (
        ("workflow", "add", str(code)),
        ("dataset", "grant", "patient", "-d", "Data", "--access", "read-write"),
    ):
        result = agent(*words)
        assert result.code == 0, result.err
    started = agent("run", "start", "-d", "Data", "--all", "--param", f"FLAG={flag}", "--json")
    run = started.document["id"]
    begun = flag.with_name(f"{flag.name}.started")
    wait_for(begun.exists, lambda: "its program does not run")
    wait_for(lambda: "line 4" in agent("run", "logs", run).out, lambda: "no 'line 4' in its log")
    return agent, run


class Following:
    """``run logs --follow`` as a user has it; entered when the first lines are on the screen.

    Before its first look at the run, an absent server would be a failure, rightly.
    """

    def __init__(self, agent: Agent, run: str, folder: Path) -> None:
        self._lines, self._notes = folder / "lines", folder / "notes"
        with self._lines.open("w") as out, self._notes.open("w") as err:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "pennsieve_agent", "run", "logs", run, "--follow"],
                env={**os.environ, **agent.environ},
                stdout=out,
                stderr=err,
            )

    def __enter__(self) -> Self:
        wait_for(lambda: "patient | line 4" in self._lines.read_text(), self._notes.read_text)
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()

    def lines(self, seconds: float) -> list[str]:
        """All lines, once it has ended well, which it must within ``seconds``."""
        assert self._process.wait(seconds) == 0, self._notes.read_text()
        return self._lines.read_text().splitlines()


def wait_for(seen: Callable[[], bool], told: Callable[[], str]) -> None:
    pause = threading.Event()
    for _ in range(1200):
        if seen():
            return
        pause.wait(0.05)
    raise AssertionError(told())


def imported(path: Path) -> str:
    """What a result says, which Pennsieve imports a moment after the run."""
    wait_for(lambda: path.is_file() and path.stat().st_size > 0, lambda: f"{path} is not there")
    return path.read_text()
