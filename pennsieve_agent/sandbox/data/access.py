"""Finds the dataset or package of a request, and checks the caller's role on it."""

from __future__ import annotations

from pennsieve_agent.domain.datasets import Role
from pennsieve_agent.sandbox.data.folders.dataset_folders import DatasetFiles
from pennsieve_agent.sandbox.data.roles import dataset_role
from pennsieve_agent.sandbox.data.v1_answers import refusal
from pennsieve_agent.sandbox.host.store import Row, Store
from pennsieve_agent.sandbox.host.world import World
from pennsieve_agent.sandbox.http.routing import Caller, Request

_DATASET_OF = (
    "SELECT d.* FROM packages p JOIN datasets d ON d.int_id = p.dataset_int_id WHERE p.node_id = ?"
)


def dataset(world: World, request: Request, least: Role = Role.VIEWER) -> Row:
    """The dataset named in the path, for a caller with at least this role.

    400 for text that is not a dataset's node id, 404 for an unknown dataset and for one where the
    caller has no role at all, 403 for too weak a role (``contracts/core.md`` 0.3).
    """
    return named_dataset(world, request.caller, request.params["id"], least)


def named_dataset(world: World, caller: Caller, dataset_id: str, least: Role = Role.EDITOR) -> Row:
    """A dataset by its node id, for an editor unless said otherwise; refused as in a path."""
    if not dataset_id.startswith("N:dataset:"):
        raise refusal(400, f"{dataset_id} is not a valid dataset id")
    row = world.store.row("SELECT * FROM datasets WHERE node_id = ?", (dataset_id,))
    if row is None:
        raise refusal(404, f"{dataset_id} not found")
    role = dataset_role(world.store, caller.user_int_id, dataset_id)
    if not role.at_least(Role.GUEST) or row["workspace_int_id"] != caller.org_int_id:
        raise refusal(404, f"Dataset ({row['int_id']}) not found")
    if not role.at_least(least):
        raise refusal(403, f"{caller.user_id} does not have permission for this dataset")
    return row


def unlocked(world: World, row: Row) -> Row:
    """The dataset, unless it is locked: 423 (``contracts/core.md`` 0.3)."""
    if settings(world.store, row["int_id"])["is_locked"]:
        raise refusal(423, f"Dataset ({row['int_id']}) is locked")
    return row


def settings(store: Store, dataset_int_id: int) -> Row:
    """A dataset's status, lock and processing, as ``dataset_settings`` holds them."""
    row = store.row("SELECT * FROM dataset_settings WHERE dataset_int_id = ?", (dataset_int_id,))
    return row or {"status_id": 1, "is_locked": 0, "processes": 0}


def package(
    files: DatasetFiles, world: World, caller: Caller, package_id: str, least: Role = Role.GUEST
) -> tuple[Row, Row]:
    """A package or collection and its dataset, for a caller with at least this role there.

    400 for text that is not a package's node id, 404 for what is unknown or where the caller has
    no role at all, 403 for too weak a role.
    """
    if not package_id.startswith(("N:package:", "N:collection:")):
        raise refusal(400, f"{package_id} is not a valid package id")
    where = world.store.row(_DATASET_OF, (package_id,))
    if where is not None:
        files.sync(where["node_id"])
    row = world.store.row("SELECT * FROM packages WHERE node_id = ?", (package_id,))
    if where is None or row is None:
        raise refusal(404, f"{package_id} not found")
    role = dataset_role(world.store, caller.user_int_id, where["node_id"])
    if not role.at_least(Role.GUEST) or where["workspace_int_id"] != caller.org_int_id:
        raise refusal(404, f"{package_id} not found")
    if not role.at_least(least):
        raise refusal(403, f"{caller.user_id} does not have permission for this dataset")
    return row, where


def workspace(world: World, request: Request, least: int) -> Row:
    """The workspace named in the path, for a member of it with at least this permission bit.

    404 for an unknown workspace; 403 for one that is not the session's, and for too little
    permission (``contracts/core.md`` 6.1).
    """
    row = world.store.row("SELECT * FROM workspaces WHERE node_id = ?", (request.params["id"],))
    if row is None:
        raise refusal(404, f"{request.params['id']} not found")
    if row["int_id"] != request.caller.org_int_id or request.caller.org_role < least:
        raise refusal(
            403, f"{request.caller.user_id} does not have permission for {row['node_id']}"
        )
    return row


def synced_dataset(files: DatasetFiles, world: World, request: Request) -> Row:
    """The dataset named in the path, for a viewer, after its folder was scanned."""
    files.sync(request.params["id"])
    return dataset(world, request)
