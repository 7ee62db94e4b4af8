"""Whatever is sent to a route, the sandbox itself never fails."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import Client

from pennsieve_agent.sandbox.host.surfaces import Settings, build
from tests.sandbox.platform import Platform

TEXT = st.one_of(
    st.text(max_size=30),
    st.sampled_from(["-1", "0", "1", "100", "1000", str(2**63), str(2**70), "true", "x/../y"]),
    st.sampled_from(["package:1", "package:", "Image:", "owner", "READY", "Name", "sources"]),
)
QUERY_NAMES = st.sampled_from(
    [
        *("limit", "offset", "pageSize", "cursor", "types", "state", "filename", "query"),
        *("orderBy", "orderDirection", "withRole", "onlyMyDatasets", "include", "status"),
        *("includeAncestors", "includeSourceFiles", "dataset_id", "X-Amz-Signature", "api_key"),
    ]
)
BODY_NAMES = st.sampled_from(
    [
        *("name", "description", "tags", "id", "role", "nodeIds", "apiUrl", "secret"),
        *("displayName", "hasAccess", "isPrivate", "isDefault", "targetEvents", "customTargets"),
        *("includedWebhookIds", "AuthFlow", "ClientId", "AuthParameters", "USERNAME", "PASSWORD"),
    ]
)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), TEXT, st.just("\ud800")),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(BODY_NAMES, inner, max_size=3)
    ),
    max_leaves=8,
)
WEBHOOK = {
    "apiUrl": "u",
    "description": "d",
    "secret": "s",
    "displayName": "n",
    "hasAccess": True,
    "isPrivate": False,
    "isDefault": True,
}
USERS = "/datasets/<id>/collaborators/users"
VALID: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/webhooks"): WEBHOOK,
    ("PUT", "/webhooks/<id>"): WEBHOOK,
    ("POST", "/datasets"): {"name": "new"},
    ("PUT", USERS): {"id": "N:user:x", "role": "viewer"},
    ("DELETE", USERS): {"id": "N:user:x"},
    ("POST", "/packages/download-manifest"): {"nodeIds": ["N:package:x"]},
    ("POST", "/"): {"AuthFlow": "USER_PASSWORD_AUTH", "ClientId": "x", "AuthParameters": {}},
}
BODIES = st.one_of(
    st.binary(max_size=40),
    VALUES.map(lambda value: json.dumps(value).encode()),
    st.dictionaries(BODY_NAMES, VALUES, max_size=8).map(lambda value: json.dumps(value).encode()),
    st.just(b"[" * 5000),
)


@dataclass
class Target:
    """A platform, every route of it, and ids that exist there."""

    platform: Platform
    routes: list[tuple[Client, str, str]]
    known: dict[str, list[str]]


@pytest.fixture
def target(platform: Platform) -> Target:
    made = build(platform.world, platform.files, Settings())
    routes = [
        (Client(surface, use_cookies=False), rule.endpoint.method, rule.endpoint.pattern)
        for surface in (made.v1, made.v2, made.sign_in)
        for rule in surface._map.iter_rules()
    ]
    return Target(platform, routes, known_ids(platform))


def known_ids(platform: Platform) -> dict[str, list[str]]:
    """Ids that exist, so that the draws get past the first check."""
    dataset = platform.dataset("d", "a.csv", "s/b.csv")
    store = platform.world.store
    packages = [row["node_id"] for row in store.rows("SELECT node_id FROM packages")]
    webhook = str(platform.send("POST", "/webhooks", WEBHOOK).json()["id"])
    return {
        "/datasets/<": [dataset],
        "/packages/<": packages,
        "<webhook>": [webhook],
        "/webhooks/<": [webhook],
        "all": [dataset, *packages, webhook],
    }


@settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
def test_no_request_makes_the_sandbox_fail(target: Target, data: st.DataObject) -> None:
    if not target.platform.world.store.row("SELECT 1 FROM webhooks"):
        target.known = known_ids(target.platform)  # an earlier request has removed it
    client, method, pattern = data.draw(st.sampled_from(target.routes))
    id_or_text = st.one_of(TEXT.filter(bool), st.sampled_from(target.known["all"]))

    def value(match: re.Match[str]) -> str:
        ids = target.known.get(pattern[: match.start() + 1]) or target.known.get(match[0])
        return quote(data.draw(st.one_of(id_or_text, st.sampled_from(ids)) if ids else id_or_text))

    path = re.sub(r"<\w+>", value, pattern)
    query = data.draw(st.dictionaries(QUERY_NAMES, TEXT, max_size=4))
    if data.draw(st.booleans()):
        query["dataset_id"] = target.known["/datasets/<"][0]
    headers = {"X-Amz-Target": "AWSCognitoIdentityProviderService.InitiateAuth"}
    if data.draw(st.integers(0, 9)):
        headers |= target.platform.ada.bearer
    body = data.draw(BODIES)
    valid = VALID.get((method, pattern))
    if valid and data.draw(st.booleans()):  # a valid body with a change or two
        change = data.draw(st.dictionaries(BODY_NAMES, VALUES, max_size=2))
        body = json.dumps(valid | change).encode()
    answer = client.open(path, method=method, query_string=query, data=body, headers=headers)
    assert answer.status_code < 500, answer.get_data()
