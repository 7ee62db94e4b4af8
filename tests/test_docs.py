"""What the README says is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pennsieve_agent import __version__
from pennsieve_agent.cli import tree
from pennsieve_agent.cli.completion import FILES, Shell, script
from pennsieve_agent.cli.resolve import Call, resolve
from pennsieve_agent.errors import AgentError, ExitCode
from tests.tools.reference import BEGIN, END, documents, table

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_exit_code_is_documented() -> None:
    rows = {int(code) for code in re.findall(r"(?m)^\| (\d+) \|", README)}
    assert rows == {int(code) for code in ExitCode}


def test_every_code_of_an_error_is_documented_with_its_exit_code() -> None:
    told = {
        (int(row[0]), code)
        for row in re.findall(r"(?m)^\| (\d+) \|[^|]*\|([^|]*)\|$", README)
        for code in re.findall(r"`(\w+)`", row[1])
    }
    assert told == {(int(cls.exit_code), cls.code) for cls in _kinds(AgentError)}


def _kinds(of: type[AgentError]) -> list[type[AgentError]]:
    return [of, *(inner for cls in of.__subclasses__() for inner in _kinds(cls))]


def test_every_command_in_the_readme_exists() -> None:
    """A word after a group is a command or a group of it; none is an old one."""
    words = set(tree.COMMANDS) | set(tree.GROUPS)
    for first, second in re.findall(r"pennsieve ([a-z]+)(?: ([a-z]+))?", README):
        assert first in words | {"agent"}, first
        assert first not in tree.GROUPS or not second or f"{first} {second}" in words, second


def test_the_table_of_commands_is_current() -> None:
    kept = README.partition(BEGIN)[2].partition(END)[0]
    if kept != table():
        pytest.fail("write it anew with: python -m tests.tools.reference")


def test_the_description_of_json_documents_is_current() -> None:
    if (ROOT / "pennsieve_agent" / "console" / "schema" / "JSON.md").read_text(
        encoding="utf-8"
    ) != documents():
        pytest.fail("write it anew with: python -m tests.tools.reference")


def test_the_table_names_what_is_typed() -> None:
    rows = table()
    assert "| `dataset fs mv DATASET SOURCE... DESTINATION` |" in rows
    assert "| `run show [RUN]` |" in rows
    assert "| `secret set NODE NAME` |" in rows
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
        assert kept == script(shell), "write them anew with: make completions"


def test_the_changelog_knows_the_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert "## [Unreleased]" in text
    released = re.findall(r"(?m)^## \[(\d+\.\d+\.\d+)\]", text)
    assert not released or released[0] == __version__


def test_the_project_speaks_of_no_machine() -> None:
    for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "Makefile", "pyproject.toml"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert not re.search(r"(?<![\w.])/(?:root|tmp|work)/", text), name


def test_what_make_runs_is_there() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    paths = set(re.findall(r"(?<![\w./])(?:tests|examples|completions)/[\w./-]+", text))
    modules = {f"{name.replace('.', '/')}.py" for name in re.findall(r"-m (tests\.[\w.]+)", text)}
    assert len(paths) > 5
    assert len(modules) > 3
    assert [name for name in sorted(paths | modules) if not (ROOT / name).exists()] == []


def test_the_text_has_no_old_words_of_commands() -> None:
    """What stands as code in the README, and is a command, is one that is listed today."""
    groups = "|".join(word for word in tree.GROUPS if " " not in word)
    lines = re.findall(rf"`(?:pennsieve\s+)?((?:{groups})\s[^`]*)`", README)
    assert len(lines) > 40
    calls = [resolve(line.split()) for line in lines if not line.startswith("aws lambda ")]
    assert [call.notes for call in calls if isinstance(call, Call) and call.notes] == []
