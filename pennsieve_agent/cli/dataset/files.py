"""``pennsieve dataset files``: what is in a dataset."""

from __future__ import annotations

from typing import Annotated

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import Shown, Table
from pennsieve_agent.console.tables import PATH
from pennsieve_agent.errors import UsageProblem


@command(
    "dataset files",
    answers=("list of file", "dataset_tree"),
    examples=[
        "pennsieve dataset files 'Mouse EEG'",
        "pennsieve dataset files 'Mouse EEG' --files 'raw/**/*.edf'",
        "pennsieve dataset files 'Mouse EEG' --tree --depth 2",
    ],
)
def files(
    context: Context,
    dataset: options.DatasetArgument,
    match: options.Files = None,
    tree: Annotated[
        bool,
        typer.Option("--tree", help="Show folders, with the number and total size of their files."),
    ] = False,
    depth: Annotated[
        int | None,
        typer.Option("--depth", metavar="N", min=1, help="With --tree: no deeper than N folders."),
    ] = None,
) -> Shown:
    """The files of a dataset.

    With --tree they are shown below their folders, each with the number and total size of its
    files. Folders deeper than --depth are only counted.
    """
    from pennsieve_agent.cli.dataset import file_tree
    from pennsieve_agent.console import documents
    from pennsieve_agent.console.words import figure, plural, size
    from pennsieve_agent.domain.figures import total
    from pennsieve_agent.domain.selection import select
    from pennsieve_agent.services import lookup
    from pennsieve_agent.services.files.choose_files import coming_notes, idle_notes, unfit

    if depth is not None and not tree:
        raise UsageProblem("--depth needs --tree", hint="add --tree, or leave out --depth")
    where = lookup.dataset(context.platform, dataset)
    if tree and not match:  # read page by page, and not kept
        every = context.platform.datasets.files(where.id)
        return file_tree.shown(context, where, every, depth)
    selection = select(context.platform.datasets.files(where.id), match or ())
    listed = selection.files
    if tree and listed:
        return file_tree.shown(context, where, listed, depth)
    if context.as_json:
        return Shown([documents.file(f) for f in listed])
    rows = [[f.path, figure(f.size, size, plain=not context.relative)] for f in listed]
    count = f"{plural(len(listed), 'file')}, {size(total(f.size for f in listed))}"
    text = Table([PATH, "SIZE"], rows) if rows else None
    notes = [count, *idle_notes(selection.idle)]
    if selection.unused:
        problem = unfit(selection, where)
        coming = coming_notes(context.platform, where, selection.unused)
        notes += coming or [problem.message, str(problem.hint)]
    return Shown(text=text, notes=notes)
