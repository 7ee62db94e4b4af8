"""Builds within the emulated account: their roles, their logs, and answers in either protocol."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from pennsieve_agent.domain.iam_policies import Ask
from pennsieve_agent.sandbox.aws import cbor
from pennsieve_agent.sandbox.aws.batch.containers import Dock
from pennsieve_agent.sandbox.aws.batch.job_log import JobLog
from pennsieve_agent.sandbox.aws.codebuild.builds import Builds, Refused, Surroundings
from pennsieve_agent.sandbox.aws.codebuild.projects import SERVICE, Project
from pennsieve_agent.sandbox.aws.rights.policy_check import Answer, PolicyCheck, failure
from pennsieve_agent.sandbox.aws.rights.principals import Principal, trusts
from pennsieve_agent.sandbox.aws.rights.role_sessions import Lock
from pennsieve_agent.sandbox.aws.wire import AwsRequest
from pennsieve_agent.sandbox.host.store import Store


class BuildsApi:
    """Answers for CodeBuild."""

    def __init__(
        self,
        store: Store,
        dock: Dock,
        logs: JobLog,
        checks: tuple[PolicyCheck, Lock],
        endpoint: str,
        now: Callable[[], float],
    ) -> None:
        self._dock, self._logs, self._endpoint = dock, logs, endpoint
        self._policy_check, lock = checks
        self.builds = Builds(
            store,
            Surroundings(
                lock,
                now,
                self._enter,
                dock.leave,
                self._why_no_log,
                logs.writing,
            ),
        )

    def answer(self, request: AwsRequest, account: str, *, in_cbor: bool) -> Answer:
        """What an operation answers."""
        try:
            document = self.builds.answer(request, account)
        except Refused as refused:
            return failure("codebuild", 400, refused.code, str(refused))
        if in_cbor:
            return Answer("200 OK", cbor.encode(document), cbor.HEADERS)
        return Answer("200 OK", json.dumps(document, default=_seconds).encode())

    def _enter(self, name: str, project: Project) -> dict[str, str]:
        ways = self._dock.enter(name, project.role, SERVICE, project.context)
        return {**ways, "AWS_ENDPOINT_URL": self._endpoint}

    def _why_no_log(self, project: Project, stream: str) -> str:
        """Why a build's role may not write its log; the caller holds the lock."""
        from moto.logs.models import logs_backends  # noqa: PLC0415 - slow

        if not trusts(project.role, SERVICE, project.context):
            return f"CodeBuild is not authorized to perform: sts:AssumeRole on {project.role}"
        role = project.role.rpartition("/")[2]
        session = f"arn:aws:sts::{project.account}:assumed-role/{role}/{stream}"
        caller = Principal(project.account, project.role, role, session)
        group = f"arn:aws:logs:{project.region}:{project.account}:log-group:{project.log_group}"
        for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
            if why := self._policy_check.why_not(
                caller, Ask(action, f"{group}:log-stream:{stream}")
            ):
                return why
        backend = logs_backends[project.account][project.region]
        return (
            "" if project.log_group in backend.groups else "The specified log group does not exist."
        )


def _seconds(value: Any) -> float:
    return float(value.timestamp())
