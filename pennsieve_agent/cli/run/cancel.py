"""``pennsieve run cancel``: stop a run."""

from __future__ import annotations

from typing import Annotated

import typer

from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import Shown
from pennsieve_agent.errors import Conflict


@command(
    "run cancel",
    answers="run_status",
    examples=[
        "pennsieve run cancel spike-rate-1c20",
        "pennsieve run cancel spike-rate-1c20 --wait",
    ],
)
def cancel(
    context: Context,
    run: Annotated[str, typer.Argument(metavar="RUN", help="Name, unique prefix or id.")],
    wait: Annotated[bool, typer.Option("--wait", help="Wait until nothing runs any more.")] = False,
) -> Shown:
    """Stop a run: end what is running, start nothing more."""
    from pennsieve_agent.cli.run import following, places
    from pennsieve_agent.console import documents

    located = places.find(context, run)
    begun, backend = located.run, located.backend
    if begun.status.is_final:
        raise Conflict(
            f"run '{begun.label}' has ended already: {begun.status.label}",
            hint=f"see it with: pennsieve run show '{begun.label}'",
        )
    with context.interruption.during(
        "the run is told to end", f"see whether it has: pennsieve run show {begun.uuid}"
    ):
        backend.cancel(begun.uuid)
        if wait:
            for _ in following.follower(context, begun, backend).events():
                pass
    status = backend.state(begun.uuid).status
    return Shown(documents.run_status(begun, status), f"Run '{begun.label}' is {status.label}")
