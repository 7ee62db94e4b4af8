"""The volumes of a job's container: file systems of S3 Files, as its role may mount them.

"Amazon S3 Files volumes" (https://docs.aws.amazon.com/batch/latest/userguide/s3files-volumes.html):
on Fargate a job mounts by itself. On machines of EC2 that fails; there the machine mounts when it
starts, as its launch template says, and a job gets a folder of the machine.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pennsieve_agent.domain.iam_policies import Ask, Verdict, decide, many
from pennsieve_agent.sandbox.aws.batch.jobs import Job, Unstartable
from pennsieve_agent.sandbox.aws.rights.policy_check import PolicyCheck
from pennsieve_agent.sandbox.aws.rights.principals import Principal
from pennsieve_agent.sandbox.aws.s3files.synchronize import NotThere, Synchronizer

_FAILED = "ResourceInitializationError: failed to invoke S3 Files utils commands"
_DENIED = f"{_FAILED}: mount.nfs4: access denied by server"
_MACHINE_MOUNT = re.compile(r"mount -t s3files -o accesspoint=(\S+) (fs-\w+):/ (/\S+)")
"""How a launch template mounts a file system ("Mounting S3 file systems on Amazon EC2",
https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-files-mounting.html)."""


@dataclass(frozen=True, slots=True)
class Volumes:
    """Finds the folders of volumes. The caller holds moto's lock."""

    policy_check: PolicyCheck
    folders: Synchronizer

    def place(
        self, job: Job, role: Principal | None, volume: Mapping[str, Any]
    ) -> tuple[Path, bool]:
        """The folder of a volume, and whether who mounts it may write there.

        Raises:
            Unstartable: it cannot be mounted.

        """
        on_machine = _machine_of(job)
        if (own := volume.get("s3filesVolumeConfiguration")) is not None:
            if on_machine is not None:
                raise Unstartable(f"{_FAILED}: S3 Files are not supported on the EC2 launch type")
            if role is None:
                raise Unstartable(f"{_FAILED}: a job role is needed")
            if own.get("accessPointArn") and (own.get("rootDirectory") or "/") != "/":
                raise Unstartable(f"{_FAILED}: with an access point the root directory must be /")
            point = own.get("accessPointArn") or ""
            return self.mount((job.account, job.region), role, own["fileSystemArn"], point)
        source = str((volume.get("host") or {}).get("sourcePath") or "")
        mounted = _MACHINE_MOUNT.search(on_machine.user_data) if on_machine else None
        if on_machine is None or mounted is None or not source.startswith(f"{mounted[3]}/"):
            raise Unstartable("ResourceInitializationError: only S3 file systems can be mounted")
        where = job.account, job.region
        top, writable = self.mount(where, on_machine.role, mounted[2], mounted[1])
        place = top / source.removeprefix(mounted[3]).strip("/")
        if not place.is_dir():  # Docker makes what is not there
            place.mkdir(parents=True)
        return place, writable

    def mount(
        self, where: tuple[str, str], role: Principal, system_id: str, point_id: str
    ) -> tuple[Path, bool]:
        """The folder of an access point of an account in a region, and whether it can be written.

        Raises:
            Unstartable: it cannot be mounted.

        """
        from pennsieve_agent.sandbox.aws.s3files.file_systems import (  # noqa: PLC0415 - slow
            AccessPoint,
            Refused,
            s3files_backends,
        )

        backend = s3files_backends[where[0]][where[1]]
        try:
            system = backend.file_system(system_id)
            point = (
                backend.access_point(point_id) if point_id else AccessPoint("", "", "", "", {}, {})
            )
        except Refused as refused:
            raise Unstartable(f"{_FAILED}: {refused}") from None
        if not any(t.file_system == system.id for t in backend.mount_targets.values()):
            raise Unstartable(f"{_FAILED}: Failed to resolve file system DNS name")
        context = {"aws:SecureTransport": "true"}
        context |= {"s3files:AccessPointArn": point.arn} if point.arn else {}
        may = {
            right: self._may(role, Ask(f"s3files:Client{right}", system.arn, context), system)
            for right in ("Mount", "Write", *(["RootAccess"] if point.is_root else []))
        }
        # Without the right root is nobody, who may not enter a folder that is its owner's alone.
        if not may["Mount"] or not may.get("RootAccess", True):
            raise Unstartable(_DENIED)
        try:
            path = self.folders.enter(system, where[0], point)
        except NotThere as missing:
            raise Unstartable(f"{_DENIED}: {missing} does not exist") from None
        return path, may["Write"]

    def _may(self, role: Principal, ask: Ask, system: Any) -> bool:
        """Whether identity policies, or the file system's, allow it; either may deny.

        "How S3 Files works with IAM"
        (https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-files-security-iam.html).
        """
        own = decide(ask, [_about(system.policy, role)])
        if own is Verdict.DENIED:
            return False
        return not self.policy_check.why_not(role, ask) or own is Verdict.ALLOWED


def _about(policy: str, role: Principal) -> dict[str, Any]:
    """The statements of a file system's policy that are about a role; they name no resource."""
    statements = json.loads(policy or "{}").get("Statement") or ()
    about = [
        {"Resource": "*", **statement}
        for statement in statements
        if {"*", role.role} & set(many((statement["Principal"] or {}).get("AWS")))
    ]
    return {"Statement": about}


@dataclass(frozen=True, slots=True)
class _Machine:
    """What machines of EC2 do when they start, and the role that they have."""

    user_data: str
    role: Principal


def _machine_of(job: Job) -> _Machine | None:
    """The machine that a job of a queue with machines of EC2 runs on."""
    from moto.batch.models import batch_backends  # noqa: PLC0415 - slow

    backend = batch_backends[job.account][job.region]
    queue = backend.get_job_queue(job.queue)
    for environment in queue.environments if queue is not None else ():
        resources = environment.compute_resources or {}
        if resources.get("type") in {"EC2", "SPOT"}:
            return _Machine(_user_data(job, resources), _instance_role(job, resources))
    return None


def _user_data(job: Job, resources: Mapping[str, Any]) -> str:
    from moto.ec2.models import ec2_backends  # noqa: PLC0415 - slow

    named = resources.get("launchTemplate") or {}
    if not named:
        return ""
    template = ec2_backends[job.account][job.region].get_launch_template(named["launchTemplateId"])
    data = template.versions[-1].data.get("UserData")
    return str(data.decode()) if data else ""


def _instance_role(job: Job, resources: Mapping[str, Any]) -> Principal:
    from moto.iam.models import iam_backends  # noqa: PLC0415 - slow

    profile = str(resources.get("instanceRole") or "").rpartition("/")[2]
    roles = iam_backends[job.account]["aws"].get_instance_profile(profile).roles
    name = str(roles[0].name)
    session = f"arn:aws:sts::{job.account}:assumed-role/{name}/i-0123456789abcdef0"
    return Principal(job.account, str(roles[0].arn), name, session)
