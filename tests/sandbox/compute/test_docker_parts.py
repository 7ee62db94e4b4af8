"""Builds with a real container engine."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.engine.images import busybox_image
from tests.sandbox.compute.lab import wait_for
from tests.sandbox.compute.test_real_parts import Whole

pytestmark = pytest.mark.docker


class Bench(Whole):
    """A sandbox with the engine, and repositories on its own GitHub."""

    def __init__(self, root: Path) -> None:
        super().__init__(root / "data", "docker")
        self.root = root

    def register(self, name: str, dockerfile: str) -> dict[str, Any]:
        """Register a repository and wait for its build; answers the application."""
        work = self.root / name
        work.mkdir()
        (work / "Dockerfile").write_text(dockerfile)
        for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "1"], ["tag", "v1"]):
            subprocess.run(["git", *command], cwd=work, check=True)
        bare = self.world.data / "github" / "lab" / f"{name}.git"
        subprocess.run(["git", "clone", "-q", "--bare", str(work), str(bare)], check=True)
        url = f"https://github.com/lab/{name}"
        self.post("/applications/store", source={"url": url, "tag": "v1"}, release={"id": 1})
        wait_for(lambda: self._status(url) not in {"registering", "deploying"}, 60)
        return self._app(url)

    def _app(self, url: str) -> dict[str, Any]:
        (found,) = self.http.get("/applications/store", params={"sourceUrl": url}).json()
        return dict(found)

    def _status(self, url: str) -> str:
        return str(self._app(url)["versions"][0]["status"])

    def log(self, app: dict[str, Any]) -> list[str]:
        path = f"/applications/store/{app['uuid']}/versions/v1/log"
        return [m["message"] for m in self.http.get(path).json()["messages"]]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    made.parts.start()
    yield made
    rows = made.world.store.rows("SELECT reference FROM app_versions WHERE reference <> ''")
    made.close()
    for row in rows:
        command = ["docker", "image", "rm", "-f", row["reference"]]
        subprocess.run(command, check=True, capture_output=True)


def _dockerfile(script: str) -> str:
    quoted = script.replace('"', '\\"')
    return f'FROM {busybox_image()}\nRUN echo built-{os.getpid()}\nCMD ["sh", "-c", "{quoted}"]\n'


def test_an_image_is_built(bench: Bench) -> None:
    make = bench.register("make", _dockerfile("echo made"))
    assert make["versions"][0]["status"] == "deployed"
    (build,) = make["versions"][0]["deployments"]
    assert (build["lastStatus"], build["errored"]) == ("STOPPED", False)
    query = {"sourceUrl": make["sourceUrl"], "version": "v1"}
    image = bench.http.get("/applications/store/registry", params=query).json()
    assert image["authorized"]
    assert image["imageUrl"].startswith("sha256:")


def test_a_build_that_fails_says_why(bench: Bench) -> None:
    app = bench.register("broken", f"FROM {busybox_image()}\nRUN echo before && exit 3\n")
    (version,) = app["versions"]
    assert version["status"] == "error"
    (build,) = version["deployments"]
    assert (build["lastStatus"], build["errored"]) == ("STOPPED", True)
    reason = build["stoppedReason"]
    assert "exit 3" in reason or "non-zero code: 3" in reason
    query = {"sourceUrl": app["sourceUrl"], "version": "v1"}
    answer = bench.http.get("/applications/store/registry", params=query)
    assert answer.status_code == 404
    assert answer.json() == {"authorized": False, "message": "version is not yet deployed"}
