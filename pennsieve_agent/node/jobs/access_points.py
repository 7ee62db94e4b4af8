"""Access points of a run's files: which folder a job reads and writes, as which user.

The file system is one of S3 Files, over a prefix of the node's bucket
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-files-access-points-creating.html).

A processor mounts two access points, one below the other: the run's folder, read-only, and over it
its own folder, writable (:mod:`pennsieve_agent.domain.step_files`). AWS's pages on volumes of a
task neither show such a pair nor forbid it (Amazon ECS, "Storage options for Amazon ECS tasks";
AWS Batch, "Amazon S3 Files volumes"). What it rests on: a container runtime mounts in the listed
order (OCI runtime specification, "Mounts"), so the outer one is listed first, and what is mounted
over is there, as the job that brings the input has made it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, NamedTuple

from pennsieve_agent.domain.step_files import (
    LAYERS_FOLDER,
    LAYERS_MOUNT,
    MACHINE_FILES,
    RUN_MOUNT,
    RUNS_FOLDER,
    SHARED_UID,
    step_folder,
)
from pennsieve_agent.domain.target_types import LAYER_TARGET
from pennsieve_agent.node.node import Node
from pennsieve_agent.node.records.run_record import JobKind, JobRecord, RunRecord

ROOT_UID = 0
"""Who transfer jobs are to the file system, so that they may give files to the run's user."""
_RUN, _TRANSFER, _LAYERS = "run", "transfer", "layers"
"""Keys of access points; a step's own has the name of its folder."""


class Mount(NamedTuple):
    """An access point by its key, and where a job's container has it."""

    key: str
    path: str
    read_only: bool


@dataclass(frozen=True, slots=True)
class AccessPoints:
    """The access points of one run. Creating them may be repeated."""

    node: Node
    record: RunRecord

    def missing(self, job: JobRecord) -> list[str]:
        """The keys of access points that a job needs and that have not been created."""
        keys = dict.fromkeys(mount.key for mount in self.mounts(job))
        return [key for key in keys if not self.record.access_points.get(key)]

    def create(self) -> None:
        """Create the access points that are written down, and note their ids.

        One that an invocation created and was killed before it noted the id is found again.
        """
        for key, access_point in self.record.access_points.items():
            if not access_point:
                self.record.access_points[key] = self._create(key)

    def mounts(self, job: JobRecord) -> list[Mount]:
        """What a job mounts; a mount comes after the one that it lies in."""
        if job.kind is JobKind.STAGE:  # it puts objects into the bucket
            return []
        if job.kind is not JobKind.PROCESS:
            mounts = [Mount(_TRANSFER, RUN_MOUNT, read_only=False)]
            if self.record.planned_step(job.step).get("target_type") == LAYER_TARGET:
                mounts.append(Mount(_LAYERS, LAYERS_MOUNT, read_only=False))
            return mounts
        own = step_folder(job.step)
        mounts = [
            Mount(_RUN, RUN_MOUNT, read_only=True),
            Mount(own, f"{RUN_MOUNT}/{own}", read_only=False),
        ]
        if self.record.layers:
            mounts.append(Mount(_LAYERS, LAYERS_MOUNT, read_only=True))
        return mounts

    def container_properties(self, job: JobRecord) -> dict[str, Any]:
        """The volumes and mount points of a job definition.

        "Amazon S3 Files volumes"
        (https://docs.aws.amazon.com/batch/latest/userguide/s3files-volumes.html).
        This is the one place that knows the kind of storage.
        """
        mounts = self.mounts(job)
        return {
            "volumes": [self._volume(mount.key, job) for mount in mounts],
            "mountPoints": [
                {
                    "sourceVolume": _volume_name(mount.key),
                    "containerPath": mount.path,
                    "readOnly": mount.read_only,
                }
                for mount in mounts
            ],
        }

    def _volume(self, key: str, job: JobRecord) -> dict[str, Any]:
        if job.gpu:  # its machine mounts, as a job on EC2 cannot
            source = {"host": {"sourcePath": f"{MACHINE_FILES}{self.folder(key)}"}}
            return {"name": _volume_name(key), **source}
        files = {
            "fileSystemArn": self.node.settings.file_system,
            "accessPointArn": self.record.access_points[key],
        }
        return {"name": _volume_name(key), "s3filesVolumeConfiguration": files}

    def folder(self, key: str) -> str:
        """The folder of an access point: the run's, one of its steps', or the node's layers."""
        root = f"/{RUNS_FOLDER}/{self.record.folder}"
        layers = f"/{LAYERS_FOLDER}"
        return {_RUN: root, _TRANSFER: root, _LAYERS: layers}.get(key, f"{root}/{key}")

    def _mounting_creates(self, key: str) -> bool:
        """Whether who mounts a folder makes it, where it is not there.

        The folders of a run are put into the bucket with its input, and are seen some seconds
        later; until then a mount has to fail, which AWS Batch tries again: a folder made instead
        would be in conflict with the bucket's, and empty. A run without input has none there.
        """
        has_input = any(job.kind is JobKind.STAGE for job in self.record.jobs)
        return key == _LAYERS or (key == _TRANSFER and not has_input)

    def _create(self, key: str) -> str:
        """An access point rooted at its folder, with the run's own user, or root for transfers.

        What root may do there depends on ``ClientRootAccess``, which the role of transfer jobs
        alone has. The same token gives the same access point ("CreateAccessPoint",
        https://docs.aws.amazon.com/AmazonS3/latest/API/API_S3Files_CreateAccessPoint.html).
        """
        owner = SHARED_UID if key == _LAYERS else uid_of(self.record)
        user = ROOT_UID if key == _TRANSFER else owner
        # Whichever file system of the account it is of: the token names this one.
        scope = f"{self.node.settings.file_system} "
        scope += "layers" if key == _LAYERS else f"{self.record.run} {key}"
        if self.record.kept and key != _LAYERS:  # those of the run itself were deleted at its end
            scope += " kept"
        root: dict[str, Any] = {"path": self.folder(key)}
        if self._mounting_creates(key):
            who = {"ownerUid": owner, "ownerGid": owner}
            root["creationPermissions"] = {**who, "permissions": "0755"}
        tags = self.node.settings.run_tags(self.record.run)
        answer = self.node.client("s3files").create_access_point(
            clientToken=hashlib.sha256(scope.encode()).hexdigest(),
            fileSystemId=self.node.settings.file_system,
            posixUser={"uid": user, "gid": user},
            rootDirectory=root,
            tags=[{"key": k, "value": v} for k, v in tags.items()],
        )
        return str(answer["accessPointArn"])


def uid_of(record: RunRecord) -> int:
    """The user number of a run: the owner of its files, and of nobody else's.

    A machine with GPUs mounts for all of its jobs, as one user, which runs with such steps share.
    """
    if any(job.gpu for job in record.jobs):
        return SHARED_UID
    return SHARED_UID + 1 + int(hashlib.sha256(record.folder.encode()).hexdigest()[:7], 16)


def _volume_name(key: str) -> str:
    return f"v{hashlib.sha256(key.encode()).hexdigest()[:16]}"
