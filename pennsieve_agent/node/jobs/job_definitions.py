"""Job definitions of AWS Batch: image, environment, secrets, storage and retries of a job."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from typing import Any

from pennsieve_agent.domain.step_files import LAYERS_MOUNT, RUN_MOUNT
from pennsieve_agent.node.jobs.access_points import AccessPoints
from pennsieve_agent.node.jobs.metered_task import has_meter, metered_task
from pennsieve_agent.node.jobs.step_command import step_command, step_folders
from pennsieve_agent.node.jobs.step_parameters import parameter_secrets
from pennsieve_agent.node.jobs.step_secrets import step_secrets
from pennsieve_agent.node.jobs.tasks import (
    LAYERS_DIR,
    RUN_DIR,
    step_slug,
    transfer_command,
    transfer_environment,
)
from pennsieve_agent.node.jobs.transfer_tasks import TASK_KINDS
from pennsieve_agent.node.node import Node, aws_code
from pennsieve_agent.node.records.run_record import JobKind, JobRecord, RunRecord
from pennsieve_agent.node.runs.transitions import HOST_LOSSES, host_losses

log = logging.getLogger(__name__)

LEAST_TIMEOUT = 60
REFUSED = "ClientException"
_MOST_NAME = 128


def register_definition(node: Node, record: RunRecord, job: JobRecord) -> str:
    """Register what a job runs; the definition's ARN.

    Where AWS refuses a step with a meter, the step is registered without, and is not measured.
    """
    container = _container(node, record, job)
    task = metered_task(container, job, node.settings.mover_image) if has_meter(job) else None
    if task is not None:
        try:
            return _register(node, record, job, {"ecsProperties": task})
        except Exception as error:
            if aws_code(error) != REFUSED:
                raise
            log.warning("step %s cannot be measured: %s", job.step, error)
        job.unmetered = True
    return _register(node, record, job, {"containerProperties": container})


def _register(node: Node, record: RunRecord, job: JobRecord, what: Mapping[str, Any]) -> str:
    answer = node.client("batch").register_job_definition(
        jobDefinitionName=definition_name(node.settings.token, job),
        type="container",
        platformCapabilities=["EC2" if job.gpu else "FARGATE"],
        **what,
        retryStrategy=_retries(job),
        # The time limit of a run does not end what deletes its files.
        timeout={
            "attemptDurationSeconds": _timeout({} if job.kind is JobKind.CLEAN else record.limits)
        },
        propagateTags=True,
        tags=node.settings.run_tags(record.run),
    )
    return str(answer["jobDefinitionArn"])


def _container(node: Node, record: RunRecord, job: JobRecord) -> dict[str, Any]:
    settings = node.settings
    process = job.kind is JobKind.PROCESS
    # A program on a GPU machine could take the keys of everybody's jobs there (GPU_EXECUTION).
    secrets = step_secrets(node, record) if process and not job.gpu else []
    if process:
        # A secret wins over a parameter of its name, and ECS takes a name only once.
        parameters = parameter_secrets(node, record, job)
        secrets += [row for row in parameters if row["name"] not in _names(secrets)]
    hidden = _names(secrets)
    command = step_command(record, job.step) if process else transfer_command()
    container: dict[str, Any] = {
        "image": job.image or settings.mover_image,
        "executionRoleArn": settings.gpu_execution_role if job.gpu else settings.execution_role,
        # On a GPU machine nobody mounts but the machine, so a job there needs no rights at all.
        **(
            {} if job.gpu else {"jobRoleArn": settings.job_role if process else settings.mover_role}
        ),
        "environment": [
            {"name": name, "value": value}
            for name, value in sorted(_environment(node, record, job).items())
            if name not in hidden
        ],
        "resourceRequirements": _requirements(job),
        **AccessPoints(node, record).container_properties(job),
        "logConfiguration": _log(node, record, job),
        **({"secrets": secrets} if process else {}),
        **({"command": command} if command else {}),
    }
    if not job.gpu:
        public = "ENABLED" if assigns_public_ip(settings.mode) else "DISABLED"
        if job.disk:
            container["ephemeralStorage"] = {"sizeInGiB": job.disk}
        container["fargatePlatformConfiguration"] = {"platformVersion": "LATEST"}
        container["networkConfiguration"] = {"assignPublicIp": public}
    return container


def assigns_public_ip(mode: str) -> bool:
    """Whether jobs on Fargate have a public address: where no NAT leads them out.

    It is for going out; the security groups let nothing in (Amazon ECS, "Fargate task networking":
    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-task-networking.html).
    """
    return mode == "basic"


def _names(secrets: list[dict[str, str]]) -> set[str]:
    return {secret["name"] for secret in secrets}


def _log(node: Node, record: RunRecord, job: JobRecord) -> dict[str, Any]:
    return {
        "logDriver": "awslogs",
        "options": {
            "awslogs-group": node.settings.log_group,
            "awslogs-region": node.settings.region,
            "awslogs-stream-prefix": stream_prefix(record.run, job.step),
        },
    }


def _environment(node: Node, record: RunRecord, job: JobRecord) -> dict[str, str]:
    if job.kind is JobKind.PROCESS:
        return step_environment(record, job)
    settings = node.settings
    values = {
        "region": settings.region,
        "bucket": settings.bucket,
        "code_key": settings.code_key,
        "relay": settings.relay,
        "endpoint": settings.endpoint,
    }
    variables = transfer_environment(values, record.run, job.step, TASK_KINDS[job.kind])
    return {**variables, RUN_DIR: RUN_MOUNT, LAYERS_DIR: LAYERS_MOUNT}


def step_environment(record: RunRecord, job: JobRecord) -> dict[str, str]:
    """What the node tells a step, beside its secrets: parameters, folders, run and platform."""
    planned = record.planned_step(job.step)
    layers = {LAYERS_DIR: LAYERS_MOUNT} if record.layers else {}
    return {
        **layers,
        **(planned.get("environment") or {}),
        **step_folders(record, job.step),
    }


def definition_name(token: str, job: JobRecord) -> str:
    """The name of what a job runs."""
    return shortened(f"pennsieve-node-{token}-{job.name}")


def shortened(name: str) -> str:
    """A name as long as AWS Batch takes it; two names never become one."""
    if len(name) <= _MOST_NAME:
        return name
    mark = hashlib.sha256(name.encode()).hexdigest()[:12]
    return f"{name[: _MOST_NAME - 13]}-{mark}"


def stream_prefix(run: str, step: str) -> str:
    """What the log streams of a step begin with."""
    return f"run/{run}/{step_slug(step)}"


def _requirements(job: JobRecord) -> list[dict[str, str]]:
    requirements = [
        {"type": "VCPU", "value": f"{job.vcpus:g}"},
        {"type": "MEMORY", "value": str(job.memory)},
    ]
    return [*requirements, {"type": "GPU", "value": "1"}] if job.gpu else requirements


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
    seconds = int(limits.get("timeoutSeconds") or 0)
    return max(seconds, LEAST_TIMEOUT) if seconds else fourteen_days
