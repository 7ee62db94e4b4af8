"""Looking at real repositories."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from pennsieve_agent.domain.parameters import Parameter
from pennsieve_agent.domain.workflows import Checkout, Manifest
from pennsieve_agent.errors import SourceError
from pennsieve_agent.source.git_commands import run
from pennsieve_agent.source.repository import checkout, inspect
from tests.source.repositories import DOCKERFILE, Repository
from tests.source.servers import Files, Refusing, served

MANIFEST = 'schemaVersion: "1.0"\nname: Spike rate\nparameters:\n- {name: A, type: string}\n'


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "spike-rate")


def look(source: str, tmp_path: Path, ref: str | None = None) -> tuple[Checkout, list[str]]:
    notes: list[str] = []
    folder = tmp_path / f"work-{len(list(tmp_path.iterdir()))}"
    return inspect(source, ref, folder, notes.append), notes


def test_without_tags_it_is_the_default_branch(repository: Repository, tmp_path: Path) -> None:
    head = repository.commit({"app.yml": MANIFEST})
    found, notes = look(str(repository.path), tmp_path)
    manifest = Manifest("Spike rate", parameters=(Parameter("A"),), file="app.yml")
    assert found == Checkout(repository.url, head[:12], head, manifest, is_tag=False)
    assert notes == [f"the repository has no version tag; using main at {head[:12]}"]


def test_the_highest_version_is_taken(repository: Repository, tmp_path: Path) -> None:
    repository.commit(tag="v1.9.0")
    wanted = repository.commit(tag="v1.10.0")
    for tag in ("v1.2.0", "latest", "v2.0.0-rc.1"):
        repository.commit(tag=tag)
    repository.git("tag", "-a", "-m", "annotated", "v1.10.1", wanted)
    found, notes = look(repository.url, tmp_path)
    assert (found.tag, found.commit, found.is_tag) == ("v1.10.1", wanted, True)
    assert found.manifest == Manifest("spike-rate")
    assert notes == ["using v1.10.1, the highest version; for the latest commit: --ref main"]


def test_what_a_ref_may_be(repository: Repository, tmp_path: Path) -> None:
    first = repository.commit({"a": "1"})
    repository.commit(tag="v1.0.0")
    tip = repository.commit()
    repository.git("branch", "feature/x", first)
    repository.git("tag", "nightly", first)

    def of(ref: str) -> tuple[str, str, bool]:
        found, notes = look(repository.url, tmp_path, ref)
        assert notes == []
        return found.tag, found.commit, found.is_tag

    assert of("nightly") == ("nightly", first, True)
    assert of("feature/x") == (first[:12], first, False)
    assert of("main") == of("HEAD") == (tip[:12], tip, False)
    assert of(first) == (first[:12], first, False)
    repository.git("branch", "--delete", "--force", "feature/x")
    repository.git("tag", "--delete", "nightly")
    assert of(first[:8]) == (first[:12], first, False), "in the history, at no tip"


@pytest.mark.parametrize("ref", ["v9", "--upload-pack=touch x", "deadbee", "a" * 40, "", "HEAD~1"])
def test_an_unknown_ref_lists_some_tags(repository: Repository, tmp_path: Path, ref: str) -> None:
    for number in range(7):
        repository.git("tag", f"v{number}")
    with pytest.raises(SourceError, match="no tag, branch or commit") as caught:
        look(repository.url, tmp_path, ref)
    assert caught.value.hint == "its tags are: v6, v5, v4, v3, v2 and 2 more"


def test_only_what_is_committed_counts(repository: Repository, tmp_path: Path) -> None:
    repository.commit({"app.yml": MANIFEST}, tag="v1")
    (repository.path / "app.yml").write_text("broken: [")
    found, notes = look(repository.url, tmp_path, "v1")
    assert found.manifest.name == "Spike rate"
    assert len(notes) == 1
    assert "not committed" in notes[0]


def test_a_broken_manifest_is_told_and_stops_nothing(
    repository: Repository, tmp_path: Path
) -> None:
    repository.commit({"app.yml": MANIFEST + "sizes: [1]\n"}, tag="v1")
    manifest = look(repository.url, tmp_path, "v1")[0].manifest
    assert manifest.name == "Spike rate"
    assert "sizes is not a key of the manifest" in str(manifest.notes[0])
    repository.commit({"app.yml": "name: ["}, tag="v2")
    manifest = look(repository.url, tmp_path, "v2")[0].manifest
    assert "app.yml is not YAML" in str(manifest.notes[0])


def test_inside_a_hook_of_another_repository(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = repository.commit({"app.yml": MANIFEST})
    other = Repository(tmp_path / "other")
    monkeypatch.setenv("GIT_DIR", str(other.path / ".git"))
    found, _ = look(repository.url, tmp_path)
    assert (found.commit, found.manifest.name) == (commit, "Spike rate")
    assert checkout(repository.url, found.tag, tmp_path / "out") == commit


def test_what_is_no_repository(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such folder"):
        look(str(tmp_path / "nothing"), tmp_path)
    (tmp_path / "plain").mkdir()
    with pytest.raises(SourceError, match="there is no git repository") as caught:
        look(str(tmp_path / "plain"), tmp_path)
    assert "git init" in (caught.value.hint or "")
    Repository(tmp_path / "around").commit({"step/Dockerfile": DOCKERFILE})
    with pytest.raises(SourceError, match="there is no git repository") as caught:
        look(str(tmp_path / "around" / "step"), tmp_path)
    assert f"inside {tmp_path / 'around'};" in (caught.value.hint or "")
    Repository(tmp_path / "empty", start=False)
    with pytest.raises(SourceError, match="is empty"):
        look(str(tmp_path / "empty"), tmp_path)


def test_a_default_branch_without_a_commit(repository: Repository, tmp_path: Path) -> None:
    repository.git("symbolic-ref", "HEAD", "refs/heads/gone")
    with pytest.raises(SourceError, match="default branch has no commit") as caught:
        look(repository.url, tmp_path)
    assert "main" in (caught.value.hint or "")


def test_a_tag_that_is_no_commit(repository: Repository, tmp_path: Path) -> None:
    repository.git("tag", "v1", "HEAD:Dockerfile")
    with pytest.raises(SourceError, match="does not point to a commit"):
        look(repository.url, tmp_path)


def test_no_git(repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SourceError, match="git is not installed"):
        look(repository.url, tmp_path)


def test_no_program_of_a_repository_runs(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit({".gitattributes": "* filter=evil text eol=crlf\n", "run.sh": "a\nb\n"})
    evil = tmp_path / "evil"
    evil.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\ncat\n")
    evil.chmod(0o755)
    config = f'[filter "evil"]\nsmudge = {evil}\nclean = {evil}\n[core]\nfsmonitor = {evil}\n'
    (tmp_path / "config").write_text(config)
    with (repository.path / ".git" / "config").open("a") as file:
        file.write(config)
    for hook in ("post-checkout", "reference-transaction", "pre-receive"):
        (repository.path / ".git" / "hooks" / hook).write_bytes(evil.read_bytes())
        (repository.path / ".git" / "hooks" / hook).chmod(0o755)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    monkeypatch.chdir(repository.path)
    (repository.path / "run.sh").write_text("changed")
    look(".", tmp_path)
    checkout(repository.url, "main", tmp_path / "out")
    assert (tmp_path / "out" / "run.sh").read_bytes() == b"a\nb\n"
    assert not (tmp_path / "ran").exists()


def test_over_http(repository: Repository, tmp_path: Path) -> None:
    first = repository.commit({"app.yml": MANIFEST}, tag="v1.0")
    repository.commit()
    repository.git("update-server-info")
    with served(Files, repository.path) as host:
        found, _ = look(f"{host}/.git/", tmp_path)
        assert (found.source_url, found.tag, found.commit) == (f"{host}/.git", "v1.0", first)
        assert checkout(found.source_url, found.tag, tmp_path / "out") == first
        assert (tmp_path / "out" / "Dockerfile").read_text() == DOCKERFILE
        with pytest.raises(SourceError, match="there is no git repository"):
            look(f"{host}/nothing", tmp_path)


def test_a_private_repository(tmp_path: Path) -> None:
    with served(Refusing, tmp_path) as host, pytest.raises(SourceError, match="private") as caught:
        look(f"{host}/401/x.git", tmp_path)
    assert "sign in with git" in (caught.value.hint or "")


def test_a_server_that_is_not_there(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(SourceError, match="cannot be reached") as caught:
        look(f"http://127.0.0.1:{port}/x.git", tmp_path)
    assert caught.value.where == f"http://127.0.0.1:{port}/x.git"
    with pytest.raises(SourceError, match="cannot be reached"):
        look(f"ssh://git@127.0.0.1:{port}/x.git", tmp_path)


def test_a_server_that_never_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/x.git"
        with pytest.raises(SourceError, match="did not answer within 1 seconds"):
            run(["ls-remote", "--", url], url=url, seconds=1)
