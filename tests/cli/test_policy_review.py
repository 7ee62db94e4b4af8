"""One folder for a security officer, through the command as it is typed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.cli.harness import Agent

pytestmark = pytest.mark.usefixtures("lab")


def read(folder: Path) -> dict[str, str]:
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_text("utf-8") for path in sorted(paths)}


def test_a_folder_for_an_officer(agent: Agent, tmp_path: Path) -> None:
    folder = tmp_path / "review"
    words = ("compute", "policy", "review", str(folder), "--mode", "compliant", "--name", "vault")
    shown = agent(*words)
    assert shown.code == 0, shown.err
    assert f"begin with {folder / 'README.md'}" in shown.out
    files = read(folder)
    index = json.loads(files["review.json"])
    assert sorted(files) == index["files"]
    assert json.loads(files["templates/2-whole.json"])["Resources"]["Gateway"]
    assert "Gateway" not in json.loads(files["templates/1-without-functions.json"])["Resources"]
    assert {"policies/boundary.json", "policies/installer-1.json"} <= set(files)
    assert any(path.startswith("policies/roles/") for path in files)
    assert any(path.startswith("policies/resources/Bucket") for path in files)
    readme = files["README.md"]
    assert "Pennsieve has no permissions in this account" in readme
    assert "limits every role that they create" in readme
    named = re.findall(r"^- (\S+\.(?:json|md))", readme, re.MULTILINE)
    assert set(named) == set(files) - {"README.md"}

    again = agent(*words, "--json")
    assert again.document == {"folder": str(folder), "files": sorted(files)}
    assert read(folder) == files


def test_it_takes_no_folder_with_something_else_in_it(agent: Agent, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    refused = agent("compute", "policy", "review", str(tmp_path))
    assert refused.code == 2
    assert "exists already and is not from an earlier review" in refused.err
    assert read(tmp_path) == {"notes.txt": "mine"}
    file = agent("compute", "policy", "review", str(tmp_path / "notes.txt"))
    assert file.code == 2


def test_a_later_review_takes_away_its_own_files_alone(agent: Agent, tmp_path: Path) -> None:
    folder, outside = tmp_path / "review", tmp_path / "outside.txt"
    outside.write_text("theirs")
    words = ("compute", "policy", "review", str(folder), "--name", "vault")
    assert agent(*words).code == 0
    files = set(read(folder))
    (folder / "officer.txt").write_text("my notes")
    (folder / "old.md").write_text("of an earlier version")
    index = json.loads((folder / "review.json").read_text())
    index["files"] += ["old.md", "../outside.txt"]
    (folder / "review.json").write_text(json.dumps(index))
    assert agent(*words).code == 0
    assert set(read(folder)) == files | {"officer.txt"}
    assert outside.read_text() == "theirs"


def test_a_folder_that_cannot_be_written(agent: Agent, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    shown = agent("compute", "policy", "review", str(tmp_path / "file" / "review"))
    assert shown.code == 1
    assert "the review cannot be written" in shown.err
