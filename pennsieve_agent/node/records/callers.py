"""The AWS identity of a caller, and the key it is compared by. Pure.

An assumed role's ARN names the role without its path and ends with the name of the session (AWS,
"IAM identifiers"), so a role is compared by account and name. Whoever assumes an ordinary role
chooses the session's name, which therefore proves nothing; for a role of IAM Identity Center it is
the name under which the person signed in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

SSO = "AWSReservedSSO_"
_ARN = re.compile(r"arn:[a-z0-9-]+:(iam|sts)::(\d{12}):([^:]+)")
_ACCOUNT = re.compile(r"\d{12}")


@dataclass(frozen=True, slots=True)
class Caller:
    """An identity that AWS has confirmed. ``user`` is AWS's own id of it."""

    arn: str
    account: str
    user: str = ""

    @property
    def owner(self) -> str:
        """Whose the runs and secrets of this identity are."""
        kind, _, rest = _resource(self.arn).partition("/")
        if kind == "assumed-role" and rest.startswith(SSO):
            return f"sso/{self.account}/{rest}"
        return identity_key(self.arn)

    @property
    def share_keys(self) -> tuple[str, ...]:
        """The keys of the shares that let this identity in: its own, and its account's."""
        return tuple(dict.fromkeys((identity_key(self.arn), account_key(self.account))))


def identity_key(name: str) -> str:
    """What an ARN, or an account of 12 digits, is compared by.

    Raises:
        ValueError: it is neither an account, a user, nor a role.

    """
    if _ACCOUNT.fullmatch(name):
        return account_key(name)
    matched = _ARN.fullmatch(name)
    if matched is None:
        raise ValueError("an identity is an account of 12 digits, or the ARN of a user or a role")
    service, account, resource = matched.groups()
    kind, _, rest = resource.partition("/")
    if resource == "root":
        return account_key(account)
    if service == "iam" and kind == "role" and rest:
        return f"role/{account}/{rest.rpartition('/')[2]}"
    if service == "sts" and kind == "assumed-role" and rest:
        return f"role/{account}/{rest.partition('/')[0]}"
    if kind in {"user", "federated-user"} and rest:
        return f"{kind}/{account}/{rest}"
    raise ValueError(f"'{kind}' is not an account, a user or a role")


def account_key(account: str) -> str:
    """What an account is compared by."""
    return f"account/{account}"


def _resource(arn: str) -> str:
    return arn.split(":", 5)[5] if arn.count(":") >= 5 else ""  # noqa: PLR2004 - an ARN's parts
