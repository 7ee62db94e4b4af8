"""Quotas of an account in a region, and how much of them is used."""

from __future__ import annotations

from dataclasses import dataclass

from pennsieve_agent.aws.session import Aws
from pennsieve_agent.errors import AwsError

_NONE = {"NoSuchResourceException"}


@dataclass(frozen=True, slots=True)
class Concurrency:
    """Lambda's concurrency: the account's limit, and how much of it is unreserved."""

    most: int
    unreserved: int


def quota(aws: Aws, service: str, code: str) -> float | None:
    """A quota's value, by Service Quotas' codes; None where there is none for this account."""
    try:
        answer = aws.call(
            "service-quotas", "get_service_quota", ServiceCode=service, QuotaCode=code
        )
    except AwsError as error:
        if error.aws_code in _NONE:
            return None
        raise
    value = answer["Quota"].get("Value")
    return None if value is None else float(value)


def concurrency(aws: Aws) -> Concurrency:
    """Lambda's limits of the account in this region."""
    limits = aws.call("lambda", "get_account_settings")["AccountLimit"]
    return Concurrency(
        int(limits["ConcurrentExecutions"]), int(limits["UnreservedConcurrentExecutions"])
    )


def vpcs(aws: Aws) -> int:
    """How many VPCs there are in this region."""
    return sum(len(page["Vpcs"]) for page in aws.pages("ec2", "describe_vpcs"))


def addresses(aws: Aws) -> int:
    """How many Elastic IP addresses the account has in this region."""
    return len(aws.call("ec2", "describe_addresses")["Addresses"])


def opted_in(aws: Aws, region: str) -> bool | None:
    """Whether the account has enabled a region; None where AWS does not know the region."""
    regions = aws.call("ec2", "describe_regions", AllRegions=True)["Regions"]
    status = {row["RegionName"]: row.get("OptInStatus", "opt-in-not-required") for row in regions}
    return None if region not in status else status[region] != "not-opted-in"
