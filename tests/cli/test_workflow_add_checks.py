"""What ``workflow add`` does with what is wrong with code."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import WORD_COUNT, Lab, repository
from tests.cli.harness import Agent

TOP_ONLY = """
import os, pathlib
for path in sorted(pathlib.Path(os.environ["INPUT_DIR"]).glob("*.txt")):
    (pathlib.Path(os.environ["OUTPUT_DIR"]) / path.name).write_text("1")
"""
DOCKERFILE = 'FROM python:3.13-slim\nCOPY gone.py lost.txt /app/\nUSER 1000\nCMD ["/app/gone.py"]\n'


def names(agent: Agent) -> tuple[list[str], list[str]]:
    workflows = agent("workflow", "list", "--json").document
    apps = agent("workflow", "app", "list", "--json").document
    return [row["name"] for row in workflows], [row["source_url"] for row in apps]


def test_several_errors_are_told_at_once_and_nothing_is_sent(
    ready: Lab, agent: Agent, tmp_path: Path
) -> None:
    code = repository(tmp_path / "broken", {"Dockerfile": DOCKERFILE, "main.py": "print(1)\n"})
    before = names(agent)
    url = ready.publish(code)
    refused = agent("workflow", "add", url)
    assert refused.code == 2, refused.err
    assert refused.err.count("error: broken: Dockerfile, line 2") == 2
    assert "gone.py" in refused.err
    assert "lost.txt" in refused.err
    assert "error: the code cannot be built or run, for " in refused.err
    assert f"hint: all of them: pennsieve workflow check {url} --ref v1.0.0" in refused.err
    assert names(agent) == before
    assert agent("workflow", "check", url, "--ref", "v1.0.0").code == 1


def test_the_layout_that_code_needs_silences_the_warning_of_it(
    ready: Lab, agent: Agent, tmp_path: Path
) -> None:
    files = {**WORD_COUNT, "main.py": TOP_ONLY}
    url = ready.publish(repository(tmp_path / "top-only", files))
    warned = agent("workflow", "add", url, "--name", "tops", "--dry-run")
    assert "lists the top of INPUT_DIR" in warned.err
    assert "--layout flat" in warned.err
    flat = ("--name", "tops", "--layout", "flat", "--dry-run")
    told = agent("workflow", "add", url, *flat)
    assert (told.code, "lists the top of INPUT_DIR" in told.err) == (0, False)


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("bucket", "'bucket' is not a target"),
        ("layer", "--target layer does not say which"),
        ("asset=", "--target asset does not say which"),
        ("layer=Big One", "'Big One' is not a valid name for a layer"),
        ("dataset=x", "--target dataset takes no value"),
    ],
)
def test_a_target_that_cannot_be_is_refused_before_code_is_fetched(
    agent: Agent, target: str, why: str
) -> None:
    result = agent("workflow", "add", "https://127.0.0.1:9/lab/none", "--target", target)
    assert (result.code, why in result.err) == (2, True), result.err


def test_a_target_of_one_repository(ready: Lab, agent: Agent, tmp_path: Path) -> None:
    words = ("workflow", "add", str(ready.repository), "--name", "filling", "--target", "layer=a-b")
    plan = agent(*words, "--dry-run")
    assert plan.code == 0, plan.err
    assert "persistent-layer" in plan.out
    added = agent(*words, "--json")
    assert added.code == 0, added.err
    assert added.document["steps"][-1]["target_type"] == "persistent-layer"
    file = agent("workflow", "show", "filling", "--yaml").out
    assert "    target: persistent-layer\n    parameters:\n      layerName: a-b\n" in file
    (tmp_path / "w.yaml").write_text(file)
    both = agent("workflow", "add", str(tmp_path / "w.yaml"), "--target", "dataset")
    assert (both.code, "below targets:" in both.err) == (2, True)
    assert agent("workflow", "archive", "filling", "--delete", "--yes").code == 0


def test_a_command_line_is_checked_before_the_registry_is_asked(agent: Agent) -> None:
    words = ("workflow", "add", "docker://127.0.0.1:9/lab/tool:1", "--command")
    said = agent(*words, "x {nothing}").err
    assert "reads {nothing}, which is neither a parameter nor input or output" in said
    assert "has a quotation mark that is not closed" in agent(*words, "x 'y").err
