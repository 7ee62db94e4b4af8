"""Archived applications, routes of older clients, and what is only declared."""

from __future__ import annotations

import pytest

from pennsieve_agent.sandbox.compute.nodes.node_json import update_available
from tests.sandbox.compute.lab import BEN, REPO, Lab

STORE = "/applications/store"


def _urls(lab: Lab, **query: str) -> list[str]:
    return [app["sourceUrl"] for app in lab.client().get(STORE, params=query).json()]


def test_archive_and_restore(lab: Lab) -> None:
    lab.start()
    lab.register()
    (app,) = lab.client().get(STORE).json()
    assert app["status"] == "active"
    path = f"{STORE}/{app['uuid']}"
    answer = lab.client().patch(path, json={"status": "archived"})
    assert (answer.status_code, answer.json()["status"]) == (200, "archived")
    assert _urls(lab) == []
    assert _urls(lab, includeArchived="true") == [REPO]
    assert lab.client().get(path).json()["status"] == "archived"
    answer = lab.client().patch(path, json={"status": "active"})
    assert (answer.status_code, answer.json()["status"]) == (200, "active")
    assert _urls(lab) == [REPO]


def test_who_archives_and_how_it_is_refused(lab: Lab) -> None:
    lab.start()
    lab.register()
    (app,) = lab.client().get(STORE).json()
    path = f"{STORE}/{app['uuid']}"
    for content in (b"{", b'{"status":1}'):
        answer = lab.client(BEN).patch(path, content=content)
        assert (answer.status_code, answer.json()) == (400, {"message": "error unmarshaling body"})
    for content in (b"{}", b'{"status":"deleted"}', b'{"status":""}'):
        answer = lab.client(BEN).patch(path, content=content)
        text = "status must be 'active' or 'archived'"
        assert (answer.status_code, answer.json()) == (400, {"message": text})
    answer = lab.client(BEN).patch(path, json={"status": "archived"})
    text = "only the app owner can change its status"
    assert (answer.status_code, answer.json()) == (403, {"message": text})
    answer = lab.client(BEN).patch(f"{STORE}/nowhere", json={"status": "archived"})
    assert (answer.status_code, answer.json()) == (404, {"message": "application not found"})
    lab.client().put(f"{path}/permissions", json={"visibility": "private"})
    answer = lab.client(BEN).patch(path, json={"status": "archived"})
    assert (answer.status_code, answer.json()) == (403, {"message": "not permitted"})


def test_there_are_no_legacy_applications(lab: Lab) -> None:
    client, one = lab.client(), "/applications/11111111-2222-3333-4444-555555555555"
    answer = client.get("/applications/v1", params={"organization_id": lab.organization})
    assert (answer.status_code, answer.json()) == (200, [])
    for answer in (
        client.get(one),
        client.put(one, json={"params": {}}),
        client.delete(one),
        client.post("/applications/deploy", json={"applicationId": "x"}),
    ):
        assert (answer.status_code, answer.json()) == (404, {"message": "error no records found"})
    for answer in (
        client.put(one, content=b"{"),
        client.post("/applications/deploy", content=b"{"),
    ):
        assert (answer.status_code, answer.json()) == (500, {"message": "error unmarshaling body"})
    answer = client.post("/applications/v1", json={})
    assert (answer.status_code, answer.text) == (422, "unsupported path")
    assert answer.headers["content-type"].startswith("text/plain")


def test_a_guest_rebuilds_nothing(lab: Lab) -> None:
    lab.world.store.execute("UPDATE memberships SET role = 1")
    answer = lab.client().post("/applications/deploy", content=b"{")
    assert (answer.status_code, answer.json()) == (401, {"message": "not permitted"})


@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_a_nodes_config_is_declared_only(lab: Lab, method: str) -> None:
    answer = lab.client().request(method, "/compute/resources/compute-nodes/x/config")
    assert (answer.status_code, answer.text) == (404, "unsupported route")


def test_no_keys_of_sessions(lab: Lab) -> None:
    answer = lab.raw_client("").get("/compute/resources/interactive/jwks")
    assert (answer.status_code, answer.json()) == (200, {"keys": []})
    assert answer.headers["cache-control"] == "public, max-age=300"


@pytest.mark.parametrize(
    ("tag", "latest", "outdated"),
    [
        ("v1.0.0", "v1.0.0", False),
        ("1.0.0", "v1.0.0", False),
        ("v0.9.12", "v1.0.0", True),
        ("v1.2.0", "v1.10.0", True),
        ("v2.0.0", "v1.0.0", False),
        ("latest", "v1.0.0", True),
        ("v1.0", "v1.0.0", True),
        ("v1.0.0-rc1", "v1.0.0", True),
        ("latest", "", False),
    ],
)
def test_update_available(tag: str, latest: str, *, outdated: bool) -> None:
    assert update_available(tag, latest) is outdated
