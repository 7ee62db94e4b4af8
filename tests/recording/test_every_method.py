"""What every method of the client asks has a place in the contract's tables.

Commands do not come to all of them (``test_every_command``). Arguments are made up here, so values
are not looked at: routes, names in queries and bodies, and headers are.
"""

from __future__ import annotations

import contextlib
import re

import httpx
import pytest

from pennsieve_agent.contract.requests import TABLE, ObservedRequest, faults
from pennsieve_agent.errors import AgentError
from pennsieve_agent.platform.client import Platform
from tests.fakes.clock import Clock
from tests.fakes.network import answering
from tests.fakes.scripted_platform import COGNITO, COGNITO_CONFIG, HOSTS, KEY, V1, signed_in
from tests.platform.methods import METHODS

ANSWERS: tuple[object, ...] = ({}, [])
"""One of these lets a method get to its next question."""
STRUCTURE = re.compile(
    r"no such route|not served by hosted|query |header |a body|no body|has the key"
)


def asked(method: str, content: object) -> list[ObservedRequest]:
    """The requests of a method whose every question has one answer."""
    found = []

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/authentication/cognito-config":
            return httpx.Response(200, json=COGNITO_CONFIG)
        if str(request.url) == COGNITO:
            return httpx.Response(200, json=signed_in(1))
        surface = "v1" if str(request.url).startswith(f"{V1}/") else "v2"
        raw, _, _ = request.url.raw_path.decode().partition("?")
        query = {name: request.url.params.get_list(name) for name in request.url.params}
        headers = dict(request.headers)
        found.append(ObservedRequest(surface, request.method, raw, query, headers, request.content))
        return httpx.Response(200, json=content)

    clock = Clock()
    with (
        Platform(HOSTS, KEY, network=answering(answer), now=clock.now, sleep=clock.sleep) as p,
        contextlib.suppress(AgentError),
    ):
        METHODS[method](p)
    return found


def wrong(method: str) -> set[str]:
    return {
        fault
        for content in ANSWERS
        for each in asked(method, content)
        for fault in faults(each, TABLE)
        if STRUCTURE.search(fault)
    }


@pytest.mark.parametrize("method", sorted(METHODS))
def test_a_method_asks_what_the_contract_has(method: str) -> None:
    assert not wrong(method)
