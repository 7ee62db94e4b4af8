"""``pennsieve sandbox stop``."""

from __future__ import annotations

from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.cli.sandbox import box
from pennsieve_agent.console.shown import Shown


@command("sandbox stop", answers="sandbox_stopped", examples=["pennsieve sandbox stop"])
def stop(context: Context, data: box.Data = None) -> Shown:
    """Stop the sandbox; its state is kept."""
    stopped = box.sandbox(context, data).stop()
    text = "Sandbox stopped" if stopped else "The sandbox was not running"
    return Shown({"stopped": stopped}, text)
