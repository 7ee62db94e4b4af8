"""Only what is missing: more memory for a step, a run once more, and none that was done."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.cli.conftest import DATASET, DOCKERFILE, MANIFEST, Lab, commit, made, prepare, repository
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


FANCY = ("-w", NAME, "-p", "STYLE=fancy", "--layout", "flat", "--max-cost", "5")


@pytest.fixture(scope="module")
def first(lab: Lab) -> str:
    """A run that succeeded."""
    prepare(lab, (*START, *FANCY, "--name", "first", "--wait"))
    return "first"


def test_what_was_done_before_is_left_out(agent: Agent, first: str) -> None:
    shown = typed(agent, "run", "show", first, "--json").document
    plan = typed(agent, *START, *FANCY, "--dry-run", "--json").document
    assert plan["fingerprint"] == shown["details"]["fingerprint"]
    done = typed(agent, *START, *FANCY, "--skip-done")
    assert done.out.startswith("Run 'first' did this already")
    assert "nothing was started (--skip-done)" in done.err
    assert typed(agent, *START, *FANCY, "--skip-done", "--json").document["id"] == shown["id"]
    # What does not change the results does not matter; what does, does.
    cheaper = typed(agent, *START, "-w", NAME, *FANCY[2:6], "--spot", "--skip-done")
    assert "'first' did this already" in cheaper.out
    for other in (("-p", "MINIMUM=2"), ("--files", "notes.md")):
        plan = typed(agent, *START, *FANCY, *other, "--skip-done", "--dry-run", "--json").document
        assert plan["fingerprint"] != shown["details"]["fingerprint"]
        assert plan["name"]
    local = agent(*START, *FANCY[:4], "--local", "--skip-done")
    assert (local.code, "--skip-done and --local cannot be given together" in local.err) == (
        2,
        True,
    )


def test_a_failed_run_is_started_again_once(agent: Agent, first: str) -> None:
    typed(agent, *START, "-w", NAME, "-p", "EXIT=3", "--name", "broken", "--wait", code=3)
    plan = typed(agent, "run", "retry", "broken", "--max-cost", "2", "--dry-run", "--json").document
    assert (plan["name"], plan["folder"]) == ("broken-2", "results/broken")
    assert plan["limits"]["max_cost_usd"] == 2
    again = typed(agent, "run", "retry", "broken", "--wait", "--json", code=3).document
    assert (again["name"], again["details"]["folder"]) == ("broken-2", "results/broken")
    assert next(iter(again["parameters"].values()))["EXIT"] == "3"
    twice = agent("run", "retry", "broken")
    assert twice.code == 1
    assert "run 'broken' was started again already, as 'broken-2'" in twice.err
    third = typed(agent, "run", "retry", "broken-2", "--dry-run", "--json").document
    assert third["name"] == "broken-3"
    good = agent("run", "retry", first)
    assert good.code == 1
    assert "to run the same again: pennsieve run start --repeat first" in good.err
    assert agent("run", "retry", "nothing-like-it").code == 2


def test_a_run_is_repeated_and_what_differs_is_said(agent: Agent, lab: Lab, first: str) -> None:
    same = typed(agent, "run", "start", "--repeat", first, "--dry-run", "--json").document
    shown = typed(agent, "run", "show", first, "--json").document
    assert same["differences"] == []
    assert same["fingerprint"] == shown["details"]["fingerprint"]
    assert (same["limits"], same["layout"]) == (shown["limits"], "flat")
    typed_ = typed(
        agent, *("run", "start", "--repeat", first, "-p", "STYLE=plain", "--layout", "tree"),
        *("--max-cost", "1", "--dry-run", "--json"),
    ).document  # fmt: skip
    assert (typed_["layout"], typed_["limits"]["max_cost_usd"]) == ("tree", 1)
    manifest = HUNGRY.replace(
        "  - name: STYLE\n    type: enum\n", "  - name: LOOK\n    type: enum\n"
    )
    assert manifest != HUNGRY
    commit(lab.root / NAME, {"app.yml": manifest}, "v1.1.0")
    typed(agent, "workflow", "update", NAME, "--to", "v1.1.0")
    gone = lab.dataset / "raw" / "deep" / "b.txt"
    text = gone.read_text()
    gone.unlink()
    (lab.dataset / "raw" / "new.txt").write_text("not in the run")
    try:
        again = typed(agent, "run", "start", "--repeat", first, "--dry-run", "--json")
        newest = typed(agent, "run", "start", "--repeat", first, "-w", NAME, "--dry-run")
    finally:
        gone.write_text(text)
        (lab.dataset / "raw" / "new.txt").unlink()
    missing = "'raw/deep/b.txt' is not in the dataset any more"
    assert [file["path"] for file in again.document["files"]] == ["raw/a.txt"]
    assert again.document["workflow_version"] == "v1.0.0"
    newer, *others = again.document["differences"]
    assert newer.startswith("the workflow has the newer version v1.1.0; v1.0.0 is")
    assert newer.endswith(f"take the newest with: --workflow {NAME}")
    assert others == [missing]
    assert missing in again.err
    step = next(iter(shown["parameters"]))
    assert f"the workflow has no parameter 'STYLE' of step '{step}' any more" in newest.err
    assert f"workflow\t{NAME} v1.1.0" in newest.out
