"""What Lambda takes: events, variables, and how many calls at once functions may reserve.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html: 100 stay unreserved.
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html: 1,000 at once; "new AWS
accounts have reduced concurrency" (10 is what they see), and then nothing can be reserved.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping

from pennsieve_agent.sandbox.aws.functions.function_files import check_files
from pennsieve_agent.sandbox.aws.functions.function_network import check_interfaces
from pennsieve_agent.sandbox.aws.functions.function_settings import find
from pennsieve_agent.sandbox.aws.limits.refused import Refused
from pennsieve_agent.sandbox.aws.rights.policy_check import Answer
from pennsieve_agent.sandbox.aws.wire import AwsRequest

MOST_SYNCHRONOUS = 6 * 1024 * 1024
MOST_EVENT = 256 * 1024
"""Bytes that a function is called with; an event's are the smaller of two documented numbers."""
MOST_POLICY = 20_480
"""Bytes of a function's own policy."""
MOST_VARIABLES = 4 * 1024
"""Bytes of all environment variables of a function, as JSON."""
QUOTA = "MOTO_LAMBDA_CONCURRENCY_QUOTA"
"""The variable of this process that says how many calls at once the account may have."""
USUAL = 1000
LEAST_UNRESERVED = 100
_POINT = re.compile(
    r"arn:aws[-a-z]*:s3files:[0-9a-z-:]+:file-system/fs-[0-9a-f]{17,40}"
    r"/access-point/fsap-[0-9a-f]{17,40}"
)
"""What a function mounts (Lambda's API, ``FileSystemConfig``); Elastic File System is left out."""
_ZIP, _UNZIPPED, _ALL = 52_428_800, 262_144_000, 80_530_636_800


def account_settings(account: str, region: str) -> Answer:
    """The answer to ``GetAccountSettings``, which moto lacks. The caller holds its lock."""
    most = _quota()
    limit = {
        "TotalCodeSize": _ALL,
        "CodeSizeUnzipped": _UNZIPPED,
        "CodeSizeZipped": _ZIP,
        "ConcurrentExecutions": most,
        "UnreservedConcurrentExecutions": most - _reserved(account, region),
    }
    usage = {"TotalCodeSize": 0, "FunctionCount": len(_functions(account, region))}
    return Answer("200 OK", json.dumps({"AccountLimit": limit, "AccountUsage": usage}).encode())


def check_concurrency(account: str, region: str, function: str, reserved: int) -> None:
    """Refuse a reservation that leaves too little to the account's other functions.

    Raises:
        Refused: it does.

    """
    most = _quota()
    least = min(LEAST_UNRESERVED, most)
    if reserved and most - _reserved(account, region, but=function) - reserved < least:
        raise Refused(
            "InvalidParameterValueException",
            "Specified ReservedConcurrentExecutions for function decreases account's"
            f" UnreservedConcurrentExecution below its minimum value of [{least}].",
        )


def check_variables(variables: Mapping[str, str]) -> None:
    """Refuse more environment variables than a function can have.

    Raises:
        Refused: there are more.

    """
    measured = json.dumps(dict(variables), separators=(",", ":"))
    if len(measured.encode()) > MOST_VARIABLES:
        raise Refused(
            "InvalidParameterValueException",
            "Lambda was unable to configure your environment variables because the environment"
            f" variables you have provided exceeded the 4KB limit. String measured: {measured}",
        )


def check_mounts(points: Iterable[str]) -> None:
    """Refuse what is not the ARN of an access point: a function mounts nothing else.

    Raises:
        Refused: one is not.

    """
    for point in points:
        if not _POINT.fullmatch(point):
            raise Refused(
                "ValidationException",
                f"1 validation error detected: Value '{point}' at 'fileSystemConfigs.1.member.arn'"
                " failed to satisfy constraint: Member must satisfy regular expression pattern:"
                f" {_POINT.pattern}",
            )


def _invoke(request: AwsRequest, _: str, body: bytes) -> None:
    if request.text("InvocationType") == "Event":
        most, text = (
            MOST_EVENT,
            (
                f"{len(body)} byte payload is too large for the Event invocation type (limit"
                f" {MOST_EVENT} bytes)"
            ),
        )
    else:
        most = MOST_SYNCHRONOUS
        text = f"Request must be smaller than {most} bytes for the InvokeFunction operation"
    if len(body) > most:
        raise Refused("RequestTooLargeException", text, 413)


def _reserve(request: AwsRequest, account: str, _: bytes) -> None:
    name = request.text("FunctionName").rpartition(":")[2]
    reserved = int(request.parameters.get("ReservedConcurrentExecutions") or 0)
    check_concurrency(account, request.region, name, reserved)


def _configure(request: AwsRequest, account: str, _: bytes) -> None:
    check_variables((request.parameters.get("Environment") or {}).get("Variables") or {})
    function = find(account, request.region, request.text("FunctionName").rpartition(":")[2])
    role = request.text("Role") or (function.role if function is not None else "")
    check_interfaces(role, request.parameters.get("VpcConfig"))


def _create(request: AwsRequest, account: str, body: bytes) -> None:
    _configure(request, account, body)
    check_files(account, request.region, request.parameters)


def _permit(request: AwsRequest, account: str, body: bytes) -> None:
    """Hold a function's policy to its size; the new statement is as long as what was sent."""
    from moto.awslambda.models import lambda_backends  # noqa: PLC0415 - slow

    name = request.text("FunctionName").rpartition(":")[2]
    functions = lambda_backends[account][request.region].list_functions()
    statements = [f.policy.statements for f in functions if f.function_name == name]
    size = len(json.dumps(statements, default=str)) + len(body)
    if size > MOST_POLICY:
        text = f"The final policy size ({size}) is bigger than the limit ({MOST_POLICY})."
        raise Refused("PolicyLengthExceededException", text)


def _quota() -> int:
    return int(os.environ.get(QUOTA) or USUAL)


def _reserved(account: str, region: str, *, but: str = "") -> int:
    functions = _functions(account, region)
    return sum(functions[name] for name in functions if name != but)


def _functions(account: str, region: str) -> dict[str, int]:
    """What each function reserves."""
    from moto.awslambda.models import lambda_backends  # noqa: PLC0415 - slow

    functions = lambda_backends[account][region].list_functions()
    return {str(f.function_name): int(f.reserved_concurrency or 0) for f in functions}


RULES = {
    ("lambda", "Invoke"): _invoke,
    ("lambda", "AddPermission"): _permit,
    ("lambda", "PutFunctionConcurrency"): _reserve,
    ("lambda", "CreateFunction"): _create,
    ("lambda", "UpdateFunctionConfiguration"): _configure,
}
