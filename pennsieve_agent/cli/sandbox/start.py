"""``pennsieve sandbox start``."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.cli.sandbox import box, profiles
from pennsieve_agent.console.shown import Shown, show

if TYPE_CHECKING:
    from pennsieve_agent.sandbox.host.state import SandboxState


class Engine(StrEnum):
    """What runs the steps of a workflow."""

    DOCKER = "docker"
    PROCESS = "process"


Port = Annotated[
    int | None,
    typer.Option(
        "--port",
        metavar="PORT",
        min=0,
        max=65533,
        help="The first of three ports; 0 for any. Default: 9440, or the next free ones.",
    ),
]
Faults = Annotated[
    str | None,
    typer.Option(
        "--faults",
        metavar="SPEC",
        help="Make requests fail: latency, 429, 500, 503, reset, stale, skew, unsafe or all, with "
        "commas between them; each with =RATE and @PATHS if needed.",
    ),
]


@command(
    "sandbox start",
    answers="sandbox",
    examples=["pennsieve sandbox start --detach", "pennsieve sandbox start --faults 500=0.1"],
)
def start(
    context: Context,
    detach: Annotated[bool, typer.Option("--detach", help="Start it in the background.")] = False,
    port: Port = None,
    data: box.Data = None,
    engine: Annotated[
        Engine | None,
        typer.Option(
            "--engine", metavar="ENGINE", help="What runs the steps. Default: docker if it answers."
        ),
    ] = None,
    faults: Faults = None,
    fault_seed: Annotated[
        int | None,
        typer.Option(
            "--fault-seed", metavar="N", help="Repeat the same faults; without --faults: all kinds."
        ),
    ] = None,
) -> Shown:
    """Start the sandbox with the state it had when it was stopped.

    Each folder in datasets/ of the sandbox's own folder is a dataset: put your files there.
    """
    sandbox = box.sandbox(context, data)

    def announced(state: SandboxState) -> Shown:
        profiles.follow(context, sandbox)
        return box.shown(state, data)

    if detach:
        with context.interruption.during(
            "the sandbox is not started", "start it with: the same command", always=True
        ):
            state = sandbox.start_detached(port, engine, faults, fault_seed)
        return announced(state)

    def announce(state: SandboxState) -> None:
        # It serves until it is stopped, so this is shown before the command returns.
        show(announced(state), context.streams, as_json=context.as_json)

    sandbox.run(port, engine, announce, faults, fault_seed)
    # A terminal shows ^C in the line that was being written.
    line_end = "\n" if context.streams.err_is_terminal else ""
    return Shown(notes=[f"{line_end}Sandbox stopped; its state is kept"])
