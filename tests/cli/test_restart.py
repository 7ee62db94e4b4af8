"""Following a run while the server is stopped and started again."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pennsieve_agent.sandbox.control import Sandbox
from tests.cli.conftest import repository
from tests.cli.harness import Agent, Result

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
    wait_for_line(agent, run, "line 4")

    results: list[Result] = []
    thread = threading.Thread(target=lambda: results.append(agent("run", "logs", run, "--follow")))
    thread.start()
    assert box.stop()
    state = box.start_detached(None, "process")
    assert state.api.endswith(box.profile_values()["api_host"].rpartition(":")[2])
    flag.touch()
    thread.join(60)
    assert not thread.is_alive()

    (followed,) = results
    assert followed.code == 0, followed.err
    read = agent("run", "logs", run).out
    assert sorted(followed.out.splitlines()) == sorted(read.splitlines())
    mine = [x for x in followed.out.splitlines() if x.startswith("patient")]
    assert mine.count("patient | released") == 1
    outputs = agent("run", "outputs", run, "--json").document["files"]
    assert [f["path"].rpartition("/")[2] for f in outputs] == ["done.txt"]


def wait_for_line(agent: Agent, run: str, text: str) -> None:
    pause = threading.Event()
    for _ in range(400):
        if text in agent("run", "logs", run).out:
            return
        pause.wait(0.05)
    raise AssertionError(f"'{text}' was never logged")
