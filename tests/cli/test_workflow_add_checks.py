"""What ``workflow add`` does with what is wrong with code."""

from __future__ import annotations

from pathlib import Path

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
