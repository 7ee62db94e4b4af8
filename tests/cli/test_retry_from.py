"""``run start --keep-steps`` and ``run retry --from``: finished steps are not paid again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.cli.conftest import DATASET, Lab, made, prepare, repository
from tests.cli.harness import Agent
from tests.prepared import Prepared

MANIFEST = """
schemaVersion: "1.0"
name: mark
parameters:
  - {name: LABEL, type: string, default: mark}
  - {name: GATE, type: string, default: ""}
"""
PROGRAM = """
import os, pathlib, sys, time
source, target = pathlib.Path(os.environ["INPUT_DIR"]), pathlib.Path(os.environ["OUTPUT_DIR"])
label, gate = os.environ["LABEL"], os.environ.get("GATE")
names = sorted(path.name for path in source.rglob("*") if path.is_file())
print("found there", sorted(path.name for path in target.iterdir()))
(target / f"{label}-{time.time_ns()}.txt").write_text(" ".join(names))
if gate and not pathlib.Path(gate).exists():
    (target / "half.txt").write_text("half")
    sys.exit(3)
"""
CODE = {
    "Dockerfile": 'FROM python:3.13-slim\nCOPY main.py /\nUSER 1000\nCMD ["python3", "/main.py"]\n',
    "app.yml": MANIFEST,
    "main.py": PROGRAM,
    "LICENSE": "MIT",
}
LINE = """name: two
layout: flat
steps:
  first:
    uses: ./code
  second:
    uses: ./code
    needs:
    - first
"""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, prepared: Prepared) -> Iterator[Lab]:
    """A lab of its own, with a workflow of two steps."""
    root = tmp_path_factory.mktemp("kept")
    one = made(root, prepared)
    repository(root / "code", CODE, None)
    (root / "workflow.yaml").write_text(LINE)
    prepare(
        one,
        ("workflow", "add", str(root / "workflow.yaml")),
        ("dataset", "grant", "two", "-d", DATASET),
    )
    yield one
    one.box.stop()


def typed(agent: Agent, *words: str, code: int = 0) -> Any:
    result = agent(*words)
    assert result.code == code, result.err
    return result


def test_the_first_step_is_taken_over(lab: Lab, agent: Agent) -> None:
    gate = lab.root / "gate"
    start = ("run", "start", "-d", DATASET, "-w", "two", "--files", "raw", "--name", "long")
    how = ("-p", "first.LABEL=one", "-p", f"second.GATE={gate}", "--keep-steps", "7")
    plan = typed(agent, *start, *how, "--dry-run")
    words = "for 7 days in the node's bucket if the run fails or is cancelled: about 0.015 USD"
    assert f"steps kept\t{words} for each GB" in plan.out
    assert typed(agent, *start, *how, "--dry-run", "--json").document["kept_usd_per_gb"] == 0.015156

    failed = typed(agent, *start, *how, "--wait", code=3)
    assert f"steps are kept {words}" in failed.err
    shown = typed(agent, "run", "show", "long").out
    assert "steps kept\tuntil " in shown
    assert "go on with: run retry --from STEP" in shown
    assert "'long' had not reached step 'output': step 'second' before it did not succeed" in (
        typed(agent, "run", "retry", "long", "--from", "output", code=1).err
    )

    gate.touch()
    typed(agent, "run", "retry", "long", "--from", "second", "--dry-run")
    done = typed(agent, "run", "retry", "long", "--from", "second", "--wait", "--json").document
    assert (done["name"], done["status"]) == ("long-2", "succeeded")
    steps = {step["id"]: step for step in done["steps"]}
    assert steps["first"]["reason"] == "taken over from run 'long'; it cost nothing"
    assert steps["first"]["attempts"] == []
    assert len(steps["second"]["attempts"]) == 1
    assert (done["details"]["taken_from"], done["details"]["taken_steps"]) == (
        "long",
        ["input", "first"],
    )
    assert "found there []" in typed(agent, "run", "logs", "long-2", "--step", "second").out
    wrote = typed(agent, "run", "show", "long-2", "--outputs", "--json").document["files"]
    names = sorted(file["path"].rpartition("/")[2] for file in wrote)
    assert [name.partition("-")[0] for name in names if name.startswith("mark")] == ["mark"]
    assert "half.txt" not in names

    typed(agent, "run", "receipt", "long-2", "--to", str(lab.root / "receipt"))
    page = "".join(path.read_text() for path in (lab.root / "receipt").rglob("*.html"))
    assert "input, first of run long" in page
    assert "goes on with what its steps made; retry that one" in (
        typed(agent, "run", "retry", "long", "--from", "second", code=2).err
    )
