"""Where in a region a node's own network is made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pennsieve_agent.account.spec.node_spec import Mode, Settings
from pennsieve_agent.account.spec.spec_json import installed_zones
from pennsieve_agent.account.stack.endpoints import endpoint_services
from pennsieve_agent.account.stack.network import SUBNETS
from pennsieve_agent.aws.network import find_subnets
from pennsieve_agent.aws.session import Aws
from pennsieve_agent.aws.values import Stack
from pennsieve_agent.aws.zones import find_zones
from pennsieve_agent.domain.zones import choose_zones, unfit
from pennsieve_agent.errors import UsageProblem


def zones_there(aws: Aws, stack: Stack | None, template: Mapping[str, Any]) -> tuple[str, ...]:
    """The ids of the zones of a stack's own subnets, which stay where they are; none without any.

    Templates of earlier versions do not say them, so AWS is asked.
    """
    zones = installed_zones(template)
    if zones or stack is None:
        return zones
    names = {resource.logical_id: resource.name for resource in stack.resources}
    ids = [names[name] for name in SUBNETS if names.get(name)]
    return tuple(subnet.zone_id for subnet in find_subnets(aws, names.get("Vpc", ""), ids))


def zones_for(aws: Aws, settings: Settings, region: str) -> tuple[str, ...]:
    """The ids of the zones for a new node; none where its network is there already.

    Raises:
        UsageProblem: no zone of the region fits; it says why each does not.
        AwsError: AWS cannot be asked.

    """
    if settings.network:
        return ()
    needed: tuple[str, ...] = ()
    if settings.mode is Mode.COMPLIANT:
        needed = endpoint_services(gpu=bool(settings.gpu))
    zones = find_zones(aws, region, needed)
    chosen = choose_zones(region, zones)
    if not chosen:
        why = "; ".join(f"{zone.name} ({zone.id}): {unfit(region, zone)}" for zone in zones)
        raise UsageProblem(
            f"no availability zone of {region} has all that a node needs: {why or 'it has none'}",
            hint="choose another region with: --region, or another mode with: --mode",
        )
    return chosen
