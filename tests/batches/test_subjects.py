"""Subjects from the files of a dataset and a pattern."""

from __future__ import annotations

import pytest

from pennsieve_agent.domain.datasets import DataFile
from pennsieve_agent.errors import UsageProblem
from pennsieve_agent.services.batches.subjects import Subject, narrowed, of_files, of_folders


def files(*paths: str) -> list[DataFile]:
    return [DataFile(f"N:package:{i}", path, 10 + i) for i, path in enumerate(paths)]


BIDS = files(
    "raw/sub-01/ses-01/eeg/a.edf",
    "raw/sub-01/ses-01/eeg/a.json",
    "raw/sub-02/ses-01/eeg/b.edf",
    "raw/sub-02/ses-02/eeg/c.edf",
    "raw/participants.tsv",
    "sub-03.txt",
)


def names(subjects: tuple[Subject, ...]) -> list[str]:
    return [subject.name for subject in subjects]


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("raw/sub-*", ["sub-01", "sub-02"]),
        ("raw/sub-*/", ["sub-01", "sub-02"]),
        ("raw/sub-*/ses-*", ["sub-01/ses-01", "sub-02/ses-01", "sub-02/ses-02"]),
        ("raw/sub-0{1,2}/ses-02", ["sub-02/ses-02"]),
        ("raw/sub-{01..02}", ["sub-01", "sub-02"]),
        ("**/ses-02", ["raw/sub-02/ses-02"]),
        ("raw/sub-01", ["sub-01"]),
        ("*", ["raw"]),
    ],
)
def test_a_subject_is_a_folder_without_the_fixed_beginning(
    pattern: str, expected: list[str]
) -> None:
    assert names(of_folders(BIDS, pattern)) == expected


def test_a_subject_has_all_files_of_its_folder_and_no_other() -> None:
    first, second = of_folders(BIDS, "raw/sub-*")
    assert [file.path for file in first.files] == [f.path for f in BIDS[:2]]
    assert [file.path for file in second.files] == [f.path for f in BIDS[2:4]]
    assert (first.size, first.place) == (21, "raw/sub-01")


def test_a_pattern_that_fits_only_files_says_what_to_type() -> None:
    with pytest.raises(UsageProblem, match="only files do") as caught:
        of_folders(BIDS, "sub-*")
    assert caught.value.hint == "for a run for each file: --each-file 'sub-*'"


def test_a_pattern_that_fits_nothing_is_refused() -> None:
    with pytest.raises(UsageProblem, match="no folder of the dataset matches 'Raw/sub-\\*'"):
        of_folders(BIDS, "Raw/sub-*")
    with pytest.raises(UsageProblem, match="no file of the dataset matches"):
        of_files(BIDS, "*.edf")


def test_a_subject_for_each_file_is_without_its_ending() -> None:
    chosen = of_files(BIDS, "raw/**/*.edf")
    assert names(chosen) == ["sub-01/ses-01/eeg/a", "sub-02/ses-01/eeg/b", "sub-02/ses-02/eeg/c"]
    packed = of_files(files("a/x.nii.gz", "a/y.nii.gz", "a/v1.2.gz"), "a/*")
    assert names(packed) == ["v1", "x", "y"]


def test_files_that_differ_in_their_ending_keep_it() -> None:
    assert names(of_files(files("a/x.edf", "a/x.bdf", "a/y.edf"), "a/*")) == [
        *("x.bdf", "x.edf", "y")
    ]


def test_files_of_one_name_but_for_case_are_refused_with_both_names() -> None:
    with pytest.raises(UsageProblem, match="would be in one folder") as caught:
        of_files(files("a/X.edf", "a/x.edf"), "a/*")
    assert "'a/X.edf'" in caught.value.message
    assert "'a/x.edf'" in caught.value.message


def test_folders_of_any_script_are_subjects_in_one_spelling() -> None:
    decomposed = "raw/Zoe\u0308/a.txt"
    (subject,) = of_folders(files(decomposed), "raw/Zo\u00eb*")
    assert (subject.name, subject.place) == ("Zo\u00eb", "raw/Zoe\u0308")
    assert names(of_folders(files("raw/被験者 1/a"), "raw/*")) == ["被験者 1"]


def test_two_spellings_of_one_name_are_refused() -> None:
    with pytest.raises(UsageProblem, match="would be in one folder"):
        of_folders(files("raw/Zoe\u0308/a", "raw/Zo\u00eb/b"), "raw/*")


def test_names_that_cannot_be_subjects_are_all_told_and_cannot_write_to_a_terminal() -> None:
    with pytest.raises(UsageProblem) as caught:
        of_folders(files("raw/-x/a", "raw/b\x1b[31m/c", "raw/good/d"), "raw/*")
    assert "'raw/-x': a subject does not begin with '-'" in caught.value.message
    assert "control characters" in caught.value.message
    assert "\x1b" not in caught.value.message


def test_files_narrow_within_the_folder_or_from_the_top() -> None:
    subject = of_folders(BIDS, "raw/sub-*")[0]
    for patterns in (
        ("**/*.edf",),
        ("ses-01/eeg/*.edf",),
        ("raw/sub-01/**/*.edf",),
        ("!**/*.json",),
    ):
        assert [f.path for f in narrowed(subject, patterns).files] == [BIDS[0].path]
    assert not narrowed(subject, ("*.edf",)).files
