"""A node's settings as JSON, for the journal and for the stack's own template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from pennsieve_agent.account.spec.node_spec import (
    RUN_FILES,
    Code,
    Gpu,
    Kept,
    Mode,
    Network,
    NodeSpec,
    Settings,
)
from pennsieve_agent.account.spec.organisation_rules import Extras

_ZONE = ("AvailabilityZone", "AvailabilityZoneId")
METADATA = "PennsieveNode"
"""Under this key of a template's ``Metadata`` stands what its stack was made from."""


def settings_json(settings: Settings) -> dict[str, Any]:
    """The settings as plain JSON."""
    return asdict(settings)


def settings_of(values: Mapping[str, Any]) -> Settings:
    """Settings from JSON; what is not there has its default.

    Raises:
        ValueError, TypeError: they are not settings.

    """
    network, gpu, extras = (dict(values.get(key, {})) for key in ("network", "gpu", "extras"))
    tags = tuple((str(key), str(value)) for key, value in extras.get("tags", ()))
    return Settings(
        mode=Mode(values.get("mode", Mode.BASIC)),
        network=Network(
            str(network.get("vpc_id", "")), tuple(map(str, network.get("subnet_ids", ())))
        ),
        gpu=Gpu(
            str(gpu.get("instance_type", "")), int(gpu.get("vcpus", 0)), int(gpu.get("most", 0))
        ),
        max_vcpus=int(values.get("max_vcpus", Settings().max_vcpus)),
        monthly_budget=float(values.get("monthly_budget", 0)),
        budget_email=str(values.get("budget_email", "")),
        extras=Extras(str(extras.get("boundary", "")), tags),
        role_path=str(values.get("role_path", "/")),
    )


def metadata(spec: NodeSpec) -> dict[str, Any]:
    """What a stack says about itself, so that it can be gone on with from any machine."""
    # No null: CloudFormation takes none ("null values are not allowed in templates").
    code = {"digest": spec.code.digest, "version": spec.code.version} if spec.code else {}
    return {
        METADATA: {
            "name": spec.node_name,
            "token": spec.names.token,
            "organization": spec.organization_id,
            "platform": spec.platform_account_id,
            "settings": settings_json(spec.settings),
            "code": code,
            "transfer": spec.transfer_digest,
        }
    }


def installed_code(template: Mapping[str, Any]) -> Code | None:
    """The code that a stack's template turns on; None while it is off."""
    code = _ours(template).get("code")
    return Code(str(code["digest"]), str(code["version"])) if code else None


def installed_settings(template: Mapping[str, Any]) -> Settings | None:
    """The settings that a stack was made from; None where the template does not say."""
    settings = _ours(template).get("settings")
    return settings_of(settings) if settings else None


def installed_token(template: Mapping[str, Any]) -> str:
    """The eight digits that a stack's template was made with; empty where it is not ours."""
    return str(_ours(template).get("token", ""))


def installed_name(template: Mapping[str, Any]) -> str:
    """What the node was called when its stack was last changed."""
    return str(_ours(template).get("name", ""))


def installed_organization(template: Mapping[str, Any]) -> str:
    """The Pennsieve workspace that a stack's node is for; empty where nobody said."""
    return str(_ours(template).get("organization", ""))


def installed_platform(template: Mapping[str, Any]) -> str:
    """The AWS account of Pennsieve's that a stack's node pulls images from; empty for any."""
    return str(_ours(template).get("platform", ""))


def installed_transfer(template: Mapping[str, Any]) -> str:
    """The digest of the image in which a stack's node moves files; empty while it is off."""
    return str(_ours(template).get("transfer", ""))


def installed_zones(template: Mapping[str, Any]) -> tuple[str, ...]:
    """The ids of the zones of a stack's own subnets; AWS would have to replace one to move it."""
    bodies = template.get("Resources", {}).values()
    zones = (
        str(body["Properties"].get("AvailabilityZoneId", ""))
        for body in bodies
        if body["Type"] == "AWS::EC2::Subnet"
    )
    return tuple(dict.fromkeys(zone for zone in zones if zone))


def kept_in(template: Mapping[str, Any], tags: Mapping[str, str]) -> Kept:
    """What must not change in a stack that was made from this template and has these tags.

    A stack that an administrator made by hand may have none; it gets those of its machines.
    """
    machines = {
        name: dict(body["Properties"].get("Tags", {}))
        for name, body in template.get("Resources", {}).items()
        if body["Type"] == "AWS::Batch::ComputeEnvironment"
    }
    subnets = {
        name: {key: value for key, value in body["Properties"].items() if key in _ZONE}
        for name, body in template.get("Resources", {}).items()
        if body["Type"] == "AWS::EC2::Subnet"
    }
    files = (
        name
        for name, body in template.get("Resources", {}).items()
        if body["Type"] == "AWS::S3Files::FileSystem"
    )
    first = next(iter(machines.values()), None)
    return Kept(dict(tags) or first, machines, subnets, next(files, RUN_FILES))


def _ours(template: Mapping[str, Any]) -> Mapping[str, Any]:
    ours: Mapping[str, Any] = template.get("Metadata", {}).get(METADATA, {})
    return ours
