"""Only what is missing: more memory for a step that ran out of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.cli.conftest import DATASET, DOCKERFILE, MANIFEST, Lab, made, prepare, repository
from tests.cli.harness import Agent
from tests.prepared import Prepared

NAME = "hungry"
HUNGRY = (
    MANIFEST.replace("name: word-count", "name: hungry")
    + """\
  - name: HUNGRY
    type: boolean
    default: false
resources:
  cpu: 256
  memory: 512
"""
)
PROGRAM = """\
import os, pathlib, sys, time
target = pathlib.Path(os.environ["OUTPUT_DIR"])
before = target / "before"
if os.environ["HUNGRY"] == "true" and not before.exists():
    before.write_text("it ran before")
    held = b"x" * (600 * 1024 * 1024)
    time.sleep(600)
for path in sorted(pathlib.Path(os.environ["INPUT_DIR"]).rglob("*")):
    if path.is_file():
        (target / (path.stem + ".count")).write_text(str(len(path.read_text().split())))
sys.exit(int(os.environ["EXIT"]))
"""
START = ("run", "start", "-d", DATASET, "--files", "raw")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, prepared: Prepared) -> Iterator[Lab]:
    """A lab of its own, with a workflow that can take too much memory."""
    root = tmp_path_factory.mktemp("repeats")
    one = made(root, prepared)
    files = {"Dockerfile": DOCKERFILE, "app.yml": HUNGRY, "main.py": PROGRAM}
    code = repository(root / NAME, files)
    prepare(
        one,
        ("workflow", "add", str(code), "--name", NAME),
        ("dataset", "grant", NAME, "-d", DATASET),
    )
    yield one
    one.box.stop()


def typed(agent: Agent, *words: str, code: int = 0) -> Any:
    result = agent(*words)
    assert result.code == code, result.err
    return result


def test_a_step_that_ran_out_of_memory_is_repeated_with_more(agent: Agent) -> None:
    how = ("--memory-on-oom", "x2", "-p", "HUNGRY=true", "--name", "grown")
    assert "x2 memory for a step that ran out of it" in typed(agent, *START, *how, "--dry-run").out
    run = typed(agent, *START, *how, "--wait", "--json").document
    assert run["limits"]["memory_on_oom"] == 2
    (step,) = [one for one in run["steps"] if one["attempts"] and len(one["attempts"]) > 1]
    assert [(one["memory_mb"], one["exit_code"]) for one in step["attempts"]] == [
        (512, 137),
        (1024, 0),
    ]
    shown = typed(agent, "run", "show", "grown").out
    assert f"{step['id']}\t1\t512.0 MB\t" in shown
    assert "ran out of memory" in shown
    assert f"{step['id']}\t2\t1.0 GB\t" in shown


@pytest.mark.parametrize("factor", ["2x", "x1", "x5", "more", ""])
def test_a_factor_that_is_none(agent: Agent, factor: str) -> None:
    refused = agent(*START, "--memory-on-oom", factor)
    assert refused.code == 2
    assert "from x1.5 to x4, for example: --memory-on-oom x2" in refused.err
