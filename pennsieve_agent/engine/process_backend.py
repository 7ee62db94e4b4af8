"""Steps as plain child processes, for machines without a container engine."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event

from pennsieve_agent.engine.astray import new_files
from pennsieve_agent.engine.backend import Log, Outcome, Program, Task, nobody_lives
from pennsieve_agent.engine.child_process import (
    GRACE_SECONDS,
    MARK,
    Bounds,
    kill_marked,
    new_mark,
    run_child,
)
from pennsieve_agent.engine.dockerfile import Dockerfile
from pennsieve_agent.engine.dockerfile_command import Command, local_command
from pennsieve_agent.engine.dockerfile_reader import parse_dockerfile
from pennsieve_agent.engine.dockerfile_runs import without_engine
from pennsieve_agent.engine.exit_reasons import describe_exit
from pennsieve_agent.engine.python_environments import python_environment
from pennsieve_agent.engine.remove_tree import remove_tree
from pennsieve_agent.engine.search_path import search_path
from pennsieve_agent.errors import EngineError, SourceError

_STOPPED = 143
_MB = 1024 * 1024


class ProcessBackend:
    """Runs the command of a repository's Dockerfile from a copy of the repository.

    ``cache`` keeps the code of every commit that was prepared, and one Python environment for all
    that install the same packages. Of the Dockerfile's ``RUN`` lines it does what
    :mod:`pennsieve_agent.engine.dockerfile_runs` finds, and says in the log of each run what it
    leaves out.
    ``grace`` is how long, in seconds, a program may take to end when asked.

    ``node`` names whoever runs programs here: :meth:`sweep` ends only the programs of that name.
    ``holder`` is the folder that a command holds as long as it lives, empty for a node.

    The program gets a clean environment: nothing of ours but ``PATH``, without this program. It
    sees the run's folder at its own path on this machine, and nothing keeps it from writing there.
    """

    name = "process"
    isolation = (
        "nothing is isolated: the program runs as you, with your files, and can change its input"
    )

    def __init__(
        self,
        cache: Path,
        node: str,
        grace: float = GRACE_SECONDS,
        *,
        place: str = "",
        holder: str = "",
    ) -> None:
        self.place = place
        self._holder = holder
        self._cache = cache.absolute()
        self._node = node
        self._grace = grace

    def close(self) -> None:
        """Nothing is held."""

    def sweep(self, lives: Callable[[str], bool] = nobody_lives) -> int:
        """Kill what an earlier process of this node left running, where it can be found (Linux)."""
        return kill_marked(f"{self._node}.", lives)

    def tidy(self, kept: Sequence[Program]) -> None:
        """Remove the code that commands of this machine prepared before; environments are shared.

        Raises:
            OSError: it cannot be removed.

        """
        codes = {Path(json.loads(program.reference)["code"]).name for program in kept}
        for folder in (self._cache / "code").glob("*"):
            if folder.name not in codes:
                remove_tree(folder)

    def prepare(self, checkout: Path, name: str, log: Log, stop: Event | None = None) -> Program:
        """Keep the code, and make its Python environment.

        Raises:
            SourceError: no Dockerfile, one that cannot be read or says nothing about what to run,
                or requirements that cannot be installed.
            OSError: for example, no space left.

        """
        dockerfile = read_dockerfile(checkout, name)
        dockerfile.argv()
        code = self._keep(checkout)
        plan = without_engine(dockerfile, _names(code))
        environment = python_environment(
            self._cache / "environments", code, plan.installs, log, stop or Event()
        )
        reference = {"code": str(code), "environment": str(environment)}
        return Program(self.name, json.dumps(reference))

    def pull(self, name: str, digest: str, login: str) -> Program:
        """Refuse an image; see :class:`~pennsieve_agent.engine.backend.LocalBackend`.

        Raises:
            EngineError: always.

        """
        del login
        raise EngineError(
            "an image can be run by a container engine only",
            where=f"{name}@{digest}",
            hint="start Docker (or set DOCKER_HOST), then run the command again",
        )

    def run(self, task: Task, log: Log, stop: Event) -> Outcome:
        """Run a program to its end; see :class:`~pennsieve_agent.engine.backend.Backend`.

        Raises:
            EngineError: the prepared code is no longer there, or another backend prepared it.
            OSError: for example, no space left.

        """
        places = json.loads(task.program.reference_for(self.name))
        code, environment = Path(places["code"]), Path(places["environment"])
        if not code.is_dir() or not environment.is_dir():
            raise EngineError(
                "its prepared code no longer exists",
                where=str(self._cache),
                hint="start the run again",
            )
        # Each run has its own copy, so that no run finds what another left beside its code.
        mine = task.scratch / "code"
        shutil.copytree(code, mine, symlinks=True)
        (task.scratch / "tmp").mkdir()
        _show_layers(task)
        dockerfile = read_dockerfile(mine, task.job.source_url)
        if words := task.command_here():
            dockerfile = replace(dockerfile, cmd=words)
        files = _names(mine)
        plan = without_engine(dockerfile, files)
        for note in plan.notes:
            log(note)
        _make_executable(mine, plan.executables)
        command = local_command(dockerfile, mine, environment / "bin" / "python")
        env = self._environment(task, command, environment)
        if (problem := _unusable(command, env["PATH"])) is not None:
            return problem
        end = run_child(
            command.argv,
            cwd=command.cwd,
            env=env,
            log=log,
            stop=stop,
            bounds=Bounds(self._grace, task.job.memory * _MB, task.gauge),
        )
        astray = new_files(mine, files)
        if end.stopped:
            return Outcome(end.code or _STOPPED, "stopped", measured=end.measured, astray=astray)
        if end.out_of_memory:
            reason = f"ran out of memory (limit {task.job.memory} MB)"
            return Outcome(
                end.code, reason, out_of_memory=True, measured=end.measured, astray=astray
            )
        return Outcome(end.code, describe_exit(end.code), measured=end.measured, astray=astray)

    def _environment(self, task: Task, command: Command, environment: Path) -> dict[str, str]:
        return {
            "LANG": "C.UTF-8",
            "PYTHONUNBUFFERED": "1",
            **command.env,
            **task.environment(
                str(task.input.absolute()), str(task.output.absolute()), str(_layers_folder(task))
            ),
            "PATH": search_path(
                (*command.path, environment / "bin"),
                os.environ.get("PATH", os.defpath),
                task.scratch.absolute(),
            ),
            "HOME": str(task.scratch.absolute()),
            MARK: new_mark(self._node, self._holder),
            "TMPDIR": str((task.scratch / "tmp").absolute()),
        }

    def _keep(self, checkout: Path) -> Path:
        """A copy of the code under a name made of its content, complete or not there at all."""
        root = self._cache / "code"
        root.mkdir(parents=True, exist_ok=True)
        kept = root / _digest(checkout)
        if not kept.is_dir():
            with tempfile.TemporaryDirectory(dir=root, prefix="new-") as folder:
                new = Path(folder) / "code"
                shutil.copytree(checkout, new, symlinks=True, ignore=shutil.ignore_patterns(".git"))
                try:
                    new.rename(kept)
                except OSError:
                    if not kept.is_dir():
                        raise
        return kept


def _names(code: Path) -> list[str]:
    """The files and folders of a repository, relative to it."""
    names = (path.relative_to(code) for path in code.rglob("*"))
    return [name.as_posix() for name in names if name.parts[0] != ".git"]


def _make_executable(code: Path, names: Iterable[str]) -> None:
    """Make files executable, as the Dockerfile does; links lead to other files, and stay."""
    for name in names:
        path = code / name
        if path.is_file() and not path.is_symlink():
            path.chmod(path.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)


def _layers_folder(task: Task) -> Path:
    return (task.scratch / "layers").absolute()


def _show_layers(task: Task) -> None:
    """Links to the layers by their names, as ``LAYERS_DIR`` has them in a container."""
    if task.job.layers:
        _layers_folder(task).mkdir()
    for name, path in task.job.layers.items():
        (_layers_folder(task) / name).symlink_to(path, target_is_directory=True)


def read_dockerfile(checkout: Path, name: str) -> Dockerfile:
    """The Dockerfile of a repository called ``name``.

    Raises:
        SourceError: there is none, or it cannot be read.

    """
    path = checkout / "Dockerfile"
    try:
        text = path.read_text(encoding="utf-8", errors="replace")  # as Docker does
    except (FileNotFoundError, IsADirectoryError):
        raise SourceError(
            "the repository has no Dockerfile",
            where=name,
            hint="write one for your script: pennsieve workflow init",
        ) from None
    dockerfile = parse_dockerfile(text)
    if "\ufffd" in dockerfile.base:
        raise SourceError("the Dockerfile is not text in UTF-8", where=name)
    return dockerfile


def _unusable(command: Command, search: str) -> Outcome | None:
    """Why a command cannot be started here; None if it can."""
    program = command.argv[0]
    inside = command.cwd / program
    if shutil.which(program if "/" not in program else str(inside), path=search):
        return None
    if "/" in program and inside.is_file():
        return Outcome(126, f"'{Path(program).name}' is not marked as executable")
    return Outcome(
        127,
        f"'{Path(program).name}' is not on this machine, and without a container engine the step "
        "runs with what the machine has: start Docker and run again",
    )


def _digest(checkout: Path) -> str:
    """A name for the code: every file's path, whether it is executable, and its content."""
    digest = hashlib.sha256()
    for path in _files(checkout):
        executable = not path.is_symlink() and os.access(path, os.X_OK)
        digest.update(os.fsencode(path.relative_to(checkout)) + f"\0{executable}\0".encode())
        if path.is_symlink():
            digest.update(os.fsencode(path.readlink()))
        else:
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:24]


def _files(root: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if name != ".git")
        links = [name for name in folders if Path(folder, name).is_symlink()]
        yield from (Path(folder, name) for name in sorted([*names, *links]))
