"""What stands in the way is said, each thing in its own sentence with its own remedy."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pennsieve_agent.account.register.preflight_problems import (
    AccountLimits,
    Weight,
    findings,
    gpu_quota,
)
from pennsieve_agent.account.spec.node_spec import Gpu, Mode, Network, Settings
from pennsieve_agent.account.stack.endpoints import endpoint_services
from pennsieve_agent.aws.limits import Concurrency
from pennsieve_agent.aws.network import Outward, Subnet, Vpc
from pennsieve_agent.domain import vpc as values
from pennsieve_agent.domain.aws_quotas import ADDRESSES, FARGATE, FARGATE_SPOT, GPU_G, GPU_P, VPCS
from pennsieve_agent.domain.vpc import Endpoint, Group, Rule, Target

PLAIN = Settings()
GPU = replace(PLAIN, gpu=Gpu("g4dn.xlarge", 4, 2))
SECURE = replace(PLAIN, mode=Mode.SECURE)
GIVEN = Network("vpc-1", ("subnet-1", "subnet-2"))
TWO = (
    Subnet("subnet-1", "vpc-1", "us-east-1a", 200, Outward.GATEWAY, "use1-az1"),
    Subnet("subnet-2", "vpc-1", "us-east-1b", 200, Outward.GATEWAY, "use1-az2"),
)
ALL = endpoint_services(gpu=False)
BLOCKS = {"subnet-1": "10.9.0.0/24", "subnet-2": "10.9.1.0/24"}


def inside(
    *services: str, target: Target | None = None, private: bool = True, source: str = "10.9.0.0/16"
) -> values.Vpc:
    """A VPC with a way to S3, endpoints for services, and one route out."""
    s3 = Endpoint("com.amazonaws.us-east-1.s3", gateway=True, tables=("rtb-1",))
    endpoints = tuple(
        Endpoint(
            f"com.amazonaws.us-east-1.{service}",
            gateway=False,
            private_dns=private,
            groups=("sg-1",),
            subnets=("subnet-1",),
        )
        for service in services
    )
    return values.Vpc(
        block="10.9.0.0/16",
        names=True,
        subnets={name: values.Subnet(block, "rtb-1") for name, block in BLOCKS.items()},
        routes={} if target is None else {"rtb-1": target},
        groups={"sg-1": Group(ingress=(Rule("tcp", 443, 443, source),))},
        endpoints=(s3, *endpoints),
    )


VPC = Vpc("vpc-1", names=True, inside=inside(target=Target.INTERNET))
CLOSED = replace(VPC, inside=inside(*ALL))
BEHIND_NAT = replace(VPC, inside=inside(target=Target.NAT))
WITHOUT_S3 = replace(VPC, inside=replace(BEHIND_NAT.inside, endpoints=()))
NO_ROUTE = tuple(replace(one, outward=Outward.NONE) for one in TWO)
WELL = AccountLimits(
    "us-east-1",
    region_on=True,
    quotas={FARGATE: 256, FARGATE_SPOT: 256, GPU_G: 8, VPCS: 5, ADDRESSES: 5},
    vpcs=1,
    addresses=0,
    concurrency=Concurrency(1000, 1000),
    reserved=2,
    vpc=VPC,
    subnets=TWO,
)


def told(
    limits: AccountLimits, settings: Settings, *, creates: bool = True
) -> list[tuple[Weight, str]]:
    found = findings(limits, settings, creates=creates)
    assert all(finding.remedy or finding.weight is Weight.UNKNOWN for finding in found)
    return [(finding.weight, finding.sentence) for finding in found]


@pytest.mark.parametrize("settings", [PLAIN, GPU, SECURE, replace(PLAIN, network=GIVEN)])
def test_where_all_is_well_nothing_is_said(settings: Settings) -> None:
    assert told(WELL, settings) == []


def test_what_is_not_known_is_not_in_the_way() -> None:
    assert told(AccountLimits("us-east-1"), replace(GPU, mode=Mode.SECURE)) == []
    unseen = replace(
        WELL, quotas={}, unseen={"quotas": "AWS refused servicequotas:GetServiceQuota"}
    )
    assert told(unseen, PLAIN) == [
        (
            Weight.UNKNOWN,
            "quotas could not be checked: AWS refused servicequotas:GetServiceQuota",
        )
    ]


@pytest.mark.parametrize(
    ("changes", "settings", "weight", "words"),
    [
        ({"region_on": False}, PLAIN, Weight.ERROR, "us-east-1 is not enabled"),
        ({"quotas": {FARGATE: 0}}, PLAIN, Weight.ERROR, "is 0 in us-east-1: no job can run"),
        ({"quotas": {FARGATE: 6}}, PLAIN, Weight.WARNING, "6 vCPUs can run at once, not 64"),
        ({"quotas": {FARGATE_SPOT: 0}}, PLAIN, Weight.WARNING, "runs with --spot never start"),
        ({"quotas": {GPU_G: 0}}, GPU, Weight.ERROR, "no instance g4dn.xlarge (4 vCPUs) can start"),
        ({"quotas": {GPU_G: 4}}, GPU, Weight.WARNING, "1 instances g4dn.xlarge can start, not 2"),
        ({"vpcs": 5}, PLAIN, Weight.ERROR, "all 5 are in use, and the node needs a VPC of its own"),
        ({"addresses": 5}, SECURE, Weight.ERROR, "all 5 are in use, and the node's NAT"),
        ({"concurrency": Concurrency(10, 10)}, PLAIN, Weight.ERROR, "but only 10 are left"),
        ({"taken": ("role r",)}, PLAIN, Weight.ERROR, "role r already exists"),
    ],
)
def test_what_stands_in_the_way(
    changes: dict[str, object], settings: Settings, weight: Weight, words: str
) -> None:
    ((found, sentence),) = told(replace(WELL, **changes), settings)  # type: ignore[arg-type]
    assert found is weight
    assert words in sentence


def test_a_quota_can_be_raised_by_the_command_that_is_named() -> None:
    (finding,) = findings(replace(WELL, quotas={FARGATE: 0}), PLAIN, creates=True)
    assert finding.remedy == (
        "aws service-quotas request-service-quota-increase --service-code fargate "
        "--quota-code L-3032A538 --desired-value 64 --region us-east-1"
    )
    assert finding.to_json()["weight"] == "error"


def test_what_is_there_already_needs_no_room() -> None:
    used = replace(WELL, vpcs=5, addresses=5, taken=("role r",))
    full = replace(used, concurrency=Concurrency(10, 8), reserved=0)
    assert told(full, SECURE, creates=False) == []


def test_machines_of_another_family_have_another_quota() -> None:
    assert gpu_quota(GPU) is GPU_G
    assert gpu_quota(replace(GPU, gpu=Gpu("p4d.24xlarge", 96, 1))) is GPU_P


@pytest.mark.parametrize(
    ("changes", "mode", "words"),
    [
        ({"vpc": None}, Mode.BASIC, ["there is no VPC vpc-1 in us-east-1"]),
        ({"vpc": Vpc("vpc-1", names=False)}, Mode.BASIC, ["has DNS hostnames or DNS support off"]),
        (
            {"subnets": TWO[:1]},
            Mode.BASIC,
            ["there is no subnet subnet-2", "there is only one subnet"],
        ),
        (
            {"subnets": (TWO[0], replace(TWO[1], vpc_id="vpc-2"))},
            Mode.BASIC,
            ["subnet subnet-2 is in VPC vpc-2, not in vpc-1", "there is only one subnet"],
        ),
        (
            {"subnets": (TWO[0], replace(TWO[1], zone="us-east-1a"))},
            Mode.BASIC,
            ["several subnets are in zone us-east-1a"],
        ),
        (
            {"subnets": (TWO[0], replace(TWO[1], free=3))},
            Mode.BASIC,
            ["subnet subnet-2 has 3 free addresses"],
        ),
        (
            {"subnets": (TWO[0], replace(TWO[1], outward=Outward.NONE))},
            Mode.BASIC,
            ["subnet subnet-2 has no route out, but jobs of mode basic need an internet gateway"],
        ),
        (
            {"vpc": BEHIND_NAT, "subnets": (TWO[0], replace(TWO[1], outward=Outward.NAT))},
            Mode.SECURE,
            ["subnet subnet-1 has an internet gateway, but jobs of mode secure"],
        ),
        (
            {"vpc": CLOSED, "subnets": (TWO[0], replace(TWO[1], outward=Outward.NONE))},
            Mode.COMPLIANT,
            ["subnet subnet-1 has an internet gateway, but jobs of mode compliant have no"],
        ),
        (
            {"subnets": (TWO[0], replace(TWO[1], zone="us-east-1e", zone_id="use1-az3"))},
            Mode.BASIC,
            ["subnet subnet-2 is in zone us-east-1e (use1-az3): AWS Fargate is not available"],
        ),
        ({"vpc": CLOSED, "subnets": NO_ROUTE}, Mode.COMPLIANT, []),
        (
            {"vpc": replace(VPC, inside=inside(*set(ALL) - {"logs"})), "subnets": NO_ROUTE},
            Mode.COMPLIANT,
            [
                f"jobs in subnet {name} would not reach logs: no endpoint and no route leads there"
                for name in BLOCKS
            ],
        ),
        (
            {"vpc": replace(VPC, inside=inside(*ALL, private=False)), "subnets": NO_ROUTE},
            Mode.COMPLIANT,
            [f"jobs in subnet {name} would not reach {', '.join(ALL)}: no" for name in BLOCKS],
        ),
        (
            {
                "vpc": replace(VPC, inside=inside(*ALL, source="10.9.0.0/24")),
                "subnets": NO_ROUTE,
            },
            Mode.COMPLIANT,
            [
                f"jobs in subnet subnet-2 would not reach {', '.join(ALL)}: security groups do not",
            ],
        ),
        (
            {
                "vpc": CLOSED,
                "subnets": (NO_ROUTE[0], replace(NO_ROUTE[1], outward=Outward.OTHER)),
            },
            Mode.COMPLIANT,
            ["subnet subnet-2 has a route out of its VPC; whether it leads to the internet"],
        ),
        (
            {
                "vpc": WITHOUT_S3,
                "subnets": tuple(replace(one, outward=Outward.NAT) for one in TWO),
            },
            Mode.SECURE,
            ["S3 is reached through a NAT from subnet-1, subnet-2, which AWS charges by the byte"],
        ),
        (
            {
                "vpc": BEHIND_NAT,
                "subnets": tuple(replace(one, outward=Outward.NAT) for one in TWO),
            },
            Mode.SECURE,
            [],
        ),
        ({"vpc": None, "unseen": {"network": "no"}}, Mode.BASIC, ["could not be checked: no"]),
    ],
)
def test_a_network_that_does_not_fit(
    changes: dict[str, object], mode: Mode, words: list[str]
) -> None:
    settings = replace(PLAIN, mode=mode, network=GIVEN)
    found = told(replace(WELL, **changes), settings)  # type: ignore[arg-type]
    assert len(found) == len(words)
    assert all(word in sentence for word, (_, sentence) in zip(words, found, strict=True))


def test_machines_without_internet_need_three_more_endpoints() -> None:
    settings = replace(GPU, mode=Mode.COMPLIANT, network=GIVEN)
    said = [sentence for _, sentence in told(replace(WELL, vpc=CLOSED, subnets=NO_ROUTE), settings)]
    assert [sentence.partition(": ")[0] for sentence in said] == [
        f"jobs in subnet {name} would not reach ecs, ecs-agent, ecs-telemetry" for name in BLOCKS
    ]
