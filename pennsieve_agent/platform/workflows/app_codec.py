"""Applications, their builds and their grants on the wire (``contracts/workflows.md`` 1)."""

from __future__ import annotations

from pennsieve_agent.domain.platform_offers import Build
from pennsieve_agent.domain.sharing import AppAccess, AppSharing, Visibility
from pennsieve_agent.domain.workflows import Application, BuildStatus, Version
from pennsieve_agent.platform.http.decode import Fields
from pennsieve_agent.platform.http.times import iso


def decode_application(item: Fields) -> Application:
    """An application with its versions, in the platform's order."""
    return Application(
        uuid=item.need_text("uuid"),
        # Legacy applications have it one level below (trap 22).
        source_url=item.text("sourceUrl") or item.record("source").text("url"),
        owner_id=item.text("ownerId"),
        visibility=item.text("visibility"),
        versions=tuple(_version(row) for row in item.records("versions")),
        name=item.text("name"),
        description=item.text("description"),
        status=item.text("status"),
        is_private=item.flag("isPrivate"),
        assets=item.text_map("assets"),
    )


def _version(item: Fields) -> Version:
    status = item.text("status")
    deployments = item.records("deployments")
    # A version says only "error"; what AWS gave as the reason is with the build (1.3).
    reasons = [row.text("stoppedReason") for row in deployments if row.text("stoppedReason")]
    text = status.partition(":")[2].strip() if status.startswith("error:") else ""
    return Version(
        uuid=item.need_text("uuid"),
        tag=item.text("version"),
        status=BuildStatus.of(status),
        created_at=iso(item.raw("createdAt")),
        problem=text or (reasons[-1] if reasons and status.startswith("error") else ""),
        deployment_ids=tuple(
            deployment for row in deployments if (deployment := row.text("deploymentId"))
        ),
    )


def decode_build(item: Fields) -> Build:
    """One build; "errored" means something only when it has stopped (1.3)."""
    status = item.text("lastStatus")
    return Build(
        id=item.need_text("deploymentId"),
        status=status,
        tag=item.text("tag"),
        started_at=iso(item.raw("startedAt", "initiatedAt")),
        stopped_at=iso(item.raw("stoppedAt")),
        reason=item.text("stoppedReason"),
        failed=status == "STOPPED" and item.flag("errored"),
    )


def decode_sharing(item: Fields) -> AppSharing:
    """Who may see an application."""
    rows = item.records("access") or item.records("permissions")
    return AppSharing(
        visibility=Visibility.of(item.text("visibility")),
        owner_id=item.text("ownerId"),
        access=tuple(_access(row) for row in rows),
    )


def _access(row: Fields) -> AppAccess:
    kind, _, id_ = row.text("entityId").partition("#")
    return AppAccess(
        kind=row.text("entityType") or kind,
        id=row.text("entityRawId") or id_,
        is_owner=row.text("accessType") == "owner",
        organization_id=row.text("organizationId"),
        granted_by=row.text("grantedBy"),
        granted_at=iso(row.raw("grantedAt")),
    )
