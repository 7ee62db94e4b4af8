"""Calls that only read, to see whether they are refused; their answers are not used."""

from __future__ import annotations

from typing import Any

from pennsieve_agent.aws.failures import Attempt
from pennsieve_agent.aws.session import Aws
from pennsieve_agent.errors import AwsError, NotPermitted


def refused_probes(
    aws: Aws, *, stack: str, role: str, policy: str, bucket: str, table: str
) -> tuple[str, ...]:
    """The actions that AWS refuses of those that can be tried without changing anything.

    The names need not be those of anything that is there.
    """
    probes: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("cloudformation", "describe_stacks", {"StackName": stack}),
        ("cloudformation", "describe_stack_events", {"StackName": stack}),
        ("cloudformation", "describe_stack_resources", {"StackName": stack}),
        ("cloudformation", "get_template", {"StackName": stack}),
        ("iam", "get_role", {"RoleName": role}),
        ("iam", "get_role_policy", {"RoleName": role, "PolicyName": "none"}),
        ("iam", "get_policy", {"PolicyArn": policy}),
        ("s3", "head_bucket", {"Bucket": bucket}),
        ("dynamodb", "describe_table", {"TableName": table}),
        ("logs", "describe_log_groups", {"limit": 1}),
        ("ec2", "describe_vpcs", {}),
        ("ec2", "describe_subnets", {}),
        ("ec2", "describe_route_tables", {}),
        ("batch", "describe_compute_environments", {}),
        ("batch", "describe_job_queues", {}),
        ("lambda", "get_account_settings", {}),
    )
    return tuple(
        _action(service, operation)
        for service, operation, parameters in probes
        if _refused(aws, service, operation, parameters)
    )


def _refused(aws: Aws, service: str, operation: str, parameters: dict[str, Any]) -> bool:
    try:
        aws.call(service, operation, **parameters)
    except NotPermitted:
        return True
    except AwsError:
        return False  # it is not there, which is an answer to who may ask
    return False


def _action(service: str, operation: str) -> str:
    name = "".join(word.capitalize() for word in operation.split("_"))
    return Attempt(service, name).action
