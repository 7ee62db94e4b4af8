"""Tags, branches and commits."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pennsieve_agent.source.refs import Refs, is_commit, parse_refs


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        (["v1.2.0", "v1.10.0", "v1.9.9"], "v1.10.0"),
        (["1.0", "v2", "1.9.9"], "v2"),
        (["v1.0.0", "v2.0.0-rc.1"], "v1.0.0"),
        (["v2.0.0-rc.2", "v2.0.0-rc.10", "v2.0.0-alpha"], "v2.0.0-rc.10"),
        (["v1.0.0-1", "v1.0.0-alpha", "v1.0.0-alpha.1"], "v1.0.0-alpha.1"),
        (["v1.0.0+a", "v0.9"], "v1.0.0+a"),
        (["latest", "release-9", "v1.0.0.x", "0.0.1"], "0.0.1"),
        (["latest"], None),
        ([], None),
    ],
)
def test_the_newest_version(tags: list[str], expected: str | None) -> None:
    assert Refs(tags=dict.fromkeys(tags, "c")).newest_version() == expected


@settings(max_examples=50)
@given(st.lists(st.from_regex(r"v?\d{1,3}(\.\d{1,3}){0,3}(-[a-z0-9.]{1,4})?", fullmatch=True)))
def test_any_versions_can_be_ordered(tags: list[str]) -> None:
    newest = Refs(tags=dict.fromkeys(tags, "c")).newest_version()
    if any("-" not in tag for tag in tags):
        assert newest is not None
        assert "-" not in newest


def test_what_git_lists() -> None:
    assert parse_refs(
        "ref: refs/heads/main\tHEAD\naaa\tHEAD\naaa\trefs/heads/main\nbbb\trefs/heads/f/x\n"
        "ttt\trefs/tags/v1\nccc\trefs/tags/v1^{}\nddd\trefs/tags/light\neee\trefs/pull/1/head\n"
    ) == Refs(
        tags={"v1": "ccc", "light": "ddd"},
        branches={"main": "aaa", "f/x": "bbb"},
        head="aaa",
        head_branch="main",
    )
    assert parse_refs("") == Refs()


def test_commits() -> None:
    assert is_commit("0123abc")
    assert is_commit("a" * 40)
    assert not is_commit("a" * 41)
    assert not is_commit("abc")
    assert not is_commit("main")
