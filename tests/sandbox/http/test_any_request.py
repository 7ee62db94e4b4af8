"""Whatever is sent to any route of the whole platform, it answers as itself: no 500, no hang."""

from __future__ import annotations

import json
import logging
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import Client

from pennsieve_agent.sandbox import compute
from pennsieve_agent.sandbox.data import upload
from pennsieve_agent.sandbox.data.folders.dataset_folders import DatasetFiles
from pennsieve_agent.sandbox.data.people import directory
from pennsieve_agent.sandbox.data.tables import SCHEMA
from pennsieve_agent.sandbox.host.store import Store
from pennsieve_agent.sandbox.host.surfaces import Settings, build
from pennsieve_agent.sandbox.host.world import Urls, World
from pennsieve_agent.sandbox.http.routing import Route
from tests.sandbox.clock import Clock
from tests.sandbox.http.test_fuzz import QUERY_NAMES
from tests.sandbox.platform import Platform

ANSWER_SECONDS = 20
WORDS = st.sampled_from(
    [
        *("-1", "0", "1", "100", str(2**63), str(2**70), "1e9", "true", "null", "..", "x/../y"),
        *("package:1", "owner", "viewer", "editor", "Collection", "IN_REVIEW", "a@b.org", "aws"),
        *("N:dataset:x", "N:package:x", "N:organization:x", "N:user:x", "N:team:x", "%00", "a b"),
        "00000000-0000-4000-8000-000000000000",
    ]
)
TEXT = st.one_of(st.text(max_size=20), WORDS)
BODY_NAMES = st.sampled_from(
    [
        *("name", "id", "role", "ids", "invites", "things", "destination", "dataset", "parent"),
        *("packageType", "nodeIds", "fileIds", "status", "tags", "email", "firstName", "lastName"),
        *("manifestNodeId", "files", "upload_id", "uploadId", "size", "sha256", "target_path"),
        *("target_name", "onConflict", "url", "label", "destinations", "publish_to_appstore"),
        *("sourceUrl", "tag", "processors", "nodeId", "account", "accountId", "roleName", "uuid"),
        *("organizationId", "datasetId", "dataSources", "packageIds", "path", "definition"),
        *("workflowUuid", "computeNodeUuid", "visibility", "message", "eventType", "params"),
    ]
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXT, st.just("\ud800")),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(BODY_NAMES, inner, max_size=4)
    ),
    max_leaves=8,
)
BODIES = st.one_of(
    st.binary(max_size=40),
    VALUES.map(lambda value: json.dumps(value).encode()),
    st.dictionaries(BODY_NAMES, VALUES, max_size=8).map(lambda value: json.dumps(value).encode()),
    st.just(b"[" * 100_000),
    st.just(b'{"things":' + b"[" * 500 + b"]" * 500 + b"}"),
)


class Crashes(logging.Handler):
    """What a surface logs when a handler of a route raised."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@dataclass
class Whole:
    """The platform with its compute and upload parts; no thread of theirs is started."""

    crashes: Crashes

    platform: Platform
    routes: list[tuple[Client, Route]]
    known: list[str]


@pytest.fixture
def whole(tmp_path: Path, signing_key: Path) -> Iterator[Whole]:
    folder = tmp_path / "sandbox"
    (folder / "datasets").mkdir(parents=True)
    (folder / signing_key.name).write_bytes(signing_key.read_bytes())
    store = Store(folder / "sandbox.db", [SCHEMA, upload.SCHEMA, compute.SCHEMA])
    urls = Urls("http://127.0.0.1:1", "http://127.0.0.1:2", "http://127.0.0.1:3")
    world = World(folder, store, urls, Clock())
    directory.seed(store, world.now())
    files = DatasetFiles(world)
    parts = compute.build(world, files, "process")
    uploads = upload.build(world, files)
    made = build(world, files, Settings(), parts.routes, parts.callback, uploads)
    routes = [
        (Client(app, use_cookies=False), route)
        for app in (made.v1, made.v2, made.sign_in)
        for route in app.routes
    ]
    platform = Platform(world, files)
    platform.dataset("d", "a.csv", "s/b.csv")
    crashes, log = Crashes(), logging.getLogger("pennsieve_agent.sandbox.http.routing")
    log.addHandler(crashes)
    yield Whole(crashes, platform, routes, known_ids(world))
    log.removeHandler(crashes)
    store.close()


def known_ids(world: World) -> list[str]:
    """Ids that exist, so that draws get past the first checks."""
    tables = ("datasets", "packages", "users", "workspaces", "teams")
    found = [
        str(row["node_id"])
        for table in tables
        for row in world.store.rows(f"SELECT node_id FROM {table}")  # noqa: S608 - our words
    ]
    return [*found, "1", "2"]


def is_told_by_the_contract(route: Route, content: bytes) -> bool:
    """Some services of the platform answer 500 to what is the client's mistake."""
    services = ("/compute/", "/applications", "/upload/", "/workflows")
    return route.pattern.startswith(services) and content.startswith((b"{", b'"'))


def answer_within(seconds: float, client: Client, **request: Any) -> Any:
    """The answer, or a failure when there is none in time."""
    found: list[Any] = []
    worker = threading.Thread(target=lambda: found.append(client.open(**request)), daemon=True)
    worker.start()
    worker.join(seconds)
    assert found, f"no answer to {request['method']} {request['path']}"
    return found[0]


@settings(
    max_examples=600,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_any_request_to_any_route_is_answered(whole: Whole, data: st.DataObject) -> None:
    client, route = data.draw(st.sampled_from(whole.routes))
    ids = st.one_of(st.sampled_from(whole.known), TEXT.filter(bool))

    def value(match: re.Match[str]) -> str:
        return "7" if match[0].startswith("<int:") else quote(data.draw(ids), safe="")

    query = data.draw(st.dictionaries(QUERY_NAMES, TEXT, max_size=3))
    if (named := route.scheme.query) and data.draw(st.integers(0, 9)):
        kind = {"dataset_id": "N:dataset:", "organization_id": "N:organization:"}.get(named, "")
        query[named] = next(each for each in whole.known if each.startswith(kind))
    headers = {"X-Amz-Target": "AWSCognitoIdentityProviderService.InitiateAuth"}
    if data.draw(st.integers(0, 9)):
        headers |= whole.platform.ada.bearer
    answer = answer_within(
        ANSWER_SECONDS,
        client,
        path=re.sub(r"<[\w:]+>", value, route.pattern),
        method=route.method,
        query_string=query,
        data=data.draw(BODIES),
        headers=headers,
    )
    content = answer.get_data()
    assert not whole.crashes.records, (route, whole.crashes.records.pop().getMessage())
    assert answer.status_code < 500 or is_told_by_the_contract(route, content), (route, content)
    if "Content-Length" in answer.headers:
        assert int(answer.headers["Content-Length"]) == len(content), route
    if answer.headers["Content-Type"].startswith("application/json") and content:
        is_service = content.startswith(b"{'message'")  # the contract's own exception
        assert is_service or isinstance(json.loads(content), dict | list | int | str)
    world = whole.platform.world
    assert list(world.data.parent.iterdir()) == [world.data], "written beside the data folder"
