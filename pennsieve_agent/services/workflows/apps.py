"""Applications: finding them, their builds, who may see them, and which a node may run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pennsieve_agent.domain.name_matching import pick
from pennsieve_agent.domain.platform_offers import Build
from pennsieve_agent.domain.sharing import AppAccess, AppSharing, Visibility
from pennsieve_agent.domain.workflows import Application, Version, Workflow
from pennsieve_agent.errors import SourceError, UsageProblem
from pennsieve_agent.services import find_people
from pennsieve_agent.services.nodes.node_access import Grantees

if TYPE_CHECKING:
    from pennsieve_agent.platform.client import Platform

_LIST = "pennsieve workflow app list"


@dataclass(frozen=True, slots=True)
class StepBuild:
    """One build of the code of a workflow's step; ``build`` is None while it has not begun."""

    step_id: str
    version: Version
    build: Build | None


def application(platform: Platform, reference: str, *, archived: bool = False) -> Application:
    """An application by its repository, name, unique prefix or id.

    Raises:
        UsageProblem: none or several match.
    """
    return _pick(reference, platform.applications.list(archived=archived))


def source_urls(platform: Platform, references: Sequence[str]) -> list[str]:
    """The registered addresses of applications, spelled as a node compares them.

    Raises:
        UsageProblem: one of them is not registered.
    """
    known = platform.applications.list()
    return list(dict.fromkeys(_pick(reference, known).source_url for reference in references))


def _pick(reference: str, known: Iterable[Application]) -> Application:
    from pennsieve_agent.source.repository_urls import canonical  # noqa: PLC0415 - only these commands need it

    known = list(known)
    try:
        address = canonical(reference, Path.cwd())
    except SourceError:
        address = reference
    for app in known:
        if app.source_url in {address, reference} or app.uuid == reference:
            return app
    return pick(
        reference,
        known,
        kind="application",
        keys=lambda a: (a.uuid, short_name(a)),
        list_command=_LIST,
    )


def short_name(app: Application) -> str:
    """What an application is called: as its manifest says, else as its repository."""
    from pennsieve_agent.source.repository_urls import name_of  # noqa: PLC0415 - only these commands need it

    return app.name or name_of(app.source_url)


def builds(
    platform: Platform, organization_id: str, workflow: Workflow, limit: int
) -> list[StepBuild]:
    """The builds of the code of a workflow's steps, newest version first, ``limit`` a step."""
    step_builds = []
    for step in workflow.processors:
        versions = [
            version
            for app in platform.applications.list(step.source_url)
            for version in app.versions
        ]
        versions.sort(key=lambda version: version.created_at, reverse=True)
        for version in versions[:limit]:
            version_builds = platform.applications.builds(version.uuid, organization_id)
            step_builds += [
                StepBuild(step.id, version, build) for build in reversed(version_builds)
            ] or [StepBuild(step.id, version, None)]
    return step_builds


def share(
    platform: Platform, organization_id: str, app: Application, who: Grantees
) -> tuple[str, AppSharing]:
    """Share an application: with whom, in words, and who may see it now.

    Raises:
        UsageProblem: nobody or several are called so.
        Forbidden: only the application's owner may.
    """
    said, access = _access(platform, organization_id, who)
    now = platform.applications.sharing(app.uuid)
    if any((a.kind, a.id) == (access.kind, access.id) for a in now.access):
        return said, now
    return said, platform.applications.share(app.uuid, replace(now, access=(*now.access, access)))


def unshare(
    platform: Platform, organization_id: str, app: Application, who: Grantees
) -> tuple[str, AppSharing]:
    """Stop sharing an application: with whom, in words, and who may see it now.

    Raises:
        UsageProblem: nobody or several are called so.
        Forbidden: only the application's owner may.
    """
    said, access = _access(platform, organization_id, who)
    now = platform.applications.sharing(app.uuid)
    kept = tuple(a for a in now.access if a.is_owner or (a.kind, a.id) != (access.kind, access.id))
    return said, platform.applications.share(app.uuid, replace(now, access=kept))


def set_visibility(platform: Platform, app: Application, visibility: Visibility) -> AppSharing:
    """Let everybody see an application, or only those it is shared with; shares are kept.

    Raises:
        Forbidden: only the application's owner may.
    """
    now = platform.applications.sharing(app.uuid)
    return platform.applications.share(app.uuid, replace(now, visibility=visibility))


def _access(platform: Platform, organization_id: str, who: Grantees) -> tuple[str, AppAccess]:
    if who.user is not None:
        person = find_people.member(platform, organization_id, who.user)
        return person.name, AppAccess("user", person.id, organization_id=organization_id)
    if who.team is not None:
        team = find_people.team(platform, organization_id, who.team)
        return f"team '{team.name}'", AppAccess("team", team.id, organization_id=organization_id)
    if not who.workspace:
        raise UsageProblem("with whom?", hint="give one of --user, --team or --workspace")
    workspace = AppAccess("workspace", organization_id, organization_id=organization_id)
    return "everybody in the workspace", workspace
