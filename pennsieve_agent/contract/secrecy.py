"""Hides tokens, secrets and signed addresses in what is shown of an answer."""

from __future__ import annotations

import json
import re
from typing import Any

HIDDEN = "(hidden)"
_SECRET_KEYS = re.compile(
    r"(?i)(secret|token|password|signature|policy|credential|accesskey|access_key|sessiontoken)"
)
_HARMLESS = frozenset({"policyDocument", "trustPolicyDocument", "tokenPool", "TokenType"})
_TOKENS = re.compile(r"eyJ[\w-]+\.[\w-]+(\.[\w-]*)?|(?<=\?)[^\s\"']+")
_LONGEST = 160


def excerpt(body: bytes) -> str:
    """The beginning of a body."""
    try:
        text = json.dumps(masked(json.loads(body)), ensure_ascii=False)
    except (ValueError, RecursionError):
        text = body[: 4 * _LONGEST].decode(errors="replace")
    text = " ".join(masked_text(text).split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def masked(value: Any) -> Any:
    """A value with secrets, as its keys name them, replaced."""
    match value:
        case dict():
            return {
                key: HIDDEN if is_secret(key) and not isinstance(item, dict) else masked(item)
                for key, item in value.items()
            } | ({"key": HIDDEN} if "secret" in value else {})
        case list():
            return [masked(item) for item in value]
        case _:
            return value


def masked_text(text: str) -> str:
    """A text without tokens and without the queries of addresses."""
    return _TOKENS.sub(HIDDEN, text)


def is_secret(key: str) -> bool:
    """Whether a key's name says that its value is one."""
    return key not in _HARMLESS and _SECRET_KEYS.search(key) is not None
