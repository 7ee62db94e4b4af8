"""The emulated AWS account: in front of it, and what is written down to make it again."""

from __future__ import annotations

import configparser
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pennsieve_agent.sandbox.aws import account as aws
from pennsieve_agent.sandbox.aws.access_keys import write_settings
from pennsieve_agent.sandbox.aws.account import Account, front
from pennsieve_agent.sandbox.aws.request_journal import Entry, Journal, changes_something, variables
from pennsieve_agent.sandbox.host.world import World

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

FORM = "application/x-www-form-urlencoded; charset=utf-8"


def signed(service: str) -> str:
    scope = f"AKIAX/20260101/us-east-1/{service}/aws4_request"
    return f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=abc123"


@pytest.mark.parametrize(
    ("service", "method", "path", "target", "body", "expected"),
    [
        ("iam", "POST", "/", "", b"Action=CreateRole&Version=1", True),
        ("iam", "POST", "/", "", b"Action=GetRole&Version=1", False),
        ("iam", "POST", "/", "", b"Version=1&Action=ListRoles", False),
        ("sts", "POST", "/", "", b"Action=AssumeRole", False),
        ("cloudformation", "POST", "/", "", b"Action=ExecuteChangeSet", True),
        ("cloudformation", "POST", "/", "", b"Action=DescribeStacks", False),
        ("dynamodb", "POST", "/", "DynamoDB_20120810.PutItem", b"{}", True),
        ("dynamodb", "POST", "/", "DynamoDB_20120810.Query", b"{}", False),
        ("batch", "POST", "/v1/createjobqueue", "", b"{}", True),
        ("batch", "POST", "/v1/describejobs", "", b"{}", False),
        ("batch", "POST", "/v1/submitjob", "", b"{}", False),
        ("lambda", "POST", "/2015-03-31/functions/f/invocations", "", b"{}", False),
        ("lambda", "POST", "/2015-03-31/functions", "", b"{}", True),
        ("s3", "PUT", "/bucket/list-of-things", "", b"", True),
        ("s3", "POST", "/bucket/describe?uploads", "", b"", True),
        ("s3", "GET", "/bucket", "", b"", False),
    ],
)
def test_what_is_written_down(
    service: str, method: str, path: str, target: str, body: bytes, *, expected: bool
) -> None:
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "HTTP_AUTHORIZATION": signed(service),
        "HTTP_X_AMZ_TARGET": target,
        "CONTENT_TYPE": FORM if body.startswith(b"A") or b"&" in body else "application/json",
    }
    assert changes_something(environ, body) is expected


def test_no_signature_and_no_session_token_is_written_down() -> None:
    kept = variables(
        {
            "HTTP_AUTHORIZATION": signed("iam"),
            "HTTP_X_AMZ_SECURITY_TOKEN": "session",
            "PATH_INFO": "/",
            "wsgi.input": object(),
            "werkzeug.socket": object(),
        }
    )
    assert set(kept) == {"HTTP_AUTHORIZATION", "PATH_INFO"}
    assert "abc123" not in str(kept)


def test_a_journal_outlives_half_a_line(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "aws.jsonl")
    assert list(journal.entries()) == []
    first, second = Entry({"PATH_INFO": "/é"}, b"\x00\xff", 7), Entry({}, b"", 8)
    journal.append(first)
    with (tmp_path / "aws.jsonl").open("a") as file:
        file.write('{"seed": 1, "varia\n[]\n{"seed": "x"}\n')
    journal.append(second)
    assert list(journal.entries()) == [first, second]
    assert stat.S_IMODE((tmp_path / "aws.jsonl").stat().st_mode) == 0o600


def test_what_was_made_with_old_addresses_has_the_present_ones(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "aws.jsonl")
    form = {"HTTP_AUTHORIZATION": signed("cloudformation")}
    file = {"HTTP_AUTHORIZATION": signed("s3")}
    old = b'{"a": "http://127.0.0.1:20", "b": "http://127.0.0.1:21", "c": "http://127.0.0.1:200"}'
    journal.append(Entry(form, old + b"&T=http%3A%2F%2F127.0.0.1%3A20%22", 1))
    journal.append(Entry(file, old, 2))
    journal.append(Entry({**file, "PATH_INFO": "/bucket/code/1.template.json"}, old, 3))
    # The second address is what the first one was: they are changed at once.
    journal.translate(
        {"http://127.0.0.1:20": "http://127.0.0.1:21", "http://127.0.0.1:21": "http://127.0.0.1:33"}
    )
    new = b'{"a": "http://127.0.0.1:21", "b": "http://127.0.0.1:33", "c": "http://127.0.0.1:200"}'
    assert [entry.body for entry in journal.entries()] == [
        new + b"&T=http%3A%2F%2F127.0.0.1%3A21%22",
        old,
        new,
    ]


def test_the_settings_are_private_and_stay(world: World) -> None:
    key = write_settings(world.store, world.data, "http://127.0.0.1:3")
    assert write_settings(world.store, world.data, "http://127.0.0.1:4") == key
    for name in ("config", "credentials"):
        assert stat.S_IMODE((world.data / "aws" / name).stat().st_mode) == 0o600
    parser = configparser.ConfigParser(interpolation=None)
    parser.read([world.data / "aws" / "config", world.data / "aws" / "credentials"])
    assert dict(parser["default"]) == {
        "region": "us-east-1",
        "output": "json",
        "endpoint_url": "http://127.0.0.1:4",
        "aws_access_key_id": key[0],
        "aws_secret_access_key": key[1],
    }


def named(name: str) -> WSGIApplication:
    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        del environ
        start_response("200 OK", [])
        return [name.encode()]

    return app


def ask(app: WSGIApplication, **environ: Any) -> tuple[str, bytes]:
    seen: list[str] = []

    def start_response(status: str, headers: object, exc_info: object = None) -> Any:
        del headers, exc_info
        seen.append(status)

    body = b"".join(app(environ, start_response))
    return seen[0], body


def test_the_front_sends_each_to_its_own() -> None:
    app = front(named("sign-in"), named("aws"))
    target = "AWSCognitoIdentityProviderService.InitiateAuth"
    assert ask(app, PATH_INFO="/", HTTP_X_AMZ_TARGET=target)[1] == b"sign-in"
    assert ask(app, PATH_INFO="/pool/.well-known/jwks.json")[1] == b"sign-in"
    assert ask(app, PATH_INFO="/", HTTP_X_AMZ_TARGET="DynamoDB_20120810.Scan")[1] == b"aws"
    assert ask(app, PATH_INFO="/bucket")[1] == b"aws"
    for path in ("/moto-api/reset", "/moto-api/", "/latest/meta-data/"):
        assert ask(app, PATH_INFO=path)[0] == "404 Not Found"


def test_an_account_that_cannot_be_loaded_says_so(tmp_path: Path) -> None:
    (tmp_path / aws.JOURNAL_FILE).mkdir()
    account = Account(tmp_path, "http://127.0.0.1:1", ("AKIAX", "secret"))
    account.load()
    status, _ = ask(account, PATH_INFO="/", REQUEST_METHOD="GET")
    assert status == "503 Service Unavailable"
