"""What Lambda asks of a function in a VPC, and what such a function then reaches.

The execution role makes its network interfaces:
https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html, "Required IAM permissions", and
https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSLambdaVPCAccessExecutionRole.html.
The interfaces get no public address:
https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc-internet.html. Where no template
makes the network, nobody has said anything of it here, as for jobs.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pennsieve_agent.domain.iam_policies import Ask, Verdict
from pennsieve_agent.domain.reachability import Interface, Need, reach, reach_files
from pennsieve_agent.domain.vpc import Vpc, named, vpc_of
from pennsieve_agent.sandbox.aws.functions.function_settings import find
from pennsieve_agent.sandbox.aws.limits.refused import Refused
from pennsieve_agent.sandbox.aws.rights.principals import Principal, may
from pennsieve_agent.sandbox.aws.wire import AwsRequest

_ON_INTERFACES = (
    "CreateNetworkInterface",
    "DeleteNetworkInterface",
    "AssignPrivateIpAddresses",
    "UnassignPrivateIpAddresses",
)
_ON_ALL = ("DescribeNetworkInterfaces", "DescribeSubnets")
_NAMES = {"ecr": "ecr.api"}
"""Of a service's endpoint, where requests are signed for another name."""


def check_interfaces(role: str, config: Mapping[str, Any] | None) -> None:
    """Refuse a function in a VPC whose role cannot make its network interfaces.

    Raises:
        Refused: it cannot; ``config`` is the function's ``VpcConfig``.

    """
    if not (config or {}).get("SubnetIds"):
        return
    account = role.split(":")[4]
    interface = f"arn:aws:ec2:*:{account}:network-interface/eni-0"
    asks = dict.fromkeys(_ON_INTERFACES, interface) | dict.fromkeys(_ON_ALL, "*")
    for action, resource in asks.items():
        if may(role, Ask(f"ec2:{action}", resource)) is not Verdict.ALLOWED:
            raise Refused(
                "InvalidParameterValueException",
                f"The provided execution role does not have permissions to call {action} on EC2",
            )


@dataclass(frozen=True, slots=True)
class FunctionNetwork:
    """The network of a function, and an interface in each of its subnets: Lambda uses any."""

    vpc: Vpc
    interfaces: tuple[Interface, ...]

    def timeout(self, request: AwsRequest, bucket_region: str, rights: Iterable[Ask]) -> str:
        """Why a request does not arrive; empty if it does. ``rights`` are what it asks for."""
        asks = tuple(ask for ask in rights if ask.action.startswith(f"{request.service}:"))
        service = _NAMES.get(request.service, request.service)
        need = Need(request.operation, service, bucket_region or request.region, asks=asks)
        return self._first(lambda interface: reach(self.vpc, interface, need).why)

    def files_problem(self) -> str:
        """Why the file system is not reached; empty if it is."""
        return self._first(lambda interface: reach_files(self.vpc, interface).why)

    def _first(self, why: Callable[[Interface], str]) -> str:
        return next(filter(None, map(why, self.interfaces)), "")


def network_of(caller: Principal) -> FunctionNetwork | None:
    """The network of the function that a caller is; None for others, and where it is unknown.

    The caller holds moto's lock. Lambda calls the session of a function's role by the function.
    """
    from moto.cloudformation.models import cloudformation_backends  # noqa: PLC0415 - slow

    name = caller.session.rpartition("/")[2]
    for region, backend in cloudformation_backends[caller.account].items():
        for stack in backend.stacks.values():
            network = _networks(str(stack.template)).get(name)
            function = find(caller.account, region, name) if network is not None else None
            if function is not None and function.role == caller.role:
                return network
    return None


@functools.lru_cache(maxsize=64)
def _networks(text: str) -> Mapping[str, FunctionNetwork]:
    """The functions of a template that are in its VPC, by name."""
    try:
        template = json.loads(text)
    except ValueError:
        return {}  # YAML, which no node's template is
    vpc = vpc_of(template)
    if vpc is None:
        return {}
    rows = [
        body["Properties"]
        for body in template["Resources"].values()
        if body["Type"] == "AWS::Lambda::Function"
    ]
    return {
        str(row.get("FunctionName")): FunctionNetwork(vpc, _interfaces(row["VpcConfig"]))
        for row in rows
        if row.get("VpcConfig", {}).get("SubnetIds")
    }


def _interfaces(config: Mapping[str, Any]) -> tuple[Interface, ...]:
    groups = tuple(map(named, config.get("SecurityGroupIds", ())))
    return tuple(Interface(named(row), groups, public=False) for row in config["SubnetIds"])
