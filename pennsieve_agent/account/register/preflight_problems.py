"""What would prevent a registration, as pure decisions about quotas, names and networks.

:mod:`~pennsieve_agent.account.register.read_limits` reads; nothing here does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any

from pennsieve_agent.account.register.network_fit import paid_by_the_byte, unreached
from pennsieve_agent.account.spec.node_spec import Mode, Settings
from pennsieve_agent.aws.limits import Concurrency
from pennsieve_agent.aws.network import Outward, Subnet, Vpc
from pennsieve_agent.domain import vpc as vpcs
from pennsieve_agent.domain.aws_quotas import (
    ADDRESSES,
    CONCURRENCY,
    FARGATE,
    FARGATE_SPOT,
    GPU_G,
    GPU_P,
    VPCS,
    Quota,
)
from pennsieve_agent.domain.zones import Zone, unfit

LAMBDA_KEPT_FREE = 100
"""Lambda keeps so many calls at once that no function may reserve (Lambda Developer Guide,
"Configuring reserved concurrency"); in an account that may have fewer, nothing can be reserved."""
LEAST_ADDRESSES = 16
"""Free addresses of a subnet below which jobs soon wait: each job takes one."""


class Weight(StrEnum):
    """How serious a finding is."""

    ERROR = "error"
    WARNING = "warning"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """One problem; ``remedy`` is what to type or do."""

    about: str
    weight: Weight
    sentence: str
    remedy: str = ""

    def to_json(self) -> dict[str, Any]:
        """The finding for ``--json``."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class AccountLimits:
    """Quotas, names and networks; None is what could not be read, with the reason in ``unseen``.

    ``quotas`` has those that AWS told; ``taken`` names what exists already and would be made.
    ``reserved`` is how many calls at once the node's functions reserve.
    """

    region: str
    region_on: bool | None = None
    quotas: Mapping[Quota, float] = field(default_factory=dict)
    vpcs: int | None = None
    addresses: int | None = None
    concurrency: Concurrency | None = None
    reserved: int = 0
    taken: tuple[str, ...] = ()
    vpc: Vpc | None = None
    subnets: tuple[Subnet, ...] = ()
    unseen: Mapping[str, str] = field(default_factory=dict)


def gpu_quota(settings: Settings) -> Quota:
    """The quota that a node's machines with GPUs count for."""
    return GPU_P if settings.gpu.instance_type.startswith("p") else GPU_G


def findings(limits: AccountLimits, settings: Settings, *, creates: bool) -> tuple[Finding, ...]:
    """All problems and warnings. ``creates`` says that the stack is all new."""
    problems = [*_region(limits), *_running(limits, settings)]
    if creates:
        problems += [*_taken(limits), *_room(limits, settings)]
    problems += _calls(limits)
    if settings.network:
        problems += _network(limits, settings)
    problems += (
        Finding(about, Weight.UNKNOWN, f"{about} could not be checked: {why}")
        for about, why in limits.unseen.items()
    )
    return tuple(problems)


def _region(limits: AccountLimits) -> Iterator[Finding]:
    if limits.region_on is False:
        yield Finding(
            "region",
            Weight.ERROR,
            f"AWS region {limits.region} is not enabled in this account",
            f"aws account enable-region --region-name {limits.region}; or choose another: --region",
        )


def _running(limits: AccountLimits, settings: Settings) -> Iterator[Finding]:
    most = settings.max_vcpus
    if (value := limits.quotas.get(FARGATE)) is not None and value < most:
        if value < 1:
            yield _short(limits, FARGATE, value, most, "no job can run")
        else:
            words = f"at most {value:.0f} vCPUs can run at once, not {most} (--max-vcpus)"
            yield _short(limits, FARGATE, value, most, words, Weight.WARNING)
    if (value := limits.quotas.get(FARGATE_SPOT)) is not None and value < 1:
        words = "runs with --spot never start"
        yield _short(limits, FARGATE_SPOT, value, most, words, Weight.WARNING)
    if not settings.gpu:
        return
    gpu, kind = settings.gpu, gpu_quota(settings)
    if (value := limits.quotas.get(kind)) is not None and value < gpu.vcpus * gpu.most:
        many = int(value // gpu.vcpus)
        words = f"{many} instances {gpu.instance_type} can start, not {gpu.most}"
        words = words if many else f"no instance {gpu.instance_type} ({gpu.vcpus} vCPUs) can start"
        weight = Weight.WARNING if many else Weight.ERROR
        yield _short(limits, kind, value, gpu.vcpus * gpu.most, words, weight)


def _room(limits: AccountLimits, settings: Settings) -> Iterator[Finding]:
    if not settings.network:
        yield from _full(limits, VPCS, limits.vpcs, "the node needs a VPC of its own")
        if settings.mode is Mode.SECURE:
            why = "the node's NAT gateway needs one"
            yield from _full(limits, ADDRESSES, limits.addresses, why)


def _calls(limits: AccountLimits) -> Iterator[Finding]:
    """What functions reserve that are new, those of an update too."""
    calls = limits.concurrency
    if calls is not None and limits.reserved:
        need = limits.reserved + LAMBDA_KEPT_FREE
        if calls.unreserved < need:
            words = (
                f"the node's functions reserve {limits.reserved}, and Lambda requires "
                f"{LAMBDA_KEPT_FREE} unreserved, but only {calls.unreserved} are left"
            )
            needed = calls.most - calls.unreserved + need
            yield _short(limits, CONCURRENCY, calls.most, max(needed, 1000), words)


def _full(limits: AccountLimits, quota: Quota, used: int | None, why: str) -> Iterator[Finding]:
    value = limits.quotas.get(quota)
    if value is not None and used is not None and used >= value:
        yield _short(limits, quota, value, int(value) + 5, f"all {used} are in use, and {why}")


def _short(
    limits: AccountLimits,
    quota: Quota,
    value: float,
    needed: int,
    words: str,
    weight: Weight = Weight.ERROR,
) -> Finding:
    return Finding(
        f"quota {quota.name}",
        weight,
        f"AWS quota '{quota.name}' is {value:.0f} in {limits.region}: {words}",
        f"aws service-quotas request-service-quota-increase --service-code {quota.service} "
        f"--quota-code {quota.code} --desired-value {needed} --region {limits.region}",
    )


def _taken(limits: AccountLimits) -> Iterator[Finding]:
    for what in limits.taken:
        yield Finding(
            what,
            Weight.ERROR,
            f"{what} already exists, and the node's stack would create it",
            "look at it in the AWS console; delete it, or choose another name with: --name",
        )


def _network(limits: AccountLimits, settings: Settings) -> Iterator[Finding]:
    network, vpc = settings.network, limits.vpc
    if "network" in limits.unseen:
        return
    if vpc is None:
        yield _unfit(f"there is no VPC {network.vpc_id} in {limits.region}")
        return
    if not vpc.names:
        yield Finding(
            "network",
            Weight.ERROR,
            f"VPC {vpc.id} has DNS hostnames or DNS support off; jobs find the file system by DNS",
            f"aws ec2 modify-vpc-attribute --vpc-id {vpc.id} --enable-dns-hostnames; and the same "
            "with --enable-dns-support",
        )
    there = {subnet.id: subnet for subnet in limits.subnets}
    for subnet_id in network.subnet_ids:
        if subnet_id not in there:
            yield _unfit(f"there is no subnet {subnet_id} in {limits.region}")
        elif there[subnet_id].vpc_id != vpc.id:
            yield _unfit(f"subnet {subnet_id} is in VPC {there[subnet_id].vpc_id}, not in {vpc.id}")
    ours = [subnet for subnet in limits.subnets if subnet.vpc_id == vpc.id]
    yield from _zones(limits.region, ours)
    for subnet in ours:
        yield from _way_out(subnet, settings.mode)
    fit = [subnet.id for subnet in ours if subnet.outward in _NEEDS[settings.mode][0]]
    if vpc.names:
        yield from _reached(limits, vpc.inside, fit, settings)


def _reached(
    limits: AccountLimits, vpc: vpcs.Vpc, subnets: list[str], settings: Settings
) -> Iterator[Finding]:
    for sentence in unreached(vpc, subnets, settings, limits.region):
        yield replace(
            _unfit(sentence),
            remedy="list endpoints with: aws ec2 describe-vpc-endpoints; each needs private DNS, "
            "and a security group that lets port 443 in from the subnet",
        )
    if paid := paid_by_the_byte(vpc, subnets, settings, limits.region):
        yield Finding(
            "network",
            Weight.WARNING,
            f"S3 is reached through a NAT from {', '.join(paid)}, which AWS charges by the byte",
            "add a gateway endpoint, which is free, with: aws ec2 create-vpc-endpoint",
        )


def _zones(region: str, subnets: list[Subnet]) -> Iterator[Finding]:
    for subnet in subnets:
        if why := unfit(region, Zone(subnet.zone_id, subnet.zone)):
            yield _unfit(f"subnet {subnet.id} is in zone {subnet.zone} ({subnet.zone_id}): {why}")
    zones = [subnet.zone for subnet in subnets]
    twice = sorted({zone for zone in zones if zones.count(zone) > 1})
    if twice:
        yield _unfit(
            f"several subnets are in zone {', '.join(twice)}; the file system can use one per zone"
        )
    if len(subnets) == 1:
        yield _unfit(
            f"there is only one subnet: when zone {zones[0]} fails, nothing runs", Weight.WARNING
        )
    for subnet in subnets:
        if subnet.free < LEAST_ADDRESSES:
            yield _unfit(
                f"subnet {subnet.id} has {subnet.free} free addresses, and each job needs one",
                Weight.WARNING if subnet.free else Weight.ERROR,
            )


_NEEDS = {
    Mode.BASIC: ({Outward.GATEWAY}, "jobs of mode basic need an internet gateway"),
    Mode.SECURE: (
        {Outward.NAT, Outward.OTHER},
        "jobs of mode secure have no public address and need a NAT gateway",
    ),
    Mode.COMPLIANT: (
        {Outward.NONE, Outward.OTHER},
        "jobs of mode compliant have no internet access",
    ),
}


def _way_out(subnet: Subnet, mode: Mode) -> Iterator[Finding]:
    fit, why = _NEEDS[mode]
    if subnet.outward not in fit:
        yield _unfit(f"subnet {subnet.id} has {subnet.outward.value}, but {why}")
    elif mode is Mode.COMPLIANT and subnet.outward is Outward.OTHER:
        yield _unfit(
            f"subnet {subnet.id} has a route out of its VPC; whether it leads to the internet is "
            "not known here",
            Weight.WARNING,
        )


def _unfit(sentence: str, weight: Weight = Weight.ERROR) -> Finding:
    return Finding(
        "network",
        weight,
        sentence,
        "list subnets with: aws ec2 describe-subnets, and choose others with: --subnet",
    )
