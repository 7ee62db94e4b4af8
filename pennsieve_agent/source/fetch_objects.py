"""Fetching objects into a bare repository of ours: without history, and without large files."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from pennsieve_agent.errors import SourceError
from pennsieve_agent.source.git_commands import FETCH_SECONDS, Answer, object_text, run
from pennsieve_agent.source.git_failures import failure
from pennsieve_agent.source.repository_urls import name_of

_SMALL = "blob:limit=1m"
_COMMITS_ALONE = "tree:0"
_EVERYTHING = ("+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
_EVERY_SECONDS = 5.0
# As "git fetch --progress" says it, with "45% (9/20), 300.00 MiB | 12.00 MiB/s".
_RECEIVING = re.compile(
    r"Receiving objects: +(?P<percent>\d+)% \([\d/]+\)(?:, (?P<size>[^|]+?) *(?:\||$))?"
)


class MissingCommitError(SourceError):
    """A name means no commit, or the server does not have it."""


@dataclass(frozen=True, slots=True)
class Fetching:
    """How objects are fetched. ``small``: files of more than 1 MB stay where they are.

    ``note`` gets a sentence every few seconds of how far it is.
    """

    small: bool = False
    note: Callable[[str], None] = lambda _: None
    now: Callable[[], float] = time.monotonic


@dataclass(slots=True)
class _Progress:
    """Tells how far a fetch is: not at once, and not often."""

    name: str
    means: Fetching
    shown_at: float = field(init=False)

    def __post_init__(self) -> None:
        self.shown_at = self.means.now()

    def line(self, text: str) -> None:
        match, now = _RECEIVING.search(text), self.means.now()
        if match is None or now - self.shown_at < _EVERY_SECONDS:
            return
        self.shown_at = now
        size = f" ({match['size']})" if match["size"] else ""
        self.means.note(f"fetching {self.name}: {match['percent']} %{size}")


def fetch_objects(url: str, repository: Path, what: list[str], means: Fetching) -> None:
    """Fetch what names mean, without its history, into a repository that is made if need be.

    Raises:
        SourceError: it cannot be fetched.

    """
    answer = _fetch(url, repository, what, means, filter_=_SMALL if means.small else "")
    if not answer.ok:
        raise failure(answer.problem, url)


def fetch_commit(url: str, repository: Path, commit: str, means: Fetching) -> None:
    """Fetch a commit by its full hash; with all history from a server that gives no single one.

    Raises:
        MissingCommitError: the server does not have it.
        SourceError: it cannot be fetched.

    """
    answer = _fetch(url, repository, [commit], means, filter_=_SMALL if means.small else "")
    if answer.ok:
        return
    if "not our ref" in answer.problem or "unadvertised object" in answer.problem:
        answer = _fetch(url, repository, list(_EVERYTHING), means, shallow=False)
    if not answer.ok:
        raise failure(answer.problem, url)


def fetch_history(url: str, repository: Path, means: Fetching) -> None:
    """Fetch all commits, and nothing of what they hold where the server can do that.

    Raises:
        SourceError: they cannot be fetched.

    """
    answer = _fetch(
        url, repository, list(_EVERYTHING), means, filter_=_COMMITS_ALONE, shallow=False
    )
    if not answer.ok:
        raise failure(answer.problem, url)


def _fetch(
    url: str,
    repository: Path,
    what: list[str],
    means: Fetching,
    *,
    filter_: str = "",
    shallow: bool = True,
) -> Answer:
    here = ["--git-dir", str(repository)]
    if not repository.exists():
        object_text(repository, ["init", "--quiet", "--bare", "--template=", str(repository)], url)
    object_text(repository, ["config", "remote.origin.url", url], url)
    options = ["--progress", "--no-tags", "--no-recurse-submodules"]
    options += ["--depth", "1"] if shallow else []
    options += [f"--filter={filter_}"] if filter_ else []
    answer = run(
        [*here, "fetch", *options, "--", "origin", *what],
        url=url,
        seconds=FETCH_SECONDS,
        progress=_Progress(name_of(url), means).line,
    )
    # Without a remote, git does not fetch what is not there when it is looked at, one by one.
    object_text(repository, ["config", "--remove-section", "remote.origin"], url)
    if not answer.ok and shallow and "does not support shallow" in answer.problem:
        return _fetch(url, repository, what, means, shallow=False)  # a plain file server
    return answer
