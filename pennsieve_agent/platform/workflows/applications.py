"""Applications: repositories in the platform's app store (v2, ``contracts/workflows.md`` 1)."""

from __future__ import annotations

from pennsieve_agent.domain.platform_offers import Build
from pennsieve_agent.domain.sharing import AppAccess, AppSharing
from pennsieve_agent.domain.workflows import Application, Version
from pennsieve_agent.errors import Invalid
from pennsieve_agent.platform.compute.account_access import is_missing_route
from pennsieve_agent.platform.http.surface import Surface, segment
from pennsieve_agent.platform.workflows.app_codec import (
    decode_application,
    decode_build,
    decode_sharing,
)

# Named here because inside the class below "list" is the method.
_Applications = list[Application]
_Builds = list[Build]

_STORE = "/applications/store"


class Applications:
    """The applications the user may see."""

    def __init__(self, v2: Surface) -> None:
        self._v2 = v2

    def list(self, source_url: str | None = None, *, archived: bool = False) -> _Applications:
        """All applications, or those of one repository; archived ones when asked for.

        Route: GET v2 /applications/store

        An address is compared letter by letter, as the platform does: ``repo`` and ``repo.git`` are
        two applications (``contracts/workflows.md`` section 8, trap 4).
        """
        records = self._v2.get_records(
            _STORE, {"sourceUrl": source_url, "includeArchived": "true" if archived else None}
        )
        applications = (decode_application(item) for item in records)
        return [a for a in applications if source_url is None or a.source_url == source_url]

    def image(self, source_url: str, tag: str) -> str:
        """The container image of a version, for those who may see the application.

        Route: GET v2 /applications/store/registry

        Raises:
            NotFound: there is no such application or version, or it is not deployed.
            Forbidden: the user may not use it.

        """
        query = {"sourceUrl": source_url, "version": tag}
        return self._v2.get_record(f"{_STORE}/registry", query).need_text("imageUrl")

    def register(
        self,
        source_url: str,
        tag: str,
        release_id: int | None = None,
        *,
        is_private: bool = True,
        auth_token: str = "",
    ) -> str:
        """Register a tag of a repository and begin to build it; the deployment's id.

        Route: POST v2 /applications/store

        Any member with at least the right to view may do so, also with a repository that somebody
        else registered (``contracts/workflows.md`` section 8, trap 3). Sent once: every call adds
        another version, also of the same tag. ``release_id`` is the number of a GitHub release,
        which the platform only stores; it is sent when it is known. An application that is not
        private is shown to every user of Pennsieve (``contracts/upstream-2026-11.md`` 3); one that
        is there already stays as it is (1.2). ``auth_token`` lets Pennsieve fetch a
        private repository.

        Raises:
            Forbidden: the user is a guest.

        """
        source = {"type": "github", "url": source_url, "tag": tag, "isPrivate": is_private}
        if auth_token:
            source["authToken"] = auth_token
        body: dict[str, object] = {"source": source}
        if release_id is not None:
            body["release"] = {"id": release_id}
        return self._v2.post_record(_STORE, body).need_text("deploymentId")

    def builds(self, version_uuid: str, organization_id: str) -> _Builds:
        """The builds of a version, oldest first, for members of the workspace.

        Route: GET v2 /applications/{uuid}/deployments

        The route speaks of applications, and wants the uuid of a version (1.1).
        """
        path = f"/applications/{segment(version_uuid)}/deployments"
        answer = self._v2.get_record(path, {"organization_id": organization_id})
        return [decode_build(row) for row in answer.records("deployments")]

    def archive(self, uuid: str) -> None:
        """Put an application away; only its owner may.

        Route: PATCH v2 /applications/store/{uuid}

        Raises:
            Invalid: this platform cannot do it: its public source does not know the route (1.1).

        """
        self._set_status(uuid, "archived")

    def restore(self, uuid: str) -> None:
        """Take an archived application back; only its owner may.

        Route: PATCH v2 /applications/store/{uuid}

        Raises:
            Invalid: this platform cannot do it.

        """
        self._set_status(uuid, "active")

    def _set_status(self, uuid: str, status: str) -> None:
        try:
            self._v2.call("PATCH", _one(uuid), body={"status": status}, repeatable=True)
        except Invalid as error:
            if not is_missing_route(error):
                raise
            raise Invalid(
                "this platform cannot archive or restore applications",
                where=error.where,
                status=error.status,
            ) from None

    def sharing(self, uuid: str) -> AppSharing:
        """Who may see an application, for those who may.

        Route: GET v2 /applications/store/{uuid}/permissions

        Raises:
            NotFound: there is none.
            Forbidden: it is not visible to the user.

        """
        return decode_sharing(self._v2.get_record(f"{_one(uuid)}/permissions"))

    def share(self, uuid: str, sharing: AppSharing) -> AppSharing:
        """Replace who may see an application; only its owner may.

        Route: PUT v2 /applications/store/{uuid}/permissions

        Every grant that is not in ``wanted`` goes (1.5), so begin with :meth:`sharing`. The owner
        always stays. It takes effect for others within five minutes.

        Raises:
            Forbidden: the user is not the owner.

        """
        body: dict[str, object] = {"visibility": sharing.visibility.value}
        for kind, name in (("user", "users"), ("team", "teams"), ("workspace", "workspaces")):
            entries = (a for a in sharing.access if a.kind == kind and not a.is_owner)
            body[name] = [_entry(access) for access in entries]
        return decode_sharing(self._v2.put_record(f"{_one(uuid)}/permissions", body))

    def build(self, source_url: str, deployment_id: str) -> Version | None:
        """The version that a registration made: the only way to its outcome (trap 25).

        Route: GET v2 /applications/store
        """
        for application in self.list(source_url):
            for version in application.versions:
                if deployment_id in version.deployment_ids:
                    return version
        return None


def _one(uuid: str) -> str:
    return f"{_STORE}/{segment(uuid)}"


def _entry(access: AppAccess) -> dict[str, str]:
    organization = {"organizationId": access.organization_id} if access.organization_id else {}
    return {"entityId": access.id, **organization}
