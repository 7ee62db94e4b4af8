"""The node's secret parameters in AWS Systems Manager, with the node's own key where it has one.

A standard parameter takes 4 KB and costs nothing (AWS Systems Manager, "Managing parameter tiers").
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pennsieve_agent.domain.node_protocol import partition_of
from pennsieve_agent.node.node import Node, aws_code

_ABSENT = "ParameterNotFound"
_MOST_NAMES = 10
"""In one request (AWS Systems Manager API Reference, "GetParameters", "DeleteParameters")."""


def read(node: Node, name: str) -> str:
    """The value of a parameter; empty when there is none."""
    try:
        answer = node.client("ssm").get_parameter(Name=name, WithDecryption=True)
    except Exception as error:
        if aws_code(error) != _ABSENT:
            raise
        return ""
    return str(answer["Parameter"]["Value"])


def read_many(node: Node, names: Sequence[str]) -> dict[str, str]:
    """The values of parameters; what is not there is left out."""
    values: dict[str, str] = {}
    for start in range(0, len(names), _MOST_NAMES):
        answer = node.client("ssm").get_parameters(
            Names=list(names[start : start + _MOST_NAMES]), WithDecryption=True
        )
        values |= {str(row["Name"]): str(row["Value"]) for row in answer["Parameters"]}
    return values


def write(node: Node, name: str, value: str) -> None:
    """Keep a secret value, replacing what is there."""
    own: dict[str, Any] = {"KeyId": node.settings.key} if node.settings.key else {}
    node.client("ssm").put_parameter(
        Name=name, Value=value, Type="SecureString", Overwrite=True, **own
    )


def delete(node: Node, names: Sequence[str]) -> None:
    """Delete parameters; what is not there is fine."""
    for start in range(0, len(names), _MOST_NAMES):
        node.client("ssm").delete_parameters(Names=list(names[start : start + _MOST_NAMES]))


def arn(node: Node, name: str) -> str:
    """The ARN of a parameter, whose name begins with ``/``."""
    settings = node.settings
    here = f"{settings.region}:{settings.account}"
    return f"arn:{partition_of(settings.region)}:ssm:{here}:parameter{name}"
