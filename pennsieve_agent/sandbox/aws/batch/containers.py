"""Checks and settings before a job's container starts, as ECS does them on Fargate.

The execution role pulls the image, reads the secrets and writes the log; the job's own role mounts
the file systems. What either may not do keeps the container from starting, with ECS's words.
"""

from __future__ import annotations

import hmac
import json
import re
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from pennsieve_agent.domain.iam_policies import Ask
from pennsieve_agent.engine.container_task import Mount
from pennsieve_agent.engine.control_groups import Gauge
from pennsieve_agent.sandbox.aws.batch.job_network import job_network
from pennsieve_agent.sandbox.aws.batch.jobs import (
    Ended,
    Job,
    Unstartable,
    requirement,
    with_parameters,
)
from pennsieve_agent.sandbox.aws.batch.task_definitions import essential, others
from pennsieve_agent.sandbox.aws.batch.task_metadata import VARIABLE, TaskMetadata
from pennsieve_agent.sandbox.aws.batch.volumes import Volumes
from pennsieve_agent.sandbox.aws.rights.policy_check import PolicyCheck, rights_for
from pennsieve_agent.sandbox.aws.rights.principals import Principal, trusts
from pennsieve_agent.sandbox.aws.rights.role_sessions import Keys, Lock, Sessions
from pennsieve_agent.sandbox.aws.ssm_parameters import value_of
from pennsieve_agent.sandbox.aws.wire import AwsRequest

ECS = "ecs-tasks.amazonaws.com"
DEFAULT_GROUP = "/aws/batch/job"
_NO_SECRETS = "ResourceInitializationError: unable to pull secrets or registry auth"
_NO_LOG = "ResourceInitializationError: failed to validate logger args"
CREDENTIALS_PATH = "/v2/credentials/"
"""Where a job's container gets the keys of its role (ECS's own path, on its own address)."""
_ECR = re.compile(r"(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com/([^:@]+)")
_PARAMETER = re.compile(r"arn:[^:]+:ssm:([^:]+):(\d+):parameter(/.+)")
_OURS = "AWS_BATCH_"
_SECRET = re.compile(r"(arn:[^:]+:secretsmanager:[^:]+:\d+:secret:[^:]+)(?::([^:]*))?")


@dataclass(frozen=True, slots=True)
class Container:
    """A container to run. ``memory`` is in MiB; ``credentials`` lead it to its role's keys.

    ``gauge`` shows what it uses while it runs.
    """

    job: str
    image: str
    command: tuple[str, ...]
    environ: Mapping[str, str] = field(repr=False)
    mounts: tuple[Mount, ...]
    cpus: float
    memory: int
    credentials: Mapping[str, str] = field(repr=False, default_factory=dict)
    gauge: Gauge = field(default_factory=Gauge, compare=False)


class Machine(Protocol):
    """Runs containers."""

    def run(self, container: Container, log: Callable[[str], None], stop: threading.Event) -> Ended:
        """Run one to its end, or until ``stop`` is set.

        Raises:
            Unstartable: there is no such image, or it could not be started.

        """
        ...


@dataclass(frozen=True, slots=True)
class _Badge:
    """The secret with which a container fetches its role's keys."""

    word: str = field(repr=False)
    role: str
    service: str
    context: Mapping[str, str]


class Dock:
    """Makes containers of jobs."""

    def __init__(
        self,
        endpoint: str,
        policy_check: PolicyCheck,
        sessions: Sessions,
        lock: Lock,
        volumes: Volumes,
    ) -> None:
        self._endpoint = endpoint
        self._badges: dict[str, _Badge] = {}
        self._addresses: dict[str, str] = {}
        self._policy_check = policy_check
        self._sessions = sessions
        self._lock = lock
        self._volumes = volumes
        self.metadata = TaskMetadata(endpoint)

    def container(self, job: Job, attempt: int) -> Container:
        """The container for an attempt.

        Raises:
            Unstartable: something that it needs is not there, or not allowed.

        """
        spec = job.container
        execution = self._session(job, spec.get("executionRoleArn"))
        with self._lock:
            network = job_network(job)
            if network is not None and (
                problem := network.problem(spec, _repository(str(spec["image"])), stream_arn(job))
            ):
                raise Unstartable(problem)
            self._check_pull(execution, str(spec["image"]))
            hidden = dict(self._secrets(execution, spec.get("secrets") or ()))
            self._open_log(job, execution)
            mounts = tuple(self._mounts(job, spec))
        own = {pair["name"]: pair["value"] for pair in spec.get("environment") or ()}
        _check_environment({**own, **hidden})
        return Container(
            job=job.id,
            image=str(spec["image"]),
            command=tuple(with_parameters(spec.get("command") or (), job.parameters)),
            environ={**own, **hidden, **_batch_variables(job, attempt)},
            mounts=mounts,
            cpus=job.vcpus,
            memory=int(requirement(spec, "MEMORY") or spec.get("memory") or 0),
            credentials=self._enter(job, spec.get("jobRoleArn")),
        )

    def beside(self, job: Job, container: Container) -> dict[str, Container]:
        """The containers beside a job's own, by name; none where the job has no others.

        Raises:
            Unstartable: an image or a log cannot be reached, or is not allowed.

        """
        named = {str(one["name"]): one for one in others(job.ecs)}
        if not named:
            return {}
        execution = self._session(job, job.container.get("executionRoleArn"))
        gauges = dict.fromkeys(named) | {str(essential(job.ecs)["name"]): container.gauge}
        self._addresses[job.id] = address = self.metadata.open(gauges)
        return {
            name: self._companion(job, container, execution, one, {VARIABLE: address})
            for name, one in named.items()
        }

    def _companion(
        self,
        job: Job,
        container: Container,
        execution: Principal,
        spec: Mapping[str, Any],
        variables: Mapping[str, str],
    ) -> Container:
        """A container beside a job's own. It gets no keys here, which ours do not need."""
        name, image = str(spec["name"]), str(spec["image"])
        stream = stream_of(spec, job, job.task, name)
        with self._lock:
            network = job_network(job)
            about = {**spec, "secrets": (), "mountPoints": ()}
            here = stream_arn(job, stream)
            if network is not None and (
                problem := network.problem(about, _repository(image), here)
            ):
                raise Unstartable(problem)
            self._check_pull(execution, image)
            self._open_log(job, execution, stream)
        job.beside[name] = {"logStreamName": stream}
        own = {pair["name"]: pair["value"] for pair in spec.get("environment") or ()}
        attempt = {
            key: container.environ[key] for key in container.environ if key.startswith(_OURS)
        }
        return Container(
            job=f"{job.id}-{name}",
            image=image,
            command=tuple(spec.get("command") or ()),
            environ={**own, **attempt, **variables},
            mounts=(),
            cpus=float(requirement(spec, "VCPU")),
            memory=int(requirement(spec, "MEMORY")),
        )

    def leave(self, name: str) -> None:
        """Forget an ended container, by its job, and the secret that gave it keys."""
        if address := self._addresses.pop(name, ""):
            self.metadata.close(address)
        if (badge := self._badges.pop(name, None)) is not None:
            self._sessions.forget(badge.role, name)

    def keys(self, job_id: str, word: str) -> Keys | None:
        """The keys of a running job's role, for a caller that sends the container's secret."""
        badge = self._badges.get(job_id)
        if badge is None or not hmac.compare_digest(badge.word, word):
            return None
        return self._sessions.keys(badge.role, badge.service, job_id, badge.context)

    def enter(
        self, name: str, role: str, service: str, context: Mapping[str, str]
    ) -> Mapping[str, str]:
        """The variables that lead to a role's keys, for what a service starts under a name."""
        badge = self._badges[name] = _Badge(secrets.token_urlsafe(32), role, service, context)
        return {
            "AWS_CONTAINER_CREDENTIALS_FULL_URI": f"{self._endpoint}{CREDENTIALS_PATH}{name}",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN": badge.word,
        }

    def _enter(self, job: Job, role: str | None) -> Mapping[str, str]:
        return self.enter(job.id, role, ECS, _context(job)) if role else {}

    def _session(self, job: Job, role: str | None) -> Principal:
        """The session of a role that ECS takes on for a job."""
        if not role:
            raise Unstartable("ResourceInitializationError: no execution role")
        with self._lock:
            trusted = trusts(role, ECS, _context(job))
        if not trusted:
            raise Unstartable(
                f"ECS was unable to assume the role '{role}' that was provided for this task"
            )
        name = role.rpartition("/")[2]
        session = f"arn:aws:sts::{job.account}:assumed-role/{name}/{job.id}"
        return Principal(job.account, role, name, session)

    def _check_pull(self, execution: Principal, image: str) -> None:
        repository = _repository(image)
        if not repository:
            return
        for action, resource in (
            ("ecr:GetAuthorizationToken", "*"),
            ("ecr:BatchCheckLayerAvailability", repository),
            ("ecr:BatchGetImage", repository),
            ("ecr:GetDownloadUrlForLayer", repository),
        ):
            if why := self._policy_check.why_not(execution, Ask(action, resource)):
                raise Unstartable(f"CannotPullContainerError: {why}")

    def _secrets(self, execution: Principal, entries: Any) -> Iterator[tuple[str, str]]:
        for secret in entries:
            if parameter := _PARAMETER.fullmatch(secret["valueFrom"]):
                yield secret["name"], self._parameter(execution, parameter)
                continue
            match = _SECRET.match(secret["valueFrom"])
            if match is None:
                raise Unstartable("ResourceInitializationError: invalid secret")
            arn, key = match.groups()
            ask = {"SecretId": arn}
            self._read(execution, "secretsmanager", arn.split(":")[3], "GetSecretValue", ask)
            yield secret["name"], _secret(arn, key or "")

    def _parameter(self, execution: Principal, place: re.Match[str]) -> str:
        """A parameter as ECS hands it out (Amazon ECS, "Pass Systems Manager parameters")."""
        region, account, name = place.groups()
        names = {"Names": [name], "WithDecryption": True}
        self._read(execution, "ssm", region, "GetParameters", names)
        value = value_of(account, region, name)
        if value is None:
            raise Unstartable(f"{_NO_SECRETS}: invalid ssm parameters: {name}")
        return value

    def _read(
        self,
        execution: Principal,
        service: str,
        region: str,
        operation: str,
        parameters: Mapping[str, Any],
    ) -> None:
        """Refuse to start where the execution role may not read what a secret is in."""
        request = AwsRequest(service, region, "", "", operation, parameters)
        for ask in rights_for(request, execution.account):
            if why := self._policy_check.why_not(execution, ask):
                raise Unstartable(f"{_NO_SECRETS}: {why}")

    def _open_log(self, job: Job, execution: Principal, stream: str = "") -> None:
        group, here = log_group(job), stream_arn(job, stream)
        for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
            if why := self._policy_check.why_not(execution, Ask(action, here)):
                raise Unstartable(
                    f"ResourceInitializationError: failed to validate logger args: {why}"
                )
        from moto.logs.models import logs_backends  # noqa: PLC0415 - slow

        backend = logs_backends[job.account][job.region]
        if group not in backend.groups:
            raise Unstartable(
                f"{_NO_LOG}: ResourceNotFoundException: The specified log group does not exist."
            )
        backend.create_log_stream(group, stream or job.stream)

    def _mounts(self, job: Job, spec: Mapping[str, Any]) -> Iterator[Mount]:
        volumes = {volume["name"]: volume for volume in spec.get("volumes") or ()}
        arn = spec.get("jobRoleArn")
        role = self._session(job, arn) if arn else None
        for point in spec.get("mountPoints") or ():
            volume = volumes[point["sourceVolume"]]
            path, writable = self._volumes.place(job, role, volume)
            yield Mount(point["containerPath"], path, bool(point.get("readOnly")) or not writable)


def _repository(image: str) -> str:
    """The ARN of an image's ECR repository; empty for an image of another registry."""
    match = _ECR.match(image)
    if match is None:
        return ""
    account, region, name = match.groups()
    return f"arn:aws:ecr:{region}:{account}:repository/{name}"


def stream_arn(job: Job, stream: str = "") -> str:
    """The ARN of the log stream of an attempt, or of another container of its task."""
    group = f"arn:aws:logs:{job.region}:{job.account}:log-group:{log_group(job)}"
    return f"{group}:log-stream:{stream or job.stream}"


def _check_environment(environ: Mapping[str, str]) -> None:
    """A variable with a NUL cannot be given to a program (execve(2), and so runc)."""
    for name, value in environ.items():
        if "\0" in value:
            raise Unstartable(
                f"CannotStartContainerError: environment variable {name!r} contains nul byte"
            )


def log_group(job: Job) -> str:
    """Where a job's log goes."""
    options = (job.container.get("logConfiguration") or {}).get("options") or {}
    return str(options.get("awslogs-group") or DEFAULT_GROUP)


def stream_of(spec: Mapping[str, Any], job: Job, task: str, name: str = "default") -> str:
    """The log stream of a container (AWS Batch, "Use the awslogs log driver").

    Of a task it has the container's name (Amazon ECS, "Send Amazon ECS logs to CloudWatch").
    """
    options = (spec.get("logConfiguration") or {}).get("options") or {}
    prefix = options.get("awslogs-stream-prefix") or job.definition.split("/")[-1].split(":")[0]
    return f"{prefix}/{spec.get('name') or name}/{task}"


def _batch_variables(job: Job, attempt: int) -> dict[str, str]:
    """The environment variables that Batch itself sets in a container."""
    index = {} if job.index is None else {"AWS_BATCH_JOB_ARRAY_INDEX": str(job.index)}
    return {
        "AWS_BATCH_JOB_ID": job.id,
        "AWS_BATCH_JOB_ATTEMPT": str(attempt),
        "AWS_BATCH_JQ_NAME": job.queue.rpartition("/")[2],
        "AWS_REGION": job.region,
        **index,
    }


def _context(job: Job) -> dict[str, str]:
    here = f"arn:aws:ecs:{job.region}:{job.account}:task/batch/{job.id}"
    return {"aws:SourceAccount": job.account, "aws:SourceArn": here}


def _secret(arn: str, key: str) -> str:
    from moto.secretsmanager.exceptions import SecretNotFoundException  # noqa: PLC0415 - slow
    from moto.secretsmanager.models import secretsmanager_backends  # noqa: PLC0415 - slow

    _, _, _, region, account, _ = arn.split(":", 5)
    backend = secretsmanager_backends[account][region]
    try:
        text = str(backend.get_secret_value(arn, "", "")["SecretString"])
    except SecretNotFoundException:
        raise Unstartable(f"{_NO_SECRETS}: ResourceNotFoundException: {arn}") from None
    values = json.loads(text) if key else {"": text}
    if key not in values:
        raise Unstartable(f"{_NO_SECRETS}: retrieved secret does not contain json key {key}")
    return str(values[key])
