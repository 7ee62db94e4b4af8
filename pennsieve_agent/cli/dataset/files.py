"""``pennsieve dataset files``: what is in a dataset."""

from __future__ import annotations

from pennsieve_agent.cli import options
from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import Shown, Table
from pennsieve_agent.console.tables import PATH


@command(
    "dataset files",
    answers="list of file",
    examples=[
        "pennsieve dataset files 'Mouse EEG'",
        "pennsieve dataset files 'Mouse EEG' --files 'raw/**/*.edf'",
    ],
)
def files(context: Context, dataset: options.DatasetArgument, match: options.Files = None) -> Shown:
    """The files of a dataset."""
    from pennsieve_agent.console import documents
    from pennsieve_agent.console.words import figure, plural, size
    from pennsieve_agent.domain.figures import total
    from pennsieve_agent.domain.selection import select
    from pennsieve_agent.services import lookup
    from pennsieve_agent.services.files.choose_files import coming_notes, idle_notes, unfit

    where = lookup.dataset(context.platform, dataset)
    selection = select(context.platform.datasets.files(where.id), match or ())
    listed = selection.files
    rows = [[f.path, figure(f.size, size, plain=not context.relative)] for f in listed]
    count = f"{plural(len(listed), 'file')}, {size(total(f.size for f in listed))}"
    text = Table([PATH, "SIZE"], rows) if rows else None
    notes = [count, *idle_notes(selection.idle)]
    if selection.unused:
        problem = unfit(selection, where)
        coming = coming_notes(context.platform, where, selection.unused)
        notes += coming or [problem.message, str(problem.hint)]
    return Shown([documents.file(f) for f in listed], text, notes)
