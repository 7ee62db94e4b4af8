"""Listing a dataset's packages: all of them with a cursor, or node by node."""

from __future__ import annotations

from typing import Any

from pennsieve_agent.domain.datasets import Role
from pennsieve_agent.sandbox.data.access import package, synced_dataset
from pennsieve_agent.sandbox.data.folders import file_types
from pennsieve_agent.sandbox.data.folders.dataset_folders import DatasetFiles
from pennsieve_agent.sandbox.data.packages import package_json
from pennsieve_agent.sandbox.data.packages.manifests import CHECKSUM
from pennsieve_agent.sandbox.data.v1_answers import MAX_PAGE, boolean, counted, number, refusal
from pennsieve_agent.sandbox.host.store import Row, Store
from pennsieve_agent.sandbox.host.world import World
from pennsieve_agent.sandbox.http.routing import Request, Response, Route, Scheme

MAX_CURSOR_PAGE = 1000
_STATES = frozenset(
    {
        *("UNAVAILABLE", "UPLOADED", "PROCESSING", "READY", "PROCESSING_FAILED"),
        *("UPLOAD_FAILED", "ERROR", "INFECTED", "DELETING", "DELETED", "RESTORING"),
    }
)
_INCLUDES = frozenset({"sources", "files", "view"})


def routes(world: World, files: DatasetFiles) -> list[Route]:
    """The routes."""

    def flat(request: Request) -> Response:
        return Response(200, _flat(world.store, synced_dataset(files, world, request), request))

    def batch(request: Request) -> Response:
        return Response(200, _batch(world.store, synced_dataset(files, world, request), request))

    def one(request: Request) -> Response:
        row, dataset = package(files, world, request.caller, request.params["id"])
        return Response(200, one_json(world.store, row, dataset, request))

    return [
        Route("GET", "/datasets/<id>/packages", Scheme.USER, flat),
        Route("GET", "/datasets/<id>/packages/batch", Scheme.USER, batch),
        Route("GET", "/packages/<id>", Scheme.USER, one),
    ]


def owner_of(store: Store, dataset_int_id: int) -> int:
    """The number of a dataset's owner."""
    row = store.row(
        "SELECT subject_int_id FROM collaborators"
        " WHERE dataset_int_id = ? AND kind = 'user' AND role = ?",
        (dataset_int_id, Role.OWNER.value),
    )
    return int(row["subject_int_id"]) if row else 0


def children(store: Store, dataset: Row, parent: int | None, request: Request) -> list[Any]:
    """A page of what is in a folder, or at the root, by name. There is no total."""
    limit = min(number(request, "limit", 100), MAX_PAGE)
    rows = store.rows(
        "SELECT * FROM packages WHERE dataset_int_id = ? AND parent_int_id IS ?"
        " ORDER BY name LIMIT ? OFFSET ?",
        (dataset["int_id"], parent, limit, number(request, "offset", 0)),
    )
    owner = owner_of(store, dataset["int_id"])
    return [package_json.node(row, dataset, owner) for row in rows]


def _flat(store: Store, dataset: Row, request: Request) -> dict[str, Any]:
    size = number(request, "pageSize", 100)
    if not 1 <= size <= MAX_CURSOR_PAGE:
        raise refusal(400, f"pageSize must be between 1 and {MAX_CURSOR_PAGE}")
    rows = _rows_from(store, dataset, request, size + 1)
    with_files = boolean(request, "includeSourceFiles")
    owner = owner_of(store, dataset["int_id"])
    page: dict[str, Any] = {
        "packages": [
            package_json.listed(row, dataset, owner, with_files=with_files) for row in rows[:size]
        ]
    }
    if len(rows) > size:
        page["cursor"] = f"package:{rows[size]['int_id']}"
    return page


def _rows_from(store: Store, dataset: Row, request: Request, limit: int) -> list[Row]:
    """The packages from the cursor on, which is the first of its page; all are READY here."""
    states, types = set(request.query_lists.get("state", [])), _types(request)
    if not states <= _STATES:
        raise refusal(400, f"invalid state: {', '.join(sorted(states - _STATES))}")
    values = {
        "dataset": dataset["int_id"],
        "first": _cursor(request),
        "name": request.query.get("filename"),
        "limit": -1 if types else limit,
    }
    if states and "READY" not in states:
        return []
    rows = store.rows(
        f"SELECT *, {CHECKSUM} FROM packages"  # noqa: S608 - our own words
        " WHERE dataset_int_id = :dataset AND int_id >= :first"
        " AND (:name IS NULL OR (name = :name AND NOT is_folder)) ORDER BY int_id LIMIT :limit",
        values,
    )
    return [row for row in rows if not types or _type(row) in types][:limit]


def _cursor(request: Request) -> int:
    cursor = request.query.get("cursor")
    if cursor is None:
        return 0
    if not cursor.startswith("package:"):
        raise refusal(400, f"invalid cursor: {cursor}")
    return counted(cursor.removeprefix("package:"), "cursor")


def _types(request: Request) -> set[str]:
    """The wanted types: the real server keeps only the first and the last of the list."""
    types = request.query.get("types")
    if types is None:
        return set()
    names = types.split(":")
    unknown = set(names) - file_types.PACKAGE_TYPES
    if unknown:
        raise refusal(400, f"invalid package type: {', '.join(sorted(unknown))}")
    return {names[0], names[-1]}


def _type(row: Row) -> str:
    return "Collection" if row["is_folder"] else file_types.package_type(row["name"])


def _batch(store: Store, dataset: Row, request: Request) -> dict[str, Any]:
    """Packages of a dataset by id, as the flat listing has them."""
    shown, failures = [], []
    owner = owner_of(store, dataset["int_id"])
    with_files = boolean(request, "includeSourceFiles")
    for package_id in request.query_lists.get("packageId", []):
        row = store.row(
            "SELECT * FROM packages WHERE dataset_int_id = ? AND node_id = ?",
            (dataset["int_id"], package_id),
        )
        if row is None:
            failures.append({"id": package_id, "error": f"{package_id} not found"})
        else:
            shown.append(package_json.listed(row, dataset, owner, with_files=with_files))
    return {"packages": shown, "failures": failures}


def one_json(store: Store, row: Row, dataset: Row, request: Request) -> dict[str, Any]:
    """A package on its own, with what the query asks for (``contracts/core.md`` 3.4 B)."""
    owner = owner_of(store, dataset["int_id"])
    above = [package_json.node(ancestor, dataset, owner) for ancestor in _ancestors(store, row)]
    content = package_json.node(row, dataset, owner)
    if row["is_folder"]:
        content["children"] = children(store, dataset, row["int_id"], request)
    if above:
        content["parent"] = above[-1]
    if boolean(request, "includeAncestors"):
        content["ancestors"] = above
    objects = _objects(row, request)
    return {**content, "objects": objects} if objects else content


def _ancestors(store: Store, row: Row) -> list[Row]:
    """The folders above a package, the dataset's root first."""
    ancestors: list[Row] = []
    current: Row | None = row
    while current is not None and current["parent_int_id"] is not None:
        current = store.row("SELECT * FROM packages WHERE int_id = ?", (current["parent_int_id"],))
        if current is not None:
            ancestors.insert(0, current)
    return ancestors


def _objects(row: Row, request: Request) -> dict[str, Any]:
    names = [name for name in request.query.get("include", "").split(",") if name]
    unknown = set(names) - _INCLUDES
    if unknown:
        raise refusal(400, f"invalid include: {', '.join(sorted(unknown))}")
    if row["is_folder"]:
        return {}
    keys = {"sources": "source", "files": "files", "view": "view"}
    return {keys[name]: [package_json.source(row)] if name == "sources" else [] for name in names}
