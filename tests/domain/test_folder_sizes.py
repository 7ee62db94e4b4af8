"""Folders with their sums."""

from __future__ import annotations

from pennsieve_agent.domain.folder_sizes import Entry, entries, folder_of

FILES = [
    ("notes.md", 5),
    ("raw/b/c/x.edf", 100),
    ("raw/a.edf", 20),
    ("raw/b/y.edf", 3),
    ("derived/z", None),
]


def lines(depth: int | None = None) -> list[Entry]:
    return list(entries(folder_of(FILES, depth)))


def test_a_tree_has_folders_before_files_and_sums_of_all_below() -> None:
    assert [(e.stem + e.name, e.path, e.files, e.size) for e in lines()] == [
        ("├── derived/", "derived/", 1, None),
        ("│   └── z", "derived/z", None, None),
        ("├── raw/", "raw/", 3, 123),
        ("│   ├── b/", "raw/b/", 2, 103),
        ("│   │   ├── c/", "raw/b/c/", 1, 100),
        ("│   │   │   └── x.edf", "raw/b/c/x.edf", None, 100),
        ("│   │   └── y.edf", "raw/b/y.edf", None, 3),
        ("│   └── a.edf", "raw/a.edf", None, 20),
        ("└── notes.md", "notes.md", None, 5),
    ]


def test_a_depth_keeps_the_sums_and_drops_the_lines_below() -> None:
    assert [e.path for e in lines(1)] == ["derived/", "raw/", "notes.md"]
    assert [(e.path, e.files, e.size) for e in lines(2)] == [
        ("derived/", 1, None),
        ("derived/z", None, None),
        ("raw/", 3, 123),
        ("raw/b/", 2, 103),
        ("raw/a.edf", None, 20),
        ("notes.md", None, 5),
    ]
    top = folder_of(FILES, 1)
    assert (top.files, top.size, top.unknown) == (5, 128, 1)


def test_a_dataset_without_files_has_no_lines() -> None:
    assert list(entries(folder_of([]))) == []


def test_a_file_and_a_folder_of_one_name_are_both_there() -> None:
    both = folder_of([("a", 1), ("a/b", 2)])
    assert [(e.path, e.files) for e in entries(both)] == [("a/", 1), ("a/b", None), ("a", None)]
