"""Subjects, files and parameters of a batch together."""

from __future__ import annotations

import pytest

from pennsieve_agent.domain.datasets import DataFile
from pennsieve_agent.errors import UsageProblem
from pennsieve_agent.services.batches import templates
from pennsieve_agent.services.batches.csv_table import read_table
from pennsieve_agent.services.batches.selection import Choice, settings_of, subjects_of

FILES = [
    DataFile(f"N:package:{i}", path, 1)
    for i, path in enumerate(
        (
            *("raw/sub-01/a.edf", "raw/sub-01/a.json", "raw/sub-02/b.edf", "raw/sub-03/c.txt"),
            *("raw/odd[1]/d.edf", "common/atlas.nii"),
        )
    )
]


def choice(text: str = "", **more: object) -> Choice:
    table = read_table(text.encode(), "t.csv") if text else None
    return Choice(table=table, table_name="t.csv", **more)  # type: ignore[arg-type]


def chosen(asked: Choice) -> dict[str, list[str]]:
    return {s.name: [f.path for f in s.files] for s in subjects_of(asked, FILES)}


def fault(asked: Choice) -> str:
    with pytest.raises(UsageProblem) as caught:
        subjects_of(asked, FILES)
    return caught.value.message


def test_rows_choose_their_files_by_a_template() -> None:
    assert chosen(choice("subject\nsub-01\nsub-02\n", patterns=("raw/{subject}/*.edf",))) == {
        "sub-01": ["raw/sub-01/a.edf"],
        "sub-02": ["raw/sub-02/b.edf"],
    }


def test_a_value_in_a_pattern_stands_for_itself() -> None:
    assert chosen(choice("subject,FOLDER\nx,odd[1]\n", patterns=("raw/{FOLDER}/*.{edf,bdf}",))) == {
        "x": ["raw/odd[1]/d.edf"]
    }


def test_rows_choose_their_files_by_a_column() -> None:
    text = "subject,files\nboth,raw/sub-01/*.edf;raw/sub-02\nfirst,raw/{subject}*;raw/sub-03\n"
    assert fault(choice(text)) == "line 3: no file for 'first' matches 'raw/first*'"
    text = text.replace("raw/{subject}*;", "")
    assert chosen(choice(text)) == {
        "both": ["raw/sub-01/a.edf", "raw/sub-02/b.edf"],
        "first": ["raw/sub-03/c.txt"],
    }


def test_all_rows_may_read_the_same_files() -> None:
    atlas = ["common/atlas.nii"]
    asked = choice("subject,P\na,1\nb,2\n", patterns=("common",))
    assert chosen(asked) == {"a": atlas, "b": atlas}


def test_rows_and_folders_must_be_the_same_and_all_that_differ_are_named() -> None:
    asked = choice("subject,A\nsub-01,1\nsub-09,2\n", folders="raw/sub-*")
    assert fault(asked).splitlines() == [
        "'t.csv' and the dataset do not fit together:",
        "  line 3: nothing that matches 'raw/sub-*' is called 'sub-09'",
        "  no row for 'sub-02', 'sub-03' of 'raw/sub-*'",
    ]


def test_subjects_without_files_are_all_named() -> None:
    asked = choice(folders="raw/sub-*", patterns=("*.edf",))
    assert fault(asked) == "no file of 'sub-03' fits '*.edf'"
    assert "no file of 'sub-02'" in fault(choice(folders="raw/sub-*", patterns=("*.json",)))


def test_a_name_that_is_no_column_is_refused_with_those_that_are() -> None:
    with pytest.raises(UsageProblem, match="has no column 'AGE'") as caught:
        subjects_of(choice("subject,SEX\na,f\n", patterns=("raw/{AGE}",)), FILES)
    assert caught.value.hint == "there are: {SEX}, {subject}"
    assert "a batch without --csv has no column 'AGE'" in fault(
        choice(folders="raw/sub-*", settings=("X={AGE}",))
    )


def test_a_table_that_says_no_files_is_refused() -> None:
    assert fault(choice("subject,A\nx,1\n")) == (
        "'t.csv' does not say which files each subject has"
    )


def test_settings_are_those_that_were_typed_and_those_of_the_row() -> None:
    asked = choice(
        "subject,LEAST,GROUP,EMPTY\nsub-01,3,a,\n",
        patterns=("raw/{subject}",),
        settings=("LABEL={subject}-{GROUP}",),
    )
    (subject,) = subjects_of(asked, FILES)
    declared = {"LEAST", "LABEL"}
    assert settings_of(subject, asked, declared.__contains__) == ("LABEL=sub-01-a", "LEAST=3")
    assert settings_of(subject, asked, lambda _: True) == ("LABEL=sub-01-a", "LEAST=3", "GROUP=a")


def test_templates_leave_patterns_alone() -> None:
    assert templates.filled("{a,b}/{01..12}/{x}", {"x": "y", "a,b": "no"}) == "{a,b}/{01..12}/y"
    assert templates.names_in(["{a,b}/{01..12}/{x}"]) == {"x"}


def test_each_of_many_rows_gets_its_own_files() -> None:
    files = [DataFile(f"p{i}-{j}", f"raw/s{i:04}/{j}.edf", 1) for i in range(1000) for j in "abcde"]
    table = "subject\n" + "".join(f"s{i:04}\n" for i in range(1000))
    subjects = subjects_of(choice(table, patterns=("raw/{subject}/*.edf",)), files)
    assert [s.name for s in subjects] == [f"s{i:04}" for i in range(1000)]
    assert all(
        [f.path for f in s.files] == [f"raw/{s.name}/{j}.edf" for j in "abcde"] for s in subjects
    )


def test_a_batch_has_up_to_ten_thousand_runs() -> None:
    table = "subject\n" + "".join(f"s{i:05}\n" for i in range(10_001))
    with pytest.raises(UsageProblem, match="10001 subjects"):
        subjects_of(choice(table, patterns=("common",)), FILES)
