"""Answers the API of S3 Files in front of moto, so that its requests are journalled like moto's."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from pennsieve_agent.sandbox.aws import wire
from pennsieve_agent.sandbox.aws.s3files.file_systems import (
    AccessPoint,
    FileSystem,
    MountTarget,
    Refused,
    S3FilesBackend,
    s3files_backends,
)
from pennsieve_agent.sandbox.host.world import USER_ACCOUNT_ID

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Pending = Callable[[FileSystem], bool]
"""Whether a file system has changes that are not in its bucket yet."""


class S3FilesFront:
    """A WSGI application: what is signed for S3 Files is answered here, the rest by ``behind``."""

    def __init__(self, behind: WSGIApplication, pending: Pending) -> None:
        self._behind = behind
        self._pending = pending

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        request = wire.read(environ, b"")
        if request.service != "s3files":
            return self._behind(environ, start_response)
        request = wire.read(environ, environ["wsgi.input"].read())
        account = str(environ.get("HTTP_X_MOTO_ACCOUNT_ID") or USER_ACCOUNT_ID)
        backend = s3files_backends[account][request.region]
        headers = [("Content-Type", "application/json")]
        try:
            body = _answer(backend, request, self._pending)
        except Refused as refused:
            start_response(
                f"{refused.status[refused.code]} Error",
                [*headers, ("x-amzn-ErrorType", refused.code)],
            )
            return [json.dumps({"errorCode": refused.code, "message": str(refused)}).encode()]
        made = request.operation == "CreateFileSystem"
        status = "201 Created" if made else "200 OK" if body is not None else "204 No Content"
        start_response(status, headers)
        return [json.dumps(body).encode() if body is not None else b""]


def _answer(
    backend: S3FilesBackend, request: wire.AwsRequest, pending: Pending
) -> dict[str, Any] | None:
    parameters, text = request.parameters, request.text
    match request.operation:
        case "CreateFileSystem":
            return _system(backend, backend.create_file_system(parameters))
        case "GetFileSystem":
            return _system(backend, backend.file_system(text("fileSystemId")))
        case "ListFileSystems":
            systems = [_system(backend, one) for one in backend.file_systems.values()]
            return {"fileSystems": systems}
        case "DeleteFileSystem":
            known = backend.file_system(text("fileSystemId"))
            forced = str(parameters.get("forceDelete", "")).lower() == "true"
            return backend.delete_file_system(known.id, not forced and pending(known))
        case "CreateAccessPoint":
            return _point(backend, backend.create_access_point(parameters))
        case "GetAccessPoint":
            return _point(backend, backend.access_point(text("accessPointId")))
        case "ListAccessPoints":
            return _page(backend, parameters)
        case "DeleteAccessPoint":
            return backend.delete_access_point(text("accessPointId"))
        case "CreateMountTarget":
            return _target(backend, backend.create_mount_target(parameters))
        case "GetMountTarget":
            return _target(backend, backend.mount_target(text("mountTargetId")))
        case "ListMountTargets":
            wanted = text("fileSystemId").rpartition("/")[2]
            targets = [t for t in backend.mount_targets.values() if t.file_system == wanted]
            return {"mountTargets": [_target(backend, target) for target in targets]}
        case "DeleteMountTarget":
            del backend.mount_targets[backend.mount_target(text("mountTargetId")).id]
            return None
        case "ListTagsForResource":
            return {"tags": backend.tagged(text("resourceId")).tags}
        case "TagResource":
            _tag(backend, text("resourceId"), parameters["tags"])
            return None
        case "PutSynchronizationConfiguration":
            _configure(backend.file_system(text("fileSystemId")), parameters)
            return {}
        case "GetSynchronizationConfiguration":
            return backend.file_system(text("fileSystemId")).synchronization
        case "GetFileSystemPolicy":
            known = backend.file_system(text("fileSystemId"))
            if not known.policy:
                raise Refused("ResourceNotFoundException", f"{known.id} has no policy")
            return {"fileSystemId": known.id, "policy": known.policy}
        case "PutFileSystemPolicy":
            backend.file_system(text("fileSystemId")).policy = text("policy")
            return {}
    raise Refused("ValidationException", f"{request.operation} is not emulated")


def _configure(system: FileSystem, parameters: Mapping[str, Any]) -> None:
    """Rules of import and expiry ("Customizing synchronization for S3 Files",
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-files-synchronization-customizing.html).
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


def _tag(backend: S3FilesBackend, resource: str, tags: Iterable[Mapping[str, str]]) -> None:
    known = backend.tagged(resource)
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
    wanted = str(parameters["fileSystemId"]).rpartition("/")[2]
    points = [p for p in backend.access_points.values() if p.file_system == wanted]
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
