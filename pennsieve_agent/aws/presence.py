"""Whether a table or a log group of a known name exists."""

from __future__ import annotations

from pennsieve_agent.aws.session import Aws
from pennsieve_agent.errors import AwsError


def table_exists(aws: Aws, name: str) -> bool:
    """Whether there is a DynamoDB table of this name."""
    try:
        table = aws.call("dynamodb", "describe_table", TableName=name)
    except AwsError as error:
        if error.aws_code == "ResourceNotFoundException":
            return False
        raise
    return str(table["Table"].get("TableStatus", "")) != "DELETING"


def log_group_exists(aws: Aws, name: str) -> bool:
    """Whether there is a log group of exactly this name."""
    pages = aws.pages("logs", "describe_log_groups", logGroupNamePrefix=name)
    return any(group["logGroupName"] == name for page in pages for group in page["logGroups"])
