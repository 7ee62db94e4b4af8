"""Files as a tree: never wider than the terminal, and all of them in a pipe."""

from __future__ import annotations

import pytest

from pennsieve_agent.console.file_tree import MOST, FileTree
from pennsieve_agent.console.streams import Streams

FILES = [("plots/b.png", 2048), ("plots/deep/größe.txt", 3), ("a.csv", 10), ("日本語.txt", 1)]


def test_a_tree_on_a_terminal() -> None:
    text = FileTree(FILES)(Streams.for_test(terminal=True, width=80))
    assert text.splitlines() == [
        "├── a.csv                10 B",
        "├── plots/",
        "│   ├── b.png          2.0 kB",
        "│   └── deep/",
        "│       └── größe.txt     3 B",
        "└── 日本語.txt            1 B",
    ]


@pytest.mark.parametrize("width", [20, 40, 80])
def test_long_names_are_cut(width: int) -> None:
    files = [(f"{'folder' * 9}/{'name' * 30}-{number}.txt", 1) for number in range(3)]
    rows = FileTree(files)(Streams.for_test(terminal=True, width=width)).splitlines()
    assert all(len(row) <= width for row in rows)
    assert len({*rows}) == len(rows)


def test_a_pipe_has_one_line_for_each_file() -> None:
    assert FileTree(FILES)(Streams.for_test()).splitlines() == [
        "SIZE\tPATH",
        "10\ta.csv",
        "2048\tplots/b.png",
        "3\tplots/deep/größe.txt",
        "1\t日本語.txt",
    ]


def test_many_files_are_counted() -> None:
    files = [(f"{number:04}.txt", 1) for number in range(MOST + 5)]
    text = FileTree(files)(Streams.for_test(terminal=True))
    assert text.endswith("… and 5 more files")
    assert len(FileTree(files)(Streams.for_test()).splitlines()) == MOST + 6
