"""A malicious processor on each backend: each attempt fails or is contained, and how.

``process`` separates nothing from the machine, and says so when a sandbox starts; what it keeps
even so is asserted too, so that nobody mistakes one for the other.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import repository
from tests.cli.following import wait_for
from tests.cli.harness import Agent
from tests.engine.images import python_image
from tests.prepared import Prepared

HOSTILE = Path(__file__).with_name("hostile.py").read_text()
VICTIM = "import os, time\nprint('holding', flush=True)\nwhile True: time.sleep(0.1)\n"
MANIFEST = """\
schemaVersion: "1.0"
name: {name}
parameters:
  - name: MARK
    type: string
    default: none
"""
SECRET = "correct-horse-battery"
ENGINES = [
    "process",
    pytest.param("docker", marks=pytest.mark.docker),
]
CLOSED = {
    "docker": {"other_runs", "tokens", "platform", "write_input", "become_root"},
    "process": {"platform"},
}
"""What fails. The metadata address is not among it: a container here reaches what the machine's
network lets it reach, which is why a machine in a cloud should answer one hop away only."""
OPEN = {"docker": set[str](), "process": {"other_runs", "write_input"}}
"""What succeeds, as nothing separates a process from this machine."""


@dataclass(frozen=True)
class Attack:
    """What the malicious run could do, and its log."""

    engine: str
    agent: Agent
    mark: str
    report: dict[str, str]
    log: str
    dataset: Path


def typed(agent: Agent, *words: str, answers: str = "") -> Any:
    result = agent(*words, "--json", answers=answers)
    assert result.code == 0, result.err
    return result.document if result.out else None


def program(engine: str, root: Path, name: str, text: str) -> Path:
    image = python_image() if engine == "docker" else "python:3.11-slim"
    lines = [f"FROM {image}", "COPY main.py /app/", 'CMD ["python3", "/app/main.py"]', ""]
    files = {
        "Dockerfile": "\n".join(lines),
        "app.yml": MANIFEST.format(name=name),
        "main.py": text,
    }
    return repository(root / name, files)


@pytest.fixture(scope="module", params=ENGINES)
def attack(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    prepared: Prepared,
) -> Iterator[Attack]:
    engine = str(request.param)
    root = tmp_path_factory.mktemp(engine)
    for name, text in (("Data", "mine"), ("Private", "VICTIM")):
        raw = root / "box" / "datasets" / name / "raw"
        raw.mkdir(parents=True)
        (raw / "a.txt").write_text(text)
    box = prepared.into(root / "box")
    box.start_detached(0, engine)
    agent = Agent({**box.environment(), "HOME": str(root)})
    try:
        yield _attacked(engine, agent, root)
    finally:
        box.stop()


def _attacked(engine: str, agent: Agent, root: Path) -> Attack:
    mark = f"left-by-{engine}-{os.getpid()}"
    secret = ("compute", "secret", "set", "my-compute", "HUSH", "--stdin")
    assert agent(*secret, answers=SECRET).code == 0
    for name, text, dataset in (("victim", VICTIM, "Private"), ("hostile", HOSTILE, "Data")):
        assert agent("workflow", "add", str(program(engine, root, name, text))).code == 0
        words = ("dataset", "grant", name, "-d", dataset, "--access", "read-write")
        assert agent(*words).code == 0
    victim = typed(agent, "run", "start", "-d", "Private", "-w", "victim", "--all")["id"]
    # Its files are there to be looked for once its step runs.
    wait_for(lambda: "holding" in agent("run", "logs", victim).out, lambda: "it never ran")
    how = ("--wait", "--name", "attack", "--param", f"MARK={mark}")
    ended = agent("run", "start", "-d", "Data", "-w", "hostile", "--all", *how)
    log = agent("run", "logs", "attack").out
    assert ended.code == 0, (ended.err, log)
    results = root / "box" / "datasets" / "Data"
    written = results / "results" / "attack" / "report.json"
    # The platform imports what was uploaded a moment after the run.
    wait_for(lambda: written.is_file() and written.stat().st_size > 0, lambda: "no report came")
    report = json.loads(written.read_text())
    assert agent("run", "cancel", victim, "--wait").code == 0
    return Attack(engine, agent, mark, report, log, results)


def test_what_fails_and_what_does_not(attack: Attack) -> None:
    failed = {name for name, what in attack.report.items() if what.startswith("no: ")}
    assert failed >= CLOSED[attack.engine], attack.report
    assert not failed & OPEN[attack.engine], attack.report


def test_the_dataset_stays_as_it_was(attack: Attack) -> None:
    """Also where the input could be written: it was a copy."""
    assert (attack.dataset / "raw" / "a.txt").read_text() == "mine"


def test_no_process_is_left(attack: Attack) -> None:
    assert attack.report["leave_process"] == "started"
    left = [
        path.parent.name
        for path in Path("/proc").glob("[0-9]*/cmdline")
        if attack.mark in _text(path)
    ]
    assert left == []


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode(errors="replace")
    except OSError:
        return ""


def test_a_printed_secret_is_masked(attack: Attack) -> None:
    assert "the secret is ***" in attack.log
    assert SECRET not in attack.log
