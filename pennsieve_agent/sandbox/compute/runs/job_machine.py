"""Runs the jobs of nodes: the engine for processors, child processes for transfer jobs.

A processor's image is pinned to a digest that leads back to what the engine prepared; it sees the
files of its run and its layers as on AWS, as far as the engine can, and no credentials. The
image of a transfer job is a plain Python: its command runs as a child process of this machine, with
the job's own variables only, with the run's folder in place of the one that a container would have,
and without the packages of this Python, which its image does not have either.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pennsieve_agent.domain.image_names import is_transfer
from pennsieve_agent.domain.step_files import LAYERS_MOUNT
from pennsieve_agent.engine.backend import Backend, Program
from pennsieve_agent.engine.child_process import MARK, Bounds, kill_marked, new_mark, run_child
from pennsieve_agent.engine.container_task import StepContainer, placed
from pennsieve_agent.engine.exit_reasons import OUT_OF_MEMORY
from pennsieve_agent.engine.remove_tree import remove_tree
from pennsieve_agent.errors import AgentError
from pennsieve_agent.node.jobs.metered_task import meter_command
from pennsieve_agent.node.jobs.step_meter import measure
from pennsieve_agent.node.jobs.tasks import transfer_command
from pennsieve_agent.sandbox.aws.batch.containers import Container
from pennsieve_agent.sandbox.aws.batch.jobs import Ended, Unstartable

_MB = 1024 * 1024
_DIGEST = re.compile(r"[0-9a-f]{64}")
_FROM_DISK = """\
import sys
sys.path.insert(0, {!r})
from pennsieve_agent.node.transfer_job.main import main
sys.exit(main())
"""

Log = Callable[[str], None]


def _measure(container: Container, log: Log, stop: threading.Event) -> Ended:
    """Run a meter as a thread: it is the same code, and a process for each step would be slow."""
    address = container.environ["ECS_CONTAINER_METADATA_URI_V4"]

    def fetch(path: str) -> Any:
        with urllib.request.urlopen(address + path, timeout=2) as answer:  # noqa: S310 - http
            return json.load(answer)

    measure(fetch, log, stop)
    return Ended(0)


class JobMachine:
    """Runs containers in ``folder``, which is this machine's alone.

    ``programs`` finds what an image is, None when it is not a processor's; what it says while it
    makes that ready goes to the job's log.
    """

    def __init__(
        self, programs: Callable[[str, Log], Program | None], backend: Backend, folder: Path
    ) -> None:
        self._programs = programs
        self._backend = backend
        self._folder = folder
        self.find_code: Callable[[str], Path | None] = lambda _: None
        """The folder with a node's code, by the digest of its zip, where it is unpacked already."""
        self._name = hashlib.sha256(os.fsencode(folder.absolute())).hexdigest()[:16]

    @property
    def runs_archives(self) -> bool:
        """Whether it runs code from archives, and no images."""
        return self._backend.name == "process"

    def sweep(self) -> None:
        """End what an earlier process left running, and remove its files."""
        kill_marked(f"mover-{self._name}.")
        if self._folder.is_dir():
            remove_tree(self._folder)

    def run(self, container: Container, log: Log, stop: threading.Event) -> Ended:
        """Run a container to its end, or until ``stop`` is set.

        Raises:
            Unstartable: there is no such image here, or it could not be started.

        """
        try:
            program = self._programs(container.image, log)
        except AgentError as problem:
            raise Unstartable(f"CannotPullContainerError: {problem}") from problem
        with self._scratch(container) as scratch:
            if program is not None:
                return self._process(program, container, scratch, log, stop)
            if is_transfer(container.image):
                if list(container.command) == meter_command():
                    return _measure(container, log, stop)
                return self._move(container, scratch, log, stop)
        raise Unstartable(
            f"CannotPullContainerError: pull image manifest has been retried 1 time(s): "
            f"failed to resolve ref {container.image}: not found"
        )

    @contextmanager
    def _scratch(self, container: Container) -> Iterator[Path]:
        name = f"{container.job.replace(':', '-')}-{container.environ['AWS_BATCH_JOB_ATTEMPT']}"
        folder = self._folder / name
        if folder.exists():
            remove_tree(folder)
        folder.mkdir(mode=0o700, parents=True)
        try:
            yield folder
        finally:
            remove_tree(folder)

    def _process(
        self,
        program: Program,
        container: Container,
        scratch: Path,
        log: Log,
        stop: threading.Event,
    ) -> Ended:
        step = StepContainer(
            container.job,
            container.environ,
            container.mounts,
            container.cpus,
            container.memory,
            container.command,
            container.gauge,
        )
        try:
            task = step.task(program, scratch)
        except ValueError as problem:
            raise Unstartable(f"ResourceInitializationError: {problem}") from problem
        try:
            outcome = self._backend.run(task, log, stop)
        except (AgentError, OSError) as problem:
            raise Unstartable(f"CannotStartContainerError: {problem}") from problem
        if outcome.reason and not stop.is_set():
            log(outcome.reason)
        return Ended(outcome.exit_code, reason=OUT_OF_MEMORY if outcome.out_of_memory else "")

    def _move(self, container: Container, scratch: Path, log: Log, stop: threading.Event) -> Ended:
        places = {mount.inside: str(mount.path.absolute()) for mount in container.mounts}
        program, *words = (placed(word, places) for word in container.command)
        argv = [program, *words]
        if Path(program).name in {"python", "python3"}:
            argv = [sys.executable, "-I", "-S", *self._from_disk(container, words)]
        env = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(scratch),
            "TMPDIR": str(scratch),
            "LANG": "C.UTF-8",
            "PYTHONUNBUFFERED": "1",
            **{name: placed(value, places) for name, value in container.environ.items()},
            **container.credentials,
            MARK: new_mark(f"mover-{self._name}"),
        }
        if LAYERS_MOUNT in places:
            env.setdefault("LAYERS_DIR", places[LAYERS_MOUNT])
        try:
            end = run_child(
                argv,
                cwd=scratch,
                env=env,
                log=log,
                stop=stop,
                bounds=Bounds(memory=container.memory * _MB),
            )
        except OSError as problem:
            raise Unstartable(f"CannotStartContainerError: {problem}") from problem
        return Ended(end.code, reason=OUT_OF_MEMORY if end.out_of_memory else "")

    def _from_disk(self, container: Container, words: list[str]) -> list[str]:
        """The command of a transfer job; code that is unpacked here is not fetched."""
        if list(container.command) != transfer_command():
            return words
        match = _DIGEST.search(container.environ.get("NODE_CODE_KEY", ""))
        folder = self.find_code(match[0]) if match else None
        return ["-c", _FROM_DISK.format(str(folder))] if folder else words
