"""Where a node's network is made: in zones that have what is needed, and it stays there."""

from __future__ import annotations

from typing import Any

import pytest

from pennsieve_agent.account.register.choose_place import zones_for
from pennsieve_agent.account.spec.node_spec import Mode, Network, Settings
from pennsieve_agent.account.spec.spec_json import installed_zones
from pennsieve_agent.aws.cloudformation import template_of
from pennsieve_agent.domain.job_addresses import SERVICES
from pennsieve_agent.errors import AwsError, UsageProblem
from tests.account.scene import Scene
from tests.aws.emulator import IGNORED, ScriptedAws

pytestmark = pytest.mark.filterwarnings(IGNORED)
COMPLIANT = Settings(mode=Mode.COMPLIANT)
NO_SERVICE = AwsError("there is no such service", aws_code="InvalidServiceName")


def zones(**names: str) -> tuple[str, dict[str, Any]]:
    rows = [{"ZoneName": f"us-east-1{key}", "ZoneId": zone} for key, zone in names.items()]
    return "describe_availability_zones", {"AvailabilityZones": rows}


def service(*letters: str) -> tuple[str, dict[str, Any]]:
    row = {"AvailabilityZones": [f"us-east-1{letter}" for letter in letters]}
    return "describe_vpc_endpoint_services", {"ServiceDetails": [row]}


def test_zones_are_asked_for_by_id() -> None:
    aws = ScriptedAws(zones(a="use1-az3", b="use1-az6", c="use1-az1"))
    assert zones_for(aws, Settings(), "us-east-1") == ("use1-az1", "use1-az6")
    ((_, asked),) = aws.asked
    assert {"Name": "zone-type", "Values": ["availability-zone"]} in asked["Filters"]


def test_zones_without_internet_have_every_endpoint() -> None:
    offered = [service("a", "b"), *(service("a", "b", "c") for _ in SERVICES[1:])]
    aws = ScriptedAws(zones(a="use1-az1", b="use1-az2", c="use1-az4"), *offered)
    assert zones_for(aws, COMPLIANT, "us-east-1") == ("use1-az1", "use1-az2")
    assert [asked["ServiceNames"] for _, asked in aws.asked[1:]] == [
        [f"com.amazonaws.us-east-1.{name}"] for name in SERVICES
    ]


def test_a_region_without_an_endpoint_is_refused_before_anything_is_made() -> None:
    offered: list[tuple[str, Any]] = [service("a"), *(service("a") for _ in SERVICES[2:])]
    offered.insert(1, ("describe_vpc_endpoint_services", NO_SERVICE))
    aws = ScriptedAws(zones(a="use1-az1", b="use1-az3"), *offered)
    with pytest.raises(UsageProblem) as caught:
        zones_for(aws, COMPLIANT, "us-east-1")
    assert caught.value.message == (
        "no availability zone of us-east-1 has all that a node needs: us-east-1a (use1-az1): AWS "
        f"has no VPC endpoint there for {SERVICES[1]}; us-east-1b (use1-az3): AWS Fargate is not "
        "available there"
    )
    assert "--region" in str(caught.value.hint)


def test_an_existing_network_is_not_asked_about() -> None:
    assert zones_for(ScriptedAws(), Settings(network=Network("vpc-1", ("s",))), "us-east-1") == ()


def test_a_node_stays_in_its_zones(scene: Scene) -> None:
    scene.register()
    assert scene.plan().nothing_to_do
    names = scene.plan().names
    assert installed_zones(template_of(scene.aws, names.stack)) == ("use1-az1", "use1-az2")
    rows = scene.aws.call("ec2", "describe_subnets")["Subnets"]
    ours = {row["AvailabilityZoneId"] for row in rows if row["CidrBlock"].startswith("10.204.")}
    assert ours == {"use1-az1", "use1-az2"}
