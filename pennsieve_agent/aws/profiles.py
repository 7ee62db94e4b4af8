"""List the AWS credentials of this machine, their kinds, and which are used. No secrets."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from pennsieve_agent.aws.failures import Attempt, translate
from pennsieve_agent.aws.open_session import unbound_session
from pennsieve_agent.domain.profile import AwsSettings


class Kind(StrEnum):
    """Where credentials come from, the best first: temporary before long-term ones."""

    SSO = "sso"
    LOGIN = "login"
    ROLE = "role"
    WEB_IDENTITY = "web identity"
    CONTAINER = "container role"
    INSTANCE = "instance role"
    PROCESS = "process"
    ENVIRONMENT = "environment"
    KEYCHAIN = "keychain"
    STATIC = "static keys"
    NONE = "no credentials"


@dataclass(frozen=True, slots=True)
class Configured:
    """Credentials that are configured.

    ``name`` is the profile's, or that of keys in the keychain, and empty for others.
    ``account_id`` is empty where only AWS could tell it.
    """

    name: str
    kind: Kind
    account_id: str = ""

    @property
    def label(self) -> str:
        """What it is called where it is one of several."""
        return self.name or f"({self.kind.value})"

    @property
    def provider(self) -> str:
        """Botocore's name of the source of credentials outside profiles; else empty."""
        return _PROVIDERS.get(self.kind, "")


_PROVIDERS = {
    Kind.ENVIRONMENT: "env",
    Kind.WEB_IDENTITY: "assume-role-with-web-identity",
    Kind.CONTAINER: "container-role",
    Kind.INSTANCE: "iam-role",
}
_VARIABLES = (
    (Kind.ENVIRONMENT, ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")),
    (Kind.WEB_IDENTITY, ("AWS_ROLE_ARN", "AWS_WEB_IDENTITY_TOKEN_FILE")),
    (Kind.CONTAINER, ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",)),
    (Kind.CONTAINER, ("AWS_CONTAINER_CREDENTIALS_FULL_URI",)),
)
_VENDOR = Path("/sys/class/dmi/id/sys_vendor")
"""Says "Amazon EC2" on AWS's machines (AWS, "Detect whether your instance is an EC2 instance")."""

_MARKS = (
    (Kind.SSO, ("sso_session", "sso_start_url")),
    (Kind.LOGIN, ("login_session",)),
    (Kind.ROLE, ("role_arn",)),
    (Kind.PROCESS, ("credential_process",)),
    (Kind.STATIC, ("aws_access_key_id",)),
)


def configured(settings: AwsSettings) -> tuple[Configured, ...]:
    """The profiles, by name.

    Raises:
        AwsError: a configuration file cannot be read.

    """
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415 - loaded only when needed

    try:
        profiles = unbound_session(settings).full_config.get("profiles", {})
    except BotoCoreError as error:
        raise translate(error, Attempt("sts", "GetCallerIdentity")) from None
    return tuple(_profile(name, profiles[name]) for name in sorted(profiles))


def surrounding(environ: Mapping[str, str], vendor: Path = _VENDOR) -> tuple[Configured, ...]:
    """The credentials outside profiles: of variables, of a container, of this machine.

    Nothing is asked over the network: that this is one of AWS's machines does not tell whether it
    has a role.
    """
    sources = [
        Configured("", kind)
        for kind, names in _VARIABLES
        if all(environ.get(name) for name in names)
    ]
    switched_off = environ.get("AWS_EC2_METADATA_DISABLED", "").casefold() == "true"
    if not switched_off and _text(vendor).startswith("Amazon EC2"):
        sources.append(Configured("", Kind.INSTANCE))
    return tuple(sources)


def best_first(rows: Sequence[Configured]) -> tuple[Configured, ...]:
    """By kind, then by name."""
    order = list(Kind)
    return tuple(sorted(rows, key=lambda row: (order.index(row.kind), row.name)))


def usual(rows: Sequence[Configured]) -> Configured | None:
    """What AWS's own tools use when nobody chooses, in the order of botocore's chain."""
    for fits in (_comes_first, _is_default, _comes_last):
        usable = [row for row in rows if row.kind is not Kind.NONE and fits(row)]
        if usable:
            return usable[0]
    return None


def _comes_first(row: Configured) -> bool:
    return row.kind in {Kind.ENVIRONMENT, Kind.WEB_IDENTITY}


def _is_default(row: Configured) -> bool:
    return row.name == "default" and row.kind is not Kind.KEYCHAIN


def _comes_last(row: Configured) -> bool:
    return row.kind in {Kind.CONTAINER, Kind.INSTANCE}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _profile(name: str, values: Mapping[str, object]) -> Configured:
    kind = next((k for k, keys in _MARKS if any(key in values for key in keys)), Kind.NONE)
    account = str(values.get("sso_account_id", ""))
    if kind is not Kind.SSO:
        role = re.fullmatch(r"arn:[^:]+:iam::(\d{12}):role/.+", str(values.get("role_arn", "")))
        account = role[1] if role else ""
    return Configured(name, kind, account)
