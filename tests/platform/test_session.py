from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from pennsieve_agent.domain.profile import ApiKey, Hosts, Workspace
from pennsieve_agent.errors import (
    AgentError,
    Forbidden,
    NotSignedIn,
    PlatformError,
    RateLimited,
)
from pennsieve_agent.platform.client import Platform
from tests.fakes.clock import Clock
from tests.fakes.network import answering
from tests.fakes.scripted_platform import (
    COGNITO,
    COGNITO_CONFIG,
    HOSTS,
    KEY,
    WORKSPACE,
    jwt,
    scripted,
    signed_in,
)

USER = {
    "id": "N:user:ada",
    "intId": 17,
    "email": "ada@example.org",
    "firstName": "Ada",
    "lastName": "L",
    "preferredOrganization": "N:organization:another",
}


def organization(node_id: str, name: str, **flags: bool) -> dict[str, Any]:
    return {"organization": {"id": node_id, "name": name}, "isAdmin": False, **flags}


def test_nothing_is_sent_before_the_first_question() -> None:
    with scripted() as (script, _):
        pass
    assert script.sign_ins == script.configs == 0


def test_identity_is_the_user_and_the_keys_own_workspace_not_the_preferred_one() -> None:
    rows = [organization("N:organization:another", "B"), organization(WORKSPACE, "A", isOwner=True)]
    with scripted() as (script, platform):
        script.on("GET v1/user", USER)
        script.on("GET v1/organizations", {"organizations": rows})
        identity = platform.identity()
    assert identity.user.name == "Ada L"
    assert identity.workspace == Workspace(WORKSPACE, "A", "owner")
    assert identity.expires_at == script.clock.time + 3600


def test_a_workspace_that_is_not_in_the_users_list_has_no_name() -> None:
    with scripted() as (script, platform):
        script.on("GET v1/user", USER)
        script.on("GET v1/organizations", {"organizations": [organization("other", "B")]})
        assert platform.identity().workspace == Workspace(WORKSPACE, "")


@pytest.mark.parametrize(
    ("flags", "role"),
    [({"isAdmin": True}, "administrator"), ({"isGuest": True}, "guest"), ({}, "member")],
)
def test_role_in_the_workspace(flags: dict[str, bool], role: str) -> None:
    with scripted() as (script, platform):
        script.on("GET v1/user", USER | {"firstName": None, "lastName": ""})
        script.on(
            "GET v1/organizations", {"organizations": [organization(WORKSPACE, "A", **flags)]}
        )
        identity = platform.identity()
    assert identity.workspace.role == role
    assert identity.user.name == "ada@example.org"


def test_the_workspace_alone_needs_only_a_sign_in() -> None:
    with scripted() as (_, platform):
        assert platform.workspace_id() == WORKSPACE


def sign_in_with(answer: httpx.Response, hosts: Hosts = HOSTS) -> list[httpx.Request]:
    """Sign in where Cognito gives this answer; what was sent to it."""
    seen: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json=COGNITO_CONFIG)
        seen.append(request)
        return answer

    clock = Clock()
    with Platform(
        hosts,
        KEY,
        network=answering(handle),
        now=clock.now,
        sleep=clock.sleep,
    ) as platform:
        platform.workspace_id()
    return seen


def test_sign_in_is_initiate_auth_with_key_and_secret() -> None:
    (request,) = sign_in_with(httpx.Response(200, json=signed_in(1)))
    assert str(request.url) == COGNITO
    assert request.headers["X-Amz-Target"] == "AWSCognitoIdentityProviderService.InitiateAuth"
    assert request.headers["Content-Type"] == "application/x-amz-json-1.1"
    assert json.loads(request.content) == {
        "AuthFlow": "USER_PASSWORD_AUTH",
        "ClientId": "tokens",
        "AuthParameters": {"USERNAME": "the-key", "PASSWORD": "the-secret"},
    }


def test_without_an_override_sign_in_goes_to_the_region_the_platform_names() -> None:
    hosts = Hosts(api=HOSTS.api, api2=HOSTS.api2)
    (request,) = sign_in_with(httpx.Response(200, json=signed_in(1)), hosts)
    assert str(request.url) == "https://cognito-idp.us-east-1.amazonaws.com/"


@pytest.mark.parametrize("region", ["evil.example/#", "us-east-1.evil.example", "", "..", 7])
def test_the_secret_goes_to_no_host_made_of_a_strange_region(region: object) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        assert request.method == "GET"
        pool = {"region": region, "appClientId": "tokens"}
        return httpx.Response(200, json={"region": region, "tokenPool": pool})

    hosts = Hosts(api=HOSTS.api, api2=HOSTS.api2)
    with (
        Platform(hosts, KEY, network=answering(handle)) as platform,
        pytest.raises(PlatformError, match="region"),
    ):
        platform.workspace_id()


def cognito_error(kind: str, message: str = "m") -> httpx.Response:
    return httpx.Response(400, json={"__type": kind, "message": message})


@pytest.mark.parametrize(
    "kind", ["NotAuthorizedException", "com.amazon#NotAuthorizedException", "UserNotFoundException"]
)
def test_a_refused_key_names_the_command_to_type(kind: str) -> None:
    with pytest.raises(NotSignedIn, match="refused this key and secret") as caught:
        sign_in_with(cognito_error(kind))
    assert "pennsieve login" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        (cognito_error("TooManyRequestsException"), RateLimited, "too many sign-ins"),
        (cognito_error("InternalErrorException", "oops"), PlatformError, "oops"),
        (cognito_error("X", "you sent the-secret"), PlatformError, r"you sent \[secret\]"),
        (httpx.Response(200, json={"ChallengeName": "SOFTWARE_TOKEN_MFA"}), NotSignedIn, "MFA"),
        (httpx.Response(200, json={}), PlatformError, "AuthenticationResult"),
        (httpx.Response(200, content=b"<html>"), PlatformError, "not JSON"),
        (httpx.Response(403, content=b"<html>blocked"), Forbidden, "not allow"),
        (httpx.Response(400, json=[1]), AgentError, "rejected"),
    ],
)
def test_other_answers_to_a_sign_in(
    answer: httpx.Response, error: type[AgentError], words: str
) -> None:
    with pytest.raises(error, match=words):
        sign_in_with(answer)


def test_a_throttled_sign_in_is_tried_again() -> None:
    answers = [cognito_error("TooManyRequestsException")] * 2 + [
        httpx.Response(200, json=signed_in(1))
    ]
    clock, notes = Clock(), list[str]()

    def handle(request: httpx.Request) -> httpx.Response:
        config = httpx.Response(200, json=COGNITO_CONFIG)
        return config if request.method == "GET" else answers.pop(0)

    with Platform(
        HOSTS,
        KEY,
        network=answering(handle),
        now=clock.now,
        sleep=clock.sleep,
        note=notes.append,
    ) as platform:
        assert platform.workspace_id() == WORKSPACE
    assert not answers
    assert len(clock.slept) == len(notes) == 2


@pytest.mark.parametrize("token", ["", "one", "a.b.c", "a.!!!.c", f"x.{'é'}.y", jwt({})[:-20]])
def test_a_broken_id_token_is_an_unexpected_answer(token: str) -> None:
    body = signed_in(1)
    body["AuthenticationResult"]["IdToken"] = token
    with pytest.raises(PlatformError, match="IdToken"):
        sign_in_with(httpx.Response(200, json=body))


@pytest.mark.parametrize("token", ["a b", "a\nb", "é", ""])
def test_a_token_that_no_header_can_hold_is_an_unexpected_answer(token: str) -> None:
    body = signed_in(1)
    body["AuthenticationResult"]["AccessToken"] = token
    with pytest.raises(PlatformError, match="AccessToken"):
        sign_in_with(httpx.Response(200, json=body))


def test_signs_in_again_five_minutes_before_the_end() -> None:
    with scripted() as (script, platform):
        script.on("GET v2/compute/resources/accounts", [])
        script.on("GET v2/compute/resources/accounts", [])
        script.on("GET v2/compute/resources/accounts", [])
        platform.compute.accounts()
        script.clock.time += 3600 - 301
        platform.compute.accounts()
        assert script.sign_ins == 1
        script.clock.time += 2
        platform.compute.accounts()
        assert script.sign_ins == 2
        assert script.configs == 1


def test_a_token_that_lives_for_seconds_is_not_replaced_at_every_call() -> None:
    with scripted() as (script, platform):
        script.life = 20
        for _ in range(3):
            script.on("GET v2/compute/resources/accounts", [])
            platform.compute.accounts()
    assert script.sign_ins == 1


@pytest.mark.parametrize(
    ("call", "status", "body"),
    [
        ("GET v2/compute/resources/accounts", 403, b'{"message":"Forbidden"}'),
        ("GET v2/compute/resources/accounts", 401, b'{"message":"Unauthorized"}'),
        ("GET v2/compute/resources/accounts", 401, b"Unauthorized."),
        ("GET v2/compute/resources/accounts", 401, b'{"message":"Unauthorized."}'),
        ("GET v2/compute/resources/accounts", 403, b""),
    ],
)
def test_a_token_the_gateway_refuses_is_replaced_once(call: str, status: int, body: bytes) -> None:
    with scripted() as (script, platform):
        script.on(call, body, status=status)
        script.on(call, [])
        assert platform.compute.accounts() == []
    assert script.sign_ins == 2


def test_a_second_refusal_is_the_truth() -> None:
    with scripted() as (script, platform):
        for _ in range(2):
            script.on("GET v2/compute/resources/accounts", {"message": "Forbidden"}, status=403)
        with pytest.raises(Forbidden) as caught:
            platform.compute.accounts()
    assert caught.value.status == 403


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (403, b'{"message":"forbidden"}'),
        (403, b'{"message":"Forbidden."}'),
        (403, b"GetAccountHandler: account does not belong to user"),
        (401, b"{'message': 'not permitted (requestID: 1)'}"),
        (403, b"<html>Forbidden</html>"),
        (401, b"<html>Forbidden</html>"),
    ],
)
def test_a_real_answer_about_rights_is_not_answered_by_signing_in(status: int, body: bytes) -> None:
    with scripted() as (script, platform):
        script.on("GET v2/compute/resources/accounts", body, status=status)
        with pytest.raises(Forbidden):
            platform.compute.accounts()
    assert script.sign_ins == 1


def test_a_refused_post_is_sent_again_as_the_gateway_did_not_carry_it_out() -> None:
    call = "POST v2/compute/workflows/runs/r/cancel"
    with scripted() as (script, platform):
        script.on(call, {"message": "Forbidden"}, status=403)
        script.on(call, {})
        platform.runs.cancel("r")


def test_many_threads_sign_in_once() -> None:
    barrier = threading.Barrier(8)
    tokens = set()
    with scripted() as (script, platform):

        def ask(_: int) -> None:
            barrier.wait(timeout=5)
            tokens.add(platform.workspace_id())

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(ask, range(8)))
    assert script.sign_ins == 1
    assert tokens == {WORKSPACE}


def test_threads_with_the_same_refused_token_renew_it_once() -> None:
    with scripted() as (script, platform):
        session = platform._session
        old = session.tokens()
        with ThreadPoolExecutor(4) as pool:
            new = set(pool.map(lambda _: session.renew(old).access, range(8)))
        assert new == {"access-2"}
        assert script.sign_ins == 2


def test_no_secret_shows_in_a_repr() -> None:
    with scripted() as (_, platform):
        tokens = platform._session.tokens()
    assert "access-1" not in repr(tokens)
    assert "the-secret" not in repr(KEY)


def test_a_refused_secret_shows_in_no_error() -> None:
    key = ApiKey("k", "very-secret")

    def handle(request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
            return httpx.Response(200, json=COGNITO_CONFIG)
        return httpx.Response(500, json={"message": f"cannot read {request.content.decode()}"})

    clock = Clock()
    with (
        Platform(HOSTS, key, network=answering(handle), sleep=clock.sleep) as platform,
        pytest.raises(AgentError) as caught,
    ):
        platform.workspace_id()
    assert "very-secret" not in f"{caught.value!r} {caught.value.where} {caught.value.hint}"
