"""``pennsieve sandbox use``."""

from __future__ import annotations

from typing import Annotated

import typer

from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.cli.sandbox import box
from pennsieve_agent.console.shown import Shown


@command("sandbox use", answers="sandbox_profile", examples=["pennsieve sandbox use"])
def use(
    context: Context,
    data: box.Data = None,
    name: Annotated[
        str, typer.Option("--as", metavar="NAME", help="The profile's name.")
    ] = "sandbox",
) -> Shown:
    """Make the sandbox a profile, and the default one."""
    sandbox, state = box.running(context, data)
    context.settings.write_section(name, sandbox.profile_values(), make_default=True)
    document = {"name": name, "default": True, "host": state.api}
    return Shown(document, f"Profile '{name}' is the sandbox, and now the default")
