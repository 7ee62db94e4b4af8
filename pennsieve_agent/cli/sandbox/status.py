"""``pennsieve sandbox status``."""

from __future__ import annotations

from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.cli.sandbox import box
from pennsieve_agent.console.shown import Shown
from pennsieve_agent.errors import ExitCode


@command("sandbox status", answers="sandbox", examples=["pennsieve sandbox status"])
def status(context: Context, data: box.Data = None) -> Shown:
    """Whether the sandbox runs, and where. Exit code 1 when it does not."""
    state = box.sandbox(context, data).status()
    if state:
        return Shown(box.document(state), box.details(state))
    return Shown(
        {"running": False},
        "The sandbox is not running",
        ["start it with: pennsieve sandbox start --detach"],
        exit_code=ExitCode.FAILED,
    )
