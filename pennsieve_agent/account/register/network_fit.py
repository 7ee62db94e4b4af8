"""Whether jobs in an existing network would reach what they use. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from pennsieve_agent.account.spec.node_spec import Settings
from pennsieve_agent.account.stack.endpoints import endpoint_services
from pennsieve_agent.account.stack.firewalls import HTTPS
from pennsieve_agent.domain.reachability import Interface, Need, Way, reach
from pennsieve_agent.domain.vpc import ANYWHERE, Group, Rule, Vpc
from pennsieve_agent.node.jobs.job_definitions import assigns_public_ip

JOBS = "the firewall that the node will get"
_OUT = Group(egress=(Rule("tcp", HTTPS, HTTPS, ANYWHERE),))
S3 = "s3"


def unreached(vpc: Vpc, subnets: Sequence[str], settings: Settings, region: str) -> Iterator[str]:
    """What jobs in each subnet could not reach, one sentence for each reason.

    The node's firewall is not there yet, so an endpoint's firewall must name the subnets' addresses
    (https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html).
    """
    for subnet in subnets:
        reasons: dict[str, list[str]] = {}
        for service, way, why in _ways(vpc, subnet, settings, region):
            if way is None:
                reasons.setdefault(why, []).append(service)
        for why, services in reasons.items():
            yield f"jobs in subnet {subnet} would not reach {', '.join(sorted(services))}: {why}"


def paid_by_the_byte(
    vpc: Vpc, subnets: Sequence[str], settings: Settings, region: str
) -> tuple[str, ...]:
    """The subnets whose traffic with S3 would go through a NAT."""
    return tuple(
        subnet
        for subnet in subnets
        for service, way, _ in _ways(vpc, subnet, settings, region)
        if service == S3 and way is Way.NAT
    )


def _ways(
    vpc: Vpc, subnet: str, settings: Settings, region: str
) -> Iterator[tuple[str, Way | None, str]]:
    guarded = replace(vpc, groups={**vpc.groups, JOBS: _OUT})
    interface = Interface(subnet, (JOBS,), assigns_public_ip(settings.mode.value))
    for service in (S3, *endpoint_services(gpu=bool(settings.gpu))):
        answer = reach(guarded, interface, Need(service, service, region))
        yield service, answer.way, answer.why
