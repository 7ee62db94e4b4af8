"""A folder with what is not committed: the files that a commit of all of them would have."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pennsieve_agent.errors import SourceError
from pennsieve_agent.source.working_folder import copy_folder, working_folder
from tests.cli.conftest import repository


def names(folder: Path) -> list[str]:
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()
    )


def test_what_git_ignores_is_left_out(tmp_path: Path) -> None:
    code = repository(tmp_path / "code", {"Dockerfile": "x", "old": "x", ".gitignore": "*.log\n"})
    (code / "old").unlink()
    (code / "new").write_text("x")
    (code / "run.log").write_text("x")
    (code / "link").symlink_to("new")
    copy_folder(code, tmp_path / "copy")
    assert names(tmp_path / "copy") == [".gitignore", "Dockerfile", "link", "new"]
    (code / "below").mkdir()
    (code / "below" / "inner").write_text("x")
    copy_folder(code / "below", tmp_path / "inner")
    assert names(tmp_path / "inner") == ["inner"]


def test_a_folder_without_git(tmp_path: Path) -> None:
    code = tmp_path / "code"
    (code / "a" / "b").mkdir(parents=True)
    (code / "a" / "b" / "größe").write_text("x")
    copy_folder(code, tmp_path / "copy")
    assert names(tmp_path / "copy") == ["a/b/größe"]


def test_a_link_that_leads_out_is_refused(tmp_path: Path) -> None:
    code = tmp_path / "code"
    code.mkdir()
    (code / "secrets").symlink_to("/etc/passwd")
    with pytest.raises(SourceError):
        copy_folder(code, tmp_path / "copy")


def test_which_addresses_are_folders(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    assert working_folder("code", tmp_path) == tmp_path / "code"
    assert working_folder("https://github.com/lab/code", tmp_path) is None
    assert working_folder("nothing", tmp_path) is None
    subprocess.run(["git", "init", "-q", "--bare", str(tmp_path / "bare")], check=True)
    assert working_folder("bare", tmp_path) is None
