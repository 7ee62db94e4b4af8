"""What a node's network means for its owner, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from pennsieve_agent.account.spec.node_spec import Mode, NodeSpec
from pennsieve_agent.account.stack.endpoints import (
    PLATFORM_BUCKETS,
    WITHOUT_POLICY,
    endpoint_services,
)
from pennsieve_agent.domain.prices import (
    ENDPOINT_HOUR,
    HOURS_A_MONTH,
    NAT_HOUR,
    PUBLIC_ADDRESS_HOUR,
)

PLATFORM_REGION = "us-east-1"
"""Where Pennsieve's own buckets and images are (``contracts/resources.md`` 1)."""
DNS_IS_OPEN = "No route leads to the internet, but DNS is open"
"""AWS's resolver is reached whatever routes and security groups say
(https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resolver-dns-firewall-overview.html)."""


def network_words(spec: NodeSpec) -> tuple[str, ...]:
    """The sentences; the first is short and says what fails with a zone."""
    return (zone_words(spec), *_more(spec))


def zone_words(spec: NodeSpec) -> str:
    """In which zones jobs run, and which of them nothing runs without."""
    dns = "; DNS is open" if spec.settings.mode is Mode.COMPLIANT else ""
    if spec.settings.network:
        return f"Jobs run in {' and '.join(spec.settings.network.subnet_ids)}{dns}"
    zones = spec.zones
    if len(zones) == 1:
        return f"Jobs run in zone {zones[0]} alone; when it fails, no job runs{dns}"
    single = {Mode.SECURE: "the NAT", Mode.COMPLIANT: "endpoints"}.get(spec.settings.mode)
    alone = f", {single} in {zones[0]}" if single else ""
    return f"Jobs run in zones {' and '.join(zones)}{alone}{dns}"


def _more(spec: NodeSpec) -> Iterator[str]:
    settings = spec.settings
    if settings.mode is Mode.BASIC and not settings.network:
        yield "Machines have public addresses, by which they reach out; nothing comes in"
    if settings.mode is Mode.SECURE and not settings.network:
        usd = (NAT_HOUR + PUBLIC_ADDRESS_HOUR) * HOURS_A_MONTH
        yield _single(spec, "the NAT", usd)
    if settings.mode is not Mode.COMPLIANT:
        return
    if not settings.network:
        count = len(endpoint_services(gpu=bool(settings.gpu)))
        usd = count * ENDPOINT_HOUR * HOURS_A_MONTH
        yield _single(spec, f"the {count} endpoints", usd)
    yield DNS_IS_OPEN
    yield (
        "A program can ask DNS for any name, and so send out a little data in names; a Route 53 "
        "Resolver DNS Firewall in the VPC would stop that, and is not part of the node"
    )
    if not settings.network:
        yield (
            "Through the endpoints pass what the node's roles may do, the layers of images, and "
            "links and keys of Pennsieve for buckets that are called "
            f"'{PLATFORM_BUCKETS}', a name that others can choose, too"
        )
        if settings.gpu:
            yield f"The endpoints {' and '.join(WITHOUT_POLICY)} let everything pass"
    if spec.names.region != PLATFORM_REGION:
        yield (
            f"Only buckets and images in {spec.names.region} are reached, and Pennsieve's own are "
            f"in {PLATFORM_REGION}: input, results and images that are there cannot be transferred"
        )


def _single(spec: NodeSpec, what: str, usd: float) -> str:
    return (
        f"When zone {spec.zones[0]} fails, no job runs, as {what} can be reached no more; a second "
        f"zone for that would cost {usd:.2f} USD a month more"
    )
