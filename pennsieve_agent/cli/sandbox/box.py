"""The sandbox that a command means, and how it is shown."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pennsieve_agent.cli.context import Context
from pennsieve_agent.cli.extras import sandbox_parts
from pennsieve_agent.console.shown import Details, Shown
from pennsieve_agent.errors import UsageProblem

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from pennsieve_agent.sandbox.host.administration import Administration
    from pennsieve_agent.sandbox.host.control import Sandbox
    from pennsieve_agent.sandbox.host.state import SandboxState

Data = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Its folder. Default: ~/.pennsieve/sandbox."),
]


def folder(context: Context, data: Path | None) -> Path:
    """The sandbox's folder."""
    return data or context.home / ".pennsieve" / "sandbox"


def sandbox(context: Context, data: Path | None) -> Sandbox:
    """The sandbox in a folder, whether it runs or not."""
    with sandbox_parts():
        from pennsieve_agent.sandbox.host.control import Sandbox
    return Sandbox(folder(context, data))


def running(context: Context, data: Path | None) -> tuple[Sandbox, SandboxState]:
    """A sandbox that runs.

    Raises:
        UsageProblem: it does not.
    """
    box = sandbox(context, data)
    state = box.status()
    if state is None:
        raise UsageProblem(
            "the sandbox is not running",
            where=str(box.data),
            hint="start it with: pennsieve sandbox start --detach",
        )
    return box, state


def administration(context: Context, data: Path | None) -> AbstractContextManager[Administration]:
    """People, workspaces and keys of a sandbox, whether it runs or not."""
    with sandbox_parts():
        from pennsieve_agent.sandbox.host.administration import administration as open_
    return open_(folder(context, data))


def data_option(data: Path | None) -> str:
    """The option to type for the same folder in another command."""
    return "" if data is None else f" --data {shlex.quote(str(data))}"


def shown(state: SandboxState, data: Path | None) -> Shown:
    """A sandbox that runs, and what to type next."""
    option = data_option(data)
    notes = [
        f'use it in this shell:  eval "$(pennsieve sandbox env{option})"',
        f"or as a profile:       pennsieve sandbox use{option}",
    ]
    return Shown(document(state), details(state), notes)


def document(state: SandboxState) -> dict[str, Any]:
    """A sandbox that runs."""
    from dataclasses import asdict

    return {"running": True, **asdict(state), "data": str(state.data)}


def details(state: SandboxState) -> Details:
    """A sandbox that runs, for people."""
    return Details(
        [
            ("sandbox", f"running (process {state.pid})"),
            ("Pennsieve", f"{state.api} and {state.api2}"),
            ("AWS", state.aws),
            ("engine", _engine(state)),
            ("datasets", str(Path(state.data) / "datasets")),
        ]
    )


def _engine(state: SandboxState) -> str:
    """What runs the steps, where, and how far it isolates them from this machine."""
    from pennsieve_agent.engine.docker_backend import DockerBackend
    from pennsieve_agent.engine.process_backend import ProcessBackend

    isolation = {backend.name: backend.isolation for backend in (DockerBackend, ProcessBackend)}
    why = "as " if state.engine == ProcessBackend.name else ""
    place = f"{why}{state.engine_place}" if state.engine_place else ""
    name = ", ".join(filter(None, (state.engine, place)))
    return ": ".join(filter(None, (name, isolation.get(state.engine, ""))))
