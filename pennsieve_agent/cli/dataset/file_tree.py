"""``pennsieve dataset files --tree``: folders with their numbers of files and total sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pennsieve_agent.console.shown import Shown
from pennsieve_agent.console.words import figure, plural, size

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pennsieve_agent.cli.context import Context
    from pennsieve_agent.console.streams import Streams
    from pennsieve_agent.domain.datasets import DataFile, Dataset
    from pennsieve_agent.domain.folder_sizes import Entry

_MANY = 200
_GAP = "  "
_LEAST = 12


def shown(
    context: Context, dataset: Dataset, files: Iterable[DataFile], depth: int | None
) -> Shown:
    """The tree of a dataset; ``files`` are read once, and only what is shown is kept of them."""
    from pennsieve_agent.console import dataset_documents
    from pennsieve_agent.domain.folder_sizes import entries, folder_of

    top = folder_of(((file.path, file.size) for file in files), depth)
    if context.as_json:
        return Shown(
            {
                **dataset_documents.of(dataset),
                "files": top.files,
                "size": None if top.unknown else top.size,
                "entries": [_document(row) for row in entries(top)],
            }
        )
    rows = list(entries(top))
    count = f"{plural(top.files, 'file')}, {size(top.size)}"
    notes = [f"{count} and {plural(top.unknown, 'file')} of unknown size" if top.unknown else count]
    if len(rows) > _MANY and depth is None:
        notes.append("fewer lines with: --depth 1")
    return Shown(text=(lambda streams: _text(rows, streams)) if rows else None, notes=notes)


def _document(row: Entry) -> dict[str, object]:
    is_folder = row.files is not None
    return {"path": row.path, "folder": is_folder, "files": row.files, "size": row.size}


def _text(rows: Sequence[Entry], streams: Streams) -> str:
    if not streams.out_is_terminal:
        lines = [
            f"{figure(row.files, str, plain=True)}\t{_plain(row.size)}\t{row.path}" for row in rows
        ]
        return "\n".join(["FILES\tSIZE\tPATH", *lines])
    return "\n".join(_drawn(rows, streams.width))


def _plain(amount: int | None) -> str:
    return figure(amount, size, plain=True)


def _drawn(rows: Sequence[Entry], width: int) -> list[str]:
    """Lines of a terminal; a name is cut rather than its sizes."""
    from pennsieve_agent.console import cells

    amounts = [
        (
            f"{row.files} files" if row.files not in {None, 1} else "1 file" if row.files else "",
            size(row.size),
        )
        for row in rows
    ]
    counts, sizes = (max(len(amount[i]) for amount in amounts) for i in (0, 1))
    room = max(width - 1 - counts - sizes - 2 * len(_GAP), _LEAST)
    names = [f"{row.stem}{row.name}" for row in rows]
    longest = min(max(map(cells.width, names)), room)
    return [
        f"{cells.pad(name, longest)}{_GAP}{number:>{counts}}{_GAP}{amount:>{sizes}}"
        for name, (number, amount) in zip(cells.cut_apart(names, longest), amounts, strict=True)
    ]
