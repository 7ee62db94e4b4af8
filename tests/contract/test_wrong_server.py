"""A server that is wrong in one thing fails the check that is about it, and each kind can fail."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import httpx
import pytest

from pennsieve_agent.contract.check import Json, Text
from pennsieve_agent.contract.runner import Outcome, Verdict, run
from pennsieve_agent.contract.session import Known
from pennsieve_agent.contract.stage import Workshop, staged
from pennsieve_agent.contract.suite import all_checks
from pennsieve_agent.domain.profile import ApiKey, Hosts
from pennsieve_agent.platform.http.raw import RawClient
from pennsieve_agent.sandbox.host import for_checks
from tests.cli.conftest import Lab
from tests.fakes.network import Through


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @json.setter
    def json(self, value: Any) -> None:
        self.body = json.dumps(value).encode()


Distortion = Callable[[httpx.Request, Answer], None]


class WrongServer(httpx.BaseTransport):
    """Passes requests on to a sandbox, and changes its answers while ``distort`` is set."""

    def __init__(self) -> None:
        self._real = httpx.HTTPTransport()
        self.distort: Distortion | None = None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        found = self._real.handle_request(request)
        found.read()
        headers = {k: v for k, v in found.headers.items() if k != "content-length"}
        answer = Answer(found.status_code, headers, found.content)
        if self.distort is not None:
            self.distort(request, answer)
        return httpx.Response(answer.status, headers=answer.headers, content=answer.body)

    def close(self) -> None:
        self._real.close()


@contextmanager
def wrong(box: Lab, hosts: Hosts, key: ApiKey) -> Iterator[tuple[WrongServer, RawClient, Known]]:
    server = WrongServer()
    data = box.box.data
    workshop = Workshop(partial(for_checks.fill, data), partial(for_checks.expired, data))
    with (
        RawClient(network=Through(server)) as client,
        staged(client, hosts, key, workshop) as known,
    ):
        try:
            yield server, client, known
        finally:
            server.distort = None


def asked(box: Lab, hosts: Hosts, key: ApiKey, distort: Distortion) -> dict[str, Outcome]:
    with wrong(box, hosts, key) as (server, client, known):
        server.distort = distort
        return {each.check.name: each for each in run(all_checks(), client, known)}


def at(path: str, change: Callable[[Answer], None]) -> Distortion:
    def distort(request: httpx.Request, answer: Answer) -> None:
        if request.method == "GET" and request.url.path == path and answer.status < 300:
            change(answer)

    return distort


def set_status(answer: Answer) -> None:
    answer.status = 202


def rename_limit(answer: Answer) -> None:
    answer.json = {("Limit" if k == "limit" else k): v for k, v in answer.json.items()}


def clamp_limit(answer: Answer) -> None:
    answer.json = {**answer.json, "limit": min(answer.json["limit"], 500)}


def drop_total(answer: Answer) -> None:
    answer.json = {k: v for k, v in answer.json.items() if k != "totalCount"}


def empty_to_null(answer: Answer) -> None:
    answer.json = answer.json or None


def null_to_empty(answer: Answer) -> None:
    answer.json = [] if answer.json is None else answer.json


def omitted_to_null(answer: Answer) -> None:
    answer.json = {**answer.json, "orcid": None}


def an_extra_key(answer: Answer) -> None:
    answer.json = {**answer.json, "extra": 1}


def iso_times(answer: Answer) -> None:
    answer.json = [{**each, "createdAt": "2026-01-01T00:00:00Z"} for each in answer.json]


def drop_warning(answer: Answer) -> None:
    answer.headers.pop("warning", None)


ACCOUNTS, NODES = "/compute/resources/accounts", "/compute/resources/compute-nodes"
ONE_THING = [
    ("/user", set_status, "core.md 1.7: me", "expected status 200"),
    ("/datasets/paginated", rename_limit, "core.md 3.1: a page of datasets", "is written Limit"),
    (
        "/datasets/paginated",
        clamp_limit,
        "core.md 3.1: the limit is echoed as it was asked, though 500 is the most",
        "body.limit is 500, not 700",
    ),
    (
        "/datasets/paginated",
        drop_total,
        "core.md 3.1: a page of datasets",
        "body.totalCount is missing",
    ),
    (
        ACCOUNTS,
        empty_to_null,
        "resources.md 1.3: without workspaces, none is an empty list",
        "body is null, not an empty list",
    ),
    (
        ACCOUNTS,
        null_to_empty,
        "resources.md 1.3: with workspaces, none is null",
        "body is an empty list, not null",
    ),
    (
        "/user",
        omitted_to_null,
        "core.md 1.7: optional keys are left out, not null",
        "body.orcid is null, but must be left out",
    ),
    (
        "/authentication/cognito-config",
        an_extra_key,
        "core.md 1.2: the three pools, without a token and with no other key",
        "body has the key extra",
    ),
    (
        NODES,
        iso_times,
        "resources.md 3.1: its maker finds it by listing; false is left out",
        "body[0].createdAt",
    ),
    (
        "/datasets",
        drop_warning,
        "core.md 3.1: the whole list is deprecated",
        "expected the header Warning",
    ),
]


@pytest.mark.parametrize(("path", "change", "name", "said"), ONE_THING)
def test_one_wrong_thing(  # noqa: PLR0913, PLR0917 - three fixtures and a table's row
    box: Lab,
    hosts: Hosts,
    key: ApiKey,
    path: str,
    change: Callable[[Answer], None],
    name: str,
    said: str,
) -> None:
    found = asked(box, hosts, key, at(path, change))
    assert found[name].failed
    assert said in found[name].line
    others = [each for each in found.values() if each.failed and each.check.path != path]
    assert not [each.line for each in others]


GATEWAY: Mapping[tuple[int, bytes], tuple[int, bytes]] = {
    (403, b'{"message":"Forbidden"}'): (401, b'{"message":"Unauthorized"}'),
    (401, b"Unauthorized."): (401, b'{"message":"Unauthorized."}'),
}


def test_a_server_with_one_family_of_errors_fails(box: Lab, hosts: Hosts, key: ApiKey) -> None:
    def distort(request: httpx.Request, answer: Answer) -> None:
        del request
        answer.status, answer.body = GATEWAY.get(
            (answer.status, answer.body), (answer.status, answer.body)
        )

    found = asked(box, hosts, key, distort)
    wrong_names = {name for name, each in found.items() if each.failed}
    assert "core.md 1.9: expired token is 403 Forbidden, not 401" in wrong_names
    assert "core.md 1.9: ID token is 403 Forbidden, not 401" in wrong_names
    assert "core.md 1.8: no token" in wrong_names


def test_every_check_fails_for_another_status(box: Lab, hosts: Hosts, key: ApiKey) -> None:
    def distort(request: httpx.Request, answer: Answer) -> None:
        del request
        answer.status = 299

    found = asked(box, hosts, key, distort)
    assert {each.verdict for each in found.values()} == {Verdict.FAILED}


def test_every_check_of_a_body_fails_for_another_body(box: Lab, hosts: Hosts, key: ApiKey) -> None:
    body = b'"something else"'

    def distort(request: httpx.Request, answer: Answer) -> None:
        # What later checks need is left as it is; it is looked at by those who ask only.
        answer.headers["x-body"] = "changed" if request.method == "GET" else "kept"
        if request.method == "GET":
            answer.body = body

    found = asked(box, hosts, key, distort)
    passed = [
        name
        for name, each in found.items()
        if isinstance(each.check.answer, Json | Text)
        and each.check.method == "GET"
        and each.verdict is Verdict.PASSED
    ]
    assert not passed


def test_no_answer_is_a_failure(box: Lab, hosts: Hosts, key: ApiKey) -> None:
    def distort(request: httpx.Request, answer: Answer) -> None:
        del answer
        raise httpx.ReadError("gone", request=request)

    found = asked(box, hosts, key, distort)
    assert all(each.failed for each in found.values() if each.verdict is not Verdict.LEFT_OUT)
    assert "no answer from" in found["core.md 1.7: me"].line
