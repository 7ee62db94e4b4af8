"""How upload-service reads and refuses (``contracts/core.md`` 0.3 c and c')."""

from __future__ import annotations

import uuid
from typing import Any

from pennsieve_agent.domain.datasets import Role
from pennsieve_agent.sandbox.data.roles import dataset_role
from pennsieve_agent.sandbox.host.store import Row, Store
from pennsieve_agent.sandbox.http.routing import Refusal, Request


def refusal(status: int, message: str) -> Refusal:
    """The service's own refusal: with capital letters."""
    return Refusal(status, {"Code": status, "Message": message})


def body_of(request: Request, message: str = "invalid request body") -> dict[str, Any]:
    """The body as an object, or 400."""
    try:
        return request.json_object()
    except ValueError as error:
        raise refusal(400, message) from error


def permit(store: Store, request: Request, dataset_id: str, least: Role) -> None:
    """Check that the caller has at least this role on a dataset; else 403, as the service says."""
    if not dataset_role(store, request.caller.user_int_id, dataset_id).at_least(least):
        message = "User is not authorized to perform this action on the dataset."
        raise Refusal(403, {"message": message})


def dataset_row(store: Store, dataset_id: str) -> Row:
    """A dataset's row, or 404."""
    row = store.row("SELECT * FROM datasets WHERE node_id = ?", (dataset_id,))
    if row is None:
        raise refusal(404, "Dataset not found")
    return row


def own_manifest(store: Store, dataset_id: str, body: dict[str, Any]) -> Row:
    """The manifest that a body names, which must be one of this dataset (4.2, 4.4)."""
    named = body.get("manifestNodeId")
    if not is_uuid(named):
        raise refusal(400, "manifestNodeId must be a UUID")
    row = store.row(
        "SELECT m.*, d.node_id AS dataset_id FROM upload_manifests m"
        " JOIN datasets d ON d.int_id = m.dataset_int_id WHERE m.id = ?",
        (str(named).lower(),),
    )
    if row is None:
        raise refusal(404, "Manifest not found")
    if row["dataset_id"] != dataset_id:
        raise refusal(403, "Manifest does not belong to this dataset")
    return row


def is_uuid(value: object) -> bool:
    """Whether a value is the text of a UUID."""
    if not isinstance(value, str) or len(value) != len(str(uuid.NAMESPACE_DNS)):
        return False
    try:
        return str(uuid.UUID(value)) == value.lower()
    except ValueError:
        return False
