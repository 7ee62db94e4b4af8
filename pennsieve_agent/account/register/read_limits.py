"""Look at what is around a node before it is made: region, quotas, names, network. Reads only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from pennsieve_agent.account.register.preflight_problems import (
    ADDRESSES,
    FARGATE,
    FARGATE_SPOT,
    VPCS,
    Around,
    Quota,
    gpu_quota,
)
from pennsieve_agent.account.spec.names import NodeNames
from pennsieve_agent.account.spec.node_spec import Mode, Settings
from pennsieve_agent.account.world.permitted_reads import Looking
from pennsieve_agent.aws.iam import find_role, policy_exists
from pennsieve_agent.aws.limits import addresses, concurrency, opted_in, quota, vpcs
from pennsieve_agent.aws.network import find_subnets, find_vpc
from pennsieve_agent.aws.presence import log_group_exists, table_exists
from pennsieve_agent.aws.s3 import bucket_exists
from pennsieve_agent.aws.session import Aws


def look_around(
    aws: Aws, names: NodeNames, settings: Settings, template: Mapping[str, Any], *, creates: bool
) -> Around:
    """Everything that findings are about; ``template`` is of the stack that will be."""
    looking, nothing = Looking(), None
    network = settings.network
    own = creates and not network
    vpc = looking.at("network", lambda: find_vpc(aws, network.vpc_id) if network else None, nothing)
    return Around(
        region=names.region,
        region_on=looking.at("region", lambda: opted_in(aws, names.region), nothing),
        quotas=dict(_quotas(aws, looking, settings, own=own)),
        vpcs=looking.at("VPCs", lambda: vpcs(aws), nothing) if own else None,
        addresses=(
            looking.at("Elastic IP addresses", lambda: addresses(aws), nothing)
            if own and settings.mode is Mode.SECURE
            else None
        ),
        concurrency=(
            looking.at("Lambda's limits", lambda: concurrency(aws), nothing) if creates else None
        ),
        reserved=reserved(template),
        taken=tuple(_taken(aws, looking, names, template)) if creates else (),
        vpc=vpc,
        subnets=(
            looking.at("network", lambda: find_subnets(aws, vpc.id, network.subnet_ids), ())
            if vpc is not None
            else ()
        ),
        unseen=looking.unseen,
    )


def reserved(template: Mapping[str, Any]) -> int:
    """How many calls at once the functions of a stack reserve."""
    return sum(
        int(resource["Properties"].get("ReservedConcurrentExecutions", 0))
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::Lambda::Function"
    )


def _quotas(
    aws: Aws, looking: Looking, settings: Settings, *, own: bool
) -> Iterator[tuple[Quota, float]]:
    wanted = [FARGATE, FARGATE_SPOT]
    wanted += [gpu_quota(settings)] if settings.gpu else []
    wanted += [VPCS] if own else []
    wanted += [ADDRESSES] if own and settings.mode is Mode.SECURE else []
    for one in wanted:
        value = looking.at("quotas", partial(quota, aws, one.service, one.code), None)
        if "quotas" in looking.unseen:
            return
        if value is not None:
            yield one, value


def _taken(
    aws: Aws, looking: Looking, names: NodeNames, template: Mapping[str, Any]
) -> Iterator[str]:
    made = [(r["Type"], r["Properties"]) for r in template["Resources"].values()]
    boundary = any(type_ == "AWS::IAM::ManagedPolicy" for type_, _ in made)
    rows: tuple[tuple[str, Callable[[], bool], bool], ...] = (
        (f"role {names.gateway}", lambda: find_role(aws, names.gateway) is not None, True),
        (f"policy {names.boundary}", lambda: policy_exists(aws, names.boundary_arn), boundary),
        (f"bucket {names.bucket}", lambda: bucket_exists(aws, names.bucket), True),
        (f"table {names.table}", lambda: table_exists(aws, names.table), True),
        (f"log group {names.log_group}", lambda: log_group_exists(aws, names.log_group), True),
    )
    for what, there, ours in rows:
        if ours and looking.at(what, there, False):  # noqa: FBT003 - what stands for "not there"
            yield what


def look_at_limits(aws: Aws, looking: Looking, names: NodeNames, settings: Settings) -> Around:
    """What a node that is there depends on: quotas, and the network where it is not its own."""
    network = settings.network
    vpc = looking.at("network", lambda: find_vpc(aws, network.vpc_id) if network else None, None)
    return Around(
        region=names.region,
        quotas=dict(_quotas(aws, looking, settings, own=False)),
        vpc=vpc,
        subnets=(
            looking.at("network", lambda: find_subnets(aws, vpc.id, network.subnet_ids), ())
            if vpc is not None
            else ()
        ),
    )
