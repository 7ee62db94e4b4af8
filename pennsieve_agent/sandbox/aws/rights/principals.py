"""The principal whose key signed a request, and the policies of its role.

moto knows the keys that its STS gave out, and the roles with their policies; it lets everybody do
everything. Keys of users, and such as moto never heard of, are the account's owner here.
"""

from __future__ import annotations

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pennsieve_agent.domain import iam_policies
from pennsieve_agent.sandbox.aws.wire import AwsRequest

PARTITION = "aws"
TEMPORARY = "ASIA"
"""What the ids of keys that STS gives out begin with."""


class Unknown(Exception):  # noqa: N818 - a kind of answer
    """The access key is not valid; the arguments are AWS's code and message."""


@dataclass(frozen=True, slots=True)
class Credential:
    """An access key: its secret, and the account that it belongs to; empty for any account."""

    secret: str = field(repr=False)
    account: str


@dataclass(frozen=True, slots=True)
class Principal:
    """A session of a role. ``session`` is the ARN that AWS names in its refusals."""

    account: str
    role: str
    name: str
    session: str


def principal(request: AwsRequest, now: datetime) -> Principal | None:
    """The session of a role that signed a request; None is the account's owner.

    Raises:
        Unknown: it is a temporary key that was never given out, is over, or comes without its
            session token; or its role is gone.

    """
    if not request.access_key.startswith(TEMPORARY):
        return None
    session = _session(request.access_key)
    if session is None or not hmac.compare_digest(session.session_token, request.token):
        raise Unknown(
            "InvalidClientTokenId", "The security token included in the request is invalid."
        )
    if session.expiration.timestamp() <= now.timestamp():
        raise Unknown("ExpiredToken", "The security token included in the request is expired")
    name = str(session.role_arn).rpartition("/")[2]
    if role(session.role_arn) is None:
        raise Unknown(
            "InvalidClientTokenId", "The security token included in the request is invalid."
        )
    return Principal(session.account_id, session.role_arn, name, session.arn)


def credential_of(access_key: str) -> Credential | None:
    """The credential of a key that moto knows: of a user, or of a role's session."""
    from moto.iam.models import iam_backends  # noqa: PLC0415 - slow

    if (session := _session(access_key)) is not None:
        return Credential(session.secret_access_key, session.account_id)
    for account, backends in list(iam_backends.items()):
        key = backends[PARTITION].access_keys.get(access_key)
        if key is not None and key.status == "Active" and key.user_name:
            return Credential(key.secret_access_key, account)
    return None


def caller_arns(access_key: str, account: str) -> tuple[str, ...]:
    """The ARNs by which a policy may name a key's holder: of the session or user, and the role."""
    from moto.sts.models import sts_backends  # noqa: PLC0415 - slow

    backend = sts_backends[account][PARTITION]
    own = str(backend.get_caller_identity(access_key, "us-east-1")[1])
    session = _session(access_key)
    return (own,) if session is None else (own, str(session.role_arn))


def make_user(account: str, name: str, access_key: str, secret: str) -> None:
    """Make a user of an account with this access key, unless it exists."""
    from moto.iam.models import AccessKey, iam_backends  # noqa: PLC0415 - slow

    people = iam_backends[account][PARTITION]
    if access_key in people.access_keys:
        return
    if name not in people.users:
        people.create_user("us-east-1", name)
    kind: Any = AccessKey  # a class of moto's whose type says that it cannot be made
    access = kind(user_name=name, prefix="AKIA", account_id=account)
    access.access_key_id, access.secret_access_key = access_key, secret
    people.users[name].access_keys.append(access)
    people.access_keys[access_key] = access


def _session(access_key: str) -> Any:
    from moto.sts.models import sts_backends  # noqa: PLC0415 - slow

    for backends in sts_backends.values():
        for session in backends[PARTITION].assumed_roles:
            if session.access_key_id == access_key:
                return session
    return None


def role(arn: str) -> Any:
    """The role with this ARN in moto; None when it does not exist."""
    from moto.iam.models import iam_backends  # noqa: PLC0415 - slow

    account = account_of(arn)
    for known in iam_backends[account][PARTITION].roles.values() if account else ():
        if known.arn == arn:
            return known
    return None


def trust_of(arn: str) -> iam_policies.Document | None:
    """A role's trust policy; None when there is no such role."""
    known = role(arn)
    return None if known is None else _document(known.assume_role_policy_document)


def policies_of(arn: str) -> list[iam_policies.Document]:
    """A role's inline and managed policies."""
    known = role(arn)
    if known is None:
        return []
    managed = [_default(policy) for policy in known.managed_policies.values()]
    return [_document(text) for text in (*known.policies.values(), *managed)]


def boundary_of(arn: str) -> iam_policies.Document | None:
    """A role's permissions boundary; one that is not there allows nothing."""
    from moto.iam.models import iam_backends  # noqa: PLC0415 - slow

    limit = limit_of(arn)
    if not limit:
        return None
    policy = iam_backends[account_of(arn)][PARTITION].managed_policies.get(limit)
    return {"Statement": []} if policy is None else _document(_default(policy))


def limit_of(arn: str) -> str:
    """The ARN of a role's permissions boundary; empty for none."""
    known = role(arn)
    return str(known.permissions_boundary_arn or "") if known is not None else ""


def may(arn: str, ask: iam_policies.Ask) -> iam_policies.Verdict:
    """The verdict of a role's policies on a request."""
    return iam_policies.decide(ask, policies_of(arn), boundary_of(arn))


def trusts(arn: str, service: str, context: Mapping[str, str]) -> bool:
    """Whether an AWS service, such as ``lambda.amazonaws.com``, may assume a role."""
    trust = trust_of(arn)
    ask = iam_policies.Ask("sts:AssumeRole", arn, context)
    return trust is not None and iam_policies.lets_in(trust, ask, service)


def account_of(arn: str) -> str:
    """The account in an ARN; empty when the text is not an ARN."""
    parts = arn.split(":", 5)
    return parts[4] if len(parts) == 6 else ""  # noqa: PLR2004 - arn:p:service:region:account:rest


def _default(policy: Any) -> str:
    for version in policy.versions:
        if version.version_id == policy.default_version_id:
            return str(version.document)
    return "{}"


def _document(document: str | Mapping[str, Any]) -> iam_policies.Document:
    if isinstance(document, str):
        parsed: iam_policies.Document = json.loads(document or "{}")
        return parsed
    return document
