"""``pennsieve sandbox workspace list|add``."""

from __future__ import annotations

import shlex
from typing import Annotated

import typer

from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.cli.sandbox import box
from pennsieve_agent.console.shown import Shown, Table


@command(
    "sandbox workspace list",
    answers="list of sandbox_workspace",
    examples=["pennsieve sandbox workspace list"],
)
def list_(context: Context, data: box.Data = None) -> Shown:
    """The workspaces of the sandbox."""
    with box.administration(context, data) as people:
        counts = people.workspaces()
    document = [{"name": name, "people": count} for name, count in counts.items()]
    rows = [[name, str(count)] for name, count in counts.items()]
    return Shown(document, Table(["NAME", "PEOPLE"], rows))


@command(
    "sandbox workspace add",
    answers="sandbox_workspace",
    examples=["pennsieve sandbox workspace add Lab"],
)
def add(
    context: Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is called.")],
    data: box.Data = None,
) -> Shown:
    """Add a workspace to the sandbox. The first person added to it is its owner."""
    with box.administration(context, data) as people:
        people.add_workspace(name)
    new = name.strip()
    note = f"add its owner with: pennsieve sandbox user add EMAIL --workspace {shlex.quote(new)}"
    return Shown(
        {"name": new, "people": 0}, f"Added workspace '{new}'; nobody is in it yet", [note]
    )
