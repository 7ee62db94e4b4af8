"""The resource policy of a Lambda function: who may invoke it."""

from __future__ import annotations

import json
from typing import Any

from pennsieve_agent.aws.session import Aws
from pennsieve_agent.errors import AwsError

MOST_BYTES = 20_480
"""The longest policy of a function (AWS Lambda, "Lambda quotas")."""
_NOT_FOUND = "ResourceNotFoundException"


def function_policy(aws: Aws, function: str) -> dict[str, dict[str, Any]]:
    """The statements of a function's policy by their ids; none when it has no policy."""
    try:
        policy = aws.call("lambda", "get_policy", FunctionName=function)["Policy"]
    except AwsError as error:
        if error.aws_code == _NOT_FOUND:
            return {}
        raise
    return {row["Sid"]: row for row in json.loads(policy)["Statement"]}


def allow_caller(aws: Aws, function: str, sid: str, principal: str) -> None:
    """Let an account (12 digits), a user or a role (its ARN) call a function; may be repeated.

    Raises:
        AwsError: AWS refused; there may be no such user or role.

    """
    try:
        aws.call(
            "lambda",
            "add_permission",
            FunctionName=function,
            StatementId=sid,
            Action="lambda:InvokeFunction",
            Principal=principal,
        )
    except AwsError as error:
        if error.aws_code != "ResourceConflictException":
            raise


def forbid_caller(aws: Aws, function: str, sid: str) -> None:
    """Remove a statement; fine when there is none."""
    try:
        aws.call("lambda", "remove_permission", FunctionName=function, StatementId=sid)
    except AwsError as error:
        if error.aws_code != _NOT_FOUND:
            raise
