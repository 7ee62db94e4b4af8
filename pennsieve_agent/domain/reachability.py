"""Whether a job reaches an address from its place in a VPC, and by which way. Pure.

A name of AWS is answered with the interface endpoint's address wherever there is one with private
DNS, and then nothing goes elsewhere; a gateway endpoint is a route, more precise than the default
one. What is left goes to the internet, if a route leads there. AWS's resolver is reached whatever
the security groups say. Sources:

* private DNS: https://docs.aws.amazon.com/vpc/latest/privatelink/privatelink-access-aws-services.html
* gateway endpoints, of the VPC's own region alone:
  https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html
* endpoint policies: https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html
* security groups, and what they do not filter:
  https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html
* public addresses of Fargate's tasks:
  https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-task-networking.html
* a file system's name means the mount target in the zone of who asks:
  https://docs.aws.amazon.com/efs/latest/ug/mounting-fs-mount-cmd-dns-name.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from pennsieve_agent.domain.iam_policies import Ask, Document, Verdict, decide, statements
from pennsieve_agent.domain.vpc import ANYWHERE, Endpoint, Group, Rule, Target, Vpc, inside

_Side = Callable[[Group], tuple[Rule, ...]]
FILES_PORT = 2049
"""NFS, by which S3 Files are mounted."""


class Way(StrEnum):
    """How an address is reached."""

    ENDPOINT = "a VPC endpoint"
    NAT = "the NAT gateway"
    INTERNET = "the internet gateway"
    OTHER = "a route of the network's owner"
    INSIDE = "the VPC itself"


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface of a job. ``public`` says that it has a public address."""

    subnet: str
    groups: tuple[str, ...]
    public: bool


@dataclass(frozen=True, slots=True)
class Need:
    """What a job must reach, and what it asks there.

    ``service`` is the last part of an AWS service's endpoint, such as ``ecr.api``; empty for
    any host on the internet.
    """

    what: str
    service: str = ""
    region: str = ""
    port: int = 443
    asks: tuple[Ask, ...] = ()


@dataclass(frozen=True, slots=True)
class Reached:
    """The way to an address, None where there is none; ``why`` is then the reason.

    ``denied`` is the action that an endpoint's policy does not let pass.
    """

    way: Way | None
    why: str = ""
    denied: str = ""


def reach(vpc: Vpc, interface: Interface, need: Need) -> Reached:
    """How an interface in a VPC reaches what is needed."""
    if not vpc.dns:
        return Reached(None, "the VPC has no DNS")
    for endpoint in _endpoints(vpc, interface, need):
        return _through(vpc, interface, need, endpoint)
    return _outside(vpc, interface, need)


def reach_files(vpc: Vpc, interface: Interface) -> Reached:
    """How an interface in a VPC reaches the node's file system."""
    if not vpc.dns or not vpc.names:
        return Reached(None, "file systems are found by DNS, which is off in the VPC")
    targets = [target for target in vpc.mount_targets if target.subnet == interface.subnet]
    if not targets:
        return Reached(None, f"the file system is not reached from subnet {interface.subnet}")
    if not any(_meet(vpc, interface, target.groups, FILES_PORT) for target in targets):
        return Reached(None, f"security groups do not let port {FILES_PORT} through")
    return Reached(Way.INSIDE)


def _endpoints(vpc: Vpc, interface: Interface, need: Need) -> Iterator[Endpoint]:
    """The endpoint to which a service's name, or the route to its addresses, leads."""
    table = vpc.subnets[interface.subnet].table if interface.subnet in vpc.subnets else ""
    for endpoint in vpc.endpoints:
        if not need.service or endpoint.service != f"com.amazonaws.{need.region}.{need.service}":
            continue
        named = endpoint.private_dns and vpc.names and bool(endpoint.subnets)
        if (table in endpoint.tables) if endpoint.gateway else named:
            yield endpoint


def _through(vpc: Vpc, interface: Interface, need: Need, endpoint: Endpoint) -> Reached:
    if endpoint.gateway:
        met = _lets_out(vpc, interface, need.port, ())
    else:
        met = _meet(vpc, interface, endpoint.groups, need.port)
    if not met:
        return Reached(None, f"security groups do not let port {need.port} through")
    for ask in need.asks:
        if not _passes(endpoint.policy, ask):
            return Reached(None, "the endpoint's policy does not allow it", ask.action)
    return Reached(Way.ENDPOINT)


def _passes(policy: Document | None, ask: Ask) -> bool:
    """Whether an endpoint's policy lets a request of anybody pass."""
    if policy is None:
        return True
    everybody: Document = {
        "Statement": [
            row
            for row in statements(policy)
            if row.get("Principal") in ("*", {"AWS": "*"}) or row.get("Effect") == "Deny"
        ]
    }
    return decide(ask, [everybody]) is Verdict.ALLOWED


_WAYS: Mapping[Target, Way] = {
    Target.INTERNET: Way.INTERNET,
    Target.NAT: Way.NAT,
    Target.OTHER: Way.OTHER,
}


def _outside(vpc: Vpc, interface: Interface, need: Need) -> Reached:
    subnet = vpc.subnets.get(interface.subnet)
    target = vpc.routes.get(subnet.table) if subnet is not None else None
    if target is None:
        return Reached(None, f"no endpoint and no route leads there from {interface.subnet}")
    if target is Target.INTERNET and not interface.public:
        return Reached(None, "it has no public address")
    if not _lets_out(vpc, interface, need.port, ()):
        return Reached(None, f"security groups do not let port {need.port} out")
    return Reached(_WAYS[target])


def _meet(vpc: Vpc, interface: Interface, groups: tuple[str, ...], port: int) -> bool:
    """Whether both sides' security groups let an interface reach one with other groups."""
    block = vpc.subnets[interface.subnet].block if interface.subnet in vpc.subnets else ""
    peers = {name for name in interface.groups if name in vpc.groups}
    arrives = any(
        rule.fits(port) and (rule.peer in peers or (block and inside(block, rule.peer)))
        for rule in _rules(vpc, groups, lambda group: group.ingress)
    )
    return arrives and _lets_out(vpc, interface, port, groups)


def _lets_out(vpc: Vpc, interface: Interface, port: int, groups: tuple[str, ...]) -> bool:
    """Whether an interface may open connections: to any address, or to one with these groups."""
    return any(
        rule.fits(port)
        and (
            rule.peer in (ANYWHERE, *groups)
            or (bool(groups) and bool(vpc.block) and inside(vpc.block, rule.peer))
        )
        for rule in _rules(vpc, interface.groups, lambda group: group.egress)
    )


def _rules(vpc: Vpc, names: Iterable[str], side: _Side) -> Iterator[Rule]:
    return (rule for name in names if name in vpc.groups for rule in side(vpc.groups[name]))
