"""Builds with nothing faked: a git repository, child processes, the tables of people."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from pennsieve_agent.sandbox.compute import SCHEMA, build
from pennsieve_agent.sandbox.compute.neighbours import real_neighbours
from pennsieve_agent.sandbox.data import tables
from pennsieve_agent.sandbox.data.folders.dataset_folders import DatasetFiles
from pennsieve_agent.sandbox.data.people import directory
from pennsieve_agent.sandbox.host.store import Store
from pennsieve_agent.sandbox.host.world import Urls, World
from pennsieve_agent.sandbox.http.routing import Caller, Request, Response, Scheme, Surface
from tests.sandbox.compute.lab import wait_for

FILES = {
    "main.py": "print(1)",
    "Dockerfile": 'FROM python\nCOPY . /app\nWORKDIR /app\nENTRYPOINT ["python3", "main.py"]\n',
    "app.yml": (
        'schemaVersion: "1.0"\nname: times\n'
        "parameters:\n  - {name: FACTOR, type: number, default: 2}\n"
    ),
}


class Whole:
    """One person, one surface, and the real neighbours."""

    def __init__(self, data: Path, engine: str = "process") -> None:
        data.mkdir()
        store = Store(data / "sandbox.db", [tables.SCHEMA, SCHEMA])
        urls = Urls("http://127.0.0.1:1", "http://127.0.0.1:2", "http://127.0.0.1:9")
        self.world = World(data, store, urls, lambda: 1_770_000_000.0)
        directory.seed(store, 0)
        self.world.datasets.mkdir()
        self.files = DatasetFiles(self.world)
        neighbours = replace(real_neighbours(self.world, engine), images=None)
        self.parts = build(self.world, self.files, neighbours=neighbours)
        app = Surface(
            self.parts.routes,
            self._authorize,
            content_type="application/json",
            not_found=lambda *_: Response(404),
        )
        self.http = httpx.Client(transport=httpx.WSGITransport(app=app), base_url="http://sandbox")

    def _authorize(self, request: Request, scheme: Scheme) -> Caller:
        del request, scheme
        user, workspace = directory.owner(self.world.store)
        row = self.world.store.row(
            "SELECT u.node_id, u.email, w.node_id AS org FROM users u, workspaces w"
            " WHERE u.int_id = ? AND w.int_id = ?",
            (user, workspace),
        )
        assert row is not None
        return Caller(user, row["node_id"], row["email"], workspace, row["org"], directory.OWNER)

    def post(self, path: str, **body: Any) -> dict[str, Any]:
        answer = self.http.post(path, json=body)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def close(self) -> None:
        self.parts.stop()
        self.http.close()
        self.world.store.close()


@pytest.fixture
def whole(tmp_path: Path) -> Iterator[Whole]:
    made = Whole(tmp_path / "data")
    made.parts.start()
    yield made
    made.close()


def published(whole: Whole, files: Mapping[str, str], folder: Path) -> str:
    """A repository with a tag on the sandbox's GitHub; its address. It is made in a folder."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"], ["tag", "v1"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    bare = whole.world.data / "github" / "lab" / f"{folder.name}.git"
    subprocess.run(["git", "clone", "-q", "--bare", str(folder), str(bare)], check=True)
    return f"https://github.com/lab/{folder.name}"


@pytest.fixture
def repository(whole: Whole, tmp_path: Path) -> str:
    return published(whole, FILES, tmp_path / "times")


def test_a_path_of_this_machine_is_not_fetched(
    whole: Whole, repository: str, tmp_path: Path
) -> None:
    assert repository
    source = {"type": "github", "url": (tmp_path / "times").as_uri(), "tag": "v1"}
    whole.post("/applications/store", source=source, release={"id": 0})

    def version() -> dict[str, Any]:
        (found,) = whole.http.get("/applications/store").json()
        return dict(found["versions"][0])

    wait_for(lambda: version()["status"] == "error")
    assert "https" in version()["deployments"][0]["stoppedReason"]


def test_a_repository_without_that_tag(whole: Whole, repository: str) -> None:
    source = {"type": "github", "url": repository, "tag": "v9"}
    whole.post("/applications/store", source=source, release={"id": 0})

    def status() -> str:
        (found,) = whole.http.get("/applications/store").json()
        return str(found["versions"][0]["status"])

    wait_for(lambda: status() == "error")


def test_a_branch_and_a_commit_are_no_tags(whole: Whole, repository: str, tmp_path: Path) -> None:
    """Accepted with 202, and then an error: what hosted Pennsieve does with them."""
    where = str(tmp_path / "times")
    head = subprocess.run(
        ["git", "-C", where, "rev-parse", "HEAD"], check=True, capture_output=True, text=True
    ).stdout.strip()
    branch = subprocess.run(
        ["git", "-C", where, "branch", "--show-current"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    for tag in (branch, head):
        source = {"type": "github", "url": repository, "tag": tag}
        whole.post("/applications/store", source=source, release={"id": 0})

    def versions() -> list[dict[str, Any]]:
        (found,) = whole.http.get("/applications/store").json()
        return list(found["versions"])

    wait_for(lambda: [each["status"] for each in versions()] == ["error", "error"])
    reasons = [each["deployments"][0]["stoppedReason"] for each in versions()]
    assert reasons == [f"couldn't find remote ref refs/tags/{tag}" for tag in (branch, head)]


def test_a_dockerfile_below_the_root(whole: Whole, tmp_path: Path) -> None:
    url = published(whole, {"docker/Dockerfile": "FROM scratch\n"}, tmp_path / "below")
    source = {"type": "github", "url": url, "tag": "v1"}
    whole.post("/applications/store", source=source, release={"id": 0})

    def version() -> dict[str, Any]:
        (found,) = whole.http.get("/applications/store").json()
        return dict(found["versions"][0])

    wait_for(lambda: version()["status"] == "error")
    assert "Dockerfile" in version()["deployments"][0]["stoppedReason"]


def test_the_sandboxs_own_github(whole: Whole, repository: str) -> None:
    source = {"type": "github", "url": repository, "tag": "v1"}
    whole.post("/applications/store", source=source, release={"id": 1})

    def app() -> dict[str, Any]:
        (found,) = whole.http.get("/applications/store").json()
        return dict(found)

    wait_for(lambda: app()["versions"][0]["status"] not in {"registering", "deploying"})
    assert app()["versions"][0]["status"] == "deployed"
