"""What is wrong in AWS's variables and profiles, told before botocore stumbles over it.

Botocore's own errors for these name neither the variable nor the file, or are Python's
(``ValueError`` for an address, a number, a header).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from pennsieve_agent.domain.loopback import is_loopback
from pennsieve_agent.errors import AgentError, AwsError
from pennsieve_agent.transfer.network import BUNDLES, trusted_certificates

WRONG = "WrongSetting"
"""The code of these errors."""
_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
_SECRET = {*_KEYS, "AWS_CONTAINER_AUTHORIZATION_TOKEN"}
_REGION = re.compile(r"[a-z]+(-[a-z]+)+-\d+")
_CONTAINER_HOSTS = {"169.254.170.2", "169.254.170.23", "fd00:ec2::23"}
"""Where Amazon ECS and EKS hand out credentials; botocore asks no others but this machine."""
_OTHER_CLOUDS = (
    ("cn-", "AWS China"),
    ("us-gov-", "AWS GovCloud (US)"),
    ("eusc-", "the AWS European Sovereign Cloud"),
    ("us-iso", "an isolated cloud of AWS"),
    ("eu-iso", "an isolated cloud of AWS"),
)


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting that has a value: a variable, or an option of the profile in a file."""

    name: str
    value: str
    place: str
    """For ``where``: the variable, or the file and the profile."""

    def wrong(self, why: str, hint: str) -> AwsError:
        """The error that names it; a secret's value is not told."""
        value = "" if self.name in _SECRET or "@" in self.value else f" '{self.value}'"
        return AwsError(f"{self.name}{value} {why}", where=self.place, hint=hint, aws_code=WRONG)


def in_force(
    environ: Mapping[str, str], values: Mapping[str, object], *, chosen: bool, endpoint: bool
) -> dict[str, str]:
    """The variables that count, beside the options of the profile.

    A profile that was ``chosen`` comes before keys and tokens in variables; keys in variables come
    before the tokens, and so do those of the profile before a container's. An ``endpoint`` of
    other settings comes before all others.
    """
    unused = set(_KEYS) if chosen else set()
    keys = not chosen and bool(environ.get(_KEYS[0]))
    if chosen or keys:
        unused.add("AWS_WEB_IDENTITY_TOKEN_FILE")
    return {
        name: value
        for name, value in environ.items()
        if name not in unused
        and not (name.startswith("AWS_CONTAINER_") and (chosen or keys or _has_keys(values)))
        and not (name.startswith("AWS_ENDPOINT_URL") and endpoint)
    }


def _has_keys(values: Mapping[str, object]) -> bool:
    ways = ("aws_access_key_id", "role_arn", "credential_process", "sso_session", "sso_start_url")
    return any(option in values for option in ways)


Check = Callable[[Setting], None]


def settings_of(
    environ: Mapping[str, str], values: Mapping[str, object], place: str
) -> Iterator[Setting]:
    """The settings in force: variables, and the options of a profile that no variable replaces."""
    for name, value in environ.items():
        if value and name.startswith("AWS_"):
            yield Setting(name, value, name)
    for option, text in values.items():
        if isinstance(text, str) and not environ.get(f"AWS_{option.upper()}"):
            yield Setting(option, text, place)


def check(settings: Iterator[Setting]) -> None:
    """Hold each setting to what AWS's documentation says that it may be.

    Raises:
        AwsError: one of them is wrong; it is named.
    """
    for setting in settings:
        key = setting.name.removeprefix("AWS_").lower()
        check_one = _CHECKS.get(key) or (_address if key.startswith("endpoint_url") else None)
        if check_one is not None:
            check_one(setting)


def check_pair(environ: Mapping[str, str]) -> None:
    """An access key in variables needs its secret.

    Raises:
        AwsError: one of the two is missing.
    """
    key_id, secret, _ = _KEYS
    there = [name for name in (key_id, secret) if environ.get(name)]
    if len(there) == 1:
        (missing,) = {key_id, secret} - {*there}
        raise AwsError(
            f"{there[0]} is set and {missing} is not",
            where=missing,
            hint="set both, or unset both",
            aws_code=WRONG,
        )


def region_variable(environ: Mapping[str, str]) -> str | None:
    """The variable that names the region: of two the one that AWS's other tools prefer."""
    return next((n for n in ("AWS_REGION", "AWS_DEFAULT_REGION") if environ.get(n)), None)


def check_region(region: str, place: str) -> None:
    """Whether a region can be one, and is in the part of AWS where Pennsieve is.

    Raises:
        AwsError: it is not.
    """
    if not _REGION.fullmatch(region):
        raise AwsError(
            f"'{region}' is not the name of an AWS region",
            where=place,
            hint="a region is called, for example, us-east-1",
            aws_code=WRONG,
        )
    for prefix, cloud in _OTHER_CLOUDS:
        if region.startswith(prefix):
            raise AwsError(
                f"region {region} is in {cloud}, which is another AWS partition: Pennsieve "
                "cannot enter it, and accounts there cannot reach Pennsieve's",
                where=place,
                hint="use an account and a region of AWS's standard partition, for example with: "
                "--region us-east-1",
                aws_code="OtherPartition",
            )


def _number(least: int) -> Check:
    def check_number(setting: Setting) -> None:
        if not setting.value.strip().isdecimal() or int(setting.value) < least:
            raise setting.wrong(f"is not a number of at least {least}", "correct or unset it")

    return check_number


def _one_of(*words: str) -> Check:
    def check_word(setting: Setting) -> None:
        if setting.value.casefold() not in words:
            raise setting.wrong("is not a value that AWS knows", f"use one of: {', '.join(words)}")

    return check_word


def _address(setting: Setting) -> None:
    try:
        parts = urlsplit(setting.value)
        good = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:  # of a port
        good = False
    if not good or re.search(r"\s", setting.value):
        begun = "an address begins with http:// or https://"
        host = re.fullmatch(r"[\w.-]+(:\d+)?(/.*)?", setting.value)
        raise setting.wrong(
            "is not an address", f"{begun}: http://{setting.value}" if host else begun
        )


def _secret(setting: Setting) -> None:
    if setting.value != setting.value.strip():
        raise setting.wrong(
            "has a space or a line end at its beginning or end", "set it again without that"
        )
    if not setting.value.isascii() or not setting.value.isprintable() or " " in setting.value:
        raise setting.wrong(
            "has characters that no AWS key has", "copy it again, without quotation marks"
        )


def _file(setting: Setting) -> None:
    try:
        with Path(setting.value).expanduser().open("rb"):
            return
    except OSError as error:
        raise setting.wrong(
            f"cannot be read: {error.strerror}", "set it to a file that there is, or unset it"
        ) from None


def _certificates(setting: Setting) -> None:
    try:
        trusted_certificates(setting.value, None)
    except AgentError:
        raise setting.wrong(
            "cannot be read as certificates",
            "set it to a file of certificates in PEM format, or unset it",
        ) from None


def _container(setting: Setting) -> None:
    _address(setting)
    host = urlsplit(setting.value).hostname or ""
    if not is_loopback(setting.value) and host not in _CONTAINER_HOSTS:
        raise setting.wrong(
            "is neither on this machine nor where AWS gives containers their credentials",
            f"unset {setting.name}, or correct it",
        )


_WHEN = _one_of("when_supported", "when_required")
_CHECKS: Mapping[str, Check] = {
    "access_key_id": _secret,
    "secret_access_key": _secret,
    "session_token": _secret,
    "container_authorization_token": _secret,
    "container_authorization_token_file": _file,
    "container_credentials_full_uri": _container,
    "web_identity_token_file": _file,
    "ca_bundle": _certificates,
    "max_attempts": _number(1),
    "duration_seconds": _number(900),
    "metadata_service_timeout": _number(1),
    "metadata_service_num_attempts": _number(1),
    "request_min_compression_size_bytes": _number(0),
    "retry_mode": _one_of("legacy", "standard", "adaptive"),
    "sts_regional_endpoints": _one_of("legacy", "regional"),
    "account_id_endpoint_mode": _one_of("preferred", "disabled", "required"),
    "request_checksum_calculation": _WHEN,
    "response_checksum_validation": _WHEN,
    "defaults_mode": _one_of("legacy", "auto", "standard", "in-region", "cross-region", "mobile"),
}


def bundle(environ: Mapping[str, str]) -> str | None:
    """The file of certificates that Pennsieve's side is reached with, for AWS's side, too.

    Raises:
        AwsError: it cannot be read.
    """
    name = next((name for name in BUNDLES if environ.get(name)), None)
    if name is None:
        return None
    _certificates(Setting(name, environ[name], name))
    return environ[name]
