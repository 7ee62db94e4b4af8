"""Handing a run's jobs to AWS Batch: doors to their folders, what each runs, and the order."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pennsieve_agent.node.judge import awaited
from pennsieve_agent.node.node import Node, aws_code
from pennsieve_agent.node.record import JobKind, JobRecord, RunRecord
from pennsieve_agent.node.tasks import (
    LAYERS_DIR,
    LAYERS_MOUNT,
    RUN_DIR,
    RUN_MOUNT,
    Task,
    TaskKind,
    mover_command,
    mover_environment,
    object_key,
    step_slug,
)
from pennsieve_agent.node.vault import secrets_of

INPUT_MOUNT, OUTPUT_MOUNT = "/mnt/input", "/mnt/output"
FIRST_UID = 100_000
LAYER_TARGET = "persistent-layer"
ATTEMPTS = 4
"""The first, and three more when AWS takes a machine back or cannot start it."""
LEAST_TIMEOUT = 60
_RUN, _LAYERS = "run", "layers"
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
        """The folder behind a door: the run's, one of its steps', or the node's layers."""
        root = f"/runs/{self.record.run}"
        return {_RUN: root, _LAYERS: "/layers"}.get(key, f"{root}/{key}")

    def _door(self, key: str) -> str:
        """An access point rooted at its folder, with the run's own user."""
        user = FIRST_UID if key == _LAYERS else uid_of(self.record.run)
        ids = {"Uid": user, "Gid": user}
        token = hashlib.sha256(f"{self.record.run} {key}".encode()).hexdigest()
        owner = {"OwnerUid": user, "OwnerGid": user, "Permissions": "0700"}
        if key == _LAYERS:
            token = hashlib.sha256(b"layers").hexdigest()
            owner["Permissions"] = "0755"
        try:
            answer = self.node.client("efs").create_access_point(
                ClientToken=token,
                FileSystemId=self.node.settings.file_system,
                PosixUser=ids,
                RootDirectory={"Path": self._folder(key), "CreationInfo": owner},
                Tags=[{"Key": k, "Value": v} for k, v in self._tags().items()],
            )
        except Exception as error:
            if aws_code(error) != _EXISTS:
                raise
            return str(error.response["AccessPointId"])  # type: ignore[attr-defined]
        return str(answer["AccessPointId"])

    def _mounts(self, job: JobRecord) -> list[tuple[str, str, bool]]:
        """The key of each door of a job, where it is mounted, and whether read-only."""
        if job.kind is not JobKind.PROCESS:
            found = [(_RUN, RUN_MOUNT, False)]
            if self._target(job) == LAYER_TARGET:
                found.append((_LAYERS, LAYERS_MOUNT, False))
            return found
        parents = self._plan(job.step).get("depends_on") or []
        merged = len(parents) != 1
        source = f"{job.step}.input" if merged else str(parents[0])
        found = [(source, INPUT_MOUNT, True), (job.step, OUTPUT_MOUNT, False)]
        if self.record.layers:
            found.append((_LAYERS, LAYERS_MOUNT, True))
        return found

    def _define(self, job: JobRecord) -> str:
        """Register what a job runs; the definition's ARN."""
        settings = self.node.settings
        doors = self._mounts(job)
        process = job.kind is JobKind.PROCESS
        secrets = secrets_of(self.node, self.record.person) if process else []
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
            "volumes": [self._volume(key) for key, _, _ in doors],
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
            retryStrategy=retries(),
            timeout={"attemptDurationSeconds": _timeout(self.record.limits)},
            propagateTags=True,
            tags=self._tags(),
        )
        return str(answer["jobDefinitionArn"])

    def _volume(self, key: str) -> dict[str, Any]:
        return {
            "name": _volume_name(key),
            "efsVolumeConfiguration": {
                "fileSystemId": self.node.settings.file_system,
                "transitEncryption": "ENABLED",
                "authorizationConfig": {
                    "accessPointId": self.record.doors[key],
                    "iam": "ENABLED",
                },
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
            folders = {"INPUT_DIR": INPUT_MOUNT, "OUTPUT_DIR": OUTPUT_MOUNT}
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
        """Put what a mover is to do where it reads it."""
        kind = _TASKS[job.kind]
        plan: Mapping[str, Any] = {} if kind is TaskKind.CLEAN else self._plan(job.step)
        sources: Mapping[str, list[str]] = self.record.plan.get("sources") or {}
        every = [each for ids in sources.values() for each in ids]
        own = sources.get(job.step) or plan.get("package_ids") or every
        task = Task(
            kind,
            self.record.run,
            job.step,
            dataset=self.record.dataset,
            packages=tuple(dict.fromkeys(own if kind is TaskKind.STAGE_IN else every)),
            parents=tuple(plan.get("depends_on") or ()),
            target=str(plan.get("target_type") or ""),
            params=(self.record.plan.get("targets") or {}).get(job.step) or {},
        )
        self.node.client("s3").put_object(
            Bucket=self.node.settings.bucket,
            Key=object_key(self.record.run, job.step, kind),
            Body=task.to_json().encode(),
        )

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
    words = f"{run}-{step_slug(job.key)}-{job.asked}"
    if len(words) <= _MOST_NAME:
        return words
    mark = hashlib.sha256(words.encode()).hexdigest()[:12]
    return f"{words[: _MOST_NAME - 13]}-{mark}"


def definition_name(token: str, job: JobRecord) -> str:
    """The name of what a job runs."""
    return f"pennsieve-node-{token}-{job.name}"[:_MOST_NAME]


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


def retries() -> dict[str, Any]:
    """AWS Batch's own strategy: what AWS did is tried again, what the program did is not.

    A program that failed is tried again by the node, which counts that alone
    (:func:`pennsieve_agent.node.judge.judge`).
    Source: AWS Batch, "Automated job retries". At most five conditions are taken.
    """
    return {
        "attempts": ATTEMPTS,
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
