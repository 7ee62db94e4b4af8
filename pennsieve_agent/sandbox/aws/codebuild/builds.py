"""Builds of CodeBuild: started, followed, stopped, and what AWS refuses about them.

By the AWS CodeBuild API Reference (https://docs.aws.amazon.com/codebuild/latest/APIReference/).
"""

from __future__ import annotations

import logging
import os
import threading
import uuid
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from pennsieve_agent.sandbox.aws.codebuild import build_machine
from pennsieve_agent.sandbox.aws.codebuild.build_records import SCHEMA, Build, BuildRecords
from pennsieve_agent.sandbox.aws.codebuild.projects import Project, project_of
from pennsieve_agent.sandbox.aws.wire import AwsRequest
from pennsieve_agent.sandbox.host.store import Store

__all__ = ["SCHEMA", "Builds", "Refused"]
log = logging.getLogger(__name__)

QUOTA = "EMULATED_CODEBUILD_QUOTA"
"""The variable of this process that says how many builds the account may run at once."""
USUAL = 60
_SIZES = ("BUILD_GENERAL1_SMALL", "BUILD_GENERAL1_MEDIUM", "BUILD_GENERAL1_LARGE")
_POLL_SECONDS = 0.1
_MOST_IDS = 100


class Refused(Exception):  # noqa: N818 - an answer
    """A request that CodeBuild refuses: the error's code and its text."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What builds need of the account around them.

    ``enter`` answers the variables that lead a build to the keys of a role, ``leave`` forgets them;
    ``why_no_log`` says why a role may not write a stream of a group, ``writer`` opens one.
    """

    lock: AbstractContextManager[Any]
    now: Callable[[], float]
    enter: Callable[[str, Project], Mapping[str, str]]
    leave: Callable[[str], None]
    why_no_log: Callable[[Project, str], str]
    writer: Callable[[str, str], AbstractContextManager[Callable[[str], None]]]


class Builds:
    """The builds of the account. ``minute`` is in seconds."""

    def __init__(self, store: Store, around: Surroundings, minute: float = 60.0) -> None:
        self._records = BuildRecords(store)
        self._around = around
        self._minute = minute
        self._stops: dict[str, threading.Event] = {}
        self._stopped: set[str] = set()
        self._threads: list[threading.Thread] = []
        self._starting = threading.Lock()

    def start(self) -> None:
        """Builds that were running when the sandbox ended have ended with it."""
        for build in self._records.unended():
            self._end(
                build, "FAULT", "BUILD", ("INTERNAL_SERVICE_ERROR", "the sandbox was stopped")
            )

    def stop(self) -> None:
        """End all builds."""
        for stop in list(self._stops.values()):
            stop.set()
        for thread in self._threads:
            thread.join()

    def answer(self, request: AwsRequest, account: str) -> dict[str, Any]:
        """What an operation answers.

        Raises:
            Refused: AWS would refuse it.
        """
        operations = {
            "StartBuild": self._start,
            "StopBuild": self._stop_build,
            "BatchGetBuilds": self._get,
            "ListBuildsForProject": self._list,
        }
        operation = operations.get(request.operation)
        if operation is None:
            raise Refused("InvalidInputException", f"{request.operation} is not emulated")
        return operation(request, account)

    def _start(self, request: AwsRequest, account: str) -> dict[str, Any]:
        parameters, token = request.parameters, request.text("idempotencyToken")
        project = self._project(request, account)
        size = request.text("computeTypeOverride") or project.environment["ComputeType"]
        if size not in _SIZES:
            raise Refused("InvalidInputException", f"Invalid compute type: {size}")
        overrides = {
            v["name"]: v["value"] for v in parameters.get("environmentVariablesOverride", ())
        }
        own = {v["Name"]: v["Value"] for v in project.environment.get("EnvironmentVariables", ())}
        with self._starting:
            if token and (known := self._records.of_token(project.arn, token, self._around.now())):
                if known.overrides != overrides:
                    raise Refused(
                        "InvalidInputException", "the idempotency token is of another build"
                    )
                return {"build": known.document()}
            quota = _quota()
            if len(self._records.unended()) >= 5 * quota:
                raise Refused(
                    "AccountLimitExceededException",
                    f"Cannot have more than {5 * quota} builds in queue for the account",
                )
            build = self._records.add(
                Build(
                    id=f"{project.name}:{uuid.uuid4()}",
                    project=project.arn,
                    role=project.role,
                    log_group=project.log_group,
                    variables={**own, **overrides},
                    overrides=overrides,
                    compute_type=size,
                    started=self._around.now(),
                ),
                token,
            )
        stop = self._stops[build.id] = threading.Event()
        thread = threading.Thread(
            target=self._work, args=(project, build, stop), name="build", daemon=True
        )
        self._threads.append(thread)
        thread.start()
        return {"build": build.document()}

    def _stop_build(self, request: AwsRequest, account: str) -> dict[str, Any]:
        build = self._known(request.text("id"), request, account)
        if stop := self._stops.get(build.id):
            self._stopped.add(build.id)
            stop.set()
        return {"build": build.document()}

    def _get(self, request: AwsRequest, account: str) -> dict[str, Any]:
        ids = [str(one) for one in request.parameters.get("ids") or ()]
        if len(ids) > _MOST_IDS:
            raise Refused("InvalidInputException", f"at most {_MOST_IDS} ids")
        known = {one: self._find(one, request, account) for one in ids}
        return {
            "builds": [build.document() for build in known.values() if build],
            "buildsNotFound": [one for one, build in known.items() if build is None],
        }

    def _list(self, request: AwsRequest, account: str) -> dict[str, Any]:
        project = self._project(request, account)
        ids = [build.id for build in self._records.of_project(project.arn)]
        if request.text("sortOrder") == "ASCENDING":
            ids.reverse()
        first = int(request.text("nextToken") or 0)
        more = first + _MOST_IDS < len(ids)
        return {
            "ids": ids[first : first + _MOST_IDS],
            **({"nextToken": str(first + _MOST_IDS)} if more else {}),
        }

    def _project(self, request: AwsRequest, account: str) -> Project:
        name = request.text("projectName")
        with self._around.lock:
            project = project_of(account, request.region, name)
        if project is None:
            raise Refused("ResourceNotFoundException", f"Project cannot be found: {name}")
        return project

    def _find(self, id_: str, request: AwsRequest, account: str) -> Build | None:
        build = self._records.get(id_.rpartition("/")[2])
        here = f"arn:aws:codebuild:{request.region}:{account}:project/"
        return build if build is not None and build.project.startswith(here) else None

    def _known(self, id_: str, request: AwsRequest, account: str) -> Build:
        build = self._find(id_, request, account)
        if build is None:
            raise Refused("ResourceNotFoundException", f"Build {id_} does not exist")
        return build

    def _work(self, project: Project, build: Build, stop: threading.Event) -> None:
        try:
            if self._waited(project, build, stop):
                self._run(project, build, stop)
        except Exception as error:
            log.exception("a build failed")
            self._end(build, "FAULT", "BUILD", ("INTERNAL_SERVICE_ERROR", str(error)))

    def _waited(self, project: Project, build: Build, stop: threading.Event) -> bool:
        """Wait for a place among the account's builds; whether there is one."""
        until = self._around.now() + project.queued_minutes * self._minute
        while True:
            with self._starting:
                if self._records.running() < _quota():
                    build.phase = "PROVISIONING"
                    build.stream = build.id.rpartition(":")[2]
                    self._records.save(build)
                    return True
            if stop.wait(_POLL_SECONDS):
                self._end(build, "STOPPED", "QUEUED")
                return False
            if self._around.now() > until:
                text = "Build has timed out while it was queued."
                self._end(build, "TIMED_OUT", "QUEUED", ("BUILD_QUEUE_TIMED_OUT", text))
                return False

    def _run(self, project: Project, build: Build, stop: threading.Event) -> None:
        with self._around.lock:
            why = self._around.why_no_log(project, build.stream)
        if why:
            text = (
                "Service role does not allow AWS CodeBuild to create Amazon CloudWatch Logs log"
                f" streams for build {build.arn}. Error message: {why}"
            )
            self._end(build, "FAILED", "PROVISIONING", ("ACCESS_DENIED", text))
            return
        build.phase = "BUILD"
        self._records.save(build)
        late = threading.Timer(project.minutes * self._minute, stop.set)
        late.daemon = True
        late.start()
        try:
            task = build_machine.Task(
                project.phases,
                {
                    **build.variables,
                    **_own_variables(build),
                    **self._around.enter(build.stream, project),
                },
                bool(project.environment.get("PrivilegedMode")),
            )
            place = f"{project.account} {project.region} {project.log_group}"
            with self._around.writer(place, build.stream) as write:
                done = build_machine.run(task, write, stop)
        finally:
            is_late = late.finished.is_set()
            late.cancel()
            self._around.leave(build.stream)
        self._ended(build, done, stopped=stop.is_set(), late=is_late)

    def _ended(self, build: Build, done: build_machine.Done, *, stopped: bool, late: bool) -> None:
        if not done.phase:
            self._end(build, "SUCCEEDED", "COMPLETED")
        elif late and build.id not in self._stopped:
            text = "Build has timed out. "
            self._end(build, "TIMED_OUT", done.phase.upper(), ("BUILD_TIMED_OUT", text))
        elif stopped:
            self._end(build, "STOPPED", done.phase.upper())
        else:
            text = (
                f"Error while executing command: {done.command}. Reason: exit status {done.status}"
            )
            self._end(build, "FAILED", done.phase.upper(), ("COMMAND_EXECUTION_ERROR", text))

    def _end(
        self, build: Build, status: str, phase: str, context: tuple[str, str] | None = None
    ) -> None:
        build.status, build.failed_phase = status, phase
        build.phase, build.ended = "COMPLETED", self._around.now()
        build.context = list(context or ())
        self._records.save(build)
        self._stops.pop(build.id, None)


def _own_variables(build: Build) -> dict[str, str]:
    """What CodeBuild sets ("Environment variables in build environments")."""
    _, _, _, region, account, _ = build.project.split(":", 5)
    return {
        "CODEBUILD_BUILD_ID": build.id,
        "CODEBUILD_BUILD_ARN": build.arn,
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_ACCOUNT_ID": account,
    }


def _quota() -> int:
    return int(os.environ.get(QUOTA) or USUAL)
