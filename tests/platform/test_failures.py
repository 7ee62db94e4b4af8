from __future__ import annotations

import json

import pytest

from pennsieve_agent.errors import (
    AgentError,
    Conflict,
    ExitCode,
    Forbidden,
    Invalid,
    NotFound,
    NotSignedIn,
    PlatformError,
    RateLimited,
)
from pennsieve_agent.platform.http.exchange import Answer
from pennsieve_agent.platform.http.failures import failure, reason

WHERE = "GET https://api.test/x"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            b'{"type":"NotFound","message":"N:dataset:x not found","code":404}',
            "N:dataset:x not found",
        ),
        (b'{"message":"Not found."}', "Not found"),
        (b'{"Code":400,"Message":"no dataset"}', "no dataset"),
        (b'{"MESSAGE":"loud"}', "loud"),
        (b'{"error":"User x does not exist"}', "User x does not exist"),
        (b'{"message":"","error":"second"}', "second"),
        (b'{"error":{"message":"inner"}}', "inner"),
        (b'"a bare text"', "a bare text"),
        (b"{'message': 'no access (requestID: 1-2)'}", "no access"),
        (b"{'message': 'it's quoted'}", "it's quoted"),
        (b"GetAccountHandler: error no records found", "error no records found"),
        (b"Unauthorized.", "Unauthorized"),
        (b"unsupported route", "unsupported route"),
        (b"plain: text", "plain: text"),
        (
            b'{"authorized":false,"message":"version is not yet deployed"}',
            "version is not yet deployed",
        ),
        (b"", ""),
        (b"  \n", ""),
        (b"{}", ""),
        (b"[1, 2]", ""),
        (b"null", ""),
        (b'{"message": {"deep": 1}}', ""),
        (b'{"message":"half', ""),
        (b"<!doctype html><title>Login</title>", ""),
        (b"\xef\xbb\xbf<html>", ""),
        (b'{"message":"two\\nlines\\u001b[31m"}', "two lines [31m"),
        (b"\xff\xfe", "\ufffd\ufffd"),
    ],
)
def test_what_a_refusal_says(body: bytes, words: str) -> None:
    assert reason(body) == words


def test_a_long_story_is_cut() -> None:
    assert len(reason(b"x" * 10_000)) < 400


@pytest.mark.parametrize(
    "text",
    [
        "Invalid key=value pair in Authorization header: 'Bearer eyJhbGciOiJ9.eyJzdWIi.c2ln'",
        "token eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl is expired",
        "sent Callback workflow-service:run:0123456789abcdef",
    ],
)
def test_a_token_that_is_said_back_is_not_shown(text: str) -> None:
    for body in (text.encode(), json.dumps({"message": text}).encode()):
        said = reason(body)
        assert "[token]" in said
        assert "eyJ" not in said
        assert "0123456789" not in said


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (300, PlatformError),
        (302, PlatformError),
        (400, Invalid),
        (401, Forbidden),
        (402, PlatformError),
        (403, Forbidden),
        (404, NotFound),
        (405, PlatformError),
        (409, Conflict),
        (412, Conflict),
        (422, Invalid),
        (423, Conflict),
        (429, RateLimited),
        (500, PlatformError),
        (503, PlatformError),
        (599, PlatformError),
        (999, PlatformError),
    ],
)
def test_every_status_has_its_error_and_keeps_the_status(
    status: int, kind: type[PlatformError]
) -> None:
    error = failure(Answer(WHERE, status, b'{"message":"because"}'))
    assert type(error) is kind
    assert isinstance(error, PlatformError)
    assert error.status == status
    assert error.where == WHERE
    assert error.message.endswith("because")


def test_a_401_of_the_gateway_is_about_signing_in_and_any_other_about_rights() -> None:
    signed_out = failure(Answer(WHERE, 401, b'{"message":"Unauthorized"}'))
    not_allowed = failure(Answer(WHERE, 401, b'{"message":"not permitted"}'))
    assert isinstance(signed_out, NotSignedIn)
    assert "pennsieve login" in (signed_out.hint or "")
    assert isinstance(not_allowed, Forbidden)
    assert signed_out.exit_code is not_allowed.exit_code is ExitCode.NOT_ALLOWED


@pytest.mark.parametrize("status", [301, 401, 403, 404, 500])
def test_a_web_page_points_to_the_host_or_a_proxy(status: int) -> None:
    error = failure(Answer(WHERE, status, b"<html><body>Access denied by policy</body></html>"))
    assert "proxy" in (error.hint or "")
    assert "<" not in error.message


def test_every_failure_is_one_sentence_without_a_full_stop() -> None:
    for status in range(300, 600):
        for body in (b"", b'{"message":"a long reason."}', b"<html>"):
            error = failure(Answer(WHERE, status, body))
            assert isinstance(error, AgentError)
            assert error.message
            assert "\n" not in error.message
            assert not error.message.endswith(".")
