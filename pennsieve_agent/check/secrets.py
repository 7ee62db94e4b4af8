"""Secrets by their form: keys and tokens whose issuers gave them one that nothing else has.

Forms are those that the issuers publish: AWS ("Understanding unique ID prefixes", IAM User Guide),
GitHub ("About authentication to GitHub", token formats), GitLab ("Token overview"), Slack, Google
API keys, OpenSSH and PEM headers (RFC 7468). A secret itself is never quoted.
"""

from __future__ import annotations

import re

_FORMS: tuple[tuple[str, str, str], ...] = (
    ("an AWS access key", "A", r"\b(?:AKIA|ASIA)(?!.{0,16}EXAMPLE)[A-Z2-7]{16}\b"),
    ("a GitHub token", "g", r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{60,})\b"),
    ("a GitLab token", "glpat-", r"\bglpat-[A-Za-z0-9_-]{20,}"),
    ("a Slack token", "xox", r"\bxox[abprs]-\d{8,}-[A-Za-z0-9-]{20,}"),
    ("a Google API key", "AIza", r"\bAIza[A-Za-z0-9_-]{35}\b"),
    ("an Anthropic key", "sk-ant-", r"\bsk-ant-[A-Za-z0-9_-]{40,}"),
    (
        "a private key",
        "PRIVATE KEY-----",
        r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----\s+(?:[A-Za-z-]+: .*\s+)*[A-Za-z0-9+/=]{40,}",
    ),
    (
        "a password in an address",
        "://",
        (
            r"\bhttps?://[\w.+-]+:(?![\"'${<%*]|(?i:pass|pwd|secret|token|xxx|your|user))"
            r"[^\s:/@\"'`$<>{}()*\\]{8,}@[\w-]+\.[\w.-]+"
        ),
    ),
)
_COMPILED = tuple((what, mark, re.compile(form)) for what, mark, form in _FORMS)
_NAME = re.compile(
    r"(?:.*_)?(?:TOKEN|SECRET|PASSWORD|PASSWD|API_?KEY|ACCESS_KEY|SECRET_KEY|PRIVATE_KEY)",
    re.IGNORECASE,
)
_KEY = re.compile(r"(?:.*_)?(?:KEY|CREDENTIALS?)", re.IGNORECASE)
_PLACEHOLDER = re.compile(
    r"(?i)(?:change|your|example|dummy|fake|test|todo|insert|replace|none|null|true|false|xxx|<|\.\.\.)"
)
_LEAST = 8


def secrets_in(text: str) -> list[tuple[int, str]]:
    """Where a text has secrets: an offset and what it is."""
    return [
        (hit.start(), what)
        for what, mark, form in _COMPILED
        if mark in text
        for hit in form.finditer(text)
    ]


def is_secret_name(name: str) -> bool:
    """Whether a variable of this name holds a password, token or key."""
    return _NAME.fullmatch(name) is not None


def may_be_secret_name(name: str) -> bool:
    """Whether a variable of this name is better kept as a secret than as a parameter."""
    return is_secret_name(name) or _KEY.fullmatch(name) is not None


def is_secret_value(value: str) -> bool:
    """Whether a value can be a secret: not a path, a variable, a flag or a word in its place."""
    plain = value.strip("\"'")
    is_long = len(plain) >= _LEAST and not any(char.isspace() for char in plain)
    return is_long and not plain.startswith(("/", "$", ".")) and not _PLACEHOLDER.search(plain)
