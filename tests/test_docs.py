"""What the README says is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer.main

from pennsieve_agent import __version__
from pennsieve_agent.cli.app import COMMANDS, root
from pennsieve_agent.cli.completion import FILES, Shell, script
from pennsieve_agent.errors import ExitCode
from tests.tools.reference import BEGIN, END, table

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def commands() -> set[str]:
    group = typer.main.get_command(root)
    context = typer.Context(group)
    found = set()
    for name in COMMANDS:
        command = group.get_command(context, name)  # type: ignore[attr-defined]
        for inner in getattr(command, "commands", {}):
            found.add(f"{name} {inner}")
        found.add(name)
    return found


def test_every_exit_code_is_documented() -> None:
    rows = {int(code) for code in re.findall(r"(?m)^\| (\d+) \|", README)}
    assert rows == {int(code) for code in ExitCode}


def test_every_command_in_the_readme_exists() -> None:
    known = commands()
    typed = re.findall(r"pennsieve ([a-z]+)(?: ([a-z]+))?", README)
    for first, second in typed:
        if first not in COMMANDS:
            assert first == "agent", first
            continue
        has_inner = any(command.startswith(f"{first} ") for command in known)
        assert not has_inner or not second or f"{first} {second}" in known, f"{first} {second}"


def test_the_table_of_commands_is_current() -> None:
    kept = README.partition(BEGIN)[2].partition(END)[0]
    if kept != table():
        pytest.fail("write it anew with: python -m tests.tools.reference")


def test_the_table_names_what_is_typed() -> None:
    rows = table()
    assert "| `dataset mv DATASET SOURCE... DESTINATION` |" in rows
    assert "| `run show [RUN]` |" in rows
    assert "| `compute secret set NODE NAME` |" in rows
    assert "dataset_changes" not in rows


def test_every_variable_is_documented() -> None:
    used = set()
    for path in (ROOT / "pennsieve_agent").rglob("*.py"):
        if "settings" in path.parts or "cli" in path.parts:
            used |= set(re.findall(r'"(PENNSIEVE_[A-Z0-9_]+)"', path.read_text(encoding="utf-8")))
    missing = {name for name in used if name not in README}
    assert not missing


def test_the_completions_are_current() -> None:
    for shell in Shell:
        kept = (ROOT / "completions" / FILES[shell]).read_text(encoding="utf-8")
        assert kept == f"{script(shell)}\n", "write them anew with: make completions"


def test_the_changelog_knows_the_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert "## [Unreleased]" in text
    released = re.findall(r"(?m)^## \[(\d+\.\d+\.\d+)\]", text)
    assert not released or released[0] == __version__


def test_the_project_speaks_of_no_machine() -> None:
    for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "Makefile", "pyproject.toml"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert not re.search(r"(?<![\w.])/(?:root|tmp|work)/", text), name
