"""What is around a node is seen in an emulated account: networks, names, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from pennsieve_agent.account.register import network_fit
from pennsieve_agent.account.register.read_limits import read_limits_before, reserved
from pennsieve_agent.account.spec.names import NodeNames
from pennsieve_agent.account.spec.node_spec import Mode, Network, Settings
from pennsieve_agent.aws.limits import concurrency, quota
from pennsieve_agent.aws.network import Outward, find_subnets, find_vpc, outward
from pennsieve_agent.domain.aws_quotas import FARGATE, VPCS
from pennsieve_agent.domain.job_addresses import SERVICES
from pennsieve_agent.errors import AwsError, NotPermitted
from tests.account.scene import Scene
from tests.aws.emulator import IGNORED, NUMBER, ScriptedAws

pytestmark = pytest.mark.filterwarnings(IGNORED)
NAMES = NodeNames("0a1b2c3d", NUMBER, "us-east-1")


def network(scene: Scene, *ways: str) -> Network:
    """A network of its own subnet for each way out: ``igw``, ``nat`` or nothing."""
    call = scene.aws.call
    vpc = call("ec2", "create_vpc", CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    gateway = call("ec2", "create_internet_gateway")["InternetGateway"]["InternetGatewayId"]
    call("ec2", "attach_internet_gateway", InternetGatewayId=gateway, VpcId=vpc)
    subnets = []
    for number, way in enumerate(ways):
        zone, block = f"us-east-1{'abc'[number]}", f"10.9.{number}.0/24"
        subnet = call("ec2", "create_subnet", VpcId=vpc, CidrBlock=block, AvailabilityZone=zone)[
            "Subnet"
        ]["SubnetId"]
        table = call("ec2", "create_route_table", VpcId=vpc)["RouteTable"]["RouteTableId"]
        call("ec2", "associate_route_table", RouteTableId=table, SubnetId=subnet)
        target = {"GatewayId": gateway}
        if way == "nat":
            allocated = call("ec2", "allocate_address", Domain="vpc")["AllocationId"]
            made = call("ec2", "create_nat_gateway", SubnetId=subnet, AllocationId=allocated)
            target = {"NatGatewayId": made["NatGateway"]["NatGatewayId"]}
        if way:
            everywhere = {"DestinationCidrBlock": "0.0.0.0/0"}
            call("ec2", "create_route", RouteTableId=table, **everywhere, **target)
        subnets.append(subnet)
    return Network(vpc, tuple(subnets))


def test_subnets_and_their_ways_out(scene: Scene) -> None:
    given = network(scene, "igw", "nat", "")
    found = find_subnets(scene.aws, given.vpc_id, [*given.subnet_ids, "subnet-00000000"])
    assert [subnet.outward for subnet in found] == [Outward.GATEWAY, Outward.NAT, Outward.NONE]
    assert [subnet.zone for subnet in found] == ["us-east-1a", "us-east-1b", "us-east-1c"]
    assert {subnet.vpc_id for subnet in found} == {given.vpc_id}
    assert all(subnet.free > 200 for subnet in found)
    assert find_vpc(scene.aws, "vpc-00000000") is None
    vpc = find_vpc(scene.aws, given.vpc_id)
    assert vpc is not None
    assert not vpc.names
    scene.aws.call(
        "ec2", "modify_vpc_attribute", VpcId=given.vpc_id, EnableDnsHostnames={"Value": True}
    )
    vpc = find_vpc(scene.aws, given.vpc_id)
    assert vpc is not None
    assert vpc.names


def test_what_jobs_would_reach_in_an_existing_network(scene: Scene) -> None:
    """As AWS describes it: routes, endpoints with their private names, and their firewalls."""
    given, call = network(scene, ""), scene.aws.call
    for name in ("EnableDnsHostnames", "EnableDnsSupport"):
        call("ec2", "modify_vpc_attribute", VpcId=given.vpc_id, **{name: {"Value": True}})
    where = {"VpcId": given.vpc_id, "GroupName": "endpoints", "Description": "endpoints"}
    group = call("ec2", "create_security_group", **where)["GroupId"]
    ours = [{"Name": "association.subnet-id", "Values": list(given.subnet_ids)}]
    (table,) = call("ec2", "describe_route_tables", Filters=ours)["RouteTables"]
    for service in ("s3", *SERVICES):
        interface = {
            "VpcEndpointType": "Interface",
            "SubnetIds": list(given.subnet_ids),
            "SecurityGroupIds": [group],
            "PrivateDnsEnabled": service != "ssm",
        }
        gateway = {"VpcEndpointType": "Gateway", "RouteTableIds": [table["RouteTableId"]]}
        call(
            "ec2",
            "create_vpc_endpoint",
            VpcId=given.vpc_id,
            ServiceName=f"com.amazonaws.us-east-1.{service}",
            **(gateway if service == "s3" else interface),
        )

    def unreached() -> list[str]:
        vpc = find_vpc(scene.aws, given.vpc_id)
        assert vpc is not None
        settings = Settings(mode=Mode.COMPLIANT, network=given)
        sentences = network_fit.unreached(vpc.inside, given.subnet_ids, settings, "us-east-1")
        return [sentence.partition(" would not reach ")[2] for sentence in sentences]

    others = ", ".join(service for service in SERVICES if service != "ssm")
    ssm = "ssm: no endpoint and no route leads there from"
    closed, without = unreached()
    assert closed == f"{others}: security groups do not let port 443 through"
    assert without.startswith(ssm)
    lets = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
    ranges = [{"CidrIp": "10.9.0.0/24"}]
    rule = [{**lets, "IpRanges": ranges}]
    call("ec2", "authorize_security_group_ingress", GroupId=group, IpPermissions=rule)
    (alone,) = unreached()
    assert alone.startswith(ssm)


def test_a_subnet_without_a_table_of_its_own_has_the_main_one() -> None:
    route = {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1"}
    main = {"Associations": [{"Main": True}], "Routes": [route]}
    transit = {"DestinationCidrBlock": "0.0.0.0/0", "TransitGatewayId": "tgw-1"}
    own = {"Associations": [{"SubnetId": "subnet-1", "Main": False}], "Routes": [transit]}
    assert outward("subnet-9", [own, main]) is Outward.GATEWAY
    assert outward("subnet-1", [own, main]) is Outward.OTHER
    assert outward("subnet-1", []) is Outward.NONE


def test_all_that_is_around_a_new_node(scene: Scene) -> None:
    template = scene.plan().stack_request.template
    found = read_limits_before(scene.aws, NAMES, Settings(mode=Mode.SECURE), template, creates=True)
    assert (found.region_on, found.vpcs, found.addresses) == (True, 1, 0)
    assert (found.taken, found.unseen) == ((), {})
    given = network(scene, "igw")
    settings = Settings(network=given)
    found = read_limits_before(scene.aws, NAMES, settings, template, creates=True)
    assert (found.vpcs, found.addresses) == (None, None)
    assert [subnet.id for subnet in found.subnets] == list(given.subnet_ids)


def test_names_that_are_taken(scene: Scene) -> None:
    scene.register()
    names, template = scene.plan().names, scene.plan().stack_request.template
    found = read_limits_before(scene.aws, names, Settings(), template, creates=True)
    assert found.taken == (
        f"role {names.gateway}",
        f"policy {names.boundary}",
        f"bucket {names.bucket}",
        f"table {names.table}",
        f"log group {names.log_group}",
    )
    assert read_limits_before(scene.aws, names, Settings(), template, creates=False).taken == ()


def test_what_may_not_be_seen_is_said(scene: Scene) -> None:
    class Blind(ScriptedAws):
        def call(self, service: str, operation: str, **_: Any) -> dict[str, Any]:
            raise NotPermitted(f"AWS refused {service}:{operation}")

    plan = scene.plan()
    found = read_limits_before(
        Blind(), plan.names, Settings(), plan.stack_request.template, creates=True
    )
    assert {"region", "quotas", "VPCs", "Lambda's limits", f"role {plan.names.gateway}"} <= set(
        found.unseen
    )
    assert (found.region_on, found.quotas, found.taken) == (None, {}, ())


def test_quotas() -> None:
    value = {"Quota": {"QuotaCode": FARGATE.code, "Value": 6.0}}
    assert quota(ScriptedAws(("get_service_quota", value)), FARGATE.service, FARGATE.code) == 6.0
    none = AwsError("there is none", aws_code="NoSuchResourceException")
    assert quota(ScriptedAws(("get_service_quota", none)), VPCS.service, VPCS.code) is None
    with pytest.raises(AwsError, match="slow"):
        quota(ScriptedAws(("get_service_quota", AwsError("slow"))), VPCS.service, VPCS.code)
    limits = {"AccountLimit": {"ConcurrentExecutions": 10, "UnreservedConcurrentExecutions": 8}}
    found = concurrency(ScriptedAws(("get_account_settings", limits)))
    assert (found.most, found.unreserved) == (10, 8)


def test_what_functions_reserve() -> None:
    function = {"Type": "AWS::Lambda::Function", "Properties": {"ReservedConcurrentExecutions": 3}}
    other = {"Type": "AWS::Lambda::Function", "Properties": {}}
    assert reserved({"Resources": {"A": function, "B": function, "C": other}}) == 6
