"""Which files ``--files`` means: what is typed literally first, then patterns."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pennsieve_agent.domain.datasets import DataFile
from pennsieve_agent.domain.selection import advice, quoted_pattern, select

THERE = (
    *("raw/scan[1].txt", "raw/scan1.txt", "raw/new\nline.txt", "raw/!x.txt", "raw/{a,b}.txt"),
    *("raw/a.csv", "raw/deep/b.csv", "raw[2]/c.csv", "caf\u00e9.csv", "e\u0301.csv", "!top.csv"),
    *("a,b.csv", "back\\slash.csv", "star*.csv", "starfish.csv", " lead.csv"),
)


def chosen(*patterns: str, there: tuple[str, ...] = THERE) -> list[str]:
    files = [DataFile(f"N:package:{n}", path, 1) for n, path in enumerate(there)]
    return [file.path for file in select(files, patterns).files]


@pytest.mark.parametrize("path", THERE)
def test_each_path_means_itself_alone(path: str) -> None:
    assert chosen(path) == [path]
    assert chosen(f"./{path}") == [path]
    assert chosen(path.replace("/", "//")) == [path]
    assert chosen(f"/{path}") == [path]


@pytest.mark.parametrize(
    ("pattern", "paths"),
    [
        ("raw/new line.txt", ["raw/new\nline.txt"]),
        ("raw/new\ufffdline.txt", ["raw/new\nline.txt"]),
        ("lead.csv", [" lead.csv"]),
        ("cafe\u0301.csv", ["caf\u00e9.csv"]),
        ("\u00e9.csv", ["e\u0301.csv"]),
        ("?.csv", ["e\u0301.csv"]),
        ("raw[2]", ["raw[2]/c.csv"]),
        ("./raw[2]/", ["raw[2]/c.csv"]),
        ("raw/deep/", ["raw/deep/b.csv"]),
        ("raw/**/*.csv", ["raw/a.csv", "raw/deep/b.csv"]),
        ("raw/{a,deep/b}.csv", ["raw/a.csv", "raw/deep/b.csv"]),
        ("raw/./{a,x}.csv", ["raw/a.csv"]),
        ("raw/scan[0-9].txt", ["raw/scan1.txt"]),
        ("raw/scan\\[1\\].txt", ["raw/scan[1].txt"]),
        ("star\\*.csv", ["star*.csv"]),
        ("nothing", []),
        ("", []),
        ("raw/../raw/a.csv", []),
    ],
)
def test_what_a_pattern_means(pattern: str, paths: list[str]) -> None:
    assert chosen(pattern) == paths


def test_an_exclamation_mark_takes_out_again() -> None:
    there = ("a.csv", "b.csv", "raw/a.tmp", "raw/c.csv")
    assert chosen("**/*.csv", "!raw", there=there) == ["a.csv", "b.csv"]
    assert chosen("!raw", "**/*.csv", there=there) == ["a.csv", "b.csv"]
    assert chosen("!**/*.tmp", there=there) == ["a.csv", "b.csv", "raw/c.csv"]
    assert chosen("!./b.csv", "!{a.csv,raw/**}", there=there) == []
    assert chosen("!top.csv") == ["!top.csv"]
    assert chosen(".", there=there) == list(there)


def test_an_unused_pattern_is_told_and_one_that_leaves_out_may_fit_nothing() -> None:
    files = [DataFile("p", "a.csv", 1)]
    assert select(files, ["a.csv", "b.csv", "!c.csv"]).unused == ("b.csv",)
    assert select(files, ["!c.csv"]).unused == ()
    assert select(files, ["a.csv", "!c.csv", "!a*"]).idle == ("!c.csv",)


@pytest.mark.parametrize(
    ("patterns", "is_whole"),
    [
        ([], True),
        (["!c.csv"], True),
        (["!"], True),
        (["!a.csv"], False),
        (["!**"], False),
        (["**"], False),
        (["."], False),
        (["a.csv", "!c.csv"], False),
    ],
)
def test_who_leaves_out_nothing_has_not_chosen(patterns: list[str], *, is_whole: bool) -> None:
    files = [DataFile("p", path, 1) for path in ("a.csv", "b.csv")]
    assert select(files, patterns).is_whole is is_whole


@given(st.lists(st.text(alphabet="ab*?[]{}!,\\. \n\u0301", min_size=1, max_size=5), min_size=1))
def test_any_listed_path_is_found_by_its_own_name(names: list[str]) -> None:
    paths = tuple(dict.fromkeys("/".join(names[: i + 1]) for i in range(len(names))))
    paths = tuple(path for path in paths if not {".", ""} & set(path.split("/")))
    for path in paths:
        assert path in chosen(path, there=paths)


@pytest.mark.parametrize(
    ("pattern", "told"),
    [
        ("*.csv", "2 files fit '**/*.csv'"),
        ("b.csv", "1 file fits '**/b.csv'"),
        ("RAW/*.CSV", "there is 'raw/a.csv': upper and lower case differ"),
        ("*.CSV", "there is 'raw/a.csv'"),
        ("here.csv", "put it in quotes, as in --files '*.csv'"),
        ("here*.csv", ""),
        ("other", ""),
    ],
)
def test_what_is_said_of_a_pattern_that_fits_nothing(pattern: str, told: str) -> None:
    files = [DataFile("p", path, 1) for path in ("raw/a.csv", "raw/deep/b.csv")]
    said = advice(pattern, files, lambda path: path in {"here.csv", "here*.csv"})
    assert told in said
    assert bool(told) == bool(said)


def test_the_pattern_that_a_shell_replaced() -> None:
    assert quoted_pattern("a.csv") == "'*.csv'"
    assert quoted_pattern("raw/a.nii.gz") == "'raw/*.gz'"
    assert quoted_pattern("a") == "'*'"
