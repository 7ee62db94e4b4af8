"""What Pennsieve's GitHub integration sees, beside what the app store has of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pennsieve_agent.domain.github import GitHubAccount, Release, Repository
from pennsieve_agent.domain.workflows import Application, Version

if TYPE_CHECKING:
    from pennsieve_agent.platform.client import Platform
    from pennsieve_agent.platform.workflows.github import GitHub

_PAGE = 100
"""The most that a page holds (``contracts/workflows.md`` 1.9)."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A repository, and the registered code of it, if there is any that you may see."""

    repository: Repository
    application: Application | None

    def version(self, release: Release) -> Version | None:
        """What the app store has of a release; None where it is not registered."""
        versions = self.application.versions if self.application else ()
        return next((version for version in versions if version.tag == release.label), None)


@dataclass(frozen=True, slots=True)
class GitHubView:
    """The account that is connected, and what is seen through it; None, and nothing, without."""

    account: GitHubAccount | None
    repositories: tuple[Seen, ...] = ()


def seen_on_github(platform: Platform, part: str) -> GitHubView:
    """The repositories whose ``owner/name`` contains a text; of the only one, with its releases.

    Raises:
        AgentError: Pennsieve does not answer.

    """
    github = platform.github
    account = github.account()
    if account is None:
        return GitHubView(None)
    rows = _pages(github, part)
    if len(rows) == 1:
        rows = [_with_releases(github, rows[0])]
    registered = {_address(app.source_url): app for app in platform.applications.list()}
    rows_seen = [Seen(row, registered.get(_address(row.url))) for row in rows]
    return GitHubView(account, tuple(sorted(rows_seen, key=lambda seen: seen.repository.full_name)))


def _pages(github: GitHub, part: str) -> list[Repository]:
    rows: list[Repository] = []
    for number in range(1, 10_000):  # an answer that repeats itself ends, too
        page = github.repositories(number, _PAGE, part)
        rows += page.repositories
        if not page.repositories or len(rows) >= page.total:
            break
    return rows


def _with_releases(github: GitHub, row: Repository) -> Repository:
    owner, _, name = row.full_name.partition("/")
    return github.repository(owner, name)


def _address(url: str) -> str:
    """As the web application compares them (1.9): without case, ``.git`` and slashes at the end."""
    return url.casefold().rstrip("/").removesuffix(".git").rstrip("/")
