"""What a run printed, as it is read: a whole journey, and the command's own decisions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from pennsieve_agent.sandbox.aws.batch.job_log import MOST_BYTES
from tests.cli.conftest import DATASET, repository
from tests.cli.harness import Agent
from tests.prepared import Prepared

PROGRAM = """\
import os, pathlib, sys
flag = pathlib.Path(os.environ["FLAG"])
print("begin", flush=True)
for number in range(2000):
    sys.stdout.write(f"\\r{number:5}/2000")
    sys.stdout.flush()
print()
print("x" * 300_000)
print("\\x1b]0;title\\x07plain \\x1b[2J", flush=True)
if not flag.exists():
    flag.touch()
    raise ValueError("THE REASON")
out = pathlib.Path(os.environ["OUTPUT_DIR"])
(out / "good.txt").write_text("yes")
(out / "leak").symlink_to("/etc/hostname")
os.mkfifo(out / "pipe")
"""
FILES = {
    "Dockerfile": 'FROM python:3.11-slim\nCOPY main.py /app/\nCMD ["python", "/app/main.py"]\n',
    "app.yml": 'schemaVersion: "1.0"\nname: odd\nparameters:\n  - {name: FLAG, type: string}\n',
    "main.py": PROGRAM,
}


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory, prepared: Prepared) -> Iterator[Agent]:
    """Somebody at a sandbox of this module."""
    root = tmp_path_factory.mktemp("logs")
    data = root / "box" / "datasets" / DATASET / "raw"
    data.mkdir(parents=True)
    (data / "a.txt").write_text("one")
    box = prepared.into(root / "box")
    box.start_detached(0, "process")
    try:
        yield Agent({**box.environment(), "HOME": str(root)})
    finally:
        box.stop()


def test_the_log_of_a_run_that_did_odd_things(agent: Agent, tmp_path: Path) -> None:
    """It fails at first, draws a bar, prints much, and leaves a pipe and a link among its results.

    What it made besides is delivered, and the run ends as failed with what was left out.
    """
    code = repository(tmp_path / "code", FILES)
    for words in (
        ("workflow", "add", str(code)),
        ("dataset", "grant", "odd", "-d", DATASET, "--access", "read-write"),
    ):
        assert (result := agent(*words)).code == 0, result.err
    start = ("run", "start", "-w", "odd", "-d", DATASET, "--files", "raw", "--name", "odd run")
    done = agent(*start, "--param", f"FLAG={tmp_path / 'flag'}", "--retries", "1", "--wait")
    assert done.code == 3, done.err
    lines = agent("run", "logs", "odd run", "--step", "odd", "-t").out.splitlines()
    texts = [line.partition("Z ")[2].removeprefix("odd").lstrip(" |") for line in lines]
    again = texts.index("-- attempt 2 of this step (attempt 1: it ended with exit code 1) --")
    first, second = texts[:again], texts[again + 1 :]
    # A line of 300,000 bytes is two, as on AWS.
    drawn = ["begin", "1999/2000", "x" * MOST_BYTES, "x" * (300_000 - MOST_BYTES), "plain "]
    assert (first[:5], second) == (drawn, drawn)
    assert first[-2:] == ["ValueError: THE REASON", "it ended with exit code 1"]
    rows = agent("run", "logs", "odd run", "--follow", "--json", "--step", "odd").out.splitlines()
    *documents, end = map(json.loads, rows)
    assert end["error"]["code"] == "run_failed"
    attempts = [line["attempt"] for line in documents]
    assert attempts == [1] * again + [2] * (len(second) + 1)
    state = agent("run", "show", "odd run", "--json").document
    steps = {step["id"]: step for step in state["steps"]}
    assert [a["exit_code"] for a in steps["odd"]["attempts"]] == [1, 0]
    (target,) = [step for step in steps.values() if step["status"] == "failed"]
    for part in ("delivered, 2 left out: 'leak' of step 'odd' is a link", "'pipe' of step 'odd'"):
        assert part in target["reason"], target["reason"]
    listed = agent("run", "show", "odd run", "--outputs", "--json").document["files"]
    assert "good.txt" in {file["path"].rpartition("/")[2] for file in listed}


def test_a_step_that_can_never_run_is_skipped(agent: Agent, tmp_path: Path) -> None:
    files = {
        **FILES,
        "main.py": "raise SystemExit(7)\n",
        "app.yml": 'schemaVersion: "1.0"\nname: ends\n',
    }
    code = repository(tmp_path / "code", files)
    for words in (
        ("workflow", "add", str(code)),
        ("dataset", "grant", "ends", "-d", DATASET, "--access", "read-write"),
    ):
        assert (result := agent(*words)).code == 0, result.err
    start = ("run", "start", "-w", "ends", "-d", DATASET, "--files", "raw", "--name", "ends early")
    assert agent(*start).code == 0
    followed = agent("run", "logs", "ends early", "--follow")
    assert followed.code == 3
    assert "step ends: failed: it ended with exit code 7" in followed.err
    assert ": skipped" in followed.err
    steps = agent("run", "show", "ends early", "--json").document["steps"]
    assert [step["status"] for step in steps] == ["succeeded", "failed", "skipped"]
