"""S3 Files in CloudFormation: the types of AWS's schemas that a node's stack has."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pennsieve_agent.sandbox.aws.s3files.file_systems import (
    AccessPoint,
    FileSystem,
    MountTarget,
    s3files_backends,
)

PREFIX = "AWS::S3Files::"


def stack_types() -> dict[str, Any]:
    """Moto's models of the types, by name."""
    from moto.core.common_models import CloudFormationModel  # noqa: PLC0415 - slow

    class Resource(CloudFormationModel):
        """A resource that the backend of S3 Files has."""

        kind = ""

        def __init__(self, resource: Any, properties: dict[str, Any]) -> None:
            self.resource, self.properties = resource, properties

        @property
        def physical_resource_id(self) -> str:
            return physical_id(self.resource)

        @classmethod
        def cloudformation_type(cls) -> str:
            return f"{PREFIX}{cls.kind}"

        @staticmethod
        def cloudformation_name_type() -> str:
            return ""

        @classmethod
        def has_cfn_attr(cls, attr: str) -> bool:
            return attr in _ATTRIBUTES.get(cls.kind, {})

        def get_cfn_attribute(self, attribute_name: str) -> Any:
            return getattr(self.resource, _ATTRIBUTES[self.kind][attribute_name])

        @classmethod
        def create_from_cloudformation_json(
            cls,
            resource_name: str,
            cloudformation_json: dict[str, Any],
            account_id: str,
            region_name: str,
            **_: Any,
        ) -> Any:
            del resource_name
            properties = cloudformation_json["Properties"]
            backend = s3files_backends[account_id][region_name]
            return cls(_create(cls.kind, backend, properties), properties)

        @staticmethod
        def update_from_cloudformation_json(  # type: ignore[override]
            original_resource: Any, cloudformation_json: dict[str, Any], **_: Any
        ) -> Any:
            original_resource.properties = cloudformation_json["Properties"]
            _configured(original_resource.resource, original_resource.properties)
            return original_resource

        def delete(self, account_id: str, region_name: str) -> None:
            _delete(s3files_backends[account_id][region_name], self.resource)

    kinds = ("FileSystem", "MountTarget", "AccessPoint", "FileSystemPolicy")
    return {f"{PREFIX}{kind}": type(kind, (Resource,), {"kind": kind}) for kind in kinds}


_ATTRIBUTES = {
    "FileSystem": {"FileSystemArn": "arn", "FileSystemId": "id"},
    "AccessPoint": {"AccessPointArn": "arn", "AccessPointId": "id"},
    "MountTarget": {"MountTargetId": "id"},
}


def physical_id(resource: Any) -> str:
    """What ``Ref`` gives: the type's primary identifier, of a file system its ARN."""
    if isinstance(resource, FileSystem):
        return resource.arn
    return str(getattr(resource, "id", resource))


def _create(kind: str, backend: Any, properties: Mapping[str, Any]) -> Any:
    match kind:
        case "FileSystem":
            resource = backend.create_file_system(_lower(properties))
            _configured(resource, properties)
            return resource
        case "MountTarget":
            return backend.create_mount_target(_lower(properties))
        case "AccessPoint":
            return backend.create_access_point(_lower(properties))
        case _:
            system = backend.file_system(properties["FileSystemId"])
            system.policy = json.dumps(properties["Policy"])
            return system.id


def _configured(resource: Any, properties: Mapping[str, Any]) -> None:
    rules = properties.get("SynchronizationConfiguration")
    if isinstance(resource, FileSystem) and rules:
        resource.synchronization = {"latestVersionNumber": 1, **_lower(rules)}


def _delete(backend: Any, resource: Any) -> None:
    match resource:
        case FileSystem() if resource.id in backend.file_systems:  # else it is gone already
            backend.delete_file_system(resource.id)
        case AccessPoint():
            backend.access_points.pop(resource.id, None)
        case MountTarget():
            backend.mount_targets.pop(resource.id, None)
        case _:
            pass  # a policy goes with its file system


def _lower(value: Any) -> Any:
    """Names with a small first letter, as in the API; templates have a capital one."""
    if isinstance(value, Mapping):
        return {key[0].lower() + key[1:]: _lower(inner) for key, inner in value.items()}
    return [_lower(inner) for inner in value] if isinstance(value, list) else value
