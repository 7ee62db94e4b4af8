from __future__ import annotations

import pytest

from pennsieve_agent.domain.command_lines import (
    CommandLine,
    CommandLineFault,
    of_bids_app,
    parse,
)

FOLDERS = {"input": "/mnt/run/a/data", "output": "/mnt/run/b/data"}


def filled(text: str, bids: str = "", **values: str) -> list[str]:
    line = CommandLine(parse(text), bids)
    line.check(values)
    assert CommandLine.of(line.to_json()) == line
    assert parse(line.text) == line.words
    return line.filled(FOLDERS, values)


def test_folders_and_parameters_are_filled_within_words() -> None:
    assert filled("{input} --out={output}/x -n {n}", n="4") == [
        "/mnt/run/a/data",
        "--out=/mnt/run/b/data/x",
        "-n",
        "4",
    ]


def test_a_value_is_one_word_whatever_it_has() -> None:
    value = "a b'; $(reboot) {input} [ ]"
    assert filled("run {value}", value=value) == ["run", value]
    assert filled("run '{value} and more'", value=value) == ["run", f"{value} and more"]


def test_a_value_as_several_words() -> None:
    assert filled("x {many...} y", many=" 01  02 ") == ["x", "01", "02", "y"]
    assert filled("x {many...} y", many="") == ["x", "y"]


def test_a_part_is_left_out_where_its_parameter_has_no_value() -> None:
    line = "x [ --label {label...} ] [ --size {size} ] [ --always ]"
    assert filled(line, label=" ", size="3") == ["x", "--size", "3", "--always"]
    assert filled(line, label="a b", size="") == ["x", "--label", "a", "b", "--always"]


def test_what_only_looks_like_a_placeholder_stays() -> None:
    assert filled("""--filter '{"a": {"b": 1}}' {} {1}""") == [
        "--filter",
        '{"a": {"b": 1}}',
        "{}",
        "{1}",
    ]


def test_the_command_line_of_bids_apps() -> None:
    line = of_bids_app("participant", {"subject"})
    line.check({"subject"})
    assert line.text == "{input} {output} {level} [ --participant-label {subject...} ]"
    whole = ["/mnt/run/a/data", "/mnt/run/b/data", "participant"]
    assert line.filled(FOLDERS, {"subject": ""}) == whole
    assert line.filled(FOLDERS, {"subject": "01 02"}) == [
        *whole,
        "--participant-label",
        "01",
        "02",
    ]
    assert of_bids_app("group", ()).filled(FOLDERS, {}) == [*whole[:2], "group"]


@pytest.mark.parametrize(
    ("text", "bids", "why"),
    [
        ("", "", "has no words"),
        ("x {nothing}", "", "reads {nothing}, which is neither a parameter nor input or output"),
        ("x {level}", "", "reads {level}"),
        ("{input} {output} participant", "participant", "has no {level}"),
        ("{level}", "session", "has a level of BIDS Apps other than participant and group"),
        ("x --a={many...}", "", "has {many...} inside the word '--a={many...}'"),
        ("x [ a", "", "has a [ without a ]"),
        ("x a ]", "", "has a ] without a ["),
        ("x [ a [ b ] ]", "", "has a [ within [ ]"),
        ("x" * 5000, "", "is longer than 4096 characters"),
    ],
)
def test_what_no_run_could_fill(text: str, bids: str, why: str) -> None:
    with pytest.raises(CommandLineFault) as fault:
        CommandLine(parse(text), bids).check({"many"})
    assert why in str(fault.value)


def test_a_quotation_mark_that_is_not_closed() -> None:
    with pytest.raises(CommandLineFault, match="a quotation mark that is not closed"):
        parse("x 'a b")


def test_a_list_has_no_placeholders() -> None:
    assert CommandLine.of(["a", "{input}"]) is None
    with pytest.raises(CommandLineFault, match="must be a list of words"):
        CommandLine.of({"words": "a b"})
