"""Every wrong setting of AWS is named, with its variable or file, and what to do about it."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import certifi
import pytest

from pennsieve_agent.aws.session import Aws
from pennsieve_agent.domain.profile import AwsSettings
from pennsieve_agent.errors import AwsError
from pennsieve_agent.transfer.network import BUNDLES
from tests.aws.test_session import ERROR, IDENTITY, answering
from tests.transfer.test_sender import certificate

__all__ = ["certificate"]  # a fixture

KEYS = {"AWS_ACCESS_KEY_ID": "AKIAABCDEFGHIJKLMNOP", "AWS_SECRET_ACCESS_KEY": "not-to-be-told"}
ARN = "arn:aws:iam::111122223333:role/lab"
ROLE = f"role_arn = {ARN}"
WRITTEN = "aws_access_key_id = AKIAABCDEFGHIJKLMNOP\naws_secret_access_key = not-to-be-told"


@pytest.fixture(autouse=True)
def _no_answer(clean_machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is not noticed ends in no answer: nothing leaves this machine."""
    del clean_machine
    for name in BUNDLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def refused(
    monkeypatch: pytest.MonkeyPatch, variables: Mapping[str, str], profile: str | None = None
) -> AwsError:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with Aws(AwsSettings(), profile=profile) as aws, pytest.raises(AwsError) as raised:
        aws.identity()
    error = raised.value
    assert "not-to-be-told" not in f"{error.message} {error.where} {error.hint}"
    assert error.hint
    return error


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("AWS_ENDPOINT_URL", "localhost:4566", "'localhost:4566' is not an address"),
        ("AWS_ENDPOINT_URL_STS", "sts.example.org", "is not an address"),
        ("AWS_ENDPOINT_URL", "http://localhost:99999", "is not an address"),
        ("AWS_ENDPOINT_URL", "https://", "is not an address"),
        ("AWS_MAX_ATTEMPTS", "lots", "'lots' is not a number"),
        ("AWS_MAX_ATTEMPTS", "0", "'0' is not a number of at least 1"),
        ("AWS_METADATA_SERVICE_TIMEOUT", "soon", "is not a number"),
        ("AWS_RETRY_MODE", "often", "is not a value that AWS knows"),
        ("AWS_DEFAULTS_MODE", "x", "is not a value that AWS knows"),
        ("AWS_CA_BUNDLE", "/no/such.pem", "cannot be read as certificates"),
        ("REQUESTS_CA_BUNDLE", "/no/such.pem", "cannot be read as certificates"),
        ("SSL_CERT_FILE", "/etc/passwd", "cannot be read as certificates"),
        ("AWS_REGION", "us_east_1", "'us_east_1' is not the name of an AWS region"),
        ("AWS_DEFAULT_REGION", " us-east-1", "is not the name of an AWS region"),
        ("AWS_ACCESS_KEY_ID", "AKIAABCDEFGHIJKLMNOP\n", "has a space or a line end"),
        ("AWS_SECRET_ACCESS_KEY", "not-to-be-told\r\n", "has a space or a line end"),
        ("AWS_SESSION_TOKEN", " not-to-be-told", "has a space or a line end"),
        ("AWS_SECRET_ACCESS_KEY", "“not-to-be-told”", "has characters that no AWS key has"),
        ("AWS_PROFILE", "gone", "there is no AWS profile called 'gone'"),
        ("AWS_DEFAULT_PROFILE", "gone", "there is no AWS profile called 'gone'"),
    ],
)
def test_a_variable_is_named(
    name: str, value: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = refused(monkeypatch, {**KEYS, name: value})
    assert message in error.message
    assert error.where == name


@pytest.mark.parametrize(
    ("variables", "named", "message"),
    [
        ({"AWS_ACCESS_KEY_ID": "AKIAABCDEFGHIJKLMNOP"}, "AWS_SECRET_ACCESS_KEY", "is not"),
        (
            {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://example.org/x"},
            "AWS_CONTAINER_CREDENTIALS_FULL_URI",
            "neither on this machine",
        ),
        (
            {
                "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/x",
                "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "/no/such",
            },
            "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
            "No such file",
        ),
        (
            {
                "AWS_ROLE_ARN": ARN,
                "AWS_WEB_IDENTITY_TOKEN_FILE": "/no/such",
            },
            "AWS_WEB_IDENTITY_TOKEN_FILE",
            "No such file",
        ),
    ],
)
def test_a_way_to_credentials_is_named(
    variables: dict[str, str], named: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = refused(monkeypatch, variables)
    assert message in error.message
    assert error.where == named


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ("credential_process = /no/such/tool --x", "cannot be started: No such file"),
        ("credential_process = /etc/passwd", "cannot be started: Permission denied"),
        ("credential_process = echo not-to-be-told", "did not print JSON"),
        ("credential_process = false", "gave no credentials"),
        ("""credential_process = echo '{"Version": 1}'""", "gave no credentials"),
        ('credential_process = "unfinished', "is not a command that can be read"),
        (f"{ROLE}\nweb_identity_token_file = /no/such", "No such file"),
        (f"{WRITTEN}\nendpoint_url = localhost:4566", "is not an address"),
        (f"{WRITTEN}\nca_bundle = /no/such.pem", "cannot be read as certificates"),
        (f"{WRITTEN}\nretry_mode = often", "is not a value that AWS knows"),
        (f"{ROLE}\nsource_profile = x\nduration_seconds = long", "is not a number"),
    ],
)
def test_a_profile_is_named_with_its_file(
    options: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config"
    config.write_text(f"[profile lab]\n{options}\n")
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    error = refused(monkeypatch, {"AWS_CONFIG_FILE": str(config)}, "lab")
    assert message in error.message
    assert error.where == f"{config}, profile lab"


@pytest.mark.parametrize("empty", ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"])
def test_an_empty_variable_names_no_profile(empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert refused(monkeypatch, {**KEYS, empty: ""}).message == "AWS does not answer"


@pytest.mark.parametrize(
    "unused",
    [
        {"AWS_WEB_IDENTITY_TOKEN_FILE": "/no/such", "AWS_ROLE_ARN": "x"},
        {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://example.org/x"},
        {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "cn-north-1"},
    ],
)
def test_what_does_not_count_is_not_refused(
    unused: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert refused(monkeypatch, {**KEYS, **unused}).message == "AWS does not answer"


def test_a_missing_file_of_profiles_is_named_where_there_are_no_credentials(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    error = refused(monkeypatch, {"AWS_SHARED_CREDENTIALS_FILE": "/no/such"})
    assert "AWS_SHARED_CREDENTIALS_FILE names /no/such, which is not a file" in error.message


@pytest.mark.parametrize(
    ("variables", "region"),
    [
        ({"AWS_REGION": "eu-west-1"}, "eu-west-1"),
        ({"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "us-west-2"}, "eu-west-1"),
        ({"AWS_REGION": "", "AWS_DEFAULT_REGION": "us-west-2"}, "us-west-2"),
        ({}, "us-east-1"),
    ],
)
def test_the_region_of_either_variable_counts(
    variables: dict[str, str], region: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with Aws(AwsSettings()) as aws:
        assert aws.region == region


@pytest.mark.parametrize(
    ("region", "cloud"),
    [
        ("cn-north-1", "AWS China"),
        ("cn-northwest-1", "AWS China"),
        ("us-gov-west-1", "AWS GovCloud (US)"),
        ("us-iso-east-1", "an isolated cloud"),
        ("eusc-de-east-1", "European Sovereign"),
    ],
)
def test_another_partition_is_refused_before_anything_is_asked(
    region: str, cloud: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = refused(monkeypatch, {**KEYS, "AWS_REGION": region})
    assert cloud in error.message
    assert "another AWS partition" in error.message
    assert error.where == "AWS_REGION"
    with Aws(AwsSettings(), region) as typed, pytest.raises(AwsError, match="another AWS part"):
        typed.identity()
    with Aws(AwsSettings(), "us-east-1") as chosen:
        assert chosen.region == "us-east-1"  # what is typed wins over the variable


EXPIRED = ERROR.format(code="ExpiredToken", message="The security token is expired")


def test_an_expired_session_of_variables_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(EXPIRED, "403 Forbidden") as (url, _):
        error = refused(
            monkeypatch, {**KEYS, "AWS_SESSION_TOKEN": "not-to-be-told", "AWS_ENDPOINT_URL": url}
        )
    assert error.message == "the AWS session in AWS_SESSION_TOKEN has expired"
    assert "sso login" not in (error.hint or "")


def test_an_expired_session_of_a_file_says_which(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "credentials"
    file.write_text(f"[lab]\n{WRITTEN}\naws_session_token = not-to-be-told\n")
    with answering(EXPIRED, "403 Forbidden") as (url, _):
        variables = {"AWS_SHARED_CREDENTIALS_FILE": str(file), "AWS_ENDPOINT_URL": url}
        error = refused(monkeypatch, {**variables, "AWS_PROFILE": "lab"})
    assert error.message == (
        "the AWS session of profile 'lab' in the AWS credentials file has expired"
    )


@pytest.mark.parametrize("by_variable", [True, False])
def test_a_role_over_single_sign_on_names_the_profile_that_signs_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, by_variable: bool
) -> None:
    config = tmp_path / "config"
    config.write_text(
        f"[profile lab]\n{ROLE}\nsource_profile = work\n[profile work]\nsso_session = s\n"
        "sso_account_id = 111122223333\nsso_role_name = r\n[sso-session s]\n"
        "sso_region = us-east-1\nsso_start_url = https://example.org/start\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    named = {"AWS_PROFILE": "lab"} if by_variable else {}
    error = refused(monkeypatch, named, None if by_variable else "lab")
    assert error.hint == "sign in to AWS again with: aws sso login --profile work"


@pytest.mark.parametrize(
    ("code", "message", "told"),
    [
        ("SignatureDoesNotMatch", "Signature expired: 2026 is now earlier than 2027", "clock"),
        ("SignatureDoesNotMatch", "Signature not yet current: 2027 is still later", "clock"),
        ("InvalidSignatureException", "Signature not yet current: 2027", "clock"),
        ("RequestTimeTooSkewed", "The difference is too large", "clock"),
        ("RequestExpired", "Request has expired", "clock"),
        ("InvalidSignatureException", "The signature we calculated", "does not accept these"),
    ],
)
def test_clocks_in_both_directions(
    code: str, message: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with answering(ERROR.format(code=code, message=message), "403 Forbidden") as (url, _):
        error = refused(monkeypatch, {**KEYS, "AWS_ENDPOINT_URL": url})
    assert told in error.message


class Identity(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        body = IDENTITY.format(arn=ARN).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def secure(certificate: Path) -> Iterator[str]:
    """AWS STS over TLS, with a certificate that nobody signed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with HTTPServer(("127.0.0.1", 0), Identity) as server:
        server.handle_error = lambda *_: None  # type: ignore[method-assign]
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"https://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("name", BUNDLES)
def test_one_setting_of_certificates_serves_aws_and_pennsieve(
    name: str, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key, value in {**KEYS, name: str(certificate)}.items():
        monkeypatch.setenv(key, value)
    with secure(certificate) as url, Aws(AwsSettings()) as aws:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        assert aws.identity().arn == ARN


@pytest.mark.parametrize("name", [None, "REQUESTS_CA_BUNDLE"])
def test_a_certificate_that_is_not_trusted_names_the_setting(
    name: str | None, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = {name: certifi.where()} if name else {}
    with secure(certificate) as url:
        error = refused(monkeypatch, {**KEYS, **others, "AWS_ENDPOINT_URL": url})
    assert error.message == "no secure connection to AWS: its certificate is not trusted"
    assert f"set {name or 'SSL_CERT_FILE'} to its certificate file" in (error.hint or "")


def test_an_account_of_another_partition_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    body = IDENTITY.format(arn="arn:aws-us-gov:iam::111122223333:user/ada")
    with answering(body, "200 OK") as (url, _):
        error = refused(monkeypatch, {**KEYS, "AWS_ENDPOINT_URL": url})
    assert "another AWS partition (aws-us-gov)" in error.message


def test_a_proxy_that_is_not_there_is_named_without_its_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    proxy = {"HTTPS_PROXY": "http://ada:not-to-be-told@127.0.0.1:1", "NO_PROXY": ""}
    error = refused(monkeypatch, {**KEYS, **proxy, "AWS_ENDPOINT_URL": "https://sts.example.org"})
    assert error.message.startswith("the proxy on the way to AWS")
    assert "HTTPS_PROXY" in (error.hint or "")
