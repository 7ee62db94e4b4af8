"""Every wrong setting of AWS is named, with its variable or file, and what to do about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pennsieve_agent.aws.session import Aws
from pennsieve_agent.domain.profile import AwsSettings
from pennsieve_agent.errors import AwsError
from tests.aws.refusals import ARN, KEYS, no_answer, refused
from tests.aws.test_session import ERROR, IDENTITY, answering

__all__ = ["no_answer"]  # a fixture

ROLE = f"role_arn = {ARN}"
PRINTED = (
    """echo '{{"Version": 1, "AccessKeyId": "a", "SecretAccessKey": "b", "Expiration": "{}"}}'"""
)
WRITTEN = "aws_access_key_id = AKIAABCDEFGHIJKLMNOP\naws_secret_access_key = not-to-be-told"


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
        ("AWS_SECRET_ACCESS_KEY", "'not-to-be-told'", "has characters that no AWS key has"),
        ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "here", "'here' is not an address"),
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
        (
            {"AWS_WEB_IDENTITY_TOKEN_FILE": __file__},
            "AWS_ROLE_ARN",
            "AWS_WEB_IDENTITY_TOKEN_FILE is set and AWS_ROLE_ARN is not",
        ),
        (
            {"AWS_ROLE_ARN": "lab", "AWS_WEB_IDENTITY_TOKEN_FILE": "/no/such"},
            "AWS_ROLE_ARN",
            "'lab' is not the ARN of a role",
        ),
        (
            {"AWS_ROLE_ARN": ARN.replace("aws", "aws-cn"), "AWS_WEB_IDENTITY_TOKEN_FILE": "/no"},
            "AWS_ROLE_ARN",
            "is in another AWS partition (aws-cn)",
        ),
        (
            {"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "keys"},
            "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
            "does not begin with /",
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
        ("role_arn = lab\nsource_profile = x", "role_arn 'lab' is not the ARN of a role"),
        (f"{ROLE.replace(':aws:', ':aws-cn:')}\nsource_profile = x", "another AWS partition"),
        (f"{ROLE}\nrole_session_name = a b\nsource_profile = x", "is not the name of a session"),
        (f"{ROLE}\nsource_profile = gone", 'source_profile "gone"'),
        (WRITTEN.replace("AKIA", '"AKIA'), "aws_access_key_id has characters that no AWS key has"),
        (WRITTEN.replace("-be", " be"), "aws_secret_access_key has characters"),
        ("aws_access_key_id = AKIAABCDEFGHIJKLMNOP", "missing: aws_secret_access_key"),
        ("region = us east", "is not the name of an AWS region"),
        ("sso_session = gone\nsso_account_id = 1\nsso_role_name = r", "sso-session does not exist"),
        ("credential_process = echo []", "did not print credentials"),
        (f"credential_process = {PRINTED.format('not-to-be-told')}", "did not print credentials"),
        (f"credential_process = {PRINTED.format('2020-01-01T00:00:00Z')}", "has expired"),
        (
            f"{WRITTEN}\nrequest_min_compression_size_bytes = 1048577",
            "is not a number from 0 to 1048576",
        ),
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


def test_a_profile_that_a_role_goes_on_with_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config"
    keys = WRITTEN.replace("AKIA", "AKIA ")
    config.write_text(f"[profile lab]\n{ROLE}\nsource_profile = keys\n[profile keys]\n{keys}\n")
    error = refused(monkeypatch, {"AWS_CONFIG_FILE": str(config)}, "lab")
    assert "aws_access_key_id has characters that no AWS key has" in error.message
    assert error.where == f"{config}, profile keys"


def test_an_address_of_one_service_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "config"
    config.write_text(
        f"[profile lab]\n{WRITTEN}\nservices = s\n"
        "[services s]\nsts =\n  endpoint_url = localhost:1\n"
    )
    error = refused(monkeypatch, {"AWS_CONFIG_FILE": str(config)}, "lab")
    assert error.message == "endpoint_url 'localhost:1' is not an address"
    assert error.where == f"{config}, services s, sts"


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"[profile a]\nx = 1\n[profile a]\ny = 1\n", ", line 3"),
        (b"aws_secret_access_key = not-to-be-told\n", ", line 1"),
        (b"[profile a]\nnot-to-be-told\n", ", line 2"),
        (b"[profile a]\nx = \xff\n", ""),
        (b"\xef\xbb\xbf[profile a]\nx = 1\n", ", line 1"),
    ],
)
@pytest.mark.parametrize("variable", ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"])
def test_a_file_that_cannot_be_read_is_named_with_its_line(
    variable: str, content: bytes, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "damaged"
    file.write_bytes(content)
    error = refused(monkeypatch, {variable: str(file)})
    assert "cannot be read: its form is not valid" in error.message
    assert error.where == f"{file}{line}"
    assert "~/.aws" not in (error.hint or "")


@pytest.mark.parametrize("content", [b"", b"\n", b"\x80\x00", b"a\nb\n"])
@pytest.mark.parametrize(
    "variable", ["AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"]
)
def test_a_file_that_holds_no_token_is_named(
    variable: str, content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = tmp_path / "token"
    token.write_bytes(content)
    uses = {"AWS_ROLE_ARN": ARN, "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/x"}
    if variable.startswith("AWS_CONTAINER"):
        del uses["AWS_ROLE_ARN"]
    error = refused(monkeypatch, {**uses, variable: str(token)})
    assert error.message.startswith(f"{variable} '{token}' ")
    assert error.where == variable


def test_the_line_end_of_a_containers_token_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = tmp_path / "token"
    token.write_bytes(b"not-to-be-told\n")
    variable = "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
    uses = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:1/x", variable: str(token)}
    assert refused(monkeypatch, uses).message == f"{variable} '{token}' ends with a line end"


@pytest.mark.parametrize("empty", ["AWS_PROFILE", "AWS_DEFAULT_PROFILE"])
def test_an_empty_variable_names_no_profile(empty: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert refused(monkeypatch, {**KEYS, empty: ""}).message == "AWS does not answer"


@pytest.mark.parametrize(
    "unused",
    [
        {"AWS_WEB_IDENTITY_TOKEN_FILE": "/no/such", "AWS_ROLE_ARN": "x"},
        {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://example.org/x"},
        {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "cn-north-1"},
        {"AWS_ROLE_ARN": "x", "AWS_ROLE_SESSION_NAME": "a b"},
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


def test_an_account_of_another_partition_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    body = IDENTITY.format(arn="arn:aws-us-gov:iam::111122223333:user/ada")
    with answering(body, "200 OK") as (url, _):
        error = refused(monkeypatch, {**KEYS, "AWS_ENDPOINT_URL": url})
    assert "another AWS partition (aws-us-gov)" in error.message


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
