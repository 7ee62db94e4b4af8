"""Which backend runs the steps on this machine."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from pennsieve_agent.engine.backend import LocalBackend
from pennsieve_agent.engine.docker_backend import DockerBackend
from pennsieve_agent.engine.docker_daemon import connect_and_name
from pennsieve_agent.engine.process_backend import ProcessBackend
from pennsieve_agent.engine.run_parameters import did_you_mean
from pennsieve_agent.errors import EngineError, UsageProblem

BACKENDS = ("docker", "process")


def choose_backend(name: str | None, cache: Path, holder: str = "") -> LocalBackend:
    """The backend of that name; without a name, ``docker`` if an engine answers, else ``process``.

    ``cache`` is a folder for what the backends keep; one node has one, and its name tells this
    node's containers from others'. ``holder`` is the folder that a command holds as long as it
    lives; all commands have one cache, and this tells what is still in use.

    Raises:
        UsageProblem: there is no backend of that name.
        UsageProblem: or a variable of Docker's names no engine.
        EngineError: ``docker`` was asked for, and no engine answers.

    """
    if name is not None and name not in BACKENDS:
        raise UsageProblem(
            f"there is no backend called '{name}'",
            hint=did_you_mean(name, BACKENDS, "choose one of"),
        )
    node = hashlib.sha256(os.fsencode(cache.absolute())).hexdigest()[:16]
    if name == "process":
        return ProcessBackend(cache, node, holder=holder)
    try:
        client, address = connect_and_name(os.environ, Path.home())
    except EngineError as error:
        if name == "docker":
            raise
        at = f" ({error.where})" if error.where else ""
        return ProcessBackend(cache, node, place=f"{error.message}{at}", holder=holder)
    return DockerBackend(client, node, place=address.text, holder=holder)
