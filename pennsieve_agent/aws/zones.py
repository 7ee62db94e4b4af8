"""Read the availability zones of a region, and which VPC endpoints AWS offers in each."""

from __future__ import annotations

from collections.abc import Sequence

from pennsieve_agent.aws.session import Aws
from pennsieve_agent.domain.zones import Zone
from pennsieve_agent.errors import AwsError

_NO_SERVICE = "InvalidServiceName"
"""Amazon EC2, "Error codes": https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html"""


def find_zones(aws: Aws, region: str, services: Sequence[str] = ()) -> tuple[Zone, ...]:
    """The zones of a region that this account may use; no local zones.

    ``services`` are those whose interface endpoints will be needed, such as ``ecr.api``.

    Raises:
        AwsError: AWS cannot be asked.

    """
    usual = [
        {"Name": "zone-type", "Values": ["availability-zone"]},
        {"Name": "state", "Values": ["available"]},
    ]
    rows = aws.call("ec2", "describe_availability_zones", Filters=usual)["AvailabilityZones"]
    offered = {service: _offered(aws, region, service) for service in services}
    return tuple(
        Zone(
            row["ZoneId"],
            row["ZoneName"],
            tuple(service for service in services if row["ZoneName"] not in offered[service]),
        )
        for row in rows
    )


def _offered(aws: Aws, region: str, service: str) -> frozenset[str]:
    """The names of the zones in which there can be a service's endpoint; none where it has none.

    (https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVpcEndpointServices.html)
    """
    name = f"com.amazonaws.{region}.{service}"
    try:
        answer = aws.call("ec2", "describe_vpc_endpoint_services", ServiceNames=[name])
    except AwsError as error:
        if error.aws_code == _NO_SERVICE:
            return frozenset()
        raise
    return frozenset(zone for row in answer["ServiceDetails"] for zone in row["AvailabilityZones"])
