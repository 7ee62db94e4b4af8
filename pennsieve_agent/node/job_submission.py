"""Handing a run's jobs to AWS Batch: access points of their folders, what each runs, the order.

A processor mounts two access points, one below the other: the run's folder, read-only, and over it
its own folder, writable (:mod:`pennsieve_agent.domain.step_files`). AWS's pages on volumes of a
task neither show such a pair nor forbid it (Amazon ECS, "Storage options for Amazon ECS tasks";
AWS Batch, "Amazon EFS volumes"). What it rests on: a container runtime mounts in the listed order
(OCI runtime specification, "Mounts"), so the outer one is listed first, and what is mounted over is
there, as the job that brings the input has made it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pennsieve_agent.domain.input_layout import Layout
from pennsieve_agent.domain.step_files import (
    LAYERS_MOUNT,
    RUN_MOUNT,
    data_path,
    input_folder,
    step_folder,
)
from pennsieve_agent.domain.target_types import LAYER_TARGET
from pennsieve_agent.node.node import Node, aws_code
from pennsieve_agent.node.run_record import JobKind, JobRecord, RunRecord
from pennsieve_agent.node.step_secrets import step_secrets
from pennsieve_agent.node.tasks import (
    LAYERS_DIR,
    RUN_DIR,
    Task,
    TaskKind,
    mover_command,
    mover_environment,
    object_key,
    step_slug,
)
from pennsieve_agent.node.transitions import HOST_LOSSES, awaited, host_losses

FIRST_UID = 100_000
LEAST_TIMEOUT = 60
ROOT_UID = 0
"""Who transfer jobs are to the file system, so that they may give files to the run's user."""
_RUN, _TRANSFER, _LAYERS = "run", "transfer", "layers"
"""Keys of access points; a step's own has the name of its folder."""
_TASKS = {
    JobKind.STAGE: TaskKind.STAGE_IN,
    JobKind.MERGE: TaskKind.MERGE,
    JobKind.DELIVER: TaskKind.DELIVER,
    JobKind.CLEAN: TaskKind.CLEAN,
}
_EXISTS = "AccessPointAlreadyExists"
_MOST_NAME = 128


@dataclass(frozen=True, slots=True)
class Launcher:
    """Makes what one run's jobs need, and submits them. Everything may be repeated."""

    node: Node
    record: RunRecord

    def submit(self, job: JobRecord) -> str:
        """Submit a job whose name is chosen; its id."""
        if job.kind is not JobKind.PROCESS:
            self._tell(job)
        ids = [each.id for each in awaited(self.record, job)]
        answer = self._batch.submit_job(
            jobName=job.name,
            jobQueue=self._queue(job),
            jobDefinition=self._define(job),
            dependsOn=[{"jobId": each} for each in ids],
            tags=self._tags(),
            propagateTags=True,
        )
        return str(answer["jobId"])

    def find(self, job: JobRecord) -> str:
        """The id of a job whose submission was cut off; empty when there is none."""
        answer = self._batch.list_jobs(
            jobQueue=self._queue(job), filters=[{"name": "JOB_NAME", "values": [job.name]}]
        )
        return str(answer["jobSummaryList"][0]["jobId"]) if answer["jobSummaryList"] else ""

    def closed_doors(self, job: JobRecord) -> list[str]:
        """The keys of the access points that a job needs and that are not known to be there."""
        wanted = dict.fromkeys(key for key, _, _ in self._mounts(job))
        return [key for key in wanted if not self.record.doors.get(key)]

    def open_doors(self) -> None:
        """Make the access points that were written down, and note their ids.

        One that was made by somebody who was killed before he could note it is found again.
        """
        for key, door in self.record.doors.items():
            if not door:
                self.record.doors[key] = self._door(key)

    def _folder(self, key: str) -> str:
        """The folder of an access point: the run's, one of its steps', or the node's layers."""
        root = f"/runs/{self.record.run}"
        return {_RUN: root, _TRANSFER: root, _LAYERS: "/layers"}.get(key, f"{root}/{key}")

    def _door(self, key: str) -> str:
        """An access point rooted at its folder, with the run's own user, or root for transfers.

        What root may do there depends on ``ClientRootAccess``, which the role of transfer jobs
        alone has (Amazon EFS, "Enforcing a user identity using an access point").
        """
        owner = FIRST_UID if key == _LAYERS else uid_of(self.record.run)
        user = ROOT_UID if key == _TRANSFER else owner
        scope = "layers" if key == _LAYERS else f"{self.record.run} {key}"
        made = {
            "OwnerUid": owner,
            "OwnerGid": owner,
            "Permissions": "0755" if key == _LAYERS else "0700",
        }
        try:
            answer = self.node.client("efs").create_access_point(
                ClientToken=hashlib.sha256(scope.encode()).hexdigest(),
                FileSystemId=self.node.settings.file_system,
                PosixUser={"Uid": user, "Gid": user},
                RootDirectory={"Path": self._folder(key), "CreationInfo": made},
                Tags=[{"Key": k, "Value": v} for k, v in self._tags().items()],
            )
        except Exception as error:
            if aws_code(error) != _EXISTS:
                raise
            return str(error.response["AccessPointId"])  # type: ignore[attr-defined]
        return str(answer["AccessPointId"])

    def _mounts(self, job: JobRecord) -> list[tuple[str, str, bool]]:
        """The key of each access point of a job, where it is mounted, and whether read-only.

        A mount comes after the one that it lies in.
        """
        if job.kind is not JobKind.PROCESS:
            mounts = [(_TRANSFER, RUN_MOUNT, False)]
            if self._target(job) == LAYER_TARGET:
                mounts.append((_LAYERS, LAYERS_MOUNT, False))
            return mounts
        own = step_folder(job.step)
        mounts = [(_RUN, RUN_MOUNT, True), (own, f"{RUN_MOUNT}/{own}", False)]
        if self.record.layers:
            mounts.append((_LAYERS, LAYERS_MOUNT, True))
        return mounts

    def _define(self, job: JobRecord) -> str:
        """Register what a job runs; the definition's ARN."""
        settings = self.node.settings
        doors = self._mounts(job)
        process = job.kind is JobKind.PROCESS
        secrets = step_secrets(self.node, self.record) if process else []
        # A secret wins over a parameter of its name, and ECS takes a name only once.
        hidden = {each["name"] for each in secrets}
        container: dict[str, Any] = {
            "image": job.image or settings.mover_image,
            "executionRoleArn": settings.execution_role,
            "jobRoleArn": settings.job_role if process else settings.mover_role,
            "environment": [
                {"name": name, "value": value}
                for name, value in sorted(self._environment(job).items())
                if name not in hidden
            ],
            "resourceRequirements": _requirements(job),
            "volumes": [
                self._volume(_volume_name(key), self.record.doors[key]) for key, _, _ in doors
            ],
            "mountPoints": [
                {"sourceVolume": _volume_name(key), "containerPath": path, "readOnly": read_only}
                for key, path, read_only in doors
            ],
            "logConfiguration": self._log(job),
        }
        if process:
            container["secrets"] = secrets
        else:
            container["command"] = mover_command()
        if not job.gpu:
            public = "ENABLED" if settings.mode == "basic" else "DISABLED"
            container["fargatePlatformConfiguration"] = {"platformVersion": "LATEST"}
            container["networkConfiguration"] = {"assignPublicIp": public}
        answer = self._batch.register_job_definition(
            jobDefinitionName=definition_name(settings.token, job),
            type="container",
            platformCapabilities=["EC2" if job.gpu else "FARGATE"],
            containerProperties=container,
            retryStrategy=_retries(job),
            timeout={"attemptDurationSeconds": _timeout(self.record.limits)},
            propagateTags=True,
            tags=self._tags(),
        )
        return str(answer["jobDefinitionArn"])

    def _volume(self, name: str, access_point: str) -> dict[str, Any]:
        """The volume that an access point is of: the one place that knows the kind of storage."""
        return {
            "name": name,
            "efsVolumeConfiguration": {
                "fileSystemId": self.node.settings.file_system,
                "transitEncryption": "ENABLED",
                "authorizationConfig": {"accessPointId": access_point, "iam": "ENABLED"},
            },
        }

    def _log(self, job: JobRecord) -> dict[str, Any]:
        return {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": self.node.settings.log_group,
                "awslogs-region": self.node.settings.region,
                "awslogs-stream-prefix": stream_prefix(self.record.run, job.step),
            },
        }

    def _environment(self, job: JobRecord) -> dict[str, str]:
        if job.kind is JobKind.PROCESS:
            layers = {LAYERS_DIR: LAYERS_MOUNT} if self.record.layers else {}
            parents = self._plan(job.step).get("depends_on") or ()
            folders = {
                "INPUT_DIR": data_path(input_folder(job.step, parents)),
                "OUTPUT_DIR": data_path(step_folder(job.step)),
            }
            return {**layers, **self._own(job), **folders}
        settings = self.node.settings
        values = {
            "region": settings.region,
            "bucket": settings.bucket,
            "code_key": settings.code_key,
            "reconciler": settings.reconciler,
            "endpoint": settings.endpoint,
        }
        found = mover_environment(values, self.record.run, job.step, _TASKS[job.kind])
        return {**found, RUN_DIR: RUN_MOUNT, LAYERS_DIR: LAYERS_MOUNT}

    def _own(self, job: JobRecord) -> dict[str, str]:
        """The step's parameters and the run's names."""
        return dict(self._plan(job.step).get("environment") or {})

    def _tell(self, job: JobRecord) -> None:
        """Put what a transfer job is to do where it reads it."""
        task = self._task(job)
        self.node.client("s3").put_object(
            Bucket=self.node.settings.bucket,
            Key=object_key(self.record.run, job.step, task.kind),
            Body=task.to_json().encode(),
        )

    def _task(self, job: JobRecord) -> Task:
        kind = _TASKS[job.kind]
        if kind is TaskKind.CLEAN:
            return Task(kind, self.record.run, job.step)
        plan = self._plan(job.step)
        sources: Mapping[str, list[str]] = self.record.plan.get("sources") or {}
        every = [package for ids in sources.values() for package in ids]
        own = sources.get(job.step) or plan.get("package_ids") or every
        before = self._steps_before(job.step)
        return Task(
            kind,
            self.record.run,
            job.step,
            dataset=self.record.dataset,
            packages=tuple(dict.fromkeys(own if kind is TaskKind.STAGE_IN else every)),
            parents=tuple(plan.get("depends_on") or ()),
            target=str(plan.get("target_type") or ""),
            params=(self.record.plan.get("targets") or {}).get(job.step) or {},
            layout=Layout(self.record.plan.get("layout", Layout.TREE)),
            steps=tuple(dict.fromkeys(each.step for each in self.record.work)),
            before=before,
            sources=tuple(step for step in before if step in self._staged()),
            uid=uid_of(self.record.run),
        )

    def _steps_before(self, step: str) -> tuple[str, ...]:
        """All steps that have ended when a step begins, the nearest first."""
        waiting, before = [step], dict[str, None]()
        while waiting:
            parents = self._plan(waiting.pop()).get("depends_on") or ()
            waiting += [parent for parent in parents if parent not in before]
            before |= dict.fromkeys(parents)
        return tuple(before)

    def _staged(self) -> set[str]:
        return {job.step for job in self.record.work if job.kind is JobKind.STAGE}

    def _plan(self, step: str) -> Mapping[str, Any]:
        for row in self.record.plan.get("jobs") or ():
            if row["id"] == step:
                found: Mapping[str, Any] = row
                return found
        return {}

    def _target(self, job: JobRecord) -> str:
        return str(self._plan(job.step).get("target_type") or "")

    def _queue(self, job: JobRecord) -> str:
        settings = self.node.settings
        if job.gpu:
            return settings.gpu_queue
        spot = self.record.limits.get("spot") and job.kind is JobKind.PROCESS
        return settings.spot_queue if spot else settings.fargate_queue

    def _tags(self) -> dict[str, str]:
        return {"pennsieve:token": self.node.settings.token, "pennsieve:run": self.record.run}

    @property
    def _batch(self) -> Any:
        return self.node.client("batch")


def uid_of(run: str) -> int:
    """The user number of a run: the owner of its files, and of nobody else's."""
    return FIRST_UID + int(hashlib.sha256(run.encode()).hexdigest()[:7], 16)


def job_name(run: str, job: JobRecord) -> str:
    """The name of a job's next submission: no other job has it."""
    return _shortened(f"{run}-{step_slug(job.key)}-{job.asked}")


def definition_name(token: str, job: JobRecord) -> str:
    """The name of what a job runs."""
    return _shortened(f"pennsieve-node-{token}-{job.name}")


def _shortened(name: str) -> str:
    """A name as long as AWS Batch takes it; two names never become one."""
    if len(name) <= _MOST_NAME:
        return name
    mark = hashlib.sha256(name.encode()).hexdigest()[:12]
    return f"{name[: _MOST_NAME - 13]}-{mark}"


def stream_prefix(run: str, step: str) -> str:
    """What the log streams of a step begin with."""
    return f"run/{run}/{step_slug(step)}"


def _volume_name(key: str) -> str:
    return f"v{hashlib.sha256(key.encode()).hexdigest()[:16]}"


def _requirements(job: JobRecord) -> list[dict[str, str]]:
    found = [
        {"type": "VCPU", "value": f"{job.vcpus:g}"},
        {"type": "MEMORY", "value": str(job.memory)},
    ]
    return [*found, {"type": "GPU", "value": "1"}] if job.gpu else found


def _retries(job: JobRecord) -> dict[str, Any]:
    """AWS Batch's own strategy: what happened to a machine is tried again, nothing else.

    What the program did is tried again by a new submission, as Batch counts all attempts together
    (AWS Batch, "Automated job retries"). At most five conditions are taken.
    """
    return {
        "attempts": 1 + max(HOST_LOSSES - host_losses(job), 0),
        "evaluateOnExit": [
            {"onStatusReason": "Host EC2*", "action": "RETRY"},
            {"onStatusReason": "Your Spot*", "action": "RETRY"},
            {"onReason": "CannotPullContainer*", "action": "RETRY"},
            {"onStatusReason": "Task failed to start*", "action": "RETRY"},
            {"onReason": "*", "action": "EXIT"},
        ],
    }


def _timeout(limits: Mapping[str, Any]) -> int:
    fourteen_days = 14 * 86_400  # as long as Fargate lets a task run
    asked = int(limits.get("timeoutSeconds") or 0)
    return max(asked, LEAST_TIMEOUT) if asked else fourteen_days
