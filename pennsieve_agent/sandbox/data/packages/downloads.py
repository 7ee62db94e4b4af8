"""Download manifests and what else v2 knows about a dataset's packages (``core.md`` 3.6, 3.7)."""

from __future__ import annotations

from pennsieve_agent.domain.datasets import Role
from pennsieve_agent.sandbox.data.folders.dataset_folders import DatasetFiles
from pennsieve_agent.sandbox.data.folders.tree import Tree
from pennsieve_agent.sandbox.data.packages.manifests import BUCKET, Manifests
from pennsieve_agent.sandbox.data.roles import dataset_role
from pennsieve_agent.sandbox.data.v2_answers import UNAUTHORIZED, body_of, page_of, refusal
from pennsieve_agent.sandbox.host.store import Row
from pennsieve_agent.sandbox.host.world import World
from pennsieve_agent.sandbox.http.routing import Request, Response, Route, Scheme


class Downloads:
    """The routes of packages-service and datasets-service."""

    def __init__(self, world: World, files: DatasetFiles, manifests: Manifests) -> None:
        self._world = world
        self._files = files
        self._manifests = manifests
        self._tree = Tree(world, files)

    def routes(self) -> list[Route]:
        """The routes."""
        return [
            Route("POST", "/packages/download-manifest", Scheme.DATASET, self.manifest),
            Route("POST", "/packages/restore", Scheme.DATASET, self.restore),
            Route("GET", "/datasets/manifest", Scheme.DATASET, self.whole_dataset),
            Route("GET", "/datasets/trashcan", Scheme.DATASET, self.trashcan),
            *self._manifests.signed.routes(),
        ]

    def manifest(self, request: Request) -> Response:
        """The files of packages; an unknown id is quietly left out."""
        node_ids = _node_ids(request)
        dataset = self._dataset(request, Role.VIEWER)
        packages = [self._files.package(dataset["int_id"], node_id) for node_id in node_ids]
        manifest = self._manifests.download(
            (package, dataset) for package in packages if package is not None
        )
        return Response(200, {**manifest, "data": manifest["data"] or None})

    def whole_dataset(self, request: Request) -> Response:
        """The address of a document that lists every file, without their addresses."""
        dataset = self._dataset(request, Role.VIEWER)
        url = self._manifests.signed.url(dataset["node_id"], "")
        key = f"O{dataset['workspace_int_id']}/D{dataset['int_id']}/manifest.json"
        return Response(200, {"url": url, "s3_bucket": BUCKET, "s3_key": key})

    def trashcan(self, request: Request) -> Response:
        """What was deleted from a folder or, without ``root_node_id``, from the dataset's root.

        The page is that of ``contracts/upstream-2026-11.md`` 9; what is in ``packages`` is read
        from the public datasets-service (api/models/trashcan.go).
        """
        dataset = self._dataset(request, Role.VIEWER)
        limit, offset = page_of(request)
        rows = self._deleted(dataset, request.query.get("root_node_id", ""))
        items = [
            {
                "id": row["int_id"],
                "node_id": row["node_id"],
                "name": row["name"],
                "type": "Collection" if row["is_folder"] else "Package",
                "state": "DELETED",
            }
            for row in rows[offset : offset + limit]
        ]
        page = {"limit": limit, "offset": offset, "totalCount": len(rows), "messages": []}
        return Response(200, {**page, "packages": items})

    def restore(self, request: Request) -> Response:
        """Put deleted packages back where they were."""
        node_ids = _node_ids(request)
        dataset = self._dataset(request, Role.EDITOR)
        success, failures = [], []
        for package_id in dict.fromkeys(node_ids):
            try:
                self._tree.restore(dataset["node_id"], package_id)
                success.append(package_id)
            except KeyError:
                failures.append({"id": package_id, "error": f"{package_id} not found"})
            except OSError as error:
                failures.append(
                    {"id": package_id, "error": f"cannot be restored: {error.strerror}"}
                )
        return Response(200, {"success": success or None, "failures": failures or None})

    def _dataset(self, request: Request, least: Role) -> Row:
        dataset_id = request.query["dataset_id"]
        self._files.sync(dataset_id)
        store = self._world.store
        role = dataset_role(store, request.caller.user_int_id, dataset_id)
        row = store.row("SELECT * FROM datasets WHERE node_id = ?", (dataset_id,))
        if row is None or not role.at_least(least):
            raise refusal(401, UNAUTHORIZED)
        return row

    def _deleted(self, dataset: Row, folder_id: str) -> list[Row]:
        """The deleted packages of a folder, which may itself be deleted."""
        store, parent = self._world.store, None
        if folder_id and folder_id != dataset["node_id"]:
            folder = self._files.package(dataset["int_id"], folder_id) or store.row(
                "SELECT int_id FROM trash WHERE dataset_int_id = ? AND node_id = ?",
                (dataset["int_id"], folder_id),
            )
            if folder is None:
                raise refusal(400, f"folder with node id {folder_id} not found")
            parent = folder["int_id"]
        return store.rows(
            "SELECT * FROM trash WHERE dataset_int_id = ? AND parent_int_id IS ? ORDER BY name",
            (dataset["int_id"], parent),
        )


def _node_ids(request: Request) -> list[str]:
    node_ids = body_of(request).get("nodeIds") or []
    if not isinstance(node_ids, list) or not all(isinstance(node_id, str) for node_id in node_ids):
        raise refusal(400, "unable to unmarshal request body: nodeIds must be a list of strings")
    if not node_ids:
        raise refusal(400, "nodeIds must not be empty")
    return node_ids
