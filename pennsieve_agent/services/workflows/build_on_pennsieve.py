"""Having Pennsieve build the image of a repository, and waiting for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pennsieve_agent.domain.poll_delays import pauses
from pennsieve_agent.domain.workflows import BuildStatus, Checkout, Version
from pennsieve_agent.errors import AgentError, SourceError

if TYPE_CHECKING:
    from pennsieve_agent.platform.client import Platform

BUILD_SECONDS = 1800


def build_on_pennsieve(
    platform: Platform,
    checkout: Checkout,
    sleep: Callable[[float], None],
    note: Callable[[str], None],
    *,
    is_private: bool,
    auth_token: str = "",
) -> Version:
    """Register a tag of a repository, and wait until Pennsieve has built it.

    Raises:
        SourceError: the build failed.
        AgentError: it did not finish in time.
    """
    commit = f" ({checkout.commit[:12]})" if checkout.is_tag else ""
    note(f"registering {checkout.source_url} at {checkout.tag}{commit}")
    applications = platform.applications
    # A tag can be moved, so it is built each time.
    deployment = applications.register(
        checkout.source_url, checkout.tag, is_private=is_private, auth_token=auth_token
    )
    return _await_build(platform, checkout, deployment, sleep)


def _await_build(
    platform: Platform, checkout: Checkout, deployment: str, sleep: Callable[[float], None]
) -> Version:
    for pause in pauses(BUILD_SECONDS):
        version = platform.applications.build(checkout.source_url, deployment)
        if version and version.status is BuildStatus.DEPLOYED:
            return version
        if version and version.status is BuildStatus.ERROR:
            raise SourceError(
                f"Pennsieve could not build it: {version.problem or 'no reason given'}",
                where=f"{checkout.source_url} at {checkout.tag}",
                hint="try it on this machine: docker build .; or build it here with: --build here",
            )
        sleep(pause)
    raise AgentError(
        f"the build did not finish within {BUILD_SECONDS // 60} minutes",
        where=f"{checkout.source_url} at {checkout.tag}",
        hint="run the same command again to keep waiting",
    )
