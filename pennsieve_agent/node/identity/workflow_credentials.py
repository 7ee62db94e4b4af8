"""The credentials of a workflow's own users on Pennsieve, in Parameter Store.

A workflow has up to two keys, of two users of Pennsieve: ``read`` and ``write``. The owner's
function puts them (:func:`put`); they lie in AWS Systems Manager as ``SecureString`` parameters
below ``/pennsieve-node/<token>/workflows/<workflow>/``:

=================== ==============================================================================
``read``, ``write`` JSON: ``{key, secret, integration, user}``
``read-key``,       the same key and secret alone, for steps that were promised them: ECS hands
``read-secret``     out whole parameters only (Amazon ECS, "Pass Systems Manager parameters")
``read-session``    the access token of the last sign-in (:mod:`.workflow_session`)
=================== ==============================================================================

What is not secret is in the node's table: which integration it is, who put it and when, and the
SHA-256 of what must not be seen in logs.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from pennsieve_agent.node.identity import parameter_store
from pennsieve_agent.node.node import Node
from pennsieve_agent.node.role_permissions import STEP_PARTS
from pennsieve_agent.node.table import Items

_WORKFLOW = re.compile(r"[0-9A-Za-z_.-]{1,100}")
_PARTS = ("", *(f"-{part}" for part in STEP_PARTS))
_HELD = "IDENTITY"
_SHOWN = ("integration", "user", "by", "at")
_MOST_TEXT = 256


class Kind(StrEnum):
    """Which of a workflow's two users."""

    READ = "read"
    WRITE = "write"


def path(token: str, workflow: str = "", kind: str = "") -> str:
    """What the names of a node's parameters begin with: all, a workflow's, one user's."""
    return f"/pennsieve-node/{token}/workflows/" + (f"{workflow}/{kind}" if workflow else "")


def put(node: Node, workflow: str, body: Mapping[str, Any]) -> None:
    """Keep what ``PUT /workflows/ID/identity`` brings; a kind that is not named stays.

    ``{"read": {integration, user, key, secret} | null, "write": ..., "by": {name, email}}``; null
    removes that kind.

    Raises:
        ValueError: the body is something else; nothing was changed.

    """
    keys = {kind: _checked(kind, body[kind]) for kind in Kind if kind in body}
    if not keys or not _WORKFLOW.fullmatch(workflow):
        raise ValueError("an identity has 'read' or 'write', and belongs to a workflow")
    by = body.get("by")
    who = {str(k): str(v) for k, v in by.items()} if isinstance(by, Mapping) else {}
    for kind, key in keys.items():
        if key is None:
            _forget(node, workflow, (kind,))
        else:
            _keep(node, workflow, kind, {**key, "by": who})


def remove(node: Node, workflow: str) -> None:
    """Delete both keys of a workflow, and their sessions. May be repeated."""
    _forget(node, workflow, tuple(Kind))


def shown(node: Node, workflow: str) -> dict[str, Any]:
    """Whose identity it is: ``{"read": {integration, user, by, at} | null, "write": ...}``."""
    rows = {kind: facts(node, workflow, kind) for kind in Kind}
    return {
        kind.value: {name: row[name] for name in _SHOWN} if row else None
        for kind, row in rows.items()
    }


def held(node: Node) -> dict[str, str]:
    """What the identity of each workflow can do: ``read-write``, ``write`` or ``read``."""
    kinds: dict[str, set[str]] = {}
    for item in Items(node).query(_HELD):
        workflow, _, kind = item["sk"]["S"].partition("#")
        kinds.setdefault(workflow, set()).add(kind)
    return {workflow: "-".join(sorted(words)) for workflow, words in kinds.items()}


def facts(node: Node, workflow: str, kind: Kind) -> dict[str, Any] | None:
    """What is known of one of the keys; None when it is not here. ``digests`` has the key's first.

    Every key that comes in its place has another digest.
    """
    item = Items(node).get(_HELD, f"{workflow}#{kind}")
    row: dict[str, Any] | None = json.loads(item["body"]["S"]) if item else None
    return row


def identity_secrets(node: Node, workflow: str, needs: str) -> list[dict[str, str]]:
    """Secrets of a step that may use Pennsieve, in AWS Batch's form.

    The names are those that public processors read (``contracts/upstream-2026-11.md`` 7). Empty
    for a workflow that was promised nothing.
    """
    if not needs:
        return []
    place = path(node.settings.token, workflow, Kind(needs))
    names = {
        "PENNSIEVE_API_KEY": f"{place}-key",
        "PENNSIEVE_API_SECRET": f"{place}-secret",
        "SESSION_TOKEN": f"{place}-session",
    }
    return [
        {"name": n, "valueFrom": parameter_store.arn(node, value)} for n, value in names.items()
    ]


def hidden_digests(node: Node, workflow: str) -> list[str]:
    """The SHA-256 of each key and secret of a workflow, in hex: they must not be seen in logs."""
    rows = (facts(node, workflow, kind) for kind in Kind)
    return [str(digest) for row in rows if row for digest in row["digests"]]


def digest(secret: str) -> str:
    """How a random secret can be known again without being kept: its SHA-256, in hex."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _keep(node: Node, workflow: str, kind: Kind, key: Mapping[str, Any]) -> None:
    place = path(node.settings.token, workflow, kind)
    secret = {name: key[name] for name in ("key", "secret", "integration", "user")}
    # ECS hands a step whole parameters, so key and secret are also kept one by one. The item in
    # the table comes last: it says that all of them are there.
    parameter_store.write(node, f"{place}-key", key["key"])
    parameter_store.write(node, f"{place}-secret", key["secret"])
    parameter_store.write(node, place, json.dumps(secret))
    known = {name: key[name] for name in ("integration", "user", "by")}
    digests = [digest(key["key"]), digest(key["secret"])]
    row = {**known, "at": node.now(), "digests": digests}
    Items(node).put(_HELD, f"{workflow}#{kind}", {"body": {"S": json.dumps(row)}})


def _forget(node: Node, workflow: str, kinds: Sequence[Kind]) -> None:
    for kind in kinds:
        place = path(node.settings.token, workflow, kind)
        parameter_store.delete(node, [f"{place}{part}" for part in _PARTS])
        Items(node).delete(_HELD, f"{workflow}#{kind}")


def _checked(kind: Kind, credentials: Any) -> dict[str, Any] | None:
    if credentials is None:
        return None
    texts = ("key", "secret", "user")
    if not isinstance(credentials, Mapping) or type(credentials.get("integration")) is not int:
        raise ValueError(f"'{kind}' needs an integration's number, a user, a key and a secret")
    for name in texts:
        value = credentials.get(name)
        if (
            not isinstance(value, str)
            or not 0 < len(value) <= _MOST_TEXT
            or not value.isprintable()
        ):
            raise ValueError(f"'{kind}' has no usable {name}")
    return {name: credentials[name] for name in ("integration", *texts)}
