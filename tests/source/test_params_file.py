"""A file with the parameters of a run."""

from __future__ import annotations

import pytest

from pennsieve_agent.errors import SourceError
from pennsieve_agent.source.params_file import read_params, with_typed


def test_yaml_and_json_are_taken_as_they_are_written() -> None:
    yaml = b"THRESHOLD: 0.10\nON: yes\nNAME: 'a=b'\nEMPTY: ''\nsort:\n  STYLE: fancy\n"
    assert read_params(yaml, "p.yml") == {
        "THRESHOLD": "0.10",
        "ON": "yes",
        "NAME": "a=b",
        "EMPTY": "",
        "sort.STYLE": "fancy",
    }
    json = b'{"THRESHOLD": 4, "sort": {"ON": true}, "S": "x"}'
    assert read_params(json, "p.json") == {"THRESHOLD": "4", "sort.ON": "true", "S": "x"}


@pytest.mark.parametrize(
    ("data", "message", "where"),
    [
        (b"- a\n- b\n", "must be names with values", "p.yml, line 1"),
        (b"A: 1\nB:\n  - 2\n", "B must be a single value", "p.yml, line 3"),
        (b"A:\n", "A has no value", "p.yml, line 1"),
        (b"A: 1\nA: 2\n", "A appears twice", "p.yml, line 2"),
        (b"A: {B: {C: 1}}\n", "A.B must be a single value", "p.yml, line 1"),
        (b"A: [", "p.yml is not YAML", "p.yml"),
        (b"\xff\xfe\x00", "p.yml is not text", "p.yml"),
        (b"", "p.yml is empty", "p.yml"),
        (b"just words", "must be names with values", "p.yml, line 1"),
    ],
)
def test_a_bad_file_is_one_clear_sentence(data: bytes, message: str, where: str) -> None:
    with pytest.raises(SourceError) as caught:
        read_params(data, "p.yml")
    assert message in caught.value.message
    assert str(caught.value.where).startswith(where)
    assert caught.value.hint


def test_what_is_typed_goes_before_the_file() -> None:
    values = {"A": "1", "B": "2", "sort.A": "3", "sort.C": "4"}
    assert with_typed(values, ("A=9",)) == ("B=2", "sort.C=4", "A=9")
    assert with_typed(values, ("sort.C=5",)) == ("A=1", "B=2", "sort.A=3", "sort.C=5")
    assert with_typed(values, ()) == ("A=1", "B=2", "sort.A=3", "sort.C=4")
