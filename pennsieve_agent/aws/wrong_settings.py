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
from pennsieve_agent.transfer.network import certificate_setting, trusted_certificates

WRONG = "WrongSetting"
"""The code of these errors."""
_OF_SETTINGS = {WRONG, "ProfileNotFound", "OtherPartition", "ConfigParseError"}
_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
_WEB = ("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_ROLE_ARN", "AWS_ROLE_SESSION_NAME")
_SECRET = {*_KEYS, *(name.lower() for name in _KEYS), "AWS_CONTAINER_AUTHORIZATION_TOKEN"}
_CREDENTIALS = {
    *("access_key_id", "secret_access_key", "session_token", "duration_seconds"),
    *("role_arn", "role_session_name", "web_identity_token_file"),
}
"""Options that count for a profile whose credentials another profile goes on with."""
_REGION = re.compile(r"[a-z]+(-[a-z]+)+-\d+")
_LONGEST_TOKEN = 20_000
"""Characters of a web identity token (AWS, "AssumeRoleWithWebIdentity")."""
_ROLE = re.compile(r"arn:(aws[a-z-]*):iam::\d{12}:role/[\w+=,.@/-]+", re.ASCII)
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
    if chosen or keys or not environ.get(_WEB[0]):
        unused.update(_WEB)
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
    keys = bool(environ.get(_KEYS[0]))
    for option, text in values.items():
        replaced = environ.get(f"AWS_{_key(option).upper()}") or (
            keys and _key(option) in _CREDENTIALS
        )
        if isinstance(text, str) and not replaced:
            yield Setting(option, text, place)


def credential_settings(values: Mapping[str, object], place: str) -> Iterator[Setting]:
    """The options of a profile that another one's role goes on with."""
    for setting in settings_of({}, values, place):
        if _key(setting.name) in _CREDENTIALS:
            yield setting


def service_settings(services: Mapping[str, object], place: str) -> Iterator[Setting]:
    """The options of a ``[services ...]`` section: one level deeper than those of a profile."""
    for service, values in services.items():
        if isinstance(values, Mapping):
            yield from settings_of({}, values, f"{place}, {service}")


def _key(name: str) -> str:
    return name.lower().removeprefix("aws_")


def check(settings: Iterator[Setting]) -> None:
    """Hold each setting to what AWS's documentation says that it may be.

    Raises:
        AwsError: one of them is wrong; it is named.
    """
    for setting in settings:
        key = _key(setting.name)
        check_one = _CHECKS.get(key) or (_address if key.startswith("endpoint_url") else None)
        if check_one is not None:
            check_one(setting)


def check_pair(environ: Mapping[str, str]) -> None:
    """An access key in variables needs its secret, and a token that is exchanged needs its role.

    Raises:
        AwsError: one of the two is missing.
    """
    for pair in (_KEYS[:2], _WEB[:2]):
        there = [name for name in pair if environ.get(name)]
        if len(there) == 1:
            (missing,) = {*pair} - {*there}
            raise AwsError(
                f"{there[0]} is set and {missing} is not",
                where=missing,
                hint="set both, or unset both",
                aws_code=WRONG,
            )


def sentence(error: AgentError) -> str:
    """What is wrong in one line, with the setting, where it is one that the words do not name."""
    place = error.where or ""
    is_setting = isinstance(error, AwsError) and error.aws_code in _OF_SETTINGS
    return (
        f"{error.message} ({place})" if is_setting and place not in error.message else error.message
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


def _number(least: int, most: int | None = None) -> Check:
    span = f"of at least {least}" if most is None else f"from {least} to {most}"

    def check_number(setting: Setting) -> None:
        word = setting.value.strip()
        number = int(word) if word.isdecimal() else -1
        if number < least or (most is not None and number > most):
            raise setting.wrong(f"is not a number {span}", "correct or unset it")

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
    text = setting.value
    if not text.isascii() or not text.isprintable() or {*" \"'"} & {*text}:
        raise setting.wrong(
            "has characters that no AWS key has", "copy it again, without quotation marks"
        )


def _token_file(setting: Setting) -> None:
    """A file with one token; what is in it is not told."""
    try:
        with Path(setting.value).expanduser().open("rb") as file:
            content = file.read(_LONGEST_TOKEN + 1)
    except OSError as error:
        raise setting.wrong(
            f"cannot be read: {error.strerror}", "set it to a file that there is, or unset it"
        ) from None
    if not content.strip():
        raise setting.wrong("is empty", "put the token there again")
    token = content.removesuffix(b"\n").decode("ascii", "replace")
    if len(content) > _LONGEST_TOKEN or not token.isprintable() or "\ufffd" in token:
        raise setting.wrong("does not hold a token", "put the token there again")


def _header_file(setting: Setting) -> None:
    """The same, sent unchanged: not even a line end may follow (botocore refuses it)."""
    _token_file(setting)
    if Path(setting.value).expanduser().read_bytes().endswith(b"\n"):
        raise setting.wrong(
            "ends with a line end", "write it again without: printf %s TOKEN > FILE"
        )


def _certificates(setting: Setting) -> None:
    try:
        trusted_certificates(setting.name, setting.value)
    except AgentError as error:
        raise AwsError(
            error.message, where=setting.place, hint=error.hint, aws_code=WRONG
        ) from None


def _role(setting: Setting) -> None:
    match = _ROLE.fullmatch(setting.value)
    if match is None:
        raise setting.wrong(
            "is not the ARN of a role", "it looks like arn:aws:iam::123456789012:role/NAME"
        )
    if match[1] != "aws":
        raise setting.wrong(
            f"is in another AWS partition ({match[1]}), which Pennsieve cannot enter",
            "use a role of AWS's standard partition: arn:aws:iam::...",
        )


def _session_name(setting: Setting) -> None:
    if not re.fullmatch(r"[\w+=,.@-]{2,64}", setting.value, re.ASCII):
        raise setting.wrong(
            "is not the name of a session", "use 2 to 64 letters, digits and any of +=,.@-_"
        )


def _path_of_address(setting: Setting) -> None:
    if not setting.value.startswith("/") or re.search(r"\s", setting.value):
        raise setting.wrong("does not begin with /", "Amazon ECS sets it; correct or unset it")


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
    "container_authorization_token_file": _header_file,
    "container_credentials_relative_uri": _path_of_address,
    "container_credentials_full_uri": _container,
    "web_identity_token_file": _token_file,
    "role_arn": _role,
    "role_session_name": _session_name,
    "ec2_metadata_service_endpoint": _address,
    "ec2_metadata_service_endpoint_mode": _one_of("ipv4", "ipv6"),
    "max_attempts": _number(1),
    "duration_seconds": _number(900),
    "metadata_service_timeout": _number(1),
    "metadata_service_num_attempts": _number(1),
    "request_min_compression_size_bytes": _number(0, 2**20),
    "retry_mode": _one_of("legacy", "standard", "adaptive"),
    "sts_regional_endpoints": _one_of("legacy", "regional"),
    "account_id_endpoint_mode": _one_of("preferred", "disabled", "required"),
    "request_checksum_calculation": _WHEN,
    "response_checksum_validation": _WHEN,
    "defaults_mode": _one_of("legacy", "auto", "standard", "in-region", "cross-region", "mobile"),
}


def certificates(
    environ: Mapping[str, str], values: Mapping[str, object], place: str
) -> Setting | None:
    """Which certificates count: AWS_CA_BUNDLE, the profile's, then those of Pennsieve's side.

    Raises:
        AwsError: they cannot be read.
    """
    known = certificate_setting(environ)
    setting = Setting(*known, known[0]) if known else None
    own = values.get("ca_bundle")
    if isinstance(own, str) and not environ.get("AWS_CA_BUNDLE"):
        setting = Setting("ca_bundle", own, place)
    if setting is not None:
        _certificates(setting)
    return setting
