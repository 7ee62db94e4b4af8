"""The profiles that AWS's own configuration files name, and of what kind each is. No secrets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from pennsieve_agent.aws.failures import Attempt, translate
from pennsieve_agent.aws.session import unbound_session
from pennsieve_agent.domain.identity import AwsSettings


class Kind(StrEnum):
    """How a profile comes by its credentials, the best first."""

    SSO = "sso"
    LOGIN = "login"
    ROLE = "role"
    PROCESS = "process"
    KEYCHAIN = "keychain"
    STATIC = "static keys"
    NONE = "no credentials"


@dataclass(frozen=True, slots=True)
class Configured:
    """A profile. ``account_id`` is empty where only AWS could tell it."""

    name: str
    kind: Kind
    account_id: str = ""


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
        found = unbound_session(settings).full_config.get("profiles", {})
    except BotoCoreError as error:
        raise translate(error, Attempt("sts", "GetCallerIdentity")) from None
    return tuple(_profile(name, found[name]) for name in sorted(found))


def _profile(name: str, values: Mapping[str, object]) -> Configured:
    kind = next((k for k, keys in _MARKS if any(key in values for key in keys)), Kind.NONE)
    account = str(values.get("sso_account_id", ""))
    if kind is not Kind.SSO:
        role = re.fullmatch(r"arn:[^:]+:iam::(\d{12}):role/.+", str(values.get("role_arn", "")))
        account = role[1] if role else ""
    return Configured(name, kind, account)
