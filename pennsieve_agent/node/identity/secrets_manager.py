"""The node's secrets, in the owner's own account: one object of Secrets Manager for each scope.

Values go in and never out: to jobs Secrets Manager itself hands them, and logs have ``***`` in
their place.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pennsieve_agent.domain.secret_values import LEAST_MASKED
from pennsieve_agent.node.node import Node, aws_code

SHARED = "shared"
MOST_BYTES = 65_536
"""What one object of Secrets Manager holds (AWS Secrets Manager, "Quotas")."""
_ROW_BYTES, _MOST_ROWS = 180, 6 * 1024
"""Of a row of a job definition that names a secret, and of all of a scope: it has 24 KB in all.

https://docs.aws.amazon.com/batch/latest/userguide/service_limits.html
"""
MASK = "***"
_TOKEN = re.compile(r"eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}")
"""A JSON web token, such as a session of Pennsieve."""
_KEY = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""What keys and secrets of Pennsieve look like (``contracts/core.md`` 1.1)."""
_NOT_FOUND = {"ResourceNotFoundException", "InvalidRequestException"}
_USER = re.compile(r"N:user:[0-9A-Za-z-]+")


def scope_of(scope: str, user: str) -> str:
    """The name of a scope: everybody's, or one person's; no two persons have one name."""
    if scope == SHARED:
        return SHARED
    if _USER.fullmatch(user):
        return f"user-{user.replace(':', '-')}"
    return f"user-{hashlib.sha256(user.encode()).hexdigest()[:32]}"


class Fingerprint(str):
    """The SHA-256, in hex, of a key or secret that must not be seen."""

    __slots__ = ()


class NodeSecrets:
    """The secrets of one node."""

    def __init__(self, node: Node) -> None:
        self._client = node.client("secretsmanager")
        self._prefix = node.settings.secret_prefix
        self._token = node.settings.token

    def read(self, scope: str) -> tuple[str, dict[str, str]]:
        """The ARN and the values of a scope; empty when it has none."""
        try:
            answer = self._client.get_secret_value(SecretId=self._prefix + scope)
        except Exception as error:
            if aws_code(error) in _NOT_FOUND:
                return "", {}
            raise
        values: dict[str, str] = json.loads(answer["SecretString"])
        return str(answer["ARN"]), values

    def merge(self, scope: str, more: Mapping[str, str]) -> None:
        """Set some; others stay.

        Raises:
            ValueError: there is no room for them.

        """
        arn, values = self.read(scope)
        text = json.dumps({**values, **more})
        if len(text.encode()) > MOST_BYTES:
            raise ValueError("the secrets together are larger than 64 KB")
        if arn:
            self._client.put_secret_value(SecretId=arn, SecretString=text)
            return
        self._client.create_secret(
            Name=self._prefix + scope,
            SecretString=text,
            Tags=[{"Key": "pennsieve:token", "Value": self._token}],
        )

    def remove(self, scope: str, name: str = "") -> None:
        """Remove one, or without a name all of a scope."""
        arn, values = self.read(scope)
        if not arn:
            return
        values.pop(name, None)
        if name and values:
            self._client.put_secret_value(SecretId=arn, SecretString=json.dumps(values))
        else:
            # At once: the name could not be used again during a recovery window.
            self._client.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)


def keep_secrets(node: Node, scope: str, more: Mapping[str, str]) -> None:
    """Set some secrets of a scope that steps get; others stay.

    Raises:
        ValueError: there is no room for them, or no job definition could name them all.

    """
    secrets = NodeSecrets(node)
    names = {*secrets.read(scope)[1], *more}
    if sum(_ROW_BYTES + 2 * len(name) for name in names) > _MOST_ROWS:
        raise ValueError(
            f"{len(names)} secrets are more than AWS Batch hands to a step; put several into one"
        )
    secrets.merge(scope, more)


def secrets_of(node: Node, person: str) -> list[dict[str, str]]:
    """The secrets of a job in Batch's form; a person's own take precedence over shared ones."""
    secrets = NodeSecrets(node)
    places: dict[str, str] = {}
    for scope in (SHARED, scope_of("user", person)):
        arn, values = secrets.read(scope)
        places |= {name: f"{arn}:{name}::" for name in values}
    return [{"name": name, "valueFrom": place} for name, place in sorted(places.items())]


def hidden_values(node: Node, person: str) -> list[str]:
    """What must not be seen in the log of a person's run, the longest first."""
    secrets = NodeSecrets(node)
    values: list[Any] = []
    for scope in (SHARED, scope_of("user", person)):
        values += secrets.read(scope)[1].values()
    lines = {part for value in values for part in str(value).splitlines()}
    # The longest first, so that a value which contains another is masked whole.
    return sorted((part for part in lines if len(part) >= LEAST_MASKED), key=len, reverse=True)


def masked_lines(lines: Sequence[str], hidden: Sequence[str]) -> Sequence[str]:
    """Lines without them. Most pages hold none, which one look at all of it tells."""
    whole = "\n".join(lines)
    return lines if masked(whole, hidden) == whole else [masked(line, hidden) for line in lines]


def masked(text: str, hidden: Iterable[str]) -> str:
    """A line without them, and without any token."""
    prints = set()
    for value in hidden:
        if isinstance(value, Fingerprint):
            prints.add(str(value))
        else:
            text = text.replace(value, MASK)
    if prints:
        text = _KEY.sub(lambda key: MASK if _digest(key[0]) in prints else key[0], text)
    return _TOKEN.sub(MASK, text)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
