"""The journey with steps in containers of a real engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import MANIFEST, PROGRAM, repository
from tests.cli.following import imported
from tests.cli.harness import Agent
from tests.engine.images import python_image
from tests.github import git_settings, on_github
from tests.prepared import Prepared

pytestmark = pytest.mark.docker
PROBE = """
import socket
try:
    (source / "a.txt").write_text("changed")
    print("input: writable")
except OSError:
    print("input: read-only")
print("where:", socket.gethostname() != HOST, pathlib.Path("/app/main.py").exists())
"""


@pytest.fixture
def agent(tmp_path: Path, prepared: Prepared) -> Iterator[Agent]:
    raw = tmp_path / "box" / "datasets" / "Data" / "raw"
    raw.mkdir(parents=True)
    (raw / "a.txt").write_text("one two three\n")
    box = prepared.into(tmp_path / "box")
    state = box.start_detached(0, None)
    assert state.engine == "docker"
    yield Agent({**box.environment(), "HOME": str(tmp_path)})
    box.stop()


def test_the_journey_in_containers(agent: Agent, tmp_path: Path) -> None:
    dockerfile = f'FROM {python_image()}\nCOPY main.py /app/\nCMD ["python3", "/app/main.py"]\n'
    host = Path("/etc/hostname").read_text().strip()
    program = PROGRAM.replace(
        "files = sorted", PROBE.replace("HOST", repr(host)) + "files = sorted"
    )
    files = {"Dockerfile": dockerfile, "app.yml": MANIFEST, "main.py": program}
    code = repository(tmp_path / "code", files)
    for words in (
        ("workflow", "add", str(code)),
        ("dataset", "grant", "word-count", "-d", "Data", "--access", "read-write"),
        ("run", "start", "-d", "Data", "--files", "raw", "--name", "boxed", "--wait"),
    ):
        result = agent(*words)
        assert result.code == 0, result.err
    log = agent("run", "logs", "boxed").out
    assert "input: read-only" in log
    assert "where: True True" in log
    assert imported(tmp_path / "box/datasets/Data/results/boxed/a-plain.count") == "3\n"
    trial = agent("compute", "doctor", "--run", "--yes")
    assert trial.code == 0, trial.out
    assert "✓ trial run: files and log: wrote and read 8 MB in" in trial.out

    failed = agent("run", "start", "-d", "Data", "--all", "--param", "EXIT=3", "--wait")
    assert failed.code == 3

    hold = ("run", "start", "-d", "Data", "--all", "--param", "HOLD=true", "--json")
    held = agent(*hold).document["id"]
    assert agent("run", "cancel", held, "--wait").code == 0
    assert agent("run", "show", held, "--status").out == "canceled\n"


def test_an_image_that_cannot_be_built(
    agent: Agent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in git_settings(tmp_path / "box").items():
        monkeypatch.setenv(name, value)
    files = {"Dockerfile": f'FROM {python_image()}\nRUN ["/no/such/program"]\nCMD ["x"]\n'}
    code = repository(tmp_path / "broken", files)
    result = agent("workflow", "add", on_github(tmp_path / "box", code), "--build", "pennsieve")
    assert result.code == 2, result.err
    assert "could not build" in result.err
    assert "no reason given" not in result.err
