"""What moto leaves out of the networks in a template, and takes in another form."""

from __future__ import annotations

import json
from typing import Any


def before_subnet(properties: dict[str, Any]) -> dict[str, Any]:
    """Give moto a zone by its name, where the template has its id."""
    from moto.ec2.models.availability_zones_and_regions import (  # noqa: PLC0415 - slow
        RegionsAndZonesBackend,
    )

    zone_id = properties.get("AvailabilityZoneId")
    if zone_id is None:
        return properties
    for zones in RegionsAndZonesBackend.zones.values():
        for zone in zones:
            if zone.zone_id == zone_id:
                return {**properties, "AvailabilityZone": zone.name}
    raise ValueError(f"Value ({zone_id}) for parameter availabilityZoneId is invalid")


def after_subnet(subnet: Any, properties: dict[str, Any]) -> None:
    """Store whether machines in a subnet get a public address, which moto leaves out."""
    subnet.map_public_ip_on_launch = properties.get("MapPublicIpOnLaunch", False)


def before_endpoint(properties: dict[str, Any]) -> dict[str, Any]:
    """Give moto an endpoint's policy as text, as its API has it."""
    policy = properties.get("PolicyDocument")
    if policy is None or isinstance(policy, str):
        return properties
    return {**properties, "PolicyDocument": json.dumps(policy)}
