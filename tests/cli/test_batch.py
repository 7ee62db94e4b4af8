"""The journey on ``--engine batch``: the node in an emulated AWS account, and a restart."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from pennsieve_agent.sandbox.control import Sandbox
from tests.cli.conftest import repository
from tests.cli.harness import Agent, Result
from tests.cli.test_restart import FILES, wait_for_line


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    (tmp_path / "box" / "datasets" / "Data").mkdir(parents=True)
    (tmp_path / "box" / "datasets" / "Data" / "a.txt").write_text("x")
    box = Sandbox(tmp_path / "box")
    assert box.start_detached(0, "batch").engine == "batch"
    yield box
    box.stop()


def test_a_run_outlives_the_sandbox_and_its_results_arrive(box: Sandbox, tmp_path: Path) -> None:
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
    box.start_detached(None, "batch")
    flag.touch()  # the step's machine is gone with the sandbox, and so it is tried again
    thread.join(90)
    assert not thread.is_alive()

    (followed,) = results
    assert followed.code == 0, followed.err
    mine = [line for line in followed.out.splitlines() if line.startswith("patient")]
    assert mine.count("patient | released") == 1
    assert agent("run", "status", run).out == "succeeded\n"
    delivered = tmp_path / "box" / "datasets" / "Data"
    found, pause = list[Path](), threading.Event()
    for _ in range(100):
        if (found := list(delivered.rglob("done.txt"))) or pause.wait(0.1):
            break
    assert [path.read_text() for path in found] == ["yes"]
    outputs = agent("run", "outputs", run, "--json").document["files"]
    assert [f["path"].rpartition("/")[2] for f in outputs] == ["done.txt"]
    shown = agent("compute", "list", "--json").document
    assert [node["health"] for node in shown] == ["HEALTHY"]
