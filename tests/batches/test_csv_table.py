"""Tables of subjects: what is read, and all that is wrong with one."""

from __future__ import annotations

import codecs

import pytest

from pennsieve_agent.errors import UsageProblem
from pennsieve_agent.services.batches.csv_table import read_table


def fault(text: str | bytes) -> str:
    data = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(UsageProblem) as caught:
        read_table(data, "subjects.csv")
    return caught.value.message


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", codecs.BOM_UTF8])
def test_what_spreadsheets_write_is_read(delimiter: str, end: str, mark: bytes) -> None:
    rows = [["subject", "AGE"], ["sub-01", "4"], ["Zoë", "5"], ["", ""]]
    text = end.join(delimiter.join(row) for row in rows) + end
    table = read_table(mark + text.encode(), "subjects.csv")
    assert table.columns == ("AGE",)
    assert [(row.line, row.subject, row.values["AGE"]) for row in table.rows] == [
        *((2, "sub-01", "4"), (3, "Zoë", "5"))
    ]


def test_a_column_of_patterns_may_have_several_in_a_cell() -> None:
    table = read_table(b'subject,files\na,"raw/a/*.edf; raw/b/*.edf"\n', "t.csv")
    assert table.rows[0].patterns == ("raw/a/*.edf", "raw/b/*.edf")
    assert (table.columns, table.has_files) == ((), True)


def test_a_value_may_have_lines_and_the_next_row_its_own_line() -> None:
    table = read_table(b'subject,NOTE\na,"one\ntwo"\nb,x\n', "t.csv")
    assert [(row.line, row.values["NOTE"]) for row in table.rows] == [(2, "one\ntwo"), (4, "x")]


def test_a_missing_column_is_named_with_those_that_are_there() -> None:
    assert fault("Subject,AGE\na,4\n") == (
        "line 1: there is no column 'subject'; its columns are 'Subject', 'AGE'"
    )


def test_all_faults_are_told_at_once_with_their_lines() -> None:
    message = fault("subject,AGE\nsub-01,4\nsub-01,5\nsub-02\n-x,6\n,7\na/../b,8\n")
    assert message.splitlines() == [
        "'subjects.csv' has mistakes:",
        "  line 3: subject 'sub-01' is there on line 2, too",
        "  line 4: 1 values for 2 columns",
        "  line 5: a subject does not begin with '-'",
        "  line 6: a subject needs a name",
        "  line 7: a subject has no empty part and no '.' or '..' between its slashes",
    ]


def test_subjects_that_share_a_folder_of_results_are_doubled() -> None:
    assert fault("subject\nSub 1\nsub-1\n") == (
        "line 3: the results of 'Sub 1' and 'sub-1' would be in the same folder; they are on line "
        "2, too"
    )


def test_many_faults_are_counted() -> None:
    message = fault("subject,A\n" + "x\n" * 100)
    assert message.endswith("and 80 more")


def test_a_file_without_rows_is_a_batch_of_none() -> None:
    assert fault("subject\n") == "'subjects.csv' has no rows, so the batch would have no runs"
    assert fault("\n\n") == "'subjects.csv' is empty"


def test_what_is_not_a_table_is_refused_in_a_sentence() -> None:
    assert fault("subject\nok\nZo\xeb\n".encode("latin-1")) == (
        "line 3 of 'subjects.csv' is not UTF-8 text"
    )
    assert fault('subject\n"open\n').startswith("'subjects.csv' cannot be read: ")
    assert fault("subject,A,A,\nx,1,2,3\n").splitlines()[1:] == [
        "  line 1: column 4 has no name",
        "  line 1: there are two columns 'A'",
    ]
    assert "control characters" in fault(b"subject\na\0b\n")
