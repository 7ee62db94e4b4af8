"""EFS access points of a run: which folder a job reads and writes, as which user.

A processor mounts two access points, one below the other: the run's folder, read-only, and over it
its own folder, writable (:mod:`pennsieve_agent.domain.step_files`). AWS's pages on volumes of a
task neither show such a pair nor forbid it (Amazon ECS, "Storage options for Amazon ECS tasks";
AWS Batch, "Amazon EFS volumes"). What it rests on: a container runtime mounts in the listed order
(OCI runtime specification, "Mounts"), so the outer one is listed first, and what is mounted over is
there, as the job that brings the input has made it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, NamedTuple

from pennsieve_agent.domain.step_files import LAYERS_MOUNT, RUN_MOUNT, step_folder
from pennsieve_agent.domain.target_types import LAYER_TARGET
from pennsieve_agent.node.node import Node, aws_code
from pennsieve_agent.node.records.run_record import JobKind, JobRecord, RunRecord

FIRST_UID = 100_000
ROOT_UID = 0
"""Who transfer jobs are to the file system, so that they may give files to the run's user."""
_RUN, _TRANSFER, _LAYERS = "run", "transfer", "layers"
"""Keys of access points; a step's own has the name of its folder."""
_EXISTS = "AccessPointAlreadyExists"


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
        """The volumes and mount points of a job definition (AWS Batch, "Amazon EFS volumes").

        This is the one place that knows the kind of storage.
        """
        mounts = self.mounts(job)
        return {
            "volumes": [self._volume(mount.key) for mount in mounts],
            "mountPoints": [
                {
                    "sourceVolume": _volume_name(mount.key),
                    "containerPath": mount.path,
                    "readOnly": mount.read_only,
                }
                for mount in mounts
            ],
        }

    def _volume(self, key: str) -> dict[str, Any]:
        access_point = {"accessPointId": self.record.access_points[key], "iam": "ENABLED"}
        return {
            "name": _volume_name(key),
            "efsVolumeConfiguration": {
                "fileSystemId": self.node.settings.file_system,
                "transitEncryption": "ENABLED",
                "authorizationConfig": access_point,
            },
        }

    def _folder(self, key: str) -> str:
        """The folder of an access point: the run's, one of its steps', or the node's layers."""
        root = f"/runs/{self.record.run}"
        return {_RUN: root, _TRANSFER: root, _LAYERS: "/layers"}.get(key, f"{root}/{key}")

    def _create(self, key: str) -> str:
        """An access point rooted at its folder, with the run's own user, or root for transfers.

        What root may do there depends on ``ClientRootAccess``, which the role of transfer jobs
        alone has (Amazon EFS, "Enforcing a user identity using an access point").
        """
        owner = FIRST_UID if key == _LAYERS else uid_of(self.record.run)
        user = ROOT_UID if key == _TRANSFER else owner
        # The same token gives the same access point (Amazon EFS, "CreateAccessPoint").
        scope = "layers" if key == _LAYERS else f"{self.record.run} {key}"
        creation = {
            "OwnerUid": owner,
            "OwnerGid": owner,
            "Permissions": "0755" if key == _LAYERS else "0700",
        }
        tags = self.node.settings.run_tags(self.record.run)
        try:
            answer = self.node.client("efs").create_access_point(
                ClientToken=hashlib.sha256(scope.encode()).hexdigest(),
                FileSystemId=self.node.settings.file_system,
                PosixUser={"Uid": user, "Gid": user},
                RootDirectory={"Path": self._folder(key), "CreationInfo": creation},
                Tags=[{"Key": k, "Value": v} for k, v in tags.items()],
            )
        except Exception as error:
            if aws_code(error) != _EXISTS:
                raise
            return str(error.response["AccessPointId"])  # type: ignore[attr-defined]
        return str(answer["AccessPointId"])


def uid_of(run: str) -> int:
    """The user number of a run: the owner of its files, and of nobody else's."""
    return FIRST_UID + int(hashlib.sha256(run.encode()).hexdigest()[:7], 16)


def _volume_name(key: str) -> str:
    return f"v{hashlib.sha256(key.encode()).hexdigest()[:16]}"
