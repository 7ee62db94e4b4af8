"""Applications: repositories in the platform's app store (v2, ``contracts/workflows.md`` 1)."""

from __future__ import annotations

from pennsieve_agent.domain.workflows import Application, BuildStatus, Version
from pennsieve_agent.platform.decode import Fields
from pennsieve_agent.platform.surface import Surface
from pennsieve_agent.platform.times import iso

# Named here because inside the class below "list" is the method.
_Applications = list[Application]

_STORE = "/applications/store"


class Applications:
    """The applications the user may see."""

    def __init__(self, v2: Surface) -> None:
        self._v2 = v2

    def list(self, source_url: str | None = None) -> _Applications:
        """All applications, or those of one repository.

        Route: GET v2 /applications/store

        An address is compared letter by letter, as the platform does: ``repo`` and ``repo.git`` are
        two applications (``contracts/workflows.md`` section 8, trap 4).
        """
        found = self._v2.get_records(_STORE, {"sourceUrl": source_url})
        applications = (_application(item) for item in found)
        return [a for a in applications if source_url is None or a.source_url == source_url]

    def register(self, source_url: str, tag: str) -> str:
        """Register a tag of a repository and begin to build it; the deployment's id.

        Route: POST v2 /applications/store

        Sent once: every call adds another version, also of the same tag.
        """
        body = {
            "source": {"type": "github", "url": source_url, "tag": tag},
            # The number of a GitHub release, which nothing here has; the platform only stores it.
            "release": {"id": 0},
        }
        return self._v2.post_record(_STORE, body).need_text("deploymentId")

    def version(self, source_url: str, tag: str) -> Version | None:
        """The newest version of a repository with that tag; None when there is none.

        Route: GET v2 /applications/store

        Versions are not immutable: registering a tag again makes another row (trap 26).
        """
        versions = [
            version
            for application in self.list(source_url)
            for version in application.versions
            if version.tag == tag
        ]
        # Of equal times the later in the list, as fractions of a second are unreliable (trap 17).
        return max(reversed(versions), key=lambda version: version.created_at, default=None)

    def build(self, source_url: str, deployment_id: str) -> Version | None:
        """The version that a registration made: the only way to its outcome (trap 25).

        Route: GET v2 /applications/store
        """
        for application in self.list(source_url):
            for version in application.versions:
                if deployment_id in version.deployment_ids:
                    return version
        return None


def _application(item: Fields) -> Application:
    return Application(
        uuid=item.need_text("uuid"),
        source_url=item.text("sourceUrl"),
        owner_id=item.text("ownerId"),
        visibility=item.text("visibility"),
        versions=tuple(_version(row) for row in item.records("versions")),
    )


def _version(item: Fields) -> Version:
    status = item.text("status")
    deployments = item.records("deployments")
    # A version says only "error"; what AWS gave as the reason is with the build (1.3).
    reasons = [row.text("stoppedReason") for row in deployments if row.text("stoppedReason")]
    told = status.partition(":")[2].strip() if status.startswith("error:") else ""
    return Version(
        uuid=item.need_text("uuid"),
        tag=item.text("version"),
        status=BuildStatus.of(status),
        created_at=iso(item.raw("createdAt")),
        problem=told or (reasons[-1] if reasons and status.startswith("error") else ""),
        deployment_ids=tuple(
            deployment for row in deployments if (deployment := row.text("deploymentId"))
        ),
    )
