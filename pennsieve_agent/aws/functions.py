"""Functions: called, and answered."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pennsieve_agent.aws.session import Aws
from pennsieve_agent.errors import AwsError


def invoke(aws: Aws, name: str, event: Mapping[str, Any]) -> dict[str, Any]:
    """Call a function and wait for its answer.

    Raises:
        AwsError: AWS refused the call, or the function failed; the message has its own words.

    """
    answer = aws.invoke(name, json.dumps(event).encode())
    try:
        found = json.loads(answer.payload or b"null")
    except ValueError:
        found = None
    if answer.error or not isinstance(found, dict):
        words = found.get("errorMessage") if isinstance(found, dict) else None
        raise AwsError(
            f"function {name} failed: {words or 'it gave no answer that can be read'}",
            where=name,
            hint=f"read its log with: aws logs tail /aws/lambda/{name} --since 1h",
            aws_code=answer.error or "Unreadable",
        )
    return found
