"""The tables of requests are whole, and what they do not have is told."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from pennsieve_agent.contract.requests import TABLE, ObservedRequest, faults
from pennsieve_agent.contract.requests.sent import Sent, joined, table
from pennsieve_agent.contract.routes import ROUTES, find

ID = "0b6f9e4e-0000-4000-8000-00000000000a"
DATASET, WORKSPACE = f"N:dataset:{ID}", f"N:organization:{ID}"
HEADERS = {"Authorization": "Bearer x", "Content-Type": "application/json"}
RUNS = "/compute/workflows/runs"
STARTED: dict[str, Any] = {
    "workflowInstanceConfiguration": {
        "workflowId": ID,
        "computeNodeId": ID,
        "processorConfigs": [{"nodeId": "sum", "executionTarget": "standard", "cpu": "1024"}],
    },
    "datasetId": DATASET,
    "dataSources": {"src": {"packageIds": [f"N:package:{ID}"]}},
    "processorParams": {"sum": {"ANY": "thing"}},
    "dataTargets": {"out": {"params": {"TARGET_FOLDER": "a"}}},
    "name": "first run",
}
STEPS: list[dict[str, Any]] = [
    {"id": "src", "type": "data-source"},
    {
        "id": "sum",
        "type": "processor",
        "sourceUrl": "https://github.com/a/b",
        "tag": "v1",
        "computeType": "standard",
        "dependsOn": ["src"],
    },
    {
        "id": "out",
        "type": "data-target",
        "targetType": "Pennsieve Dataset",
        "computeType": "lambda",
        "dependsOn": ["sum"],
    },
]


def sent(method: str, path: str, body: object = None, **more: Any) -> list[str]:
    content = b"" if body is None else json.dumps(body).encode()
    return faults(
        ObservedRequest("v2", method, path, body=content, **{"headers": HEADERS, **more}), TABLE
    )


def test_every_row_is_a_route_of_the_contract() -> None:
    assert set(TABLE) <= {route.key for route in ROUTES}


def test_every_row_has_its_source() -> None:
    one = r"(core|resources|workflows|upstream-2026-11)\.md \d+(\.\d+)?( \([AB]\))?"
    for row in TABLE.values():
        assert re.fullmatch(rf"{one}([,;] ({one}|\d+(\.\d+)?))*", row.source), row.source


def test_no_route_is_in_two_tables() -> None:
    one = table("v1", {"GET,PUT /a/{id}": Sent("x")})
    with pytest.raises(ValueError, match="in two tables"):
        joined(one, table("v1", {"PUT /a/{other}": Sent("y")}))


def test_the_route_with_the_most_words_is_meant() -> None:
    for path, expected in (
        ("/applications/store", "/applications/store"),
        (f"/applications/{ID}", "/applications/{uuid}"),
        ("/applications/store/registry", "/applications/store/registry"),
        (f"/applications/store/{ID}", "/applications/store/{uuid}"),
    ):
        found = find("v2", "GET", path)
        assert found is not None
        assert found.path == expected
    assert find("v1", "GET", "/applications/store") is None


@pytest.mark.parametrize(
    ("method", "path", "body", "query"),
    [
        ("POST", RUNS, STARTED, {}),
        ("GET", RUNS, None, {"organization_id": [WORKSPACE], "limit": ["1"]}),
        (
            "POST",
            "/compute/workflows/definitions",
            {"name": "a", "organizationId": WORKSPACE, "processors": STEPS},
            {},
        ),
        ("GET", f"/compute/workflows/runs/{ID}", None, {}),
        ("PATCH", f"/compute/resources/compute-nodes/{ID}/secrets", {"secrets": {"A": "b"}}, {}),
    ],
)
def test_what_the_contract_has(
    method: str, path: str, body: object, query: dict[str, list[str]]
) -> None:
    assert sent(method, path, body, query=query) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"limits": {}}, f"POST v2 {RUNS}: body has the key limits, which does not belong there"),
        ({"datasetId": ID}, "body.datasetId is"),
        ({"name": "x"}, "body.name is 'x'"),
        ({"processorParams": {"sum": {"A": 1}}}, "body.processorParams.sum.A is 1, not a text"),
        ({"dataSources": {"src": {"packageIds": []}}}, "packageIds is an empty list"),
        ({"workflowInstanceConfiguration": {}}, "workflowId is missing"),
    ],
)
def test_a_field_that_does_not_belong(change: dict[str, Any], said: str) -> None:
    assert said in "\n".join(sent("POST", RUNS, {**STARTED, **change}))


def test_a_target_says_where_it_runs() -> None:
    steps = [*STEPS[:2], {k: v for k, v in STEPS[2].items() if k != "computeType"}]
    found = sent("POST", "/compute/workflows/definitions", {"name": "a", "processors": steps})
    assert found == [
        "POST v2 /compute/workflows/definitions: body.processors[2].computeType is missing"
    ]


def test_query_headers_and_route() -> None:
    assert sent("GET", RUNS) == [f"GET v2 {RUNS}: query organization_id is missing"]
    assert sent("GET", f"/nothing/{ID}") == [f"GET v2 /nothing/{ID}: no such route"]
    assert "query mine" in sent("GET", f"{RUNS}/{ID}", query={"mine": ["1"]})[0]
    assert "header x-mine" in sent("GET", f"{RUNS}/{ID}", headers={**HEADERS, "X-Mine": "1"})[0]
    assert "authorization is missing" in sent("GET", f"{RUNS}/{ID}", headers={})[0]
    assert "a body" in sent("POST", f"{RUNS}/{ID}/cancel", {})[0]
    assert "no body" in sent("POST", RUNS)[0]
    assert "content-type" in sent("POST", RUNS, STARTED, headers={"Authorization": "Bearer x"})[0]
    assert sent("POST", RUNS, STARTED, headers={**HEADERS, "X-Refresh-Token": "r"}) == []
    assert "not served by hosted" in sent("GET", "/workflows")[0]
    open_route = ObservedRequest("v1", "GET", "/authentication/cognito-config", headers=HEADERS)
    assert "where none is asked for" in faults(open_route, TABLE)[0]


def test_no_value_of_a_header_or_a_body_is_shown() -> None:
    secret = ObservedRequest(
        "v2", "POST", RUNS, {}, {"Authorization": "Bearer hush"}, b'{"a": "hush"}'
    )
    assert "hush" not in repr(secret) + str(secret) + " ".join(faults(secret, TABLE))
