"""Repositories on GitHub, as the platform's own integration with it sees them.

Nothing of it is needed to register a repository by its address; see
:mod:`pennsieve_agent.domain.workflows` for that. Source: ``contracts/workflows.md`` 1.9.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GitHubAccount:
    """The account that is connected. The token that may come with it is not kept."""

    username: str
    email: str = ""
    url: str = ""
    installation_id: str = ""


@dataclass(frozen=True, slots=True)
class Installation:
    """Where on GitHub the platform's app is installed; ``settings_url`` is for a browser."""

    id: str
    name: str
    settings_url: str = ""


@dataclass(frozen=True, slots=True)
class Publication:
    """How far a release is on its way to Discover.

    ``status`` is ``created``, ``in progress``, ``completed`` or ``failed``.
    """

    status: str
    id: str = ""
    version: str = ""
    doi: str = ""
    published_at: str = ""


@dataclass(frozen=True, slots=True)
class Release:
    """A release. ``source`` says how the platform learnt of it: ``webhook`` or ``api``.

    Whether it is in the app store is never said here; look among the applications.
    """

    label: str
    marker: str = ""
    status: str = ""
    released_at: str = ""
    url: str = ""
    source: str = ""
    discover: Publication | None = None


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository, and where its releases go by themselves. ``full_name`` is ``owner/name``."""

    full_name: str
    url: str
    id: str = ""
    description: str = ""
    is_private: bool = False
    to_discover: bool = False
    to_app_store: bool = False
    latest_release: Release | None = None
    releases: tuple[Release, ...] = ()


@dataclass(frozen=True, slots=True)
class RepositoryPage:
    """A page of repositories; ``total`` counts those of all pages."""

    repositories: tuple[Repository, ...]
    page: int
    total: int


@dataclass(frozen=True, slots=True)
class Tracking:
    """Where the releases of a repository go by themselves."""

    url: str
    to_discover: bool
    to_app_store: bool
    updated_at: str = ""
