"""The node's secrets, in the owner's own account: a secure parameter of Systems Manager for each.

``/pennsieve-node/<token>/secrets/<scope>/<NAME>`` holds one value, encrypted with the node's key
where it has one, and costs nothing. Its name alone is in the node's table. Values go in and never
out: to jobs ECS itself hands them, and logs have ``***`` in their place.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence

from pennsieve_agent.domain.secret_values import LEAST_MASKED
from pennsieve_agent.node.identity import parameter_store
from pennsieve_agent.node.node import Node
from pennsieve_agent.node.table import Items, expiry

SHARED = "shared"
MOST_BYTES = 4_096
"""What a parameter of the standard tier holds, which is free (AWS Systems Manager User Guide,
"Managing parameter tiers",
https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html).
"""
_ROW_BYTES, _MOST_ROWS = 170, 6 * 1024
"""Of a row of a job definition that names a secret, and of all of a scope: it has 24 KB in all.

https://docs.aws.amazon.com/batch/latest/userguide/service_limits.html
"""
MASK = "***"
_TOKEN = re.compile(r"eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]{10,}")
"""A JSON web token, such as a session of Pennsieve."""
_KEY = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
"""What keys and secrets of Pennsieve look like (``contracts/core.md`` 1.1)."""
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_HELD = "SECRETS"
_DAY = 86_400
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
        self._node = node
        self._items = Items(node)

    def names(self, scope: str) -> dict[str, str]:
        """The secrets of a scope by name, each with a mark that is another for another value."""
        item = self._items.get(_HELD, scope)
        names: dict[str, str] = json.loads(item["body"]["S"]) if item else {}
        return names

    def values(self, scope: str) -> dict[str, str]:
        """The secrets of a scope by name, with their values.

        What this environment has read it remembers by its mark: Parameter Store answers 40 requests
        a second in an account, and each page of a log that is masked needs the values.
        """
        marks, remembered = self.names(scope), self._remembered
        places = {name: self.place(scope, name) for name in marks}
        new = [n for n in marks if remembered.get(places[n], ("", ""))[0] != marks[n]]
        read = parameter_store.read_many(self._node, [places[name] for name in new])
        # What is not there any more is being removed just now.
        remembered |= {places[n]: (marks[n], read[places[n]]) for n in new if places[n] in read}
        return {n: remembered[place][1] for n, place in places.items() if place in remembered}

    @property
    def _remembered(self) -> dict[str, tuple[str, str]]:
        """Marks and values by place, in the memory of this environment."""
        rows: dict[str, tuple[str, str]] = self._node.memory.setdefault("secrets", {})
        return rows

    def place(self, scope: str, name: str) -> str:
        """The name of the parameter that holds a secret."""
        return f"/pennsieve-node/{self._node.settings.token}/secrets/{scope}/{name}"

    def merge(self, scope: str, more: Mapping[str, str]) -> None:
        """Set some; others stay.

        Raises:
            ValueError: one of them cannot be kept; the message says which and why. None was set.

        """
        for name, value in more.items():
            _check(name, value)
        names = {*self.names(scope), *more}
        if sum(_ROW_BYTES + 2 * len(name) for name in names) > _MOST_ROWS:
            raise ValueError(
                f"{len(names)} secrets are more than AWS Batch hands to a step; put several into "
                "one"
            )
        for name, value in more.items():
            parameter_store.write(self._node, self.place(scope, name), value)
        # The table comes last: what it names is there.
        marks = {name: secrets.token_hex(8) for name in more}
        self._change(scope, lambda names: {**names, **marks})

    def remove(self, scope: str, name: str = "") -> None:
        """Remove one, or without a name all of a scope."""
        names = self.names(scope)
        removed = [name] if name else list(names)
        places = [self.place(scope, row) for row in removed]
        # The table comes last: whoever was interrupted finds here what is still to do.
        parameter_store.delete(self._node, places)
        for place in places:
            self._remembered.pop(place, None)
        if names.keys() & set(removed):
            self._change(scope, lambda now: {k: v for k, v in now.items() if k not in removed})

    def _change(self, scope: str, change: Callable[[dict[str, str]], dict[str, str]]) -> None:
        """Write the names of a scope anew, on top of what somebody else writes meanwhile."""
        while True:
            before = self._items.get(_HELD, scope)
            names = change(json.loads(before["body"]["S"]) if before else {})
            # Empty ones go by themselves: who keeps secrets may not delete in the table.
            ends = {} if names else expiry(self._node.now() + _DAY)
            values = {"body": {"S": json.dumps(names)}, **ends}
            if self._items.put_over(_HELD, scope, values, before):
                return


def _check(name: str, value: str) -> None:
    if not NAME.fullmatch(name):
        raise ValueError("a secret needs the name of an environment variable")
    size = len(value.encode())
    if not 0 < size <= MOST_BYTES:
        raise ValueError(
            f"the value of the secret '{name}' has {size} bytes; it can have 1 to {MOST_BYTES}"
        )


def secrets_of(node: Node, person: str) -> list[dict[str, str]]:
    """The secrets of a job in Batch's form; a person's own take precedence over shared ones."""
    places: dict[str, str] = {}
    for scope in (SHARED, scope_of("user", person)):
        places |= scope_places(node, scope)
    return [{"name": name, "valueFrom": place} for name, place in sorted(places.items())]


def scope_places(node: Node, scope: str) -> dict[str, str]:
    """The ARNs of the parameters that hold the secrets of a scope, by the secrets' names."""
    kept = NodeSecrets(node)
    return {name: parameter_store.arn(node, kept.place(scope, name)) for name in kept.names(scope)}


def hidden_values(node: Node, person: str) -> list[str]:
    """What must not be seen in the log of a person's run, the longest first."""
    kept = NodeSecrets(node)
    values = [
        v for scope in (SHARED, scope_of("user", person)) for v in kept.values(scope).values()
    ]
    return hidden_parts(values)


def hidden_parts(values: Iterable[str]) -> list[str]:
    """What of secret values must not be seen in a log, the longest first."""
    lines = {part for value in values for part in value.splitlines()}
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
