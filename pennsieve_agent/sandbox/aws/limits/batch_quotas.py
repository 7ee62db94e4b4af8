"""What AWS Batch takes of a job and a job definition; its model states almost nothing of it.

https://docs.aws.amazon.com/batch/latest/userguide/service_limits.html,
https://docs.aws.amazon.com/batch/latest/APIReference/API_SubmitJob.html,
https://docs.aws.amazon.com/batch/latest/APIReference/API_RegisterJobDefinition.html and
https://docs.aws.amazon.com/batch/latest/userguide/using-tags.html.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pennsieve_agent.sandbox.aws.limits.refused import Refused
from pennsieve_agent.sandbox.aws.limits.task_rules import task_problems
from pennsieve_agent.sandbox.aws.wire import AwsRequest

MOST_PARENTS = 20
MOST_JOB = 30 * 1024
"""Bytes of a job that is submitted."""
MOST_DEFINITION = 24 * 1024
"""Bytes of a job definition."""
MOST_CHILDREN = 10_000
MOST_ATTEMPTS, MOST_CONDITIONS, MOST_CONDITION = 10, 5, 512
LEAST_TIMEOUT = 60
"""Seconds that an attempt may take."""
MOST_TAGS = 50
RESERVED_VARIABLES = "AWS_BATCH"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
_TAG = re.compile(r"[\w +\-=.:/@]*")


def _submit(request: AwsRequest, _: str, body: bytes) -> None:
    parameters = request.parameters
    _check_name(request.text("jobName"), "Job name")
    _need(
        len(parameters.get("dependsOn") or ()) <= MOST_PARENTS,
        f"A job can have at most {MOST_PARENTS} dependencies",
    )
    _need(len(body) <= MOST_JOB, f"The job's payload is larger than {MOST_JOB} bytes")
    size = (parameters.get("arrayProperties") or {}).get("size")
    _need(
        size is None or 1 < size <= MOST_CHILDREN,
        f"Array size must be between 2 and {MOST_CHILDREN}",
    )
    _check_variables((parameters.get("containerOverrides") or {}).get("environment") or ())
    _check_common(parameters)


def _register(request: AwsRequest, _: str, body: bytes) -> None:
    parameters = request.parameters
    _check_name(request.text("jobDefinitionName"), "Job definition name")
    _need(
        len(body) <= MOST_DEFINITION,
        f"The job definition is larger than {MOST_DEFINITION} bytes",
    )
    ecs = parameters.get("ecsProperties")
    if ecs is not None:
        _need("containerProperties" not in parameters, "Only one of the properties can be set")
        on_fargate = "FARGATE" in (parameters.get("platformCapabilities") or ())
        tasks: Any = ecs.get("taskProperties") or ()
        problem = next(task_problems(tasks, fargate=on_fargate), "")
        _need(not problem, problem)
        for container in tasks[0]["containers"]:
            _check_container(container)
    _check_container(parameters.get("containerProperties") or {})
    _check_common(parameters)


def _check_container(container: Mapping[str, Any]) -> None:
    _check_variables(container.get("environment") or ())
    _check_variables(container.get("secrets") or ())
    variables = [*(container.get("environment") or ()), *(container.get("secrets") or ())]
    names = [row.get("name") for row in variables]
    # https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
    _need(
        len(names) == len(set(names)),
        "The secret name must be unique and not shared with any new or existing environment"
        " variables set on the container",
    )


def _check_common(parameters: Mapping[str, Any]) -> None:
    seconds = (parameters.get("timeout") or {}).get("attemptDurationSeconds")
    _need(
        seconds is None or seconds >= LEAST_TIMEOUT,
        f"attemptDurationSeconds must be at least {LEAST_TIMEOUT}",
    )
    retry = parameters.get("retryStrategy") or {}
    attempts, rules = retry.get("attempts"), retry.get("evaluateOnExit") or ()
    _need(
        attempts is None or 1 <= attempts <= MOST_ATTEMPTS,
        f"attempts must be between 1 and {MOST_ATTEMPTS}",
    )
    _need(len(rules) <= MOST_CONDITIONS, f"at most {MOST_CONDITIONS} evaluateOnExit conditions")
    for rule in rules:
        for name in ("onStatusReason", "onReason", "onExitCode"):
            _need(
                len(str(rule.get(name, ""))) <= MOST_CONDITION,
                f"{name} is longer than {MOST_CONDITION} characters",
            )
    _check_tags(parameters.get("tags") or {})


def _check_tags(tags: Mapping[str, str]) -> None:
    _need(len(tags) <= MOST_TAGS, f"at most {MOST_TAGS} tags")
    for key, value in tags.items():
        right = _TAG.fullmatch(key) and _TAG.fullmatch(value)
        _need(bool(right), f"tag '{key}' has characters that are not allowed")
        _need(not key.lower().startswith("aws:"), "aws: is a reserved prefix of tags")


def _check_name(name: str, what: str) -> None:
    _need(bool(_NAME.fullmatch(name)), f"{what} '{name}' should match {_NAME.pattern}")


def _check_variables(variables: Iterable[Mapping[str, Any]]) -> None:
    for variable in variables:
        name = str(variable.get("name") or "")
        _need(
            bool(name) and not name.startswith(RESERVED_VARIABLES),
            f"'{name}' is not a name for an environment variable",
        )


def _need(fine: bool, text: str) -> None:  # noqa: FBT001 - what must hold
    if not fine:
        raise Refused("ClientException", text)


RULES = {("batch", "SubmitJob"): _submit, ("batch", "RegisterJobDefinition"): _register}
