"""``pennsieve sandbox reset``."""

from __future__ import annotations

from typing import Annotated

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.cli.sandbox import box
from pennsieve_agent.console.shown import UNCHANGED, Shown


@command("sandbox reset", answers="sandbox_reset", examples=["pennsieve sandbox reset"])
def reset(
    context: Context,
    data: box.Data = None,
    everything: Annotated[
        bool, typer.Option("--everything", help="Delete dataset files too.")
    ] = False,
    yes: options.Yes = False,
) -> Shown:
    """Delete the sandbox's users, nodes, workflows and runs; dataset files stay."""
    sandbox = box.sandbox(context, data)
    what = "and its dataset files" if everything else "(dataset files stay)"
    question = f"Delete the sandbox's state in {sandbox.data} {what}?"
    if not context.streams.confirm(question, assume=yes):
        return UNCHANGED
    sandbox.reset(keep_datasets=not everything)
    document = {"data": str(sandbox.data), "datasets_kept": not everything}
    return Shown(document, "The sandbox is empty")
