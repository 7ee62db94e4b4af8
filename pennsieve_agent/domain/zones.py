"""In which availability zones a node's jobs can run: chosen by zone id. Pure.

A zone's name, such as ``us-east-1a``, means another place in each account; its id does not
(https://docs.aws.amazon.com/global-infrastructure/latest/regions/az-ids.html).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

MOST_ZONES = 2
"""One more would not double what is safe, and endpoints and NAT are in one zone anyway."""
_ONLY = {
    "ap-northeast-1": ("apne1-az1", "apne1-az2", "apne1-az4"),
    "us-east-1": ("use1-az1", "use1-az2", "use1-az4", "use1-az5", "use1-az6"),
    "us-west-1": ("usw1-az1", "usw1-az3"),
}
"""The zones that have Fargate, in regions where not all have it
(https://docs.aws.amazon.com/AmazonECS/latest/developerguide/AWS_Fargate-Regions.html). That page
names no zone of us-east-1, but use1-az3 is the oldest one: EFS offers it no file system of its own
(https://docs.aws.amazon.com/efs/latest/ug/OneZoneAZs.html), and machines of today are not there."""


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone: its id, its name in this account, and the endpoint services that it lacks."""

    id: str
    name: str
    lacking: tuple[str, ...] = field(default=())


def unfit(region: str, zone: Zone) -> str:
    """Why jobs cannot run in a zone; empty where they can."""
    only = _ONLY.get(region)
    if only is not None and zone.id not in only:
        return "AWS Fargate is not available there"
    if zone.lacking:
        return f"AWS has no VPC endpoint there for {', '.join(zone.lacking)}"
    return ""


def choose_zones(region: str, zones: Iterable[Zone]) -> tuple[str, ...]:
    """The ids of the zones for a node, in an order that is always the same; none where none fit."""
    fit = sorted(zone.id for zone in zones if not unfit(region, zone))
    return tuple(fit[:MOST_ZONES])
