"""A run's callback token may upload to its dataset, and nowhere else (core.md 1.9, 4.7)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from pennsieve_agent.sandbox.data import tables, upload
from pennsieve_agent.sandbox.data.folders.dataset_folders import DatasetFiles
from pennsieve_agent.sandbox.data.people import directory
from pennsieve_agent.sandbox.host import surfaces
from pennsieve_agent.sandbox.host.store import Store
from pennsieve_agent.sandbox.host.world import Urls, World
from pennsieve_agent.sandbox.http.routing import Caller
from pennsieve_agent.sandbox.http.tokens import KEY_FILE, Signer
from tests.fakes.clock import Clock

TOKEN = "ab" * 32
HEADERS = {"Authorization": f"Callback workflow-service:run-1:{TOKEN}"}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    Signer(tmp_path / "..")
    shutil.copy(tmp_path / ".." / KEY_FILE, tmp_path)
    store = Store(tmp_path / "sandbox.db", [tables.SCHEMA, upload.SCHEMA])
    directory.seed(store, 0.0)
    (tmp_path / "datasets" / "d").mkdir(parents=True)
    yield World(tmp_path, store, Urls("http://a", "http://b", "http://c"), Clock().now)
    store.close()


def test_a_callback_token_uploads_while_it_is_valid(world: World) -> None:
    files = DatasetFiles(world)
    files.sync()
    row = world.store.row("SELECT node_id FROM datasets")
    user, workspace = directory.owner(world.store)
    assert row is not None
    valid = [True]

    def callback(run_id: str, token: str) -> Caller | None:
        known = valid[0] and (run_id, token) == ("run-1", TOKEN)
        return Caller(user, "N:user:x", "", workspace, "N:organization:x", 16) if known else None

    parts = upload.build(world, files)
    made = surfaces.build(world, files, surfaces.Settings(), (), callback, parts)
    with httpx.Client(
        transport=httpx.WSGITransport(app=made.v2), base_url="http://b", headers=HEADERS
    ) as client:
        body = {"id": "", "dataset_id": row["node_id"], "files": None}
        path = "/upload/manifest"
        assert client.post(path, json=body).status_code == 401  # without dataset_id
        answer = client.post(path, json=body, params={"dataset_id": row["node_id"]})
        assert answer.status_code == 200, answer.text
        status = {"manifest_id": answer.json()["manifest_node_id"], "status": "Finalized"}
        assert client.get(f"{path}/status", params=status).json()["files"] is None
        valid[0] = False
        assert client.get(f"{path}/status", params=status).json() == {"message": "Forbidden"}
