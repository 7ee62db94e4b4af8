"""Which code a Lambda function has."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from pennsieve_agent.aws.session import Aws
from pennsieve_agent.errors import AwsError


@dataclass(frozen=True, slots=True)
class Deployed:
    """A function. ``digest`` is the SHA-256 of its zip in hex; ``state`` is AWS's word."""

    name: str
    digest: str
    state: str = "Active"
    reason: str = ""
    runtime: str = ""


def deployed(aws: Aws, name: str) -> Deployed | None:
    """The function of this name, if there is one."""
    try:
        configuration = aws.call("lambda", "get_function_configuration", FunctionName=name)
    except AwsError as error:
        if error.aws_code == "ResourceNotFoundException":
            return None
        raise
    return Deployed(
        name,
        _hex(str(configuration.get("CodeSha256", ""))),
        str(configuration.get("State") or "Active"),
        str(configuration.get("StateReason") or ""),
        str(configuration.get("Runtime") or ""),
    )


def _hex(digest: str) -> str:
    """A digest in hex, from AWS's base64; unchanged where it is not a digest."""
    try:
        return base64.b64decode(digest, validate=True).hex()
    except binascii.Error:
        return digest
