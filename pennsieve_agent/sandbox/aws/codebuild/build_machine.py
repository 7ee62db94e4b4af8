"""The machine of a build: its commands run in one shell, with this machine's Docker engine.

On AWS each build has a machine of its own, which is gone afterwards: so the images that a build
made or fetched by its variables are removed from this machine's engine when it ends, and a later
build begins without them.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pennsieve_agent
from pennsieve_agent.engine.child_process import Bounds, run_child
from pennsieve_agent.engine.docker_addresses import addresses
from pennsieve_agent.errors import AgentError

Log = Callable[[str], None]
NO_ENGINE = "unix:///nowhere/docker.sock"
"""What a build without privileges has in place of an engine."""
_GRACE_SECONDS = 2.0
_CLEANING_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Task:
    """What a machine runs: phases with their commands. ``variables`` has credentials, too."""

    phases: Sequence[tuple[str, Sequence[str]]]
    variables: Mapping[str, str] = field(repr=False)
    privileged: bool


@dataclass(frozen=True, slots=True)
class Done:
    """The phase that a command failed in, the command, and its status; empty and 0 for none."""

    phase: str = ""
    command: str = ""
    status: int = 0


def run(task: Task, log: Log, stop: threading.Event) -> Done:
    """Run a build's commands until one fails, or until ``stop`` is set."""
    with tempfile.TemporaryDirectory(prefix="codebuild-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        environ = _environ(folder, task)
        rows = [(phase, command) for phase, commands in task.phases for command in commands]
        script = _script(folder, rows)
        try:
            end = run_child(
                ["sh", str(script)],
                cwd=folder / "src",
                env=environ,
                log=log,
                stop=stop,
                bounds=Bounds(_GRACE_SECONDS),
            )
        finally:
            _clean(environ)
        for number, (phase, command) in enumerate(rows):
            status = folder / "status" / str(number)
            code = int(status.read_text()) if status.exists() else end.code or 1
            if code:
                return Done(phase, command, code)
        return Done()


def _script(folder: Path, rows: Sequence[tuple[str, str]]) -> Path:
    """A script that runs the commands in one shell, says each, and writes its status down."""
    for name in ("src", "commands", "status"):
        (folder / name).mkdir()
    lines = []
    for number, (_, command) in enumerate(rows):
        text, status = folder / "commands" / str(number), folder / "status" / str(number)
        text.write_text(command, encoding="utf-8")
        lines += [
            f'echo "[Container] $(date "+%Y/%m/%d %H:%M:%S") Running command $(cat {text})"',
            f". {text}",
            f"STATUS_OF_COMMAND=$?; echo $STATUS_OF_COMMAND > {status}",
            '[ "$STATUS_OF_COMMAND" = 0 ] || exit "$STATUS_OF_COMMAND"',
        ]
    script = folder / "build.sh"
    script.write_text("\n".join(lines), encoding="utf-8")
    return script


def _environ(folder: Path, task: Task) -> dict[str, str]:
    """The variables of the commands: nothing of this machine's but the way to its engine."""
    tools = folder / "bin"
    tools.mkdir()
    command = tools / "aws"
    module = "pennsieve_agent.sandbox.aws.codebuild.aws_command"
    package = Path(pennsieve_agent.__file__).parent.parent
    command.write_text(
        f"#!/bin/sh\nPYTHONPATH={shlex.quote(str(package))} exec "
        f'{shlex.quote(sys.executable)} -m {module} "$@"\n'
    )
    command.chmod(0o755)
    return {
        "PATH": f"{tools}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "HOME": str(folder),
        "DOCKER_CONFIG": str(folder / ".docker"),
        "DOCKER_HOST": _engine() if task.privileged else NO_ENGINE,
        **task.variables,
    }


def _engine() -> str:
    with suppress(AgentError):  # a variable that names none: the build says that nothing answers
        for address in addresses(os.environ, Path.home()):
            return address.url
    return NO_ENGINE


def _clean(environ: Mapping[str, str]) -> None:
    """Remove what the build tagged or fetched, by the words of its variables."""
    docker = shutil.which("docker", path=environ["PATH"])
    if docker is None:
        return
    for tag in {environ.get("ARCHIVE", ""), environ.get("EARLIER", "")} - {""}:
        with suppress(subprocess.TimeoutExpired):
            listed = _ask(docker, environ, "image", "ls", "--format", "{{.Repository}}:{{.Tag}}")
            mine = [line for line in listed.splitlines() if line.endswith(f":{tag}")]
            if mine:
                _ask(docker, environ, "image", "rm", "--force", *mine)


def _ask(docker: str, environ: Mapping[str, str], *words: str) -> str:
    done = subprocess.run(
        [docker, *words],
        env=dict(environ),
        capture_output=True,
        text=True,
        check=False,
        timeout=_CLEANING_SECONDS,
    )
    return done.stdout
