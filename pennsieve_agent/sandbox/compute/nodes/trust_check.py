"""Whether a role's trust policy lets the platform in.

AWS decides this when a role is assumed; the emulated AWS does not, so the sandbox does it here.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from typing import Any

from pennsieve_agent.sandbox.host.world import PLATFORM_ACCOUNT_ID

PLATFORM_ARN = (
    f"arn:aws:iam::{PLATFORM_ACCOUNT_ID}:role/service-roles/"
    "dev-account-service-provisioner-task-role-use1"
)
"""Who the platform is when it assumes a role (``contracts/resources.md`` 1.9)."""
_ACTIONS = {"sts:assumerole", "sts:*", "*"}


def refusal(policy: Mapping[str, Any]) -> str:
    """Why AWS would not let the platform assume a role of this trust policy; empty if it would.

    The platform sends no external id (``contracts/resources.md`` 1.8).
    """
    context = {
        "aws:PrincipalArn": PLATFORM_ARN,
        "aws:PrincipalAccount": PLATFORM_ACCOUNT_ID,
    }
    statements = [s for s in _many(policy.get("Statement")) if isinstance(s, Mapping)]
    ours = [s for s in statements if _names_platform(s) and _names_action(s)]
    if not ours:
        return f"the trust policy does not name account {PLATFORM_ACCOUNT_ID}"
    if any(s.get("Effect") == "Deny" and not _unmet(s, context) for s in ours):
        return "the trust policy denies it"
    allowing = [_unmet(s, context) for s in ours if s.get("Effect") == "Allow"]
    if "" in allowing:
        return ""
    return f"the trust policy's condition is not met: {allowing[0]}" if allowing else "no Allow"


def _names_platform(statement: Mapping[str, Any]) -> bool:
    principal = statement.get("Principal")
    names = _many(principal.get("AWS")) if isinstance(principal, Mapping) else []
    return any(
        name in {PLATFORM_ACCOUNT_ID, f"arn:aws:iam::{PLATFORM_ACCOUNT_ID}:root", PLATFORM_ARN}
        for name in names
    )


def _names_action(statement: Mapping[str, Any]) -> bool:
    return any(str(action).lower() in _ACTIONS for action in _many(statement.get("Action")))


def _unmet(statement: Mapping[str, Any], context: Mapping[str, str]) -> str:
    """The first condition that does not hold, as text; empty if all do."""
    known = {key.lower(): value for key, value in context.items()}
    for operator, keys in _conditions(statement).items():
        for key, expected in keys.items():
            actual = known.get(key.lower(), "")
            patterns = [str(value) for value in _many(expected)]
            if not actual or not any(_fits(operator, actual, text) for text in patterns):
                return f"{operator} {key}"
    return ""


def _conditions(statement: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    condition = statement.get("Condition")
    pairs = condition.items() if isinstance(condition, Mapping) else ()
    return {str(operator): keys for operator, keys in pairs if isinstance(keys, Mapping)}


def _fits(operator: str, actual: str, pattern: str) -> bool:
    """An operator the sandbox does not know is never met, which is the safe reading."""
    match operator:
        case "StringEquals":
            return actual == pattern
        case "StringEqualsIgnoreCase":
            return actual.casefold() == pattern.casefold()
        case "StringLike" | "ArnLike" | "ArnEquals":
            # Of a shell's wildcards, IAM has only * and ?.
            return fnmatch.fnmatchcase(actual, pattern.replace("[", "[[]"))
        case _:
            return False


def _many(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
