"""What is done without botocore is done as botocore does it."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Mapping
from pathlib import Path

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import BotoCoreError

from pennsieve_agent.aws.open_session import plain_session
from pennsieve_agent.aws.plain_keys import PlainKeys, plain_keys
from pennsieve_agent.aws.signing_keys import SigningKeys
from pennsieve_agent.domain.aws_keys import AwsKeys
from pennsieve_agent.domain.profile import AwsSettings
from pennsieve_agent.transfer.sigv4 import signed

KEYS = "aws_access_key_id = AKIAX\naws_secret_access_key = s=e/c+r\n"
OTHER = "aws_access_key_id = AKIAY\naws_secret_access_key = other\naws_session_token = t\n"
CONFIGS = (
    "",
    "[default]\nregion = eu-west-1\n",
    f"[default]\n{KEYS}",
    f"[profile lab]\n{KEYS}region=us-west-2\n",
    f"[profile lab]\n{KEYS}aws_session_token = t\n",
    "[profile lab]\naws_access_key_id = AKIAX\n",
    "[profile lab]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = default\n",
    f"[profile lab]\n{KEYS}endpoint_url = https://elsewhere.example\n",
    f"[profile lab]\n{KEYS}endpoint_url = http://127.0.0.1:5000\n",
    "[profile lab]\nsso_session = s\nsso_account_id = 1\nsso_role_name = r\n[sso-session s]\n",
    f"[profile 'lab']\n{KEYS}",
    f"[profile lab]\n{KEYS}\n[profile  lab]\n{OTHER}",
    f"[profile lab]\n{KEYS}[plugins]\nx = y\n",
    "[profile lab\n",
)
CREDENTIALS = (
    "",
    f"[default]\n{OTHER}",
    f"[lab]\n{OTHER}",
    f"[lab]\n{KEYS}[default]\n{OTHER}",
    "[lab]\naws_session_token = t\n",
    f"[lab]\n{KEYS}credential_process = /bin/false\n",
    f"[lab]\n{KEYS}aws_security_token = t\n",
)
ENVIRONMENTS: tuple[Mapping[str, str], ...] = (
    {},
    {"AWS_PROFILE": "lab"},
    {"AWS_ACCESS_KEY_ID": "AKIAE", "AWS_SECRET_ACCESS_KEY": "e"},
    {"AWS_ACCESS_KEY_ID": "AKIAE", "AWS_SECRET_ACCESS_KEY": "e", "AWS_SESSION_TOKEN": "et"},
    {"AWS_ACCESS_KEY_ID": "AKIAE", "AWS_SECRET_ACCESS_KEY": "e", "AWS_PROFILE": "lab"},
    {"AWS_ACCESS_KEY_ID": "AKIAE"},
    {"AWS_PROFILE": "none"},
)


def of_botocore(settings: AwsSettings, profile: str | None) -> PlainKeys | None:
    session = plain_session(settings, profile)
    credentials = session.get_credentials()
    if credentials is None:
        return None
    frozen = credentials.get_frozen_credentials()
    keys = SigningKeys(frozen.access_key, frozen.secret_key, frozen.token or "")
    url = str(session.create_client("lambda", region_name="us-east-1").meta.endpoint_url)
    return PlainKeys(keys, "" if url == "https://lambda.us-east-1.amazonaws.com" else url)


def without_aws(monkeypatch: pytest.MonkeyPatch, environ: Mapping[str, str]) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("environ", ENVIRONMENTS)
def test_plain_keys_are_those_of_botocore(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, environ: Mapping[str, str]
) -> None:
    without_aws(monkeypatch, environ)
    settings = AwsSettings(config_file=tmp_path / "config", credentials_file=tmp_path / "keys")
    everything = {"AWS_EC2_METADATA_DISABLED": "true", **environ}
    answered = 0
    for config, credentials, profile in itertools.product(CONFIGS, CREDENTIALS, (None, "lab")):
        (tmp_path / "config").write_text(config)
        (tmp_path / "keys").write_text(credentials)
        keys = plain_keys(settings, profile, "", everything, lambda _: None)
        if keys is not None:
            answered += 1
            assert keys == of_botocore(settings, profile), (config, credentials, profile)
    assert answered > 10 or environ in ({"AWS_ACCESS_KEY_ID": "AKIAE"}, {"AWS_PROFILE": "none"})


@pytest.mark.parametrize(
    "variable",
    [
        *("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_LAMBDA", "AWS_USE_FIPS_ENDPOINT"),
        *("AWS_ROLE_ARN", "AWS_CREDENTIAL_EXPIRATION", "AWS_SECURITY_TOKEN"),
        *("AWS_SOMETHING_NEW", "BOTO_CONFIG", "AWS_CONTAINER_CREDENTIALS_FULL_URI"),
    ],
)
def test_a_variable_that_may_change_something_is_left_to_botocore(
    tmp_path: Path, variable: str
) -> None:
    (tmp_path / "keys").write_text(f"[lab]\n{KEYS}")
    settings = AwsSettings(config_file=tmp_path / "config", credentials_file=tmp_path / "keys")
    assert plain_keys(settings, "lab", "", {}, lambda _: None) is not None
    assert plain_keys(settings, "lab", "", {variable: "x"}, lambda _: None) is None


def test_keys_of_ours_are_for_profiles_that_aws_does_not_know(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text(f"[lab]\n{KEYS}")
    settings = AwsSettings(config_file=tmp_path / "config", credentials_file=tmp_path / "keys")
    kept = AwsKeys("AKIAK", "kept")
    asked: list[str] = []

    def find(name: str) -> AwsKeys | None:
        asked.append(name)
        return kept if name == "ours" else None

    ours, lab = SigningKeys("AKIAK", "kept", ""), SigningKeys("AKIAX", "s=e/c+r", "")
    assert plain_keys(settings, "ours", "", {}, find) == PlainKeys(ours)
    assert plain_keys(settings, "none", "", {}, find) is None
    assert plain_keys(settings, "lab", "", {}, find) == PlainKeys(lab)
    assert asked == ["ours", "none"]


def test_other_ways_to_credentials_are_left_to_botocore(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text(f"[default]\n{KEYS}")
    settings = AwsSettings(config_file=tmp_path / "config", credentials_file=tmp_path / "keys")
    environ = {"AWS_ACCESS_KEY_ID": "AKIAE", "AWS_SECRET_ACCESS_KEY": "e"}
    for provider in ("iam-role", "container-role", "assume-role-with-web-identity"):
        assert plain_keys(settings, None, provider, environ, lambda _: None) is None
    env = plain_keys(settings, None, "env", environ, lambda _: None)
    assert env == PlainKeys(SigningKeys("AKIAE", "e", ""))
    assert plain_keys(settings, None, "env", {}, lambda _: None) is None


@pytest.mark.parametrize("token", ["", "a/token=="])
@pytest.mark.parametrize(
    ("url", "service"),
    [
        (
            "https://lambda.us-east-1.amazonaws.com/2015-03-31/functions/arn%3Aaws/invocations",
            "lambda",
        ),
        ("http://127.0.0.1:5000/", "sts"),
        ("https://sts.eu-west-1.amazonaws.com", "sts"),
    ],
)
def test_a_signature_is_that_of_botocore(url: str, service: str, token: str) -> None:
    keys, body = SigningKeys("AKIAX", "s=e/c+r", token), b'{"a": "\xc3\xa9"}'
    headers = {"host": url.split("/")[2], "x-other": "two   spaces "}
    payload, at = hashlib.sha256(body).hexdigest(), 1_790_000_000.5
    headers |= signed("POST", url, service, "us-east-1", keys.as_words(), payload, headers, at)
    mine = headers.pop("authorization")
    request = AWSRequest("POST", url, headers, body)
    request.context["timestamp"] = headers["x-amz-date"]
    auth = SigV4Auth(
        Credentials(keys.key_id, keys.secret, keys.token or None), service, "us-east-1"
    )
    text = auth.string_to_sign(request, auth.canonical_request(request))
    assert mine.endswith(f"Signature={auth.signature(text, request)}")
    assert f"Credential={auth.scope(request)}" in mine
    assert f"SignedHeaders={auth.signed_headers(auth.headers_to_sign(request))}," in mine


def test_botocore_agrees_that_a_bad_file_is_bad(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("[profile lab\n")
    settings = AwsSettings(config_file=tmp_path / "config", credentials_file=tmp_path / "keys")
    assert plain_keys(settings, "lab", "", {}, lambda _: AwsKeys("k", "s")) is None
    with pytest.raises(BotoCoreError):
        of_botocore(settings, "lab")
