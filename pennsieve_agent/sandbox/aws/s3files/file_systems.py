"""File systems, mount targets and access points as data, and what AWS refuses about them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from moto.core.base_backend import BackendDict, BaseBackend
from moto.moto_api._internal import mock_random

MOST_ACCESS_POINTS = 10_000
"""A file system's quota ("Unsupported features, limits, and quotas",
https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-files-quotas.html)."""
SERVICE = "elasticfilesystem.amazonaws.com"
"""Who assumes the role that reads and writes the bucket ("Prerequisites for S3 Files",
https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-files-prereq-policies.html)."""
Tags = list[dict[str, str]]


STATUS = {
    "ResourceNotFoundException": 404,
    "ConflictException": 409,
    "ServiceQuotaExceededException": 402,
    "ValidationException": 400,
}
"""Of the service's errors, by its model."""


class Refused(Exception):  # noqa: N818 - an answer
    """A request that the service refuses: the error's code and its text."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(slots=True)
class FileSystem:
    """A file system over a prefix of a bucket."""

    arn: str
    id: str
    bucket: str
    prefix: str
    role: str
    token: str = ""
    key: str = ""
    tags: Tags = field(default_factory=list)
    policy: str = ""
    synchronization: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class AccessPoint:
    """A folder of a file system, entered as one user. ``root`` is as in the request."""

    arn: str
    id: str
    file_system: str
    token: str
    user: Mapping[str, Any]
    root: Mapping[str, Any]
    tags: Tags = field(default_factory=list)

    @property
    def folder(self) -> str:
        """The path of the folder below the root of the file system."""
        return str(self.root.get("path") or "/")

    @property
    def is_root(self) -> bool:
        """Whether who enters is the user 0."""
        return int(self.user.get("uid", -1)) == 0


@dataclass(slots=True)
class MountTarget:
    """Where one subnet reaches a file system."""

    id: str
    file_system: str
    subnet: str
    groups: list[str]
    vpc: str
    zone: str


Pending = Callable[[FileSystem], bool]
"""Whether a file system has changes that are not in its bucket yet."""
_pending: list[Pending] = []


def know_pending(pending: Pending) -> None:
    """From now on know of changes that are not in a bucket yet, in this process."""
    _pending[:] = [pending]


class S3FilesBackend(BaseBackend):
    """The file systems of an account in a region."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.file_systems: dict[str, FileSystem] = {}
        self.access_points: dict[str, AccessPoint] = {}
        self.mount_targets: dict[str, MountTarget] = {}

    def _arn(self, resource: str) -> str:
        return f"arn:aws:s3files:{self.region_name}:{self.account_id}:{resource}"

    def create_file_system(self, parameters: Mapping[str, Any]) -> FileSystem:
        """Create one; the same token gives the same."""
        token = str(parameters.get("clientToken") or "")
        for known in self.file_systems.values():
            if token and known.token == token:
                return known
        bucket = str(parameters["bucket"]).rpartition(":")[2]
        self._check_bucket(bucket)
        self._check_prefix(bucket, str(parameters.get("prefix") or ""))
        self._check_role(str(parameters["roleArn"]))
        id_ = f"fs-{mock_random.get_random_hex(17)}"
        system = FileSystem(
            self._arn(f"file-system/{id_}"),
            id_,
            bucket,
            str(parameters.get("prefix") or ""),
            str(parameters["roleArn"]),
            token,
            str(parameters.get("kmsKeyId") or ""),
            list(parameters.get("tags") or ()),
        )
        self.file_systems[id_] = system
        return system

    def _check_bucket(self, name: str) -> None:
        from moto.s3.models import s3_backends  # noqa: PLC0415 - slow

        bucket = s3_backends[self.account_id]["aws"].buckets.get(name)
        if bucket is None:
            raise Refused("ResourceNotFoundException", f"bucket {name} does not exist")
        if not bucket.is_versioned:
            raise Refused("ValidationException", f"S3 Versioning is not enabled on bucket {name}")

    def _check_prefix(self, bucket: str, prefix: str) -> None:
        """AWS documents several file systems of a bucket for different prefixes alone.

        "S3 Files best practices"
        (https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-files-best-practices.html); what
        exists already is a conflict, says the service's model.
        """
        for other in self.file_systems.values():
            if (other.bucket, other.prefix) == (bucket, prefix):
                text = f"{other.id} is of prefix '{prefix}' of bucket {bucket} already"
                raise Refused("ConflictException", text)

    def _check_role(self, arn: str) -> None:
        from pennsieve_agent.sandbox.aws.rights.principals import trusts  # noqa: PLC0415 - slow

        source = self._arn("file-system/new")
        context = {"aws:SourceAccount": self.account_id, "aws:SourceArn": source}
        if not trusts(arn, SERVICE, context):
            raise Refused("ValidationException", f"S3 Files cannot assume the role {arn}")

    def file_system(self, id_or_arn: str) -> FileSystem:
        """The file system of an id or ARN."""
        known = self.file_systems.get(id_or_arn.rpartition("/")[2])
        if known is None:
            raise Refused("ResourceNotFoundException", f"file system {id_or_arn} does not exist")
        return known

    def delete_file_system(self, id_or_arn: str, *, force: bool = False) -> None:
        """Delete one that nothing is attached to, and whose changes are all in the bucket.

        "Deleting file systems"
        (https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-files-file-systems-deleting.html).
        ``force`` deletes one with changes that are not ("DeleteFileSystem", ``forceDelete``,
        https://docs.aws.amazon.com/AmazonS3/latest/API/API_S3Files_DeleteFileSystem.html).
        """
        known = self.file_system(id_or_arn)
        attached = [
            *(m.id for m in self.mount_targets.values() if m.file_system == known.id),
            *(p.id for p in self.access_points.values() if p.file_system == known.id),
        ]
        if attached:
            raise Refused("ConflictException", f"file system {known.id} still has {attached[0]}")
        if not force and any(pending(known) for pending in _pending):
            raise Refused("ConflictException", f"{known.id} has changes that are not in the bucket")
        del self.file_systems[known.id]

    def create_access_point(self, parameters: Mapping[str, Any]) -> AccessPoint:
        """Create one; the same token gives the same."""
        system = self.file_system(str(parameters["fileSystemId"]))
        points = [p for p in self.access_points.values() if p.file_system == system.id]
        token = str(parameters.get("clientToken") or "")
        for known in points:
            if token and known.token == token:
                return known
        if len(points) >= MOST_ACCESS_POINTS:
            raise Refused(
                "ServiceQuotaExceededException", f"{system.id} has {len(points)} access points"
            )
        id_ = f"fsap-{mock_random.get_random_hex(17)}"
        point = AccessPoint(
            f"{system.arn}/access-point/{id_}",
            id_,
            system.id,
            token or id_,
            dict(parameters.get("posixUser") or {}),
            dict(parameters.get("rootDirectory") or {}),
            list(parameters.get("tags") or ()),
        )
        self.access_points[id_] = point
        return point

    def access_point(self, id_or_arn: str) -> AccessPoint:
        """The access point of an id or ARN."""
        known = self.access_points.get(id_or_arn.rpartition("/")[2])
        if known is None:
            raise Refused("ResourceNotFoundException", f"access point {id_or_arn} does not exist")
        return known

    def delete_access_point(self, id_or_arn: str) -> None:
        """Delete one."""
        del self.access_points[self.access_point(id_or_arn).id]

    def create_mount_target(self, parameters: Mapping[str, Any]) -> MountTarget:
        """Create one; a file system has one in a zone, and all in one network."""
        from moto.ec2.models import ec2_backends  # noqa: PLC0415 - slow

        system = self.file_system(str(parameters["fileSystemId"]))
        subnet = ec2_backends[self.account_id][self.region_name].get_subnet(parameters["subnetId"])
        for other in self.mount_targets.values():
            if other.file_system != system.id:
                continue
            if other.zone == subnet.availability_zone:
                raise Refused("ConflictException", f"{system.id} has {other.id} in this zone")
            if other.vpc != subnet.vpc_id:
                raise Refused("ConflictException", f"{system.id} is in the network {other.vpc}")
        id_ = f"fsmt-{mock_random.get_random_hex(17)}"
        groups = list(parameters.get("securityGroups") or ())
        target = MountTarget(
            id_, system.id, subnet.id, groups, subnet.vpc_id, subnet.availability_zone
        )
        self.mount_targets[id_] = target
        return target

    def mount_target(self, id_: str) -> MountTarget:
        """The mount target of an id."""
        known = self.mount_targets.get(id_)
        if known is None:
            raise Refused("ResourceNotFoundException", f"mount target {id_} does not exist")
        return known

    def delete_mount_target(self, id_: str) -> None:
        """Delete one."""
        del self.mount_targets[self.mount_target(id_).id]

    def tagged(self, resource: str) -> FileSystem | AccessPoint:
        """What has tags, by its id or ARN."""
        is_point = resource.rpartition("/")[2].startswith("fsap-")
        return self.access_point(resource) if is_point else self.file_system(resource)


# Where EFS is (moto knows no regions of S3 Files).
s3files_backends = BackendDict(S3FilesBackend, "efs")
