"""Results of runs are never input, unless somebody names them."""

from __future__ import annotations

import pytest

from pennsieve_agent.domain.datasets import DataFile
from pennsieve_agent.domain.run_results import (
    Delivered,
    own_folder,
    path_in_folder,
    without_results,
)
from pennsieve_agent.domain.runs import Run, RunStatus
from pennsieve_agent.domain.selection import select

ID = "33333333-3333-4333-8333-333333333333"
PATHS = (
    "raw/a.dcm",
    "raw/b.dcm",
    "raw/mine.csv",
    "results/first/a.dcm",
    "results/first/sub/b.dcm",
    "results/first-2/a.dcm",
    "results/mine.dcm",
    "derived/old/c.dcm",
    "derived/old/pennsieve-run.json",
    f"derived/older/{ID}-pennsieve-run.json",
    "derived/older/pennsieve-run.json.dcm",
)
FILES = tuple(DataFile(f"N:package:{path}", path, 1) for path in PATHS)
RUNS = Delivered(frozenset({"results/first"}), frozenset({"N:package:raw/mine.csv"}))


def kept(*patterns: str, runs: Delivered = RUNS) -> list[str]:
    chosen = select(FILES, patterns).files
    return [file.path for file in without_results(chosen, FILES, patterns, runs)]


def test_results_are_left_out_of_a_pattern_and_of_the_whole_dataset() -> None:
    own = ["raw/a.dcm", "raw/b.dcm", "results/first-2/a.dcm", "results/mine.dcm"]
    assert kept("**/*.dcm") == own
    assert kept() == own
    assert kept("./**") == own
    assert kept("{raw,results}/**/*.dcm") == own


@pytest.mark.parametrize(
    ("pattern", "paths"),
    [
        ("results/first", ["results/first/a.dcm", "results/first/sub/b.dcm"]),
        ("results/first/", ["results/first/a.dcm", "results/first/sub/b.dcm"]),
        ("./results/first/*.dcm", ["results/first/a.dcm"]),
        ("results/first/a.dcm", ["results/first/a.dcm"]),
        ("results/first/sub/**/*.dcm", ["results/first/sub/b.dcm"]),
        ("raw/mine.csv", ["raw/mine.csv"]),
        ("derived/**/*.dcm", ["derived/old/c.dcm", "derived/older/pennsieve-run.json.dcm"]),
        # These hold files of one's own, too, so they name no results.
        ("results/**", ["results/first-2/a.dcm", "results/mine.dcm"]),
        ("raw", ["raw/a.dcm", "raw/b.dcm"]),
    ],
)
def test_a_path_below_results_names_them(pattern: str, paths: list[str]) -> None:
    assert kept(pattern) == paths


def test_one_pattern_names_results_for_all_of_them() -> None:
    assert "results/first/a.dcm" in kept("**/*.dcm", "results/first/a.dcm")
    assert "results/first/sub/b.dcm" not in kept("**/*.dcm", "results/first/a.dcm")


def test_a_receipt_tells_a_folder_of_a_run_that_nobody_remembers() -> None:
    nothing = Delivered()
    results = nothing.results(FILES)
    assert results == {path for path in PATHS if path.startswith("derived/")}
    at_top = [DataFile("p", "pennsieve-run.json", 1), DataFile("q", "mine.dcm", 1)]
    assert nothing.results(at_top) == set()


def test_a_receipt_beside_files_of_ones_own_does_not_make_them_results() -> None:
    files = [DataFile("p", "raw/pennsieve-run.json", 1), DataFile("q", "raw/mine.dcm", 1)]
    known = Delivered(packages=frozenset({"p"}))
    assert known.results(files) == {"raw/pennsieve-run.json"}


def test_the_folder_of_a_run_is_not_that_of_a_similar_name() -> None:
    assert own_folder("first run") == "results/first-run"
    files = [DataFile("p", "results/first-run-2/a", 1)]
    assert Delivered(frozenset({"results/first-run"})).results(files) == set()
    assert Delivered(frozenset({""})).results(files) == set()


@pytest.mark.parametrize(
    ("targets", "path", "here"),
    [
        ({"out": "derived/b/sub-1"}, "derived/b/sub-1/eeg/a.csv", "eeg/a.csv"),
        ({"out": "/derived/b/sub-1/"}, "derived/b/sub-1/a.csv", "a.csv"),
        ({"out": "derived/b/sub-1"}, "derived/b/sub-10/a.csv", "derived/b/sub-10/a.csv"),
        ({"out": "one", "more": "two"}, "one/a.csv", "one/a.csv"),
        ({}, "one/a.csv", "one/a.csv"),
    ],
)
def test_a_result_has_a_path_in_the_folder_of_its_run(
    targets: dict[str, str], path: str, here: str
) -> None:
    params = {name: {"TARGET_FOLDER": folder} for name, folder in targets.items()}
    run = Run(ID, RunStatus.SUCCEEDED, target_params=params)
    assert path_in_folder(run, path) == here
