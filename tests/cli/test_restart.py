"""Following a run while the server is stopped and started again."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pennsieve_agent.sandbox.control import Sandbox
from tests.cli.conftest import repository
from tests.cli.harness import Agent

PROGRAM = """\
import os, pathlib, time
for number in range(5):
    print("line", number, flush=True)
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


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Sandbox]:
    (tmp_path / "box" / "datasets" / "Data").mkdir(parents=True)
    (tmp_path / "box" / "datasets" / "Data" / "a.txt").write_text("x")
    box = Sandbox(tmp_path / "box")
    box.start_detached(0, "process")
    yield box
    box.stop()


def test_a_restart_loses_and_doubles_no_line(box: Sandbox, tmp_path: Path) -> None:
    agent = Agent({**box.environment(), "HOME": str(tmp_path)})
    code = repository(tmp_path / "code", FILES)
    for words in (
        ("compute", "register", "--yes"),
        ("workflow", "add", str(code)),
        ("dataset", "grant", "patient", "-d", "Data", "--access", "read-write"),
    ):
        result = agent(*words)
        assert result.code == 0, result.err
    flag = tmp_path / "flag"
    started = agent("run", "start", "-d", "Data", "--param", f"FLAG={flag}", "--json")
    run = started.document["id"]
    wait_for(
        lambda: "line 4" in agent("run", "logs", run).out, lambda: "the run never logged 'line 4'"
    )

    lines, notes = tmp_path / "lines", tmp_path / "notes"
    with lines.open("w") as out, notes.open("w") as err:
        following = subprocess.Popen(
            [sys.executable, "-m", "pennsieve_agent", "run", "logs", run, "--follow"],
            env={**os.environ, **agent.environ},
            stdout=out,
            stderr=err,
        )
    with following:
        # Before its first look at the run, an absent server is a failure: so it follows first.
        wait_for(lambda: "patient | line 4" in lines.read_text(), notes.read_text)
        assert box.stop()
        state = box.start_detached(None, "process")
        assert state.api.endswith(box.profile_values()["api_host"].rpartition(":")[2])
        flag.touch()
        following.wait(60)

    assert following.returncode == 0, notes.read_text()
    followed = lines.read_text().splitlines()
    read = agent("run", "logs", run).out
    assert sorted(followed) == sorted(read.splitlines())
    mine = [x for x in followed if x.startswith("patient")]
    assert mine.count("patient | released") == 1
    outputs = agent("run", "outputs", run, "--json").document["files"]
    assert [f["path"].rpartition("/")[2] for f in outputs] == ["done.txt"]


def wait_for(seen: Callable[[], bool], told: Callable[[], str]) -> None:
    pause = threading.Event()
    for _ in range(1200):
        if seen():
            return
        pause.wait(0.05)
    raise AssertionError(told())
