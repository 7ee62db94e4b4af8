"""Local bare repositories, shown as the GitHub integration would show them."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from pennsieve_agent.sandbox.data import github
from pennsieve_agent.sandbox.host.world import World
from tests.sandbox.platform import Platform


def git(*words: str, cwd: Path) -> None:
    subprocess.run(["git", *words], cwd=cwd, check=True, capture_output=True)


@pytest.fixture
def repository(world: World, tmp_path: Path) -> Path:
    work, bare = tmp_path / "work", world.data / "github" / "lab" / "Spike-Rate.git"
    work.mkdir()
    git("init", "-q", cwd=work)
    (work / "app.yml").write_text("name: spike-rate\n")
    git("add", ".", cwd=work)
    git("commit", "-qm", "first", cwd=work)
    git("tag", "v1.0.0", cwd=work)
    bare.parent.mkdir(parents=True)
    git("clone", "-q", "--bare", str(work), str(bare), cwd=tmp_path)
    return bare


@pytest.fixture(autouse=True)
def connected(platform: Platform) -> None:
    register(platform)


def register(platform: Platform) -> None:
    body = {"code": "x", "installation_id": "1"}
    assert ask(platform, "POST", "/accounts/github/register", json=body).status_code == 200


def ask(platform: Platform, method: str, path: str, **options: Any) -> Any:
    return platform.v2.request(method, path, headers=platform.ada.bearer, **options)


def test_repositories_and_their_tags(platform: Platform, repository: Path) -> None:
    (repository / "description").write_text("Spikes a second\n")
    found = ask(platform, "GET", "/repositories", params={"name": "SPIKE"}).json()
    assert (found["page"], found["size"], found["count"], found["total"]) == (1, 25, 1, 1)
    (repo,) = found["repos"]
    assert repo["url"] == "https://github.com/lab/Spike-Rate"
    assert repo["description"] == "Spikes a second"
    assert repo["latest_release"]["label"] == "v1.0.0"
    assert ask(platform, "GET", "/repositories", params={"name": "other"}).json()["total"] == 0
    assert ask(platform, "GET", "/repositories", params={"size": 101}).status_code == 400
    one = ask(platform, "GET", "/repository/LAB/spike-rate").json()
    (release,) = one["releases"]
    assert release["source"] == "api"
    assert release["publishing"]["discover"] is None
    assert release["publishing"]["appstore"]["status"] == "unavailable"
    assert ask(platform, "GET", "/repository/lab/other").status_code == 404


@pytest.mark.usefixtures("repository")
def test_tracking_and_publishing(platform: Platform) -> None:
    body = {
        "url": "https://github.com/lab/Spike-Rate",
        "publish_to_discover": False,
        "publish_to_appstore": True,
    }
    tracked = ask(platform, "POST", "/repositories", json=body).json()
    assert tracked["publish_to_appstore"] is True
    (repo,) = ask(platform, "GET", "/repositories").json()["repos"]
    assert (repo["publishing_to_discover"], repo["publishing_to_appstore"]) == (False, True)
    path = "/repository/lab/Spike-Rate"
    answer = ask(platform, "POST", f"{path}/publish", json={"label": "v1.0.0"})
    assert (answer.status_code, answer.json()["label"]) == (202, "v1.0.0")
    assert ask(platform, "POST", f"{path}/publish", json={}).status_code == 400
    assert ask(platform, "POST", f"{path}/publish", json={"label": "v2"}).status_code == 404
    publishing = ask(platform, "GET", path).json()["releases"][0]["publishing"]
    assert publishing["discover"]["status"] == "created"
    status = "/repositories/publications/1/status"
    assert ask(platform, "PUT", status, json={"status": "failed"}).status_code == 403


@pytest.mark.usefixtures("repository")
def test_the_account_is_connected_until_it_is_not(platform: Platform) -> None:
    me = "/accounts/github/user"
    assert ask(platform, "GET", me).json()["username"] == "lab"
    assert ask(platform, "DELETE", me).status_code == 200
    for path in (me, "/repositories", "/repository/lab/spike-rate", "/github/installations"):
        assert ask(platform, "GET", path).status_code == 404, path
    register(platform)
    assert ask(platform, "GET", me).status_code == 200
    found = ask(platform, "GET", "/github/installations").json()
    assert (found["count"], found["installations"][0]["name"]) == (1, "lab")
    assert platform.v2.post("/webhooks/github", json={}).text == "ignored"


def test_an_address_on_github_means_the_folder(world: World, repository: Path) -> None:
    for url in (
        "https://github.com/lab/Spike-Rate",
        "https://github.com/Lab/spike-rate.git/",
        "git@github.com:lab/spike-rate.git",
        "git://github.com/lab/spike-rate",
    ):
        assert github.local_path(world, url) == repository
    for url in (
        "https://github.com/lab/other",
        "https://gitlab.com/lab/spike-rate",
        "https://github.com/../lab/spike-rate",
        repository.as_uri(),
        "",
    ):
        assert github.local_path(world, url) is None
