"""Whatever a server answers, a method ends in a value or in one of our errors.

Here are answers that are nearly right, and answers to a sign-in;
:mod:`tests.platform.test_every_method` has any answer to every method.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterable
from itertools import cycle
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pennsieve_agent import platform as platform_package
from pennsieve_agent.errors import AgentError
from pennsieve_agent.platform.client import Platform
from tests.fakes.clock import Clock
from tests.fakes.network import answering
from tests.fakes.scripted_platform import COGNITO, COGNITO_CONFIG, HOSTS, KEY, jwt, signed_in
from tests.platform.methods import METHODS, RESOURCES

# Every word the client might look for in an answer.
KEYS = sorted(
    {
        node.value
        for file in Path(platform_package.__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isalpha()
    }
)

leaves = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(
        [
            *("2026-01-01T00:00:00Z", "STARTED", "Collection", "1", "\ud800", "error: x", "a.b.c"),
            *("https://api2.test/compute/workflows/definitions/w?access=read", jwt({})),
        ]
    )
)
json_values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(KEYS), inner, max_size=8)
        | st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=40,
)
bodies = st.binary(max_size=60) | json_values.map(lambda value: json.dumps(value).encode())
statuses = st.sampled_from(
    [200] * 12 + [201, 202, 204, 302, 400, 401, 403, 404, 409, 422, 429, 503]
)
answers = st.lists(st.tuples(statuses, bodies), min_size=1, max_size=4)


def survives(
    act: Callable[[Platform], object], given_answers: list[tuple[int, bytes]], *, sign_in: bool
) -> None:
    """Run a method; any exception that is not ours fails the test."""
    following = cycle(given_answers)

    def handle(request: httpx.Request) -> httpx.Response:
        if sign_in and request.url.path == "/authentication/cognito-config":
            return httpx.Response(200, json=COGNITO_CONFIG)
        if sign_in and str(request.url) == COGNITO:
            return httpx.Response(200, json=signed_in(1))
        status, body = next(following)
        return httpx.Response(status, content=body)

    clock = Clock()
    network = answering(handle)
    with Platform(HOSTS, KEY, network=network, now=clock.now, sleep=clock.sleep) as platform:
        shown = outcome(act, platform)
    assert shown
    assert "\n" not in shown
    assert "the-secret" not in shown
    shown.encode()  # no half of a surrogate pair got through


def outcome(act: Callable[[Platform], object], platform: Platform) -> str:
    """What a method ends in, as text."""
    try:
        return repr(act(platform))
    except AgentError as error:
        return error.message


def test_every_public_method_is_tried() -> None:
    with Platform(HOSTS, KEY, network=answering(lambda _: httpx.Response(200))) as p:
        named = {
            f"{resource}.{name}"
            for resource in RESOURCES
            for name in dir(getattr(p, resource))
            if not name.startswith("_")
        }
    assert named == METHODS.keys() - {"identity"}


@settings(
    max_examples=80,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(given_answers=answers)
def test_any_answer_to_a_sign_in(given_answers: list[tuple[int, bytes]]) -> None:
    survives(METHODS["identity"], given_answers, sign_in=False)


GOOD: dict[str, Any] = {
    "datasets.files": {
        "packages": [
            {
                "content": {"id": 1, "nodeId": "N:package:1", "name": "a", "parentId": 2},
                "objects": {"source": [{"content": {"filename": "a", "size": 1}}]},
            }
        ],
        "cursor": "",
    },
    "compute.nodes": [{"uuid": "n", "name": "lab", "account": {"uuid": "u"}, "createdAt": "x"}],
    "applications.list": [
        {
            "uuid": "a",
            "versions": [
                {"uuid": "v", "version": "1", "status": "x", "deployments": [{"deploymentId": "d"}]}
            ],
        }
    ],
    "workflows.get": {
        "uuid": "w",
        "name": "n",
        "isActive": True,
        "dag": [
            {
                "id": "a",
                "dependsOn": ["b"],
                "runtimeConfig": {"cpu": 1},
                "defaultParams": {"A": "1"},
                "paramSchema": [{"name": "A", "defaultValue": 1, "allowedValues": ["1"], "min": 0}],
            }
        ],
    },
    "runs.get": {
        "uuid": "r",
        "status": "STARTED",
        "startedAt": 1,
        "dag": [{"id": "a", "status": "STARTED"}],
        "dataSources": {"a": {"packageIds": ["N:package:1"]}},
        "dataTargets": {"a": {"params": {"A": "1"}}},
        "processorParams": {"a": {"A": "1"}},
        "outputs": {"a": "b"},
    },
    "runs.logs": {"messages": [{"timestamp": 1, "message": "x"}]},
}
WRONG: tuple[Any, ...] = (None, True, -1, 1.5, "", "x", "\ud800", [], {}, [None], [[]], {"a": None})


def variants(value: Any) -> Iterable[Any]:
    """The value with each of its parts replaced by each wrong value, or left out, in turn."""
    yield from WRONG
    if isinstance(value, dict):
        for key, inner in value.items():
            rest = {name: item for name, item in value.items() if name != key}
            yield rest
            yield from (rest | {key: variant} for variant in variants(inner))
    if isinstance(value, list):
        for inner in value:
            yield from ([variant] for variant in variants(inner))


@pytest.mark.parametrize("name", GOOD)
def test_one_wrong_part_in_a_good_answer(name: str) -> None:
    for variant in variants(GOOD[name]):
        survives(METHODS[name], [(200, json.dumps(variant).encode())], sign_in=True)
