"""Answers the API of S3 Files in front of moto, so that its requests are journalled like moto's."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pennsieve_agent.sandbox.aws import wire
from pennsieve_agent.sandbox.aws.s3files.file_systems import (
    STATUS,
    AccessPoint,
    FileSystem,
    MountTarget,
    Pending,
    Refused,
    S3FilesBackend,
    know_pending,
    s3files_backends,
)
from pennsieve_agent.sandbox.host.world import USER_ACCOUNT_ID

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class S3FilesFront:
    """A WSGI application: what is signed for S3 Files is answered here, the rest by ``behind``."""

    def __init__(self, behind: WSGIApplication, pending: Pending) -> None:
        self._behind = behind
        know_pending(pending)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        request = wire.read(environ, b"")
        if request.service != "s3files":
            return self._behind(environ, start_response)
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        request = wire.read(environ, body)
        account = str(environ.get("HTTP_X_MOTO_ACCOUNT_ID") or USER_ACCOUNT_ID)
        backend = s3files_backends[account][request.region]
        headers = [("Content-Type", "application/json")]
        try:
            body = _answer(backend, request)
        except Refused as refused:
            start_response(
                f"{STATUS[refused.code]} Error",
                [*headers, ("x-amzn-ErrorType", refused.code)],
            )
            return [json.dumps({"errorCode": refused.code, "message": str(refused)}).encode()]
        is_new = request.operation == "CreateFileSystem"
        status = "201 Created" if is_new else "200 OK" if body is not None else "204 No Content"
        start_response(status, headers)
        return [json.dumps(body).encode() if body is not None else b""]


def _answer(backend: S3FilesBackend, request: wire.AwsRequest) -> dict[str, Any] | None:
    operation = _OPERATIONS.get(request.operation)
    if operation is None:
        raise Refused("ValidationException", f"{request.operation} is not emulated")
    return operation(_Call(backend, request.parameters))


@dataclass(frozen=True, slots=True)
class _Call:
    backend: S3FilesBackend
    parameters: Mapping[str, Any]

    @property
    def system(self) -> FileSystem:
        return self.backend.file_system(str(self.parameters.get("fileSystemId") or ""))

    def id(self, name: str) -> str:
        return str(self.parameters[name])


def _delete_system(call: _Call) -> None:
    forced = str(call.parameters.get("forceDelete", "")).lower() == "true"
    call.backend.delete_file_system(call.system.id, force=forced)


def _targets(call: _Call) -> dict[str, Any]:
    targets = call.backend.mount_targets.values()
    mine = [target for target in targets if target.file_system == call.system.id]
    return {"mountTargets": [_target(call.backend, target) for target in mine]}


def _systems(call: _Call) -> dict[str, Any]:
    bucket = str(call.parameters.get("bucket") or "").rpartition(":")[2]
    systems = call.backend.file_systems.values()
    mine = [one for one in systems if bucket in {"", one.bucket}]
    return {"fileSystems": [_system(call.backend, one) for one in mine]}


def _policy(call: _Call) -> dict[str, Any]:
    if not call.system.policy:
        raise Refused("ResourceNotFoundException", f"{call.system.id} has no policy")
    return {"fileSystemId": call.system.id, "policy": call.system.policy}


def _put_policy(call: _Call) -> dict[str, Any]:
    call.system.policy = call.id("policy")
    return {}


_OPERATIONS: dict[str, Callable[[_Call], dict[str, Any] | None]] = {
    "CreateFileSystem": lambda a: _system(a.backend, a.backend.create_file_system(a.parameters)),
    "GetFileSystem": lambda a: _system(a.backend, a.system),
    "ListFileSystems": _systems,
    "DeleteFileSystem": _delete_system,
    "CreateAccessPoint": lambda a: _point(a.backend, a.backend.create_access_point(a.parameters)),
    "GetAccessPoint": lambda a: _point(a.backend, a.backend.access_point(a.id("accessPointId"))),
    "ListAccessPoints": lambda a: _page(a.backend, a.parameters),
    "DeleteAccessPoint": lambda a: a.backend.delete_access_point(a.id("accessPointId")),
    "CreateMountTarget": lambda a: _target(a.backend, a.backend.create_mount_target(a.parameters)),
    "GetMountTarget": lambda a: _target(a.backend, a.backend.mount_target(a.id("mountTargetId"))),
    "ListMountTargets": _targets,
    "DeleteMountTarget": lambda a: a.backend.delete_mount_target(a.id("mountTargetId")),
    "ListTagsForResource": lambda a: {"tags": a.backend.tagged(a.id("resourceId")).tags},
    "TagResource": lambda a: _tag(a.backend.tagged(a.id("resourceId")), a.parameters["tags"]),
    "PutSynchronizationConfiguration": lambda a: _configure(a.system, a.parameters),
    "GetSynchronizationConfiguration": lambda a: a.system.synchronization,
    "GetFileSystemPolicy": _policy,
    "PutFileSystemPolicy": _put_policy,
}


def _configure(system: FileSystem, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Take rules of import and expiry.

    "Customizing synchronization for S3 Files" (page
    ``s3-files-synchronization-customizing.html`` of the Amazon S3 User Guide).
    """
    rules = list(parameters["importDataRules"])
    if [rule["prefix"] for rule in rules].count("") != 1:
        raise Refused("ValidationException", "exactly one import rule is for the root directory")
    known = system.synchronization.get("latestVersionNumber")
    if known is not None and parameters.get("latestVersionNumber") != known:
        raise Refused("ConflictException", f"the latest version is {known}")
    system.synchronization = {
        "latestVersionNumber": (known or 0) + 1,
        "importDataRules": rules,
        "expirationDataRules": list(parameters["expirationDataRules"]),
    }
    return {}


def _tag(known: FileSystem | AccessPoint, tags: Iterable[Mapping[str, str]]) -> None:
    by_key = {tag["key"]: tag["value"] for tag in (*known.tags, *tags)}
    known.tags = [{"key": key, "value": value} for key, value in by_key.items()]


def _system(backend: S3FilesBackend, system: FileSystem) -> dict[str, Any]:
    return {
        "creationTime": 0,
        "fileSystemArn": system.arn,
        "fileSystemId": system.id,
        "bucket": f"arn:aws:s3:::{system.bucket}",
        "prefix": system.prefix,
        **({"kmsKeyId": system.key} if system.key else {}),
        "status": "available",
        "roleArn": system.role,
        "ownerId": backend.account_id,
        **({"tags": system.tags} if system.tags else {}),
    }


def _point(backend: S3FilesBackend, point: AccessPoint) -> dict[str, Any]:
    return {
        "accessPointArn": point.arn,
        "accessPointId": point.id,
        "clientToken": point.token,
        "fileSystemId": point.file_system,
        "status": "available",
        "ownerId": backend.account_id,
        **({"posixUser": point.user} if point.user else {}),
        "rootDirectory": {"path": point.folder, **point.root},
        **({"tags": point.tags} if point.tags else {}),
    }


def _page(backend: S3FilesBackend, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """A page of a file system's access points; the token is the number of those before it."""
    system = str(parameters["fileSystemId"]).rpartition("/")[2]
    points = [p for p in backend.access_points.values() if p.file_system == system]
    start, most = int(parameters.get("nextToken") or 0), int(parameters.get("maxResults") or 100)
    end = start + most
    more = {"nextToken": str(end)} if end < len(points) else {}
    return {"accessPoints": [_point(backend, point) for point in points[start:end]], **more}


def _target(backend: S3FilesBackend, target: MountTarget) -> dict[str, Any]:
    return {
        "availabilityZoneId": target.zone,
        "ownerId": backend.account_id,
        "mountTargetId": target.id,
        "fileSystemId": target.file_system,
        "subnetId": target.subnet,
        "vpcId": target.vpc,
        "securityGroups": target.groups,
        "status": "available",
    }
