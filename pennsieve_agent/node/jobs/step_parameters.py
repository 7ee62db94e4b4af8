"""The parameters of a run's steps, which may be secret, handed to jobs as secrets are.

Everybody in the AWS account who may ask ``batch:DescribeJobs`` or ``DescribeJobDefinitions``, which
know no single resource, sees the environment of every job; a definition stays for 180 days after it
is deregistered (https://docs.aws.amazon.com/batch/latest/APIReference/API_ContainerProperties.html:
no sensitive values in ``environment``; .../API_DeregisterJobDefinition.html). So a definition has
names alone, and the values are in one secret of the run, which is deleted when the run has ended.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from pennsieve_agent.domain.step_files import step_folder
from pennsieve_agent.node.identity.node_secrets import secrets_of
from pennsieve_agent.node.identity.run_secrets import MOST_BYTES, RunSecrets
from pennsieve_agent.node.node import Node
from pennsieve_agent.node.records.run_record import JobKind, JobRecord, RunRecord
from pennsieve_agent.node.role_permissions import GPU_PARAMETERS, PARAMETERS


def step_parameters(record: RunRecord, job: JobRecord) -> dict[str, str]:
    """The parameters of a step. What the node itself tells steps, and empty values, are none."""
    from pennsieve_agent.engine.run_parameters import RESERVED_NAMES  # noqa: PLC0415 - as is its room

    environment: Mapping[str, str] = record.planned_step(job.step).get("environment") or {}
    return {
        name: value
        for name, value in sorted(environment.items())
        if value and name not in RESERVED_NAMES
    }


def parameter_secrets(node: Node, record: RunRecord, job: JobRecord) -> list[dict[str, str]]:
    """Keep the parameters of a step, and tell where they are, in AWS Batch's form of secrets."""
    keys = _keys(record, job)
    if not keys:
        return []
    # Those of all steps at once: each change makes a version, and AWS takes few.
    values = {
        key: step_parameters(record, other)[name]
        for other in record.work
        if other.kind is JobKind.PROCESS and other.gpu is job.gpu
        for name, key in _keys(record, other).items()
    }
    arn = RunSecrets(node).merge(_scope(record, gpu=job.gpu), values)
    return [{"name": name, "valueFrom": f"{arn}:{key}::"} for name, key in keys.items()]


def _keys(record: RunRecord, job: JobRecord) -> dict[str, str]:
    """Under which key the value of each parameter of a step is kept, by the parameter's name.

    A colon in a name would end the key, so keys are numbers.
    """
    folder = step_folder(job.step)
    return {n: f"{folder}-{number}" for number, n in enumerate(step_parameters(record, job))}


def forget_parameters(node: Node, record: RunRecord) -> None:
    """Delete what was kept of a run. May be repeated."""
    jobs = [job for job in record.work if job.submissions and step_parameters(record, job)]
    for gpu in {job.gpu for job in jobs}:
        RunSecrets(node).remove(_scope(record, gpu=gpu))


_ROW_BYTES = 210
"""Of a row of a job definition that says where a value is, without the name of the variable."""
_MOST_ROWS, _SURE_ROWS = 20 * 1024, 8 * 1024
"""Bytes of such rows in one definition, which has 24 KB in all; and those that always fit.

https://docs.aws.amazon.com/batch/latest/userguide/service_limits.html
"""


def too_many(node: Node, record: RunRecord) -> str:
    """Why the parameters of a run cannot be handed to its steps; empty where they can."""
    steps = {
        job.step: step_parameters(record, job) for job in record.work if job.kind is JobKind.PROCESS
    }
    for step, values in steps.items():
        rows = sum(_ROW_BYTES + len(json.dumps(name)) for name in values)
        if rows > _SURE_ROWS and rows + _secret_rows(node, record) > _MOST_ROWS:
            return (
                f"step '{step}' has {len(values)} parameters, more than AWS Batch takes beside the "
                "secrets; put them into a file of the input"
            )
    size = sum(
        len(name.encode()) + len(value.encode())
        for values in steps.values()
        for name, value in values.items()
    )
    if size <= MOST_BYTES // 2:  # beside keys and what JSON escapes
        return ""
    most = MOST_BYTES // 2 // 1024
    return (
        f"the parameters of all steps together have {size // 1024} KB, and a run can have {most}; "
        "put long values into a file of the input"
    )


def _secret_rows(node: Node, record: RunRecord) -> int:
    return len(json.dumps(secrets_of(node, record.person)))


def _scope(record: RunRecord, *, gpu: bool) -> str:
    return f"{GPU_PARAMETERS if gpu else PARAMETERS}{record.run}"
