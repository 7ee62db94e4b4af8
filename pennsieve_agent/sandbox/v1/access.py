"""Which dataset a request is about, and whether the caller may do that."""

from __future__ import annotations

from pennsieve_agent.domain.datasets import Role
from pennsieve_agent.sandbox.files import DatasetFiles
from pennsieve_agent.sandbox.http import Request
from pennsieve_agent.sandbox.roles import dataset_role
from pennsieve_agent.sandbox.store import Row
from pennsieve_agent.sandbox.v1.answers import refusal
from pennsieve_agent.sandbox.world import World


def dataset(world: World, request: Request, least: Role = Role.VIEWER) -> Row:
    """The dataset named in the path, for a caller with at least this role.

    400 for anything that is no dataset's node id, 404 for an unknown dataset and for one where the
    caller has no role at all, 403 for too weak a role (``contracts/core.md`` 0.3).
    """
    dataset_id = request.params["id"]
    if not dataset_id.startswith("N:dataset:"):
        raise refusal(400, f"{dataset_id} is not a valid dataset id")
    row = world.store.row("SELECT * FROM datasets WHERE node_id = ?", (dataset_id,))
    if row is None:
        raise refusal(404, f"{dataset_id} not found")
    role = dataset_role(world.store, request.caller.user_int_id, dataset_id)
    if not role.at_least(Role.GUEST) or row["workspace_int_id"] != request.caller.org_int_id:
        raise refusal(404, f"Dataset ({row['int_id']}) not found")
    if not role.at_least(least):
        raise refusal(403, f"{request.caller.user_id} does not have permission for this dataset")
    return row


def synced_dataset(files: DatasetFiles, world: World, request: Request) -> Row:
    """The dataset named in the path, for a viewer, after its folder was scanned."""
    files.sync(request.params["id"])
    return dataset(world, request)
