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
    answer = aws.call("lambda", "invoke", FunctionName=name, Payload=json.dumps(event).encode())
    payload = answer["Payload"].read()
    try:
        body = json.loads(payload or b"null")
    except ValueError:
        body = None
    if answer.get("FunctionError") or not isinstance(body, dict):
        words = body.get("errorMessage") if isinstance(body, dict) else None
        raise AwsError(
            f"function {name} failed: {words or 'it gave no answer that can be read'}",
            where=name,
            hint=f"read its log with: aws logs tail /aws/lambda/{name} --since 1h",
            aws_code=str(answer.get("FunctionError") or "Unreadable"),
        )
    return body
