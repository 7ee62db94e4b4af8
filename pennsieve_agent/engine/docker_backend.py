"""Steps as containers of the Docker engine, or of one that speaks its API."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any
from urllib.parse import urlsplit

from pennsieve_agent.domain.plans import Job
from pennsieve_agent.domain.step_files import LAYERS_MOUNT, RUN_MOUNT
from pennsieve_agent.engine import image_registry
from pennsieve_agent.engine.astray import written_astray
from pennsieve_agent.engine.backend import Log, Outcome, Program, Task, nobody_lives
from pennsieve_agent.engine.built_images import COMMAND_LABEL, PROGRAM_LABEL, remove_older
from pennsieve_agent.engine.child_process import GRACE_SECONDS
from pennsieve_agent.engine.container_output import Attached
from pennsieve_agent.engine.container_watch import ContainerWatch
from pennsieve_agent.engine.docker_daemon import engine_errors
from pennsieve_agent.engine.exit_reasons import describe_exit
from pennsieve_agent.engine.file_ownership import Owner
from pennsieve_agent.engine.image_build import Build, build_image
from pennsieve_agent.errors import EngineError

NODE_LABEL = "io.pennsieve.agent.node"
RUN_LABEL = "io.pennsieve.agent.run"
JOB_LABEL = "io.pennsieve.agent.job"
HOLDER_LABEL = "io.pennsieve.agent.holder"
"""The folder that the command which runs the container holds as long as it lives."""

#: What the programs of ordinary images need: to make files theirs, and to become another user.
_CAPABILITIES = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETUID"]
_MAX_PROCESSES = 4096
_KILLED = 137
_STOPPED = 143
_OPEN_FILES = 65_535
"""What a program may have open on AWS Fargate, if nothing else is said (Amazon ECS, "Task
definition differences for Fargate": resource limits,
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html)."""


class DockerBackend:
    """Builds images from repositories and runs them.

    A container sees the files of its run read-only, over them its own folder, and the internet, as
    a basic node of the platform gives it (``contracts/workflows.md`` 5.4). On a machine in a cloud
    that includes the machine's metadata address, unless it answers one hop away only. A step with
    a token for a Pennsieve that listens on this machine alone shares this machine's network, as it
    could not reach it otherwise (on macOS and Windows, where the engine allows it). ``node``
    names whoever runs containers here: :meth:`sweep` removes only the containers of that name.
    ``holder`` is the folder that a command holds as long as it lives, empty for a node.
    ``client`` is docker-py's, and is closed by :meth:`close`.
    """

    name = "docker"
    isolation = (
        "each step runs in a container that reads the files of its run and writes only its own"
    )

    def __init__(
        self,
        client: Any,
        node: str,
        *,
        owner: Owner | None = None,
        grace: float = GRACE_SECONDS,
        place: str = "",
        holder: str = "",
    ) -> None:
        self.place = place
        self._holder = holder
        self._may_limit_files = True
        self._client = client
        self._node = node
        self._owner = owner or Owner(os.geteuid(), os.getegid())
        self._grace = grace

    def close(self) -> None:
        """Let go of the engine."""
        self._client.close()

    def sweep(self, lives: Callable[[str], bool] = nobody_lives) -> int:
        """Remove what an earlier process of this node left running; how many containers.

        Raises:
            EngineError: the engine failed.

        """
        with engine_errors("containers of an earlier run cannot be removed"):
            left = self._client.containers.list(
                all=True, ignore_removed=True, filters={"label": f"{NODE_LABEL}={self._node}"}
            )
        dead = [one for one in left if not lives(str(one.labels.get(HOLDER_LABEL, "")))]
        for container in dead:
            _remove(container)
            for mount in container.attrs.get("Mounts") or ():
                folder = Path(str(mount.get("Source") or ""))
                if mount.get("RW") and mount.get("Type") == "bind" and folder.is_dir():
                    image = str(container.attrs["Image"])
                    self._owner.reclaim(self._client, image, folder, {NODE_LABEL: self._node})
        return len(dead)

    def tidy(self, kept: Sequence[Program]) -> None:
        """Remove images that commands of this machine built before of the same repositories."""
        ids = {program.reference for program in kept if program.backend == self.name}
        with engine_errors("older images could not be removed"):
            remove_older(self._client, f"{COMMAND_LABEL}={self._node}", ids)

    def prepare(self, checkout: Path, name: str, log: Log, stop: Event | None = None) -> Program:
        """Build the image; see :class:`~pennsieve_agent.engine.backend.Backend`.

        Raises:
            SourceError: the repository cannot be built; the log says why.
            EngineError: the engine itself failed.

        """
        labels = {PROGRAM_LABEL: name}
        if self._holder:
            labels[COMMAND_LABEL] = self._node
        build = Build(checkout, name, labels, stop or Event())
        return Program(self.name, build_image(self._client, build, log))

    def push(self, image: str, name: str, tag: str, login: str) -> str:
        """Push an image that was built; see :func:`~pennsieve_agent.engine.image_registry.push`.

        Raises:
            EngineError: the engine or the registry refuses.

        """
        return image_registry.push(self._client, image, name, tag, login, lambda _: None)

    def pull(self, name: str, digest: str, login: str) -> Program:
        """Pull an image by digest; see :func:`~pennsieve_agent.engine.image_registry.pull`.

        Raises:
            EngineError: there is none, or the engine or the registry refuses.

        """
        return Program(self.name, image_registry.pull(self._client, name, digest, login))

    def run(self, task: Task, log: Log, stop: Event) -> Outcome:
        """Run a container to its end; see :class:`~pennsieve_agent.engine.backend.Backend`.

        Raises:
            EngineError: the engine itself failed.

        """
        self._owner.open_folders(task)
        try:
            return self._run(task, log, stop)
        finally:
            self._owner.take_back(self._client, task, self._labels(task), log)

    def _run(self, task: Task, log: Log, stop: Event) -> Outcome:
        if self._may_limit_files:
            try:
                return self._once(task, log, stop)
            except _NotStartedError:
                # An engine may give no more open files than it has, which is said nowhere before.
                self._may_limit_files = False
        return self._once(task, log, stop)

    def _once(self, task: Task, log: Log, stop: Event) -> Outcome:
        container = self._create(task)
        try:
            attached = Attached(self._client, container, log)
            try:
                # A command that is not there is found out by the container's init, which ends
                # with 126 or 127 and says so in the log.
                with ContainerWatch(container, self._client, task.gauge) as watch:
                    _start(container)
                    stopped = attached.follow(stop, self._grace)
            finally:
                attached.close()
            outcome = _outcome(container, task.job, stopped=stopped)
            return replace(outcome, measured=watch.measured, astray=written_astray(container))
        finally:
            _remove(container)

    def _create(self, task: Task) -> Any:
        import docker.types  # noqa: PLC0415 - see daemon.connect

        with engine_errors("the container engine refused to create the container"):
            return self._client.containers.create(
                task.program.reference_for(self.name),
                list(task.command) or None,
                environment=dict(
                    task.environment(
                        task.inside(task.input), task.inside(task.output), LAYERS_MOUNT
                    )
                ),
                mounts=_mounts(task),
                init=True,
                network_mode=_network(task.job),
                cap_drop=["ALL"],
                cap_add=_CAPABILITIES,
                security_opt=["no-new-privileges"],
                pids_limit=_MAX_PROCESSES,
                ulimits=_open_files() if self._may_limit_files else [],
                # The output is read as it comes and kept by the caller.
                log_config=docker.types.LogConfig(type="none"),
                labels=self._labels(task),
                **_limits(task.job, self._processors()),
            )

    def _processors(self) -> int:
        return int(self._client.info().get("NCPU") or 0)

    def _labels(self, task: Task) -> dict[str, str]:
        labels = {NODE_LABEL: self._node, RUN_LABEL: task.run_id, JOB_LABEL: task.job.id}
        return {**labels, HOLDER_LABEL: self._holder} if self._holder else labels


class _NotStartedError(EngineError):
    """The engine did not start a container."""


def _start(container: Any) -> None:
    try:
        with engine_errors("the container could not be started"):
            container.start()
    except EngineError as error:
        raise _NotStartedError(error.message, where=error.where, hint=error.hint) from None


def _open_files() -> list[Any]:
    import docker.types  # noqa: PLC0415 - see daemon.connect

    return [docker.types.Ulimit(name="nofile", soft=_OPEN_FILES, hard=_OPEN_FILES)]


def _mounts(task: Task) -> list[Any]:
    import docker.types  # noqa: PLC0415 - see daemon.connect

    shown = {RUN_MOUNT: str(task.root.absolute())}
    shown |= {f"{LAYERS_MOUNT}/{name}": path for name, path in task.job.layers.items()}
    return [
        *(
            docker.types.Mount(inside, path, type="bind", read_only=True)
            for inside, path in shown.items()
        ),
        # Below the run's folder and after it: the engine mounts what is less deep first.
        docker.types.Mount(task.inside(task.own), str(task.own.absolute()), type="bind"),
    ]


def _network(job: Job) -> str | None:
    """The engine's name of the network that a job is in; None for its default."""
    api = urlsplit(job.environment.get("PENNSIEVE_API_HOST", "")).hostname
    needs_this_machine = api in {"127.0.0.1", "::1", "localhost"}
    return "host" if needs_this_machine and "SESSION_TOKEN" in job.environment else None


def _limits(job: Job, processors: int) -> Mapping[str, Any]:
    """The job's limits in the engine's words; it refuses more processors than there are."""
    limits: dict[str, Any] = {}
    if job.memory:
        # The same limit with swap: none, as on the platform's nodes.
        limits["mem_limit"] = limits["memswap_limit"] = f"{job.memory}m"
    if job.cpu and processors:
        limits["nano_cpus"] = min(job.cpu * 1_000_000_000 // 1024, processors * 1_000_000_000)
    return limits


def _outcome(container: Any, job: Job, *, stopped: bool) -> Outcome:
    with engine_errors("the container engine did not say how the step ended"):
        code = int(container.wait()["StatusCode"])
        container.reload()
        state = container.attrs["State"]
    if stopped:
        return Outcome(code or _STOPPED, "stopped")
    if code == _KILLED and state.get("OOMKilled"):
        limit = f" (limit {job.memory} MB)" if job.memory else ""
        return Outcome(code, f"ran out of memory{limit}", out_of_memory=True)
    return Outcome(code, describe_exit(code))


def _remove(container: Any) -> None:
    import docker.errors  # noqa: PLC0415 - see daemon.connect

    with (
        engine_errors("a container could not be removed"),
        contextlib.suppress(docker.errors.NotFound),
    ):
        container.remove(force=True, v=True)
