"""The journey on ``--engine batch``: the node in an emulated AWS account, and a restart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pennsieve_agent.sandbox.control import Sandbox
from tests.cli.following import Following, start_patient_run, wait_for


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
    flag = tmp_path / "flag"
    agent, run = start_patient_run(box, tmp_path, flag)
    with Following(agent, run, tmp_path) as following:
        assert box.stop()
        box.start_detached(None, "batch")
        flag.touch()  # the step's machine is gone with the sandbox, and so it is tried again
        followed = following.lines(90)

    mine = [line for line in followed if line.startswith("patient")]
    assert mine.count("patient | released") == 1
    assert agent("run", "status", run).out == "succeeded\n"
    delivered = tmp_path / "box" / "datasets" / "Data"
    wait_for(lambda: any(delivered.rglob("done.txt")), lambda: "no result came")
    assert [path.read_text() for path in delivered.rglob("done.txt")] == ["yes"]
    outputs = agent("run", "outputs", run, "--json").document["files"]
    assert [f["path"].rpartition("/")[2] for f in outputs] == ["done.txt"]
    shown = agent("compute", "list", "--json").document
    assert [node["health"] for node in shown] == ["HEALTHY"]
