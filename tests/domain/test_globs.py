from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pennsieve_agent.domain.globs import matches


@pytest.mark.parametrize(
    ("path", "pattern", "expected"),
    [
        ("a.dcm", "**/*.dcm", True),
        ("x/y/a.dcm", "**/*.dcm", True),
        ("x/y/a.dcm", "*.dcm", False),
        ("raw/s1/a.edf", "raw/**/*.edf", True),
        ("raw/a.edf", "raw/**/*.edf", True),
        ("other/raw/a.edf", "raw/**/*.edf", False),
        ("raw/s1/a.edf", "raw", True),
        ("raw/s1/a.edf", "raw/", True),
        ("raw2/a.edf", "raw", False),
        ("a1.txt", "a[0-9].txt", True),
        ("ab.txt", "a[!0-9].txt", True),
        ("a1.txt", "a[!0-9].txt", False),
        ("a[1].txt", "a[1].txt", False),
        ("A.DCM", "*.dcm", False),
        ("a.b", "a?b", True),
        ("a/b", "a?b", False),
        ("sub-01/anat/x.nii.gz", "sub-*/**", True),
        ("a(1).txt", "a(1).txt", True),
        ("x", "", False),
        ("[", "[", True),
        ("!", "[!]", True),
        ("]", "[]]", True),
        ("a", "[!]]", True),
        ("/", "[!a]", False),
        ("b", "[z-a]", False),
        ("-", "[a-]", True),
        ("[", "[[&]", True),
        ("a.csv", "*.{csv,tsv}", True),
        ("x/a.tsv", "**/*.{csv,tsv}", True),
        ("a.csv.gz", "a.csv{,.gz}", True),
        ("x/b/c", "x/{a,b/{c,d}}", True),
        ("x/b/e", "x/{a,b/{c,d}}", False),
        ("{a}", "{a}", True),
        ("{a,b", "{a,b", True),
        ("a,b", "{a\\,b,c}", True),
        ("sub-07", "sub-{01..12}", True),
        ("sub-7", "sub-{01..12}", False),
        ("sub-13", "sub-{01..12}", False),
        ("a*b", "a\\*b", True),
        ("axb", "a\\*b", False),
        ("a/b/c", "**/**/**/**/c", True),
    ],
)
def test_patterns(path: str, pattern: str, *, expected: bool) -> None:
    assert matches(path, pattern) is expected


@settings(max_examples=500)
@given(st.text(alphabet="ab/.*?[]!^-\\(){},1|+$&~", max_size=12), st.text(max_size=12))
def test_no_pattern_breaks_the_matcher(pattern: str, path: str) -> None:
    assert matches(path, pattern) in {True, False}


@given(st.lists(st.text(alphabet="abc.", min_size=1, max_size=4), min_size=1, max_size=4))
def test_a_plain_path_matches_itself_and_double_star_matches_all(parts: list[str]) -> None:
    path = "/".join(parts)
    assert matches(path, path)
    assert matches(path, "**")
    assert matches(path, f"**/{parts[-1]}")
