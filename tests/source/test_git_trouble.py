"""Git as its caller has set it up: what leaks in, and what is git's own trouble."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from pennsieve_agent.errors import SourceError
from pennsieve_agent.source.commit_archive import complete
from pennsieve_agent.source.git_commands import clean
from pennsieve_agent.source.git_failures import NoRoomError, failure
from pennsieve_agent.source.repository import checkout, inspect
from tests.source.repositories import Repository

URL = "https://github.com/lab/spike-rate"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "spike-rate")


def local_names() -> list[str]:
    answer = subprocess.run(
        ["git", "rev-parse", "--local-env-vars"], check=True, capture_output=True, text=True
    )
    return [name for name in answer.stdout.split() if not name.startswith("GIT_CONFIG_")]


def test_what_names_a_repository_of_the_callers_does_not_leak_in(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = repository.commit({"a.txt": "a"})
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    more = ["GIT_NAMESPACE", "GIT_QUARANTINE_PATH", "GIT_TEMPLATE_DIR", "GIT_CEILING_DIRECTORIES"]
    for name in (*local_names(), *more):
        monkeypatch.setenv(name, str(elsewhere))
    monkeypatch.setenv("GIT_DEFAULT_HASH", "sha256")
    monkeypatch.setenv("GIT_TRACE", "1")
    notes: list[str] = []
    inspected = inspect(repository.url, None, tmp_path / "work", notes.append)
    assert inspected.commit == commit
    assert not [note for note in notes if "not committed" in note]
    assert checkout(repository.url, "main", tmp_path / "out") == commit
    complete(repository.url, commit, tmp_path / "whole")
    assert (tmp_path / "whole" / "a.txt").read_text() == "a"
    assert not list(elsewhere.iterdir())


def test_settings_given_by_variables_are_kept() -> None:
    kept = {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "http.proxy",
        "GIT_CONFIG_VALUE_0": "x",
        "GIT_CONFIG_GLOBAL": "y",
        "GIT_SSH_COMMAND": "ssh -i k",
        "GIT_SSL_CAINFO": "ca",
        "PATH": "/bin",
    }
    assert clean({**kept, "GIT_DIR": "z", "GIT_CONFIG": "z"}) == kept


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ("[core\n", "bad config line 1 in file"),
        ("[core]\nbare = perhaps\n", "bad boolean config value 'perhaps' for 'core.bare'"),
    ],
)
def test_settings_of_git_that_cannot_be_read(
    repository: Repository,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    settings: str,
    says: str,
) -> None:
    (tmp_path / "config").write_text(settings)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    with pytest.raises(SourceError) as caught:
        inspect(repository.url, None, tmp_path / "work")
    assert caught.value.message.startswith("git's settings cannot be read: ")
    assert says in caught.value.message


@pytest.mark.parametrize(
    ("program", "says", "hint"),
    [
        (
            "echo 'You have not agreed to the license agreements' >&2; exit 69",
            "git does not work on this machine: You have not agreed to the license agreements",
            "xcodebuild -license",
        ),
        (
            "echo 'xcrun: error: invalid active developer path' >&2; exit 1",
            "git does not work on this machine: xcrun: error: invalid active developer path",
            "xcode-select --install",
        ),
        ("exit 127", "git does not work on this machine: it gives no reason", "git --version"),
    ],
)
def test_a_git_that_does_not_work(
    repository: Repository,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    program: str,
    says: str,
    hint: str,
) -> None:
    git = tmp_path / "bin" / "git"
    git.parent.mkdir()
    git.write_text(f"#!/bin/sh\n{program}\n")
    git.chmod(0o755)
    monkeypatch.setenv("PATH", f"{git.parent}:{os.environ['PATH']}")
    with pytest.raises(SourceError) as caught:
        inspect(repository.url, None, tmp_path / "work")
    assert caught.value.message == says
    assert hint in (caught.value.hint or "")


def test_a_git_that_may_not_be_started(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "git").write_text("not a program")
    (tmp_path / "bin" / "git").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(SourceError, match="git does not work on this machine: Exec format error"):
        inspect(repository.url, None, tmp_path / "work")


@pytest.mark.parametrize(
    "said", ["fatal: write error: No space left on device", "error: Disk quota exceeded"]
)
def test_a_disk_that_is_full_is_told_as_such(said: str) -> None:
    error = failure(f"remote: counting\n{said}\nfatal: fetch-pack: invalid index-pack output", URL)
    assert isinstance(error, NoRoomError)
    assert said.partition(": ")[2].rpartition(": ")[2] in error.message
    assert error.hint == "free some space, or set TMPDIR to a folder on another disk"


def test_a_submodule_for_which_there_is_no_room_is_not_left_out(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = Repository(tmp_path / "child")
    child.commit({"a.txt": "a"})
    allowed = ["-c", "protocol.file.allow=always"]
    repository.git(*allowed, "submodule", "add", "-q", str(child.path), "lib")
    commit = repository.commit()
    full = tmp_path / "bin" / "git"
    full.parent.mkdir()
    full.write_text(
        f'#!/bin/sh\ncase "$*" in *"/1-1/"*" fetch "*) '
        f'echo "fatal: write error: No space left on device" >&2; exit 128;; esac\n'
        f'exec {shutil.which("git")} "$@"\n'
    )
    full.chmod(0o755)
    monkeypatch.setenv("PATH", str(full.parent), prepend=os.pathsep)
    notes: list[str] = []
    with pytest.raises(NoRoomError, match="No space left on device"):
        complete(repository.url, commit, tmp_path / "whole", notes.append)
    assert notes == []
