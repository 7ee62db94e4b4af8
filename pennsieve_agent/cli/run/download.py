"""``pennsieve run download``: the files that a run wrote."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.cli.dataset.download import Overwrite, fetched
from pennsieve_agent.console.shown import Shown
from pennsieve_agent.errors import StillRunning


@command(
    "run download",
    answers="download",
    examples=["pennsieve run download --to ./results"],
)
def download(
    context: Context,
    run: options.Run = None,
    to: Annotated[
        Path,
        typer.Option("--to", metavar="DIR", help="The folder the files go to.", file_okay=False),
    ] = Path(),
    overwrite: Overwrite = False,
) -> Shown:
    """Download the files that a run wrote. Run it again to go on where it stopped.

    Of a run that has delivered nothing yet, it says so, with exit code 8.
    """
    from pennsieve_agent.cli.run import output_views, places
    from pennsieve_agent.services.runs import run_outputs

    located = places.find(context, run)
    written = located.backend.outputs(located.run)
    if not written and not places.state(located).status.is_final:
        raise StillRunning(
            f"run '{located.run.label}' has not ended, and has delivered no files yet",
            hint=f"wait for it with: pennsieve run wait {located.run.typed}",
        )
    files = run_outputs.on_pennsieve(context.platform, located.run, written)
    shown = fetched(context, located.run.dataset_id, files, to, overwrite=overwrite)
    nothing = output_views.wrote_nothing(located.run)
    return shown if written else replace(shown, text=None, notes=[nothing])
