"""Whatever is sent, the sandbox itself never fails."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import Client

from tests.sandbox.compute.lab import ADA, BEN, Lab, Ready, chain, open_lab

World = tuple[Ready, Client, list[str]]

_WORDS = st.sampled_from(
    [
        *("accountId", "name", "status", "organizationId", "accessScope", "userId", "teamId"),
        *("processors", "source", "url", "tag", "release", "id", "visibility", "users", "entityId"),
        *("type", "dependsOn", "sourceUrl", "targetType", "defaultParams", "versions", "cpu"),
        *("workflowInstanceConfiguration", "workflowId", "computeNodeId", "processorConfigs"),
        *("datasetId", "dataSources", "packageIds", "processorParams", "dataTargets", "params"),
        *("timestamp", "layers", "nodeId", "isActive"),
        *("src", "sum", "out", "maxGpuInstances", "gpuTier", "enableLLMAccess", "position"),
        *("secrets", "layerName", "layerType", "description"),
    ]
)
_VALUES = st.sampled_from(
    [
        *("Enabled", "Paused", "private", "public", "workspace", "data-source", "processor"),
        *("data-target", "Pennsieve Dataset", "src", "sum", "STARTED", "CANCELING", "FAILED"),
        *("archived", "active", "atlas", "data", "persistent-layer", "CALLBACK_TOKEN", "KEY"),
        *("", "\0", "\ud800", "💥", "../..", "%2e%2e", "9" * 30, "N:organization:x", "'--"),
    ]
)
_TEXT = _VALUES | st.text(max_size=8)
_NUMBER = st.integers() | st.floats() | st.sampled_from([2**63, -(2**63) - 1, 10**400])
_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | _NUMBER | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS | _TEXT, inner, max_size=4),
    max_leaves=12,
)
_QUERY = st.dictionaries(
    st.sampled_from(
        [
            *("organization_id", "account_owner", "includeWorkspaces", "force", "sourceUrl"),
            *("version", "tag", "file", "limit", "cursor", "status", "search", "workflow_id"),
            *("start_date", "end_date", "nodeId", "applicationUuid", "format", "visibility"),
            *("key", "deleteAll", "scope", "id", "range", "includeArchived", "official"),
        ]
    ),
    st.sampled_from(
        [
            *("", "true", "1", "x", "sum", "zip", "2026-01-01", "0001-01-01", "9" * 30),
            *("public", "workflow", "application", "lastYear", "KEY"),
        ]
    )
    | st.text(max_size=6),
    max_size=3,
)
#: Answers that the contract itself gives with 500 (contracts/resources.md section 6, trap 14).
_DOCUMENTED = {
    "error unmarshaling body",
    "error checking access",
    "error performing action on DynamoDB table",
    "failed to communicate with provisioner",
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with open_lab(tmp_path_factory.mktemp("any") / "data") as lab:
        ready = Ready(lab, chain())
        run = ready.start()
        lab.wait(run)
        (app,) = lab.client().get("/applications/store").json()
        client = Client(lab.app())
        yield ready, client, [run, app["uuid"], ready.account, ready.node, ready.workflow, "sum"]


def _body(value: Any) -> bytes:
    return json.dumps(value).encode("utf-8", "surrogatepass")


@settings(
    max_examples=150,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_no_request_makes_the_sandbox_fail(world: World, data: st.DataObject) -> None:
    ready, client, known = world
    lab = ready.lab
    route = data.draw(st.sampled_from(lab.parts.routes))
    ids = st.sampled_from([*known, lab.organization]) | _TEXT
    path = route.pattern.replace("<path:", "<")
    while "<" in path:
        before, _, rest = path.partition("<")
        wanted = data.draw(ids) or "x"
        path = before + quote(wanted, safe="", errors="replace") + rest.partition(">")[2]
    body = data.draw(
        st.binary(max_size=20) | _JSON.map(_body) | _orders(ready).map(_body) | st.just(b"null")
    )
    query = data.draw(_QUERY)
    if data.draw(st.booleans()):
        query["organization_id"] = lab.organization
    # httpx's WSGI transport cannot send a path outside Latin-1, which a real server takes.
    answer = client.open(
        path,
        method=route.method,
        query_string=query,
        data=body,
        headers={"Authorization": f"Bearer {data.draw(st.sampled_from([ADA, BEN]))}"},
    )
    if answer.status_code >= 500:
        text = json.loads(answer.data)["message"]
        assert text in _DOCUMENTED, (route.method, path, body)


def _orders(ready: Ready) -> st.SearchStrategy[Any]:
    """Bodies that are nearly right, so that the code behind the first check is reached."""
    part = st.dictionaries(st.sampled_from(["src", "sum", "out"]) | _TEXT, _JSON, max_size=2)
    return st.fixed_dictionaries(
        {
            "workflowInstanceConfiguration": st.fixed_dictionaries(
                {
                    "workflowId": st.just(ready.workflow),
                    "computeNodeId": st.just(ready.node),
                    "processorConfigs": st.lists(part, max_size=1) | _JSON,
                }
            ),
            "datasetId": st.just(ready.dataset),
            "dataSources": st.just({"src": {"packageIds": [ready.packages["raw"]]}}) | part,
            "name": _TEXT,
            "processorParams": st.just({}) | part,
            "dataTargets": st.just({}) | part,
            "secrets": st.dictionaries(_WORDS | _TEXT, _TEXT, max_size=3),
            "layerName": st.sampled_from(["atlas", "brain"]) | _TEXT,
            "layers": st.lists(st.just("atlas") | _TEXT, max_size=2),
            "processors": st.lists(part, max_size=2) | st.just(chain()),
        }
    )


@pytest.mark.parametrize("depth", [2000, 100_000])
def test_a_body_that_is_too_deep_is_unreadable(lab: Lab, depth: int) -> None:
    content = b'{"name":' + b"[" * depth + b"]" * depth + b"}"
    answer = lab.client().post("/compute/resources/accounts", content=content)
    assert answer.status_code == 400


def test_every_handler_says_where_it_is_from(lab: Lab) -> None:
    """The table of what is covered shows these lines."""
    for route in lab.parts.routes:
        text = (route.handler.__doc__ or "").strip()
        assert re.search(r"\(.*\d\.\d.*\)|[Oo]urs", text), (route.method, route.pattern)
        assert "<lambda>" not in route.handler.__qualname__
