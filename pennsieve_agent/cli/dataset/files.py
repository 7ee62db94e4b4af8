"""``pennsieve dataset files``, and which files of a dataset are meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pennsieve_agent.cli import options
from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.console.shown import Shown, Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pennsieve_agent.domain.datasets import DataFile


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
    from pennsieve_agent.services import lookup

    where = lookup.dataset(context.platform, dataset)
    listed = files_of(context, where.id, match)
    rows = [[f.path, figure(f.size, size, plain=not context.relative)] for f in listed]
    count = f"{plural(len(listed), 'file')}, {size(total(f.size for f in listed))}"
    text = Table(["PATH", "SIZE"], rows) if rows else None
    return Shown([documents.file(f) for f in listed], text, [count])


def files_of(context: Context, dataset_id: str, match: Sequence[str] | None) -> list[DataFile]:
    """A dataset's files by path, those that match a pattern where there are some."""
    from pennsieve_agent.domain.globs import select

    listed = context.platform.datasets.files(dataset_id)
    return select(listed, match) if match else sorted(listed, key=lambda f: f.path)
