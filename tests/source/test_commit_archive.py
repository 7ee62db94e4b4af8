"""A commit as an archive: the same bytes each time, with submodules and Git LFS."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import subprocess
import tarfile
from pathlib import Path

import pytest

from pennsieve_agent.errors import SourceError
from pennsieve_agent.source import lfs
from pennsieve_agent.source.commit_archive import Archive, complete, pack
from pennsieve_agent.source.git_failures import UnreachableError
from tests.source.repositories import Repository

SECRET = "ghp_0123456789abcdef"


def archive(source: str, commit: str, into: Path, notes: list[str] | None = None) -> Archive:
    into.mkdir()
    complete(source, commit, into / "files", ([] if notes is None else notes).append)
    return pack(into / "files", into / "archive.tar.gz")


def names(made: Archive) -> list[str]:
    with tarfile.open(made.path) as tar:
        return tar.getnames()


def content(made: Archive, name: str) -> bytes:
    with tarfile.open(made.path) as tar:
        file = tar.extractfile(name)
        assert file is not None
        return file.read()


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repo")


def test_the_same_commit_is_the_same_bytes(repository: Repository, tmp_path: Path) -> None:
    commit = repository.commit({"b/run.sh": "#!/bin/sh\n", "a.txt": "a", "é ü": "x"})
    (repository.path / "b" / "run.sh").chmod(0o755)
    (repository.path / "link").symlink_to("a.txt")
    (repository.path / ".gitattributes").write_text("a.txt export-ignore\n")
    commit = repository.commit()
    first = archive(repository.url, commit, tmp_path / "1")
    copy = tmp_path / "copy"
    subprocess.run(["git", "clone", "-q", repository.path, copy], check=True)
    second = archive(str(copy), commit, tmp_path / "2")
    assert first.path.read_bytes() == second.path.read_bytes()
    assert first.sha256 == hashlib.sha256(first.path.read_bytes()).hexdigest() == second.sha256
    assert first.size == first.path.stat().st_size
    assert names(first) == sorted(
        [".gitattributes", "Dockerfile", "a.txt", "b/run.sh", "link", "é ü"]
    )
    with tarfile.open(first.path) as tar:
        entries = {entry.name: entry for entry in tar}
    assert {(e.uid, e.gid, e.uname, e.gname, e.mtime) for e in entries.values()} == {
        (0, 0, "", "", 0)
    }
    assert (entries["b/run.sh"].mode, entries["a.txt"].mode) == (0o755, 0o644)
    assert entries["link"].linkname == "a.txt"


def test_another_commit_is_another_archive(repository: Repository, tmp_path: Path) -> None:
    one = archive(repository.url, repository.commit({"x": "1"}), tmp_path / "1")
    other = archive(repository.url, repository.commit({"x": "2"}), tmp_path / "2")
    assert one.sha256 != other.sha256


def submodule(parent: Repository, child: Repository, path: str) -> str:
    allowed = ("-c", "protocol.file.allow=always")
    parent.git(*allowed, "submodule", "add", "-q", str(child.path), path)
    return parent.commit()


def test_submodules_are_in_it(repository: Repository, tmp_path: Path) -> None:
    deep = Repository(tmp_path / "deep")
    deep.commit({"deep.txt": "deep"})
    child = Repository(tmp_path / "child")
    child.commit({"lib.py": "X = 1\n"})
    submodule(child, deep, "below")
    commit = submodule(repository, child, "vendor/lib")
    child.commit({"lib.py": "X = 2\n"})
    made = archive(repository.url, commit, tmp_path / "out")
    assert content(made, "vendor/lib/lib.py") == b"X = 1\n"
    assert content(made, "vendor/lib/below/deep.txt") == b"deep"
    assert not [name for name in names(made) if ".git" in name.split("/")]
    assert ".gitmodules" in names(made)


def test_a_relative_submodule_of_a_clone(repository: Repository, tmp_path: Path) -> None:
    child = Repository(tmp_path / "child")
    child.commit({"lib.py": "X = 1\n"})
    submodule(repository, child, "lib")
    text = (repository.path / ".gitmodules").read_text()
    changed = text.replace(f"url = {child.path}", "url = ../child")
    assert changed != text
    commit = repository.commit({".gitmodules": changed})
    shutil.rmtree(repository.path / ".git" / "modules")
    made = archive(repository.url, commit, tmp_path / "out")
    assert content(made, "lib/lib.py") == b"X = 1\n"


def test_a_submodule_that_is_gone(repository: Repository, tmp_path: Path) -> None:
    child = Repository(tmp_path / "child")
    commit = submodule(repository, child, "lib")
    shutil.rmtree(repository.path / ".git" / "modules")
    shutil.rmtree(child.path)
    notes: list[str] = []
    made = archive(repository.url, commit, tmp_path / "out", notes)
    assert notes == ["note: submodule lib is left out: there is no such folder"]
    assert names(made) == [".gitmodules", "Dockerfile"]


def test_a_submodule_whose_server_does_not_answer_is_not_left_out(
    repository: Repository, tmp_path: Path
) -> None:
    child = Repository(tmp_path / "child")
    submodule(repository, child, "lib")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    shutil.rmtree(repository.path / ".git" / "modules")
    shutil.rmtree(repository.path / "lib")
    repository.git("update-index", "--cacheinfo", f"160000,{child.git('rev-parse', 'HEAD')},lib")
    text = (repository.path / ".gitmodules").read_text()
    elsewhere = text.replace(str(child.path), f"http://127.0.0.1:{port}/child")
    (repository.path / ".gitmodules").write_text(elsewhere)
    repository.git("add", ".gitmodules")
    repository.git("commit", "--quiet", "-m", "elsewhere")
    commit = repository.git("rev-parse", "HEAD")
    with pytest.raises(UnreachableError, match="cannot be reached"):
        archive(repository.url, commit, tmp_path / "out")


def test_a_submodule_nobody_names(repository: Repository, tmp_path: Path) -> None:
    child = Repository(tmp_path / "child")
    submodule(repository, child, "lib")
    commit = repository.commit({".gitmodules": ""})
    with pytest.raises(SourceError, match="does not say where its submodule lib comes from"):
        archive(repository.url, commit, tmp_path / "out")


def large(repository: Repository, path: str, data: bytes) -> str:
    """Commit a pointer, with the content where Git LFS keeps it; answers the commit."""
    oid = hashlib.sha256(data).hexdigest()
    kept = repository.path / ".git" / "lfs" / "objects" / oid[:2] / oid[2:4] / oid
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(data)
    text = f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {len(data)}\n"
    return repository.commit({path: text})


def test_lfs_content_takes_the_place_of_pointers(repository: Repository, tmp_path: Path) -> None:
    data = os.urandom(3_000_000)
    commit = large(repository, "weights/model.pt", data)
    made = archive(repository.url, commit, tmp_path / "out")
    assert content(made, "weights/model.pt") == data
    child = Repository(tmp_path / "parent")
    outer = submodule(child, repository, "sub")
    shutil.rmtree(child.path / ".git" / "modules")
    again = archive(child.url, outer, tmp_path / "again")
    assert content(again, "sub/weights/model.pt") == data


@pytest.mark.skipif(shutil.which("git-lfs") is None, reason="git-lfs is not installed")
def test_lfs_as_git_lfs_itself_keeps_it(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "repo")
    repository.git("lfs", "install", "--local")
    repository.git("lfs", "track", "*.bin")
    (repository.path / "a.bin").write_bytes(b"\0" * 5000)
    commit = repository.commit()
    assert (
        b"git-lfs"
        in subprocess.run(
            ["git", "show", "HEAD:a.bin"], cwd=repository.path, check=True, capture_output=True
        ).stdout
    )
    made = archive(repository.url, commit, tmp_path / "out")
    assert content(made, "a.bin") == b"\0" * 5000


def test_lfs_content_that_is_nowhere_is_named_and_left_out(
    repository: Repository, tmp_path: Path
) -> None:
    oid = "7" * 64
    text = f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize 123456789\n"
    commit = repository.commit({"weights/model.pt": text})
    notes: list[str] = []
    made = archive(repository.url, commit, tmp_path / "out", notes)
    assert content(made, "weights/model.pt") == text.encode()
    says = "note: weights/model.pt is a Git LFS pointer, its content is not fetched; "
    assert notes[-1].startswith(says)
    assert "lfs pull" in notes[-1]


def test_lfs_content_that_is_not_what_it_says(repository: Repository, tmp_path: Path) -> None:
    commit = large(repository, "m.pt", b"right content")
    oid = hashlib.sha256(b"right content").hexdigest()
    kept = repository.path / ".git" / "lfs" / "objects" / oid[:2] / oid[2:4] / oid
    kept.write_bytes(b"wrong content")
    with pytest.raises(SourceError, match=r"m\.pt is not what its Git LFS pointer says"):
        archive(repository.url, commit, tmp_path / "out")


def test_what_only_looks_like_a_pointer_is_a_file() -> None:
    head = "version https://git-lfs.github.com/spec/v1\n"
    assert lfs.pointer("x", f"{head}oid sha256:{'0' * 64}\nsize 1\nmore\n".encode()) is None
    assert lfs.pointer("x", f"{head}oid sha256:short\nsize 1\n".encode()) is None
    assert lfs.pointer("x", f"{head}oid sha256:{'0' * 64}\nsize 1\n".encode()) is not None


def test_a_link_through_a_submodule_does_not_lead_out(
    repository: Repository, tmp_path: Path
) -> None:
    child = Repository(tmp_path / "child")
    (child.path / "here").symlink_to(".")
    child.commit()
    submodule(repository, child, "sub")
    # As text it stays inside; with the submodule's link it does not.
    (repository.path / "out").symlink_to("sub/here/../../x")
    commit = repository.commit()
    with pytest.raises(SourceError, match="the link out leads out of the repository"):
        archive(repository.url, commit, tmp_path / "out")


def test_no_token_of_git_is_in_it(repository: Repository, tmp_path: Path) -> None:
    repository.git("config", "http.extraHeader", f"Authorization: Bearer {SECRET}")
    repository.git("remote", "add", "origin", f"https://x:{SECRET}@github.com/a/b")
    made = archive(repository.url, repository.commit({"x": "1"}), tmp_path / "out")
    with tarfile.open(made.path) as tar:
        everything = [tar.extractfile(e) for e in tar if e.isfile()]
        assert not [f for f in everything if f and SECRET.encode() in f.read()]
