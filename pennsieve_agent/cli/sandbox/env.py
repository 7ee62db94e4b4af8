"""``pennsieve sandbox env``."""

from __future__ import annotations

import shlex

from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.cli.sandbox import box
from pennsieve_agent.console.shown import Shown


@command("sandbox env", answers="map of text", examples=["pennsieve sandbox env"])
def env(context: Context, data: box.Data = None) -> Shown:
    """Lines that point a shell at the sandbox: eval "$(pennsieve sandbox env)"."""
    sandbox, _ = box.running(context, data)
    values = sandbox.environment()
    lines = [f"export {name}={shlex.quote(value)}" for name, value in values.items()]
    return Shown(values, lines)
