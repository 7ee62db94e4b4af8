"""Legacy applications (v2, ``contracts/workflows.md`` 1.1 and 1.7): look and delete, no more."""

from __future__ import annotations

from pennsieve_agent.domain.legacy import LegacyApplication
from pennsieve_agent.errors import NotFound
from pennsieve_agent.platform.decode import Fields
from pennsieve_agent.platform.surface import Surface, segment
from pennsieve_agent.platform.times import iso

# Named here because inside the class below "list" is the method.
_Applications = list[LegacyApplication]


class LegacyApplications:
    """What is left of the applications of before the app store."""

    def __init__(self, v2: Surface) -> None:
        self._v2 = v2

    def list(self, organization_id: str, node_uuid: str = "") -> _Applications:
        """The legacy applications of a workspace, or of one compute node, for members.

        Route: GET v2 /applications/v1
        """
        query = {"organization_id": organization_id, "computeNodeUuid": node_uuid or None}
        return [_application(row) for row in self._v2.get_records("/applications/v1", query)]

    def get(self, organization_id: str, uuid: str) -> LegacyApplication:
        """One legacy application of a workspace.

        Route: GET v2 /applications/v1
        Route: GET v2 /applications/{uuid}

        Raises:
            NotFound: there is none in that workspace.

        """
        self._check(organization_id, uuid)
        return _application(self._v2.get_record(_one(uuid)))

    def delete(self, organization_id: str, uuid: str) -> None:
        """Begin to delete a legacy application of a workspace.

        Route: GET v2 /applications/v1
        Route: DELETE v2 /applications/{uuid}

        The platform lets anybody delete it (1.7), so ask first when ``owner_id`` is another.

        Raises:
            NotFound: there is none in that workspace.

        """
        self._check(organization_id, uuid)
        self._v2.delete(_one(uuid))

    def _check(self, organization_id: str, uuid: str) -> None:
        """The platform does not look whose row it is (section 8, trap 6); its list does."""
        if uuid not in {application.uuid for application in self.list(organization_id)}:
            raise NotFound(f"there is no legacy application {uuid} in the workspace")


def _one(uuid: str) -> str:
    return f"/applications/{segment(uuid)}"


def _application(item: Fields) -> LegacyApplication:
    return LegacyApplication(
        uuid=item.need_text("uuid"),
        name=item.text("name"),
        source_url=item.record("source").text("url"),
        description=item.text("description"),
        kind=item.text("applicationType"),
        status=item.text("status"),
        node_uuid=item.record("computeNode").text("uuid"),
        owner_id=item.text("userId"),
        created_at=iso(item.raw("createdAt")),
    )
