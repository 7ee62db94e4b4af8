"""Which values and names a secret may have."""

from __future__ import annotations

import pytest

from pennsieve_agent.domain.secret_values import (
    fault_of_value,
    starts_programs,
    unmasked,
    value_in,
)


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ("a\0b", "holds the control character NUL at character 2"),
        ("\x1b[31m", "holds the control character ESC at character 1"),
        ("a\rb", "holds the control character CR (a line end of Windows; convert the file)"),
        ("a\x7f", "holds the control character U+007F at character 2"),
        ("a\x9b", "holds the control character U+009B at character 2"),
        ("\udcff", "holds the control character U+DCFF at character 1"),
        ("\ufeffkey", "begins with a byte order mark"),
        ("", "is empty"),
    ],
)
def test_what_no_environment_variable_should_hold(value: str, fault: str) -> None:
    assert fault_of_value(value).startswith(fault)


@pytest.mark.parametrize("value", ["x", "-----BEGIN KEY-----\nabc\n\tdef", " ü 鍵 ", "a=b"])
def test_what_is_a_secret(value: str) -> None:
    assert fault_of_value(value) == ""


@pytest.mark.parametrize(
    ("data", "value", "had_end"),
    [
        (b"v", "v", False),
        (b"v\n", "v", True),
        (b"v\r\n", "v", True),
        (b"v\r", "v", True),
        (b"v\n\n", "v\n", True),
        (b" v \n", " v ", True),
        (b"\n", "", True),
    ],
)
def test_one_line_end_is_taken_off(data: bytes, value: str, *, had_end: bool) -> None:
    assert value_in(data) == (value, had_end)


@pytest.mark.parametrize("data", [b"\xff\xfe", "kéy".encode("latin-1"), "key".encode("utf-16")])
def test_other_encodings_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"the value is not UTF-8 text \(byte \d\)"):
        value_in(data)


@pytest.mark.parametrize(
    "name",
    [
        *("PATH", "LD_PRELOAD", "LD_LIBRARY_PATH", "DYLD_INSERT_LIBRARIES", "PYTHONHOME"),
        *("PYTHONPATH", "BASH_ENV", "ENV", "IFS", "BASH_FUNC_ls", "PERL5OPT", "RUBYOPT"),
        *("NODE_OPTIONS", "R_PROFILE_USER", "JAVA_TOOL_OPTIONS", "GIT_SSH_COMMAND"),
        *("GIT_CONFIG_COUNT", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "GLIBC_TUNABLES"),
    ],
)
def test_names_that_change_how_programs_start(name: str) -> None:
    assert starts_programs(name)


@pytest.mark.parametrize(
    "name", ["OPENAI_API_KEY", "AWS_ACCESS_KEY_ID", "GIT_TOKEN", "XPATH", "R_TOKEN", "GOLD_KEY"]
)
def test_other_names(name: str) -> None:
    assert not starts_programs(name)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("1", "the value is shorter than 4 characters, so it is not masked in logs"),
        ("long enough\nab", "lines of the value that are shorter than 4 characters are not masked"),
        ("four", ""),
        ("lines\n\nand lines", ""),
    ],
)
def test_what_is_not_masked_is_said(value: str, words: str) -> None:
    assert unmasked(value).startswith(words)
    assert bool(unmasked(value)) == bool(words)
