"""One spelling for each repository."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pennsieve_agent.errors import SourceError
from pennsieve_agent.source.repository_urls import canonical, local_path, name_of, same

HERE = Path("/nowhere")


@pytest.mark.parametrize(
    "text",
    [
        "https://github.com/Lab/Spike-Rate",
        "https://github.com/Lab/Spike-Rate/",
        "https://github.com/Lab/Spike-Rate.git",
        "https://github.com/Lab/Spike-Rate.git/",
        " https://GitHub.com:443//Lab/Spike-Rate ",
        "http://www.github.com/Lab/Spike-Rate",
        "git://github.com/Lab/Spike-Rate.git",
        "git@github.com:Lab/Spike-Rate.git",
        "github.com:Lab/Spike-Rate",
        "github.com/Lab/Spike-Rate",
        "ssh://git@github.com/Lab/Spike-Rate.git",
        "ssh://git@github.com:22/Lab/Spike-Rate",
    ],
)
def test_github_has_one_spelling(text: str) -> None:
    assert canonical(text, HERE) == "https://github.com/Lab/Spike-Rate"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://GitLab.com/G/sub/P.git/", "https://gitlab.com/G/sub/P"),
        ("git@gitlab.com:G/P.git", "ssh://git@gitlab.com/G/P"),
        ("https://git.example.org:8443/x.git/", "https://git.example.org:8443/x.git"),
        ("ssh://me@git.example.org:22/srv/x.git", "ssh://me@git.example.org/srv/x.git"),
        ("me@Git.example.org:x.git/", "me@git.example.org:x.git"),
        ("http://127.0.0.1:8000/x.git", "http://127.0.0.1:8000/x.git"),
        ("http://[0:0::1]:80/x", "http://[::1]/x"),
        ("file:///srv/a/../b%20c/", "file:///srv/b%20c"),
        ("file://localhost/srv/x", "file:///srv/x"),
        ("repo", "file:///nowhere/repo"),
        ("../x/./y.git/", "file:///x/y.git"),
        ("a:b/c", "file:///nowhere/a%3Ab/c"),
    ],
)
def test_other_places(text: str, expected: str) -> None:
    assert canonical(text, HERE) == expected
    assert canonical(expected, Path("/elsewhere")) == expected


def test_the_short_name_of_a_repository_on_github(tmp_path: Path) -> None:
    (tmp_path / "code" / "mri").mkdir(parents=True)
    assert canonical("Lab/Spike-Rate", tmp_path) == "https://github.com/Lab/Spike-Rate"
    assert canonical("Lab/spike.rate.git", tmp_path) == "https://github.com/Lab/spike.rate"
    folders = ("code/mri", "code/eeg", "./Lab/x", "Lab/x/", "Lab/x/y", "a_b/x", "-a/x")
    for text in folders:  # a folder of that name, or of its first part; or a path by its spelling
        assert canonical(text, tmp_path) == (tmp_path / text).as_uri().removesuffix("/"), text


def test_paths(tmp_path: Path, clean_machine: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    (tmp_path / "host:x").mkdir()
    (tmp_path / "github.com" / "a").mkdir(parents=True)
    assert canonical("link", tmp_path) == (tmp_path / "real").as_uri()
    assert canonical("host:x", tmp_path) == (tmp_path / "host:x").as_uri()
    assert canonical("github.com/a", tmp_path) == (tmp_path / "github.com" / "a").as_uri()
    assert canonical("~/r é", tmp_path) == (clean_machine / "r é").as_uri()
    assert local_path(canonical("r é#?%", tmp_path)) == tmp_path / "r é#?%"
    assert local_path("https://github.com/a/b") is None


@pytest.mark.parametrize(
    "text",
    [
        "https://TOKEN@github.com/o/r",
        "https://user:TOKEN@github.com/o/r",
        "https://:TOKEN@gitlab.com/o/r",
        "ssh://git:TOKEN@github.com/o/r",
        "ssh://git:TOKEN@example.org/o/r",
        "user:TOKEN@github.com:o/r",
        "http://TOKEN@127.0.0.1/o/r",
        "https://github.com/o/r?access_token=TOKEN",
        "https://github.com/o/r#TOKEN",
        "https://example.org/o/r?TOKEN",
        "file:///srv/x?TOKEN",
        "file://TOKEN@host/x",
    ],
)
def test_credentials_are_refused_and_not_quoted(text: str) -> None:
    with pytest.raises(SourceError) as caught:
        canonical(text, HERE)
    error = caught.value
    assert "TOKEN" not in f"{error!r} {error.hint} {error.where}"
    assert error.__context__ is None or error.__suppress_context__


@pytest.mark.parametrize(
    "text",
    [
        *("", "  ", "a\nb", "https://", "https://github.com", "https://github.com/o"),
        *("https://github.com/o/..", "https://github.com/o/.git", "https://github.com/o o/r"),
        *("https://[::1", "https://a:99999/x", "https://-x/y", "https://example.org/"),
        *("https://example.org/a/../b", "ssh://-oProxyCommand=x/y", "-oProxyCommand=x:y/z"),
        *("file://server/x", "-x@a.org:y", "file:///a%00b", "me@ex ample:x", "-x@a.org:y z"),
        *("GitLab.com:?", "gitlab.com:a#b", "git@codeberg.org:a/b?c"),
    ],
)
def test_what_is_no_repository(text: str) -> None:
    with pytest.raises(SourceError):
        canonical(text, HERE)


@pytest.mark.parametrize("text", ["http://example.org/x", "git://example.org/x", "ext::sh://x"])
def test_schemes_that_are_not_used(text: str) -> None:
    with pytest.raises(SourceError):
        canonical(text, HERE)


def test_a_page_of_a_repository_says_what_to_give() -> None:
    with pytest.raises(SourceError, match="a page inside") as caught:
        canonical("https://github.com/o/r/tree/main", HERE)
    assert caught.value.where == "https://github.com/o/r"
    assert "--ref" in (caught.value.hint or "")


def test_same() -> None:
    assert same("https://github.com/Lab/X", "git@github.com:lab/x.git")
    assert not same("https://github.com/lab/x", "https://github.com/lab/y")
    assert not same("https://example.org/Lab/x", "https://example.org/lab/x")
    assert same("not a url \0", "not a url \0")


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://github.com/lab/x", "x"),
        ("file:///srv/b%20c", "b c"),
        ("file:///srv/x.git", "x"),
        ("me@example.org:x.git", "x"),
        ("file:///", "repository"),
    ],
)
def test_names(url: str, name: str) -> None:
    assert name_of(url) == name


PARTS = st.sampled_from(
    [
        *("https", "ssh", "http", "file", "git", "://", ":", "/", "//", "@", "git@", ".git", ".."),
        *("github.com", "GitLab.com", "example.org", "127.0.0.1", "[::1]", ":443", ":22", "-x"),
        *("owner", "Repo", "~", ".", " ", "%20", "%2e%2e", "?", "#", "é", "www."),
    ]
)


@example("GitLab.com:?")
@given(st.lists(PARTS, max_size=8).map("".join) | st.text(max_size=40))
def test_a_canonical_spelling_stays(text: str) -> None:
    try:
        spelled = canonical(text, HERE)
    except SourceError:
        return
    assert canonical(spelled, Path("/elsewhere")) == spelled
    assert same(text, text)
    assert name_of(spelled)
