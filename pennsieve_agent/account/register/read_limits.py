"""Read region, quotas, existing names and the network before a node is created."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from pennsieve_agent.account.register.preflight_problems import AccountLimits, gpu_quota
from pennsieve_agent.account.spec.names import NodeNames
from pennsieve_agent.account.spec.node_spec import Mode, Settings
from pennsieve_agent.account.world.permitted_reads import PermittedReads
from pennsieve_agent.aws.iam import find_role, policy_exists
from pennsieve_agent.aws.limits import addresses, concurrency, opted_in, quota, vpcs
from pennsieve_agent.aws.network import find_subnets, find_vpc
from pennsieve_agent.aws.presence import log_group_exists, table_exists
from pennsieve_agent.aws.s3 import bucket_exists
from pennsieve_agent.aws.session import Aws
from pennsieve_agent.domain.aws_quotas import ADDRESSES, FARGATE, FARGATE_SPOT, VPCS, Quota


def read_limits_before(
    aws: Aws, names: NodeNames, settings: Settings, template: Mapping[str, Any], *, creates: bool
) -> AccountLimits:
    """Everything that findings are about; ``template`` is of the resources that are created."""
    reads, nothing = PermittedReads(), None
    network = settings.network
    own = creates and not network
    calls = reserved(template)
    vpc = reads.attempt(
        "network", lambda: find_vpc(aws, network.vpc_id) if network else None, nothing
    )
    return AccountLimits(
        region=names.region,
        region_on=reads.attempt("region", lambda: opted_in(aws, names.region), nothing),
        quotas=dict(_quotas(aws, reads, settings, own=own)),
        vpcs=reads.attempt("VPCs", lambda: vpcs(aws), nothing) if own else None,
        addresses=(
            reads.attempt("Elastic IP addresses", lambda: addresses(aws), nothing)
            if own and settings.mode is Mode.SECURE
            else None
        ),
        concurrency=(
            reads.attempt("Lambda's limits", lambda: concurrency(aws), nothing) if calls else None
        ),
        reserved=calls,
        taken=tuple(_taken(aws, reads, names, template)) if creates else (),
        vpc=vpc,
        subnets=(
            reads.attempt("network", lambda: find_subnets(aws, vpc.id, network.subnet_ids), ())
            if vpc is not None
            else ()
        ),
        unseen=reads.unseen,
    )


def reserved(template: Mapping[str, Any]) -> int:
    """How many calls at once the functions of a stack reserve."""
    return sum(
        int(resource["Properties"].get("ReservedConcurrentExecutions", 0))
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::Lambda::Function"
    )


def _quotas(
    aws: Aws, reads: PermittedReads, settings: Settings, *, own: bool
) -> Iterator[tuple[Quota, float]]:
    needed = [FARGATE, FARGATE_SPOT]
    needed += [gpu_quota(settings)] if settings.gpu else []
    needed += [VPCS] if own else []
    needed += [ADDRESSES] if own and settings.mode is Mode.SECURE else []
    for quota_ in needed:
        value = reads.attempt("quotas", partial(quota, aws, quota_.service, quota_.code), None)
        if "quotas" in reads.unseen:
            return
        if value is not None:
            yield quota_, value


def _taken(
    aws: Aws, reads: PermittedReads, names: NodeNames, template: Mapping[str, Any]
) -> Iterator[str]:
    resources = [(r["Type"], r["Properties"]) for r in template["Resources"].values()]
    boundary = any(type_ == "AWS::IAM::ManagedPolicy" for type_, _ in resources)
    rows: tuple[tuple[str, Callable[[], bool], bool], ...] = (
        (f"role {names.gateway}", lambda: find_role(aws, names.gateway) is not None, True),
        (f"policy {names.boundary}", lambda: policy_exists(aws, names.boundary_arn), boundary),
        (f"bucket {names.bucket}", lambda: bucket_exists(aws, names.bucket), True),
        (f"table {names.table}", lambda: table_exists(aws, names.table), True),
        (f"log group {names.log_group}", lambda: log_group_exists(aws, names.log_group), True),
    )
    for what, there, ours in rows:
        if ours and reads.attempt(what, there, False):  # noqa: FBT003 - what stands for "not there"
            yield what


def read_limits_now(
    aws: Aws, reads: PermittedReads, names: NodeNames, settings: Settings
) -> AccountLimits:
    """What a node that is there depends on: quotas, and the network where it is not its own."""
    network = settings.network
    vpc = reads.attempt("network", lambda: find_vpc(aws, network.vpc_id) if network else None, None)
    return AccountLimits(
        region=names.region,
        quotas=dict(_quotas(aws, reads, settings, own=False)),
        vpc=vpc,
        subnets=(
            reads.attempt("network", lambda: find_subnets(aws, vpc.id, network.subnet_ids), ())
            if vpc is not None
            else ()
        ),
    )
