"""A run or batch whose workflow may not use the dataset yet: it is granted first."""

from __future__ import annotations

from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import Prose


def do_grant(context: Context, workflow: str, dataset: str) -> None:
    """Do ``dataset grant``; what it says goes to standard error, as the run is the result."""
    from pennsieve_agent.cli.dataset.grant import grant

    for shown in grant(context, workflow, dataset):
        if isinstance(shown.text, Prose):
            context.streams.note(shown.text.text)
        for note in shown.notes:
            context.streams.note(note)
