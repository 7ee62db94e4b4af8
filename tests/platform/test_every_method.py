"""Every method the client has, found by looking: any arguments and any answer end well.

Neither methods nor arguments are chosen, so that a method that is added tomorrow is tried too.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Iterator
from functools import cached_property
from itertools import islice
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pennsieve_agent.errors import AgentError
from pennsieve_agent.platform.client import Platform
from tests.fakes.clock import Clock
from tests.fakes.network import answering
from tests.fakes.scripted_platform import COGNITO, COGNITO_CONFIG, HOSTS, KEY, signed_in
from tests.platform.test_any_answer import answers

MOST_ITEMS = 20


def resources() -> list[str]:
    """The client's resources; the client itself is the empty one."""
    return [
        "",
        *(name for name, value in vars(Platform).items() if isinstance(value, cached_property)),
    ]


def quiet() -> Platform:
    return Platform(HOSTS, KEY, network=answering(lambda _: httpx.Response(200)))


def methods() -> Iterator[str]:
    with quiet() as platform:
        for resource in resources():
            owner = getattr(platform, resource) if resource else platform
            for name, _ in inspect.getmembers(type(owner), inspect.isfunction):
                if not name.startswith("_") and name != "close":
                    yield f"{resource}.{name}"


def found(platform: Platform, name: str) -> Callable[..., object]:
    resource, _, method = name.rpartition(".")
    made: Callable[..., object] = getattr(
        getattr(platform, resource) if resource else platform, method
    )
    return made


def arguments(method_name: str) -> st.SearchStrategy[dict[str, Any]]:
    """Values of the types that a method asks for; those with a default may be left out."""
    with quiet() as platform:
        method = found(platform, method_name)
    hints = typing.get_type_hints(method)
    required: dict[str, st.SearchStrategy[Any]] = {}
    optional: dict[str, st.SearchStrategy[Any]] = {}
    for parameter in inspect.signature(method).parameters.values():
        name = parameter.name
        strategy = st.from_type(hints[name])
        (required if parameter.default is parameter.empty else optional)[name] = strategy
    return st.fixed_dictionaries(required, optional=optional)


def act(method: Callable[..., object], given_arguments: dict[str, Any]) -> str:
    """What a method ends in, as text. A ValueError is for a caller's mistake that is documented."""
    positional = [
        given_arguments.pop(parameter.name)
        for parameter in inspect.signature(method).parameters.values()
        if parameter.kind is parameter.POSITIONAL_ONLY and parameter.name in given_arguments
    ]
    try:
        result = method(*positional, **given_arguments)
        if isinstance(result, Iterator):
            result = list(islice(result, MOST_ITEMS))
        if close := getattr(result, "close", None):
            close()
        return repr(result)
    except AgentError as error:
        return error.message
    except ValueError as error:
        if "ValueError" not in (inspect.getdoc(method) or ""):
            raise
        return str(error)


def test_methods_are_found_by_looking() -> None:
    assert {".identity", "runs.start", "downloads.manifest", "uploads.sync"} <= set(methods())


@pytest.mark.parametrize("name", list(methods()))
@settings(
    max_examples=15,
    deadline=None,
    database=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.filter_too_much,
    ],
)
@given(data=st.data())
def test_any_arguments_and_any_answer(name: str, data: st.DataObject) -> None:
    sent = data.draw(arguments(name))
    given_answers = data.draw(answers)
    asked = iter(range(10**6))

    def handle(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/authentication/cognito-config":
            return httpx.Response(200, json=COGNITO_CONFIG)
        if str(request.url) == COGNITO:
            return httpx.Response(200, json=signed_in(1))
        status, body = given_answers[next(asked) % len(given_answers)]
        return httpx.Response(status, content=body)

    clock = Clock()
    with Platform(
        HOSTS, KEY, network=answering(handle), now=clock.now, sleep=clock.sleep
    ) as platform:
        shown = act(found(platform, name), sent)
    assert "\n" not in shown
    assert "the-secret" not in shown
    shown.encode()  # no half of a surrogate pair got through
