"""Files as a tree with sizes; in a pipe one line a file."""

from __future__ import annotations

from collections.abc import Sequence

from pennsieve_agent.console import cells, tables
from pennsieve_agent.console.streams import Streams
from pennsieve_agent.console.words import size

MOST = 200
"""Files that a terminal shows."""
_GAP = 2
_LEAST = 8


class FileTree:
    """Paths with ``/``, and the bytes of each."""

    def __init__(self, files: Sequence[tuple[str, int]]) -> None:
        self._files = sorted(files)

    def __call__(self, streams: Streams) -> str:
        """The tree, as wide as the terminal; in a pipe a table of all files."""
        if not streams.out_is_terminal:
            listed = [[str(count), path] for path, count in self._files]
            return tables.table(["SIZE", "PATH"], listed, streams)
        rows = _rows(self._files[:MOST], streams.width)
        more = len(self._files) - MOST
        return "\n".join([*rows, *([f"… and {more} more files"] if more > 0 else [])])


def _rows(files: Sequence[tuple[str, int]], width: int) -> list[str]:
    rows: list[tuple[str, str]] = []
    _grow(_nested(files), "", rows)
    sizes = max((cells.width(amount) for _, amount in rows), default=0)
    names = max(width - 1 - sizes - _GAP, _LEAST)
    longest = min(max((cells.width(name) for name, _ in rows), default=0), names)
    cut = cells.cut_apart([name for name, _ in rows], longest)
    return [
        f"{cells.pad(name, longest)}{' ' * _GAP}{amount:>{sizes}}".rstrip()
        for name, (_, amount) in zip(cut, rows, strict=True)
    ]


Node = dict[str, "Node | int"]


def _nested(files: Sequence[tuple[str, int]]) -> Node:
    top: Node = {}
    for path, count in files:
        *folders, name = path.split("/")
        here = top
        for folder in folders:
            below = here.setdefault(folder, {})
            here = below if isinstance(below, dict) else {}
        here[name] = count
    return top


def _grow(node: Node, before: str, rows: list[tuple[str, str]]) -> None:
    for number, (name, below) in enumerate(node.items(), 1):
        is_last = number == len(node)
        branch = f"{before}{'└── ' if is_last else '├── '}{name}"
        if isinstance(below, dict):
            rows.append((f"{branch}/", ""))
            _grow(below, f"{before}{'    ' if is_last else '│   '}", rows)
        else:
            rows.append((branch, size(below)))
