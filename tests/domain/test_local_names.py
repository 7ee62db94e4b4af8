"""Names of downloaded files: those that a file system takes stay, the others never collide."""

from __future__ import annotations

import pytest

from pennsieve_agent.domain.datasets import DataFile
from pennsieve_agent.domain.local_names import (
    ANY,
    FileSystem,
    changed_name,
    doubtful_names,
    local_paths,
)

ODD = ("c_d.txt", "c\\d.txt", "UP.csv", "up.csv", "10:15:00.csv", "con.txt", "trail.", "q?.txt")
WINDOWS = FileSystem(
    frozenset({"c\\d.txt", "10:15:00.csv", "con.txt", "trail.", "q?.txt", "a:b"}),
    folds_case=True,
)


def places(paths: tuple[str, ...], system: FileSystem) -> list[str]:
    files = [DataFile(f"N:package:{n}", path, 1) for n, path in enumerate(paths)]
    placed = local_paths(files, system)
    assert [file for file, _ in placed] == files
    assert len({system.key(str(path)) for _, path in placed}) == len(paths)
    return [str(path) for _, path in placed]


def test_on_linux_each_name_stays() -> None:
    assert places(ODD, FileSystem()) == list(ODD)


@pytest.mark.parametrize("order", [1, -1])
def test_a_name_that_needs_no_change_gets_its_place_first(order: int) -> None:
    placed = places(ODD[::order], WINDOWS)[::order]
    assert placed[0] == "c_d.txt"
    assert placed[1] == "c_d (1).txt"
    assert sorted(placed[2:4]) == (
        ["UP.csv", "up (1).csv"] if order == 1 else ["UP (1).csv", "up.csv"]
    )
    assert placed[4:] == ["10_15_00.csv", "_con.txt", "trail", "q_.txt"]


def test_folders_files_and_accents_that_are_one_place() -> None:
    paths = ("a", "A", "a/b", "x/e\u0301", "x/\u00e9", ".env", ".ENV", "n.tar.gz", "N.tar.gz")
    assert places(paths, ANY) == [
        *("a (1)", "A (2)", "a/b", "x/e\u0301", "x/\u00e9 (1)"),
        *(".env", ".ENV (1)", "n.tar.gz", "N (1).tar.gz"),
    ]
    assert places(("a", "A", "a/b"), FileSystem()) == ["a (1)", "A", "a/b"]
    assert places(("twice", "twice"), FileSystem()) == ["twice", "twice (1)"]
    assert places(("a:b/c", "a_b"), WINDOWS) == ["a_b/c", "a_b (1)"]


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("..", "__"),
        (".", "_"),
        ("a/b", "a_b"),
        ("a\\b", "a_b"),
        ("/etc/passwd", "_etc_passwd"),
        ("con.txt", "_con.txt"),
        ("LPT1", "_LPT1"),
        ("a:b*?", "a_b__"),
        ("x\0\n", "x__"),
        ("\ud800x", "_x"),
        ("dots. .", "dots"),
        ("", "_"),
        ("\u00e9.csv", "\u00e9.csv"),
    ],
)
def test_trap_26_a_name_cannot_lead_anywhere(name: str, safe: str) -> None:
    assert changed_name(name) == safe


@pytest.mark.parametrize("path", ["../x", "a/../../x", "./x", "a//x", "/x", "x\0", "\ud800"])
def test_what_leads_elsewhere_is_changed_on_any_system(path: str) -> None:
    (place,) = places((path,), FileSystem())
    assert place != path
    assert not {"..", "."} & set(place.split("/"))
    assert not place.startswith("/")
    assert place.encode()


def test_long_names_are_cut_and_stay_apart() -> None:
    first, second = (changed_name("\u00e9" * 300 + word + ".nii") for word in ("a", "b"))
    assert first != second
    assert max(len(first.encode()), len(second.encode())) <= 240
    assert first.endswith(".nii")


@pytest.mark.parametrize("name", [*ODD[1:2], *ODD[4:], "x\n", "a ", "\u00e9", "n" * 250])
def test_names_that_are_tried_out(name: str) -> None:
    assert doubtful_names([DataFile("p", f"folder/{name}/x.csv", 1)]) == {name}


def test_plain_names_are_not_tried_out() -> None:
    plain = ("raw/sub-01/a (1).nii.gz", "Notes_2.md", "raw/b")
    assert doubtful_names(DataFile("p", path, 1) for path in plain) is None
    assert doubtful_names(DataFile("p", path, 1) for path in ("a/x", "A/y")) == set()
