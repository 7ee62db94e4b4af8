"""What the docstrings say about routes is what the methods call."""

from __future__ import annotations

import re
from contextlib import suppress
from functools import reduce
from itertools import count
from typing import Any

import httpx
import pytest

from pennsieve_agent.errors import AgentError
from pennsieve_agent.platform.client import Platform
from tests.fakes.clock import Clock
from tests.fakes.network import answering
from tests.fakes.scripted_platform import COGNITO, COGNITO_CONFIG, HOSTS, KEY, V1, signed_in
from tests.platform.methods import METHODS

ROUTE = re.compile(r"^ *Route: (GET|POST|PUT|PATCH|DELETE) (v1|v2) (/\S+)$", re.MULTILINE)
THINGS: dict[str, Any] = {
    "uuid": "x",
    "id": "N:x:1",
    "intId": 1,
    "name": "x",
    "status": "Enabled",
    "provisionerImage": "image",
    "content": {"id": "N:x:1", "intId": 1, "nodeId": "N:x:1", "name": "x"},
    "deploymentId": "d",
    "url": "https://x.test",
    "imageUrl": "image",
    "accessScope": "private",
    "sharedWithUsers": ["N:user:bob"],
    "sharedWithTeams": ["N:team:lab"],
    "team": {"id": "N:team:lab"},
}
CREATED = dict(THINGS)
"""What is answered to a creation, when lists are still empty."""
LISTS = {
    "packages": [{**THINGS, "content": {**THINGS["content"], "id": 1}, "isTruncated": True}],
    "runs": [],
}


def routes(docstring: str) -> set[tuple[str, str, str]]:
    return {(found[1], found[2], found[3]) for found in ROUTE.finditer(docstring)}


def all_routes() -> set[tuple[str, str, str]]:
    """Every route that a method of the client names."""
    with Platform(HOSTS, KEY, network=answering(lambda _: httpx.Response(200))) as p:
        return {route for name in METHODS for route in routes(method(p, name).__doc__ or "")}


def same(call: tuple[str, str, str], route: tuple[str, str, str]) -> bool:
    """Whether a call is one of a route."""
    (*how, path), (*named, template) = call, route
    pattern = "".join(
        "[^/]+" if part.startswith("{") else re.escape(part)
        for part in re.split(r"(\{[^}]+\})", template)
    )
    return how == named and re.fullmatch(pattern, path) is not None


def method(platform: Platform, name: str) -> Any:
    return reduce(getattr, name.split("."), platform)


def calls(name: str, body: object, lost: int) -> set[tuple[str, str, str]]:
    """The calls that a method makes when all answers are alike, but the n-th is lost."""
    made = set[tuple[str, str, str]]()
    number = count()

    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/authentication/cognito-config":
            return httpx.Response(200, json=COGNITO_CONFIG)
        if str(request.url) == COGNITO:
            return httpx.Response(200, json=signed_in(1))
        surface = "v1" if str(request.url).startswith(V1) else "v2"
        made.add((request.method, surface, request.url.raw_path.decode().partition("?")[0]))
        if next(number) == lost:
            raise httpx.ReadError("lost")
        return httpx.Response(200, json=[] if body is CREATED and request.method == "GET" else body)

    clock = Clock()
    network = answering(handle)
    with (
        Platform(HOSTS, KEY, network=network, now=clock.now, sleep=clock.sleep) as platform,
        suppress(AgentError),
    ):
        METHODS[name](platform)
    return made


@pytest.mark.parametrize("name", METHODS)
def test_a_method_calls_the_routes_it_names_and_no_other(name: str) -> None:
    with Platform(HOSTS, KEY, network=answering(lambda _: httpx.Response(200))) as p:
        named = routes(method(p, name).__doc__ or "")
    assert named, f"{name} names no route"
    made = set[tuple[str, str, str]]()
    for body in (THINGS, [THINGS], [], {}, LISTS, CREATED, THINGS | {"status": None, "uuid": None}):
        for lost in (-1, 0, 1):
            made |= calls(name, body, lost)
    for call in made:
        assert any(same(call, route) for route in named), f"{name} calls {call} without a word"
    for route in named:
        assert any(same(call, route) for call in made), f"{name} never calls {route}"
