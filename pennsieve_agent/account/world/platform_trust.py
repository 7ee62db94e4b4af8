"""The AWS account that Pennsieve works in, as the trust policy says that it serves. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pennsieve_agent.domain.iam_policies import many
from pennsieve_agent.errors import PlatformError

_ACCOUNT = re.compile(r"(?:arn:[^:]+:iam::)?(\d{12})(?::.+)?")


def trusted_account(trust: Mapping[str, Any]) -> str:
    """The number of the one AWS account that a served trust policy allows to assume the role.

    Raises:
        PlatformError: the policy allows anybody else; such a role must never be created.

    """
    accounts = {_account_of(statement) for statement in many(trust.get("Statement"))}
    if len(accounts) != 1 or not all(accounts):
        raise PlatformError(
            "Pennsieve asks for a role that principals outside one AWS account may assume; "
            "nothing was changed",
            where="/compute/resources/role-policy",
            hint="see it with: pennsieve compute policy show --served --json, and ask Pennsieve",
        )
    return accounts.pop()


def _account_of(statement: Mapping[str, Any]) -> str:
    """The account that a statement trusts; empty where it trusts anything else."""
    if statement.get("Effect") != "Allow" or set(statement.get("Principal") or ()) != {"AWS"}:
        return ""
    if many(statement.get("Action")) != ["sts:AssumeRole"]:
        return ""
    matches = [_ACCOUNT.fullmatch(str(name)) for name in many(statement["Principal"]["AWS"])]
    numbers = {match[1] if match else "" for match in matches}
    return numbers.pop() if len(numbers) == 1 else ""
