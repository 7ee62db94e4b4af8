"""Credentials, regions and refusals, as a person meets them."""

from __future__ import annotations

import hashlib
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from pennsieve_agent.aws.session import Aws
from pennsieve_agent.domain.aws_keys import AwsKeys
from pennsieve_agent.domain.profile import AwsSettings
from pennsieve_agent.errors import AwsError, NotPermitted
from tests.aws.emulator import NUMBER, settings

ERROR = (
    "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code>"
    "<Message>{message}</Message></Error><RequestId>r</RequestId></ErrorResponse>"
)
IDENTITY = (
    "<GetCallerIdentityResponse><GetCallerIdentityResult><Arn>{arn}</Arn><UserId>U</UserId>"
    "<Account>111122223333</Account></GetCallerIdentityResult></GetCallerIdentityResponse>"
)


@contextmanager
def answering(body: str, status: str = "400 Bad Request") -> Iterator[tuple[str, list[bytes]]]:
    """A server that gives every request the same answer, and keeps what it was sent."""
    requests: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    requests.append(connection.recv(65536))
                    head = f"HTTP/1.1 {status}\r\nContent-Type: text/xml\r\nConnection: close\r\n"
                    connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}", requests
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(timeout=5)


def refusal(folder: Path, body: str, service: str, operation: str, **parameters: str) -> AwsError:
    with answering(body) as (url, _), Aws(settings(folder, url)) as aws:
        with pytest.raises(AwsError) as raised:
            aws.call(service, operation, **parameters)
        return raised.value


def test_identity_names_account_region_and_source(aws: Aws) -> None:
    identity = aws.identity()

    assert identity.account_id == NUMBER
    assert identity.region == "us-east-1"
    assert identity.source == "the AWS credentials file, profile default"
    assert identity.partition == "aws"


def test_files_of_the_settings_win_over_the_environment(
    emulator: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAREAL")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "real")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "real-token")

    with answering(IDENTITY.format(arn="arn:aws:iam::111122223333:user/ada"), "200 OK") as (
        url,
        requests,
    ):
        with Aws(settings(tmp_path, url)) as aws:
            aws.identity()
        assert b"AKIAEXAMPLE" in requests[0]
        assert b"real-token" not in requests[0]

    with Aws(AwsSettings(endpoint=emulator)) as own:
        assert own.identity().source == "the environment variables"


def test_region_comes_from_the_call_the_settings_aws_or_us_east_1(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Aws(AwsSettings(region="eu-west-1"), region="us-west-2").region == "us-west-2"
    assert Aws(AwsSettings(region="eu-west-1")).region == "eu-west-1"
    assert Aws(AwsSettings()).region == "us-east-1"
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    assert Aws(AwsSettings()).region == "eu-central-1"
    (tmp_path / "config").write_text("[default]\nregion = ap-south-1\n")
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    assert Aws(settings(tmp_path, None)).region == "ap-south-1"


def test_no_credentials_says_what_to_do() -> None:
    with Aws(AwsSettings()) as aws, pytest.raises(AwsError) as raised:
        aws.identity()
    assert raised.value.message == "no AWS credentials were found"
    assert "--aws-profile" in str(raised.value.hint)


def test_unknown_profile_is_named(tmp_path: Path) -> None:
    with Aws(settings(tmp_path, None), profile="lab") as aws, pytest.raises(AwsError) as raised:
        aws.identity()
    assert raised.value.message == "there is no AWS profile called 'lab'"


def test_keys_of_ours_are_used_where_aws_has_no_such_profile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def find(name: str) -> AwsKeys | None:
        asked.append(name)
        return AwsKeys("AKIAOFOURS", "not-shown") if name == "lab" else None

    monkeypatch.setenv("AWS_PROFILE", "another")
    body = IDENTITY.format(arn="arn:aws:iam::111122223333:user/ada")
    with answering(body, "200 OK") as (url, requests):
        for profile in ("lab", "default"):  # as the settings' cli_aws_profile
            with Aws(settings(tmp_path, url, profile=profile), find_keys=find) as aws:
                aws.identity()
    assert b"AKIAOFOURS" in requests[0]
    assert b"AKIAEXAMPLE" in requests[1]
    assert asked == ["lab"]
    with (
        Aws(settings(tmp_path, None), profile="none", find_keys=find) as nobody,
        pytest.raises(AwsError, match="no AWS profile called 'none'"),
    ):
        nobody.identity()
    assert "not-shown" not in repr(find("lab"))


def test_expired_sso_names_the_command(tmp_path: Path) -> None:
    (tmp_path / "config").write_text(
        "[profile lab]\nsso_session = s\nsso_account_id = 111122223333\nsso_role_name = r\n"
        "[sso-session s]\nsso_region = us-east-1\nsso_start_url = https://example.org/start\n"
    )
    with Aws(settings(tmp_path, None), profile="lab") as aws, pytest.raises(AwsError) as raised:
        aws.identity()
    assert raised.value.message == "the AWS session has expired"
    assert raised.value.hint == "sign in to AWS again with: aws sso login --profile lab"


def test_a_token_of_sso_that_ended_names_the_command(tmp_path: Path, clean_machine: Path) -> None:
    (tmp_path / "config").write_text(
        "[profile lab]\nsso_start_url = https://example.org/start\nsso_region = us-east-1\n"
        "sso_account_id = 111122223333\nsso_role_name = r\n"
    )
    cache = clean_machine / ".aws" / "sso" / "cache"
    cache.mkdir(parents=True)
    name = hashlib.sha1(b"https://example.org/start", usedforsecurity=False).hexdigest()
    token = {"accessToken": "hidden-word", "expiresAt": "2020-01-01T00:00:00Z"}
    (cache / f"{name}.json").write_text(json.dumps(token))
    with Aws(settings(tmp_path, None), profile="lab") as aws, pytest.raises(AwsError) as raised:
        aws.identity()
    assert raised.value.message == "the AWS session has expired"
    assert raised.value.hint == "sign in to AWS again with: aws sso login --profile lab"
    assert "hidden-word" not in repr(raised.value)


@contextmanager
def refusing_outside(region: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An STS that knows the keys in one region alone, as AWS where others are not enabled."""
    identity = IDENTITY.format(arn="arn:aws:iam::111122223333:user/ada").encode()
    refused = ERROR.format(code="InvalidClientTokenId", message="The token is invalid").encode()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            good = f"/{region}/sts/" in self.headers["Authorization"]
            self.send_response(200 if good else 403)
            self.send_header("Content-Type", "text/xml")
            self.end_headers()
            self.wfile.write(identity if good else refused)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_address[1]}")
        try:
            yield
        finally:
            server.shutdown()
            thread.join(timeout=5)


def test_a_region_that_is_not_enabled_is_said_to_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = settings(tmp_path, None, region="eu-south-2")
    with (
        refusing_outside("us-east-1", monkeypatch),
        Aws(own) as aws,
        pytest.raises(AwsError) as raised,
    ):
        aws.identity()
    assert raised.value.message == "AWS region eu-south-2 is not enabled in account 111122223333"
    assert "aws account enable-region --region-name eu-south-2" in str(raised.value.hint)
    with (
        refusing_outside("nowhere", monkeypatch),
        Aws(own) as aws,
        pytest.raises(AwsError) as raised,
    ):
        aws.identity()
    assert raised.value.message == "AWS does not accept these credentials"


@pytest.mark.parametrize(
    ("region", "message"),
    [
        ("us-esat-1", "there is no AWS region 'us-esat-1'"),
        ("eu-west-1", "AWS does not answer"),
        ("eu_west_1", "'eu_west_1' is not the name of an AWS region"),
    ],
)
def test_a_region_that_does_not_exist(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, region: str, message: str
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    with Aws(settings(tmp_path, None, region=region)) as aws, pytest.raises(AwsError) as raised:
        aws.identity()
    assert raised.value.message == message


def test_a_session_closes_those_of_other_regions(tmp_path: Path) -> None:
    with Aws(settings(tmp_path, None)) as aws:
        abroad = aws.at("eu-west-1")
        assert abroad.region == "eu-west-1"
        assert aws.at("eu-west-1") is abroad
        assert aws.at(aws.region) is aws
        client = abroad._client("sts")
    pool = client._endpoint.http_session._manager.pools
    assert abroad._client("sts") is not client, "it is closed"
    assert not len(pool)
    abroad.close()


def test_no_mfa_code_is_no_crash(tmp_path: Path) -> None:
    with (
        Aws(settings(tmp_path, None), can_ask=True) as aws,
        pytest.raises(AwsError) as raised,
        aws._translated("sts", "get_caller_identity"),
    ):
        raise EOFError  # as getpass does at Ctrl-D
    assert raised.value.message == "no code of the MFA device was given"


def test_root_keys_are_refused(tmp_path: Path) -> None:
    with (
        answering(IDENTITY.format(arn="arn:aws:iam::111122223333:root"), "200 OK") as (url, _),
        Aws(settings(tmp_path, url)) as aws,
        pytest.raises(AwsError) as raised,
    ):
        aws.identity()
    assert "root user" in raised.value.message


def test_missing_right_names_action_resource_and_reason(tmp_path: Path) -> None:
    said = (
        "User: arn:aws:iam::111122223333:user/ada is not authorized to perform: iam:GetRole on "
        "resource: arn:aws:iam::111122223333:role/r with an explicit deny in a service control "
        "policy"
    )
    error = refusal(
        tmp_path, ERROR.format(code="AccessDenied", message=said), "iam", "get_role", RoleName="r"
    )

    assert isinstance(error, NotPermitted)
    assert error.message == (
        "AWS refused iam:GetRole by a service control policy of your organisation"
    )
    assert error.where == "arn:aws:iam::111122223333:role/r"


def test_missing_right_without_a_sentence_is_named_by_the_operation(tmp_path: Path) -> None:
    body = ERROR.format(code="AccessDenied", message="")
    error = refusal(tmp_path, body, "cloudformation", "describe_stacks", StackName="s")

    assert isinstance(error, NotPermitted)
    assert error.message == "AWS refused cloudformation:DescribeStacks"


MFA = "MultiFactorAuthentication failed with invalid MFA one time pass code. "
DENIED = "User: u is not authorized to perform: iam:CreateRole on resource: arn:aws:iam::1:role/r"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (MFA, "AWS refused the code of the MFA device, or requires one"),
        (
            f"{DENIED} with an explicit deny in an identity-based policy",
            (
                "AWS refused iam:CreateRole because of an explicit Deny in a policy; some apply "
                "until you sign in with MFA"
            ),
        ),
        (
            f"{DENIED} with an explicit deny in a service control policy",
            "AWS refused iam:CreateRole by a service control policy of your organisation",
        ),
    ],
)
def test_why_it_was_denied(tmp_path: Path, text: str, message: str) -> None:
    body = ERROR.format(code="AccessDenied", message=text)
    error = refusal(tmp_path, body, "iam", "get_role", RoleName="r")
    assert isinstance(error, NotPermitted)
    assert error.message == message
    assert error.hint


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (
            "ExpiredToken",
            "the AWS session of profile 'default' in the AWS credentials file has expired",
        ),
        ("InvalidClientTokenId", "AWS does not accept these credentials"),
        ("Throttling", "AWS refused too many requests in a short time"),
        ("RequestTimeTooSkewed", "AWS refused a signature: this machine's clock may be wrong"),
        ("OptInRequired", "this AWS region does not exist or is not enabled in the account"),
        ("Odd", "AWS refused sts:GetCallerIdentity: it is odd"),
    ],
)
def test_codes_become_sentences(tmp_path: Path, code: str, message: str) -> None:
    body = ERROR.format(code=code, message="it is odd.")
    error = refusal(tmp_path, body, "sts", "get_caller_identity")

    assert error.message == message
    assert error.aws_code == code


def test_signature_expired_means_the_clock(tmp_path: Path) -> None:
    body = ERROR.format(code="SignatureDoesNotMatch", message="Signature expired: 2020 is earlier")
    error = refusal(tmp_path, body, "sts", "get_caller_identity")

    assert "clock" in error.message


def test_no_network_is_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    nowhere = settings(tmp_path, f"http://127.0.0.1:{port}")
    with Aws(nowhere) as aws, pytest.raises(AwsError) as raised:
        aws.identity()
    assert raised.value.message == "AWS does not answer"


def test_a_process_that_prints_secrets_is_not_repeated(tmp_path: Path) -> None:
    (tmp_path / "config").write_text(
        "[profile odd]\ncredential_process = sh -c 'echo hidden-word >&2; exit 1'\n"
    )
    with Aws(settings(tmp_path, None), profile="odd") as aws, pytest.raises(AwsError) as raised:
        aws.identity()
    error = raised.value
    assert error.message == "the credential_process of AWS profile 'odd' gave no credentials"
    assert "hidden-word" not in json.dumps([error.message, error.where, error.hint, repr(error)])
