"""Writing a commit's files into a folder."""

from __future__ import annotations

import errno
import gc
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pennsieve_agent.errors import SourceError
from pennsieve_agent.source.repository import checkout
from tests.source.repositories import Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repo")


def test_exactly_the_files_of_the_commit(repository: Repository, tmp_path: Path) -> None:
    repository.commit({"run.sh": "#!/bin/sh\n", "é/ü x.txt": "data", "empty": "", "later": "1"})
    (repository.path / "run.sh").chmod(0o755)
    (repository.path / "link").symlink_to("é/ü x.txt")
    (repository.path / "é" / "up").symlink_to("../é")
    (repository.path / "dangling").symlink_to("nothing")
    (repository.path / "big.bin").write_bytes(bytes(range(256)) * 4096)
    (repository.path / ".gitattributes").write_text("run.sh export-ignore\n")
    wanted = repository.commit(tag="v1")
    repository.commit({"later": "2"})
    out = tmp_path / "out"
    assert checkout(repository.url, "v1", out) == wanted
    names = sorted(str(p.relative_to(out)) for p in out.rglob("*") if p.is_symlink() or p.is_file())
    expected = ["run.sh", "é/ü x.txt", "é/up", "empty", "later", "link", "dangling", "big.bin"]
    assert names == sorted(["Dockerfile", ".gitattributes", *expected])
    assert ".git" not in {p.name for p in out.iterdir()}
    assert (out / "later").read_text() == "1"
    assert (out / "link").read_text() == "data"
    assert os.access(out / "run.sh", os.X_OK)
    assert not os.access(out / "later", os.X_OK)
    assert (out / "big.bin").read_bytes() == bytes(range(256)) * 4096
    assert (out / "empty").read_bytes() == b""


def test_a_commit_that_was_registered(repository: Repository, tmp_path: Path) -> None:
    first = repository.commit({"a": "1"})
    repository.commit({"a": "2"})
    assert checkout(str(repository.path), first[:12], tmp_path / "out") == first
    assert (tmp_path / "out" / "a").read_text() == "1"
    with pytest.raises(SourceError, match="not empty"):
        checkout(repository.url, first[:12], tmp_path / "out")
    with pytest.raises(SourceError, match="no tag, branch or commit"):
        checkout(repository.url, "0" * 12, tmp_path / "none")


@pytest.mark.parametrize(
    "links",
    [
        {"a": "/etc/passwd"},
        {"a": "../outside"},
        {"sub/a": "../../outside"},
        {"sub/a": "../x/../../outside"},
        {"q": ".", "a": "q/../outside"},
        {"deep/er/q": "../..", "a": "deep/er/q/../outside"},
    ],
)
def test_links_that_leave_the_repository(
    repository: Repository, tmp_path: Path, links: dict[str, str]
) -> None:
    for name, target in links.items():
        link = repository.path / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(target)
    repository.commit()
    out = tmp_path / "out"
    with pytest.raises(SourceError, match="leads out of the repository"):
        checkout(repository.url, "main", out)
    assert list(out.iterdir()) == []


def test_submodules_are_left_out(repository: Repository, tmp_path: Path) -> None:
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},module")
    repository.git("commit", "--quiet", "-m", "module")
    checkout(repository.url, "main", tmp_path / "out")
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["Dockerfile"]


def test_paths_that_leave_the_repository(repository: Repository, tmp_path: Path) -> None:
    hash_ = repository.git("rev-parse", "HEAD:Dockerfile")
    tree = f"100644 blob {hash_}\tx\n"
    inner = _make_tree(repository, tree)
    for name in ("..", ".GIT"):
        raw = f"40000 {name}\0".encode() + bytes.fromhex(inner)
        done = subprocess.run(
            ["git", "hash-object", "-t", "tree", "-w", "--stdin", "--literally"],
            cwd=repository.path,
            input=raw,
            check=True,
            capture_output=True,
        )
        commit = repository.git("commit-tree", "-m", "evil", done.stdout.decode().strip())
        repository.git("tag", "--force", "evil", commit)
        with pytest.raises(SourceError, match="leads out of it"):
            checkout(repository.url, "evil", tmp_path / "out")
        assert list((tmp_path / "out").iterdir()) == []


def _make_tree(repository: Repository, text: str) -> str:
    done = subprocess.run(
        ["git", "mktree"],
        cwd=repository.path,
        input=text,
        text=True,
        check=True,
        capture_output=True,
    )
    return done.stdout.strip()


def test_a_folder_that_cannot_be_made(repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SourceError, match="cannot be written: Not a directory"):
        checkout(repository.url, "main", tmp_path / "file" / "out")


def test_a_disk_that_fills_up_gives_one_sentence(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit({"big.bin": "x" * 5_000_000}, tag="v1")
    unraisable: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", unraisable.append)

    def fills_up(stream: Any, file: Any) -> None:
        file.write(stream.read(1000))
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("pennsieve_agent.source.export.shutil.copyfileobj", fills_up)
    with pytest.raises(SourceError, match="cannot be written: No space left on device"):
        checkout(repository.url, "v1", tmp_path / "out")
    gc.collect()
    assert unraisable == []
    assert list((tmp_path / "out").iterdir()) == []
