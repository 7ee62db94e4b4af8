"""The files of a package and how to fetch them (``contracts/core.md`` 3.5 and 3.6)."""

from __future__ import annotations

from pennsieve_agent.domain.datasets import Role
from pennsieve_agent.sandbox.data.access import package
from pennsieve_agent.sandbox.data.folders.dataset_folders import DatasetFiles
from pennsieve_agent.sandbox.data.packages.manifests import FILE_ID_OFFSET, Manifests
from pennsieve_agent.sandbox.data.packages.package_json import source
from pennsieve_agent.sandbox.data.packages.virus_scanner import INFECTED, scan_status
from pennsieve_agent.sandbox.data.v1_answers import (
    DEPRECATED,
    MAX_INTEGER,
    MAX_PAGE,
    boolean,
    counted,
    json_object,
    number,
    refusal,
)
from pennsieve_agent.sandbox.host.store import Row
from pennsieve_agent.sandbox.host.world import World
from pennsieve_agent.sandbox.http.routing import Request, Response, Route, Scheme
from pennsieve_agent.sandbox.http.signed_addresses import FILE_SECONDS, PRESIGN_SECONDS

MAX_NODES = 10_000
_ORDERS = frozenset({"name", "size", "createdAt", "Name", "Size", "CreatedAt"})


class PackageFiles:
    """The routes. Every package has one file here; a collection has none."""

    def __init__(self, world: World, files: DatasetFiles, manifests: Manifests) -> None:
        self._world = world
        self._files = files
        self._manifests = manifests

    def routes(self) -> list[Route]:
        """The routes."""
        one = "/packages/<id>/files/<file>"
        return [
            Route("POST", "/packages/download-manifest", Scheme.USER, self.manifest),
            Route("GET", "/packages/<id>/sources-paged", Scheme.USER, self.paged),
            Route("GET", "/packages/<id>/sources", Scheme.USER, self.deprecated_sources),
            Route("GET", "/packages/<id>/files", Scheme.USER, self.sources),
            Route("GET", "/packages/<id>/view", Scheme.USER, self.sources),
            Route("GET", one, Scheme.USER, self.address),
            Route("GET", f"{one}/presign/<path:rest>", Scheme.USER, self.presigned),
        ]

    def paged(self, request: Request) -> Response:
        """The source files of a package, a page of them."""
        limit, offset = min(number(request, "limit", 100), MAX_PAGE), number(request, "offset", 0)
        if request.query.get("order-by", "name") not in _ORDERS:
            raise refusal(400, f"invalid order-by: {request.query['order-by']}")
        rows = self._sources(request)
        results = [source(row) for row in rows[offset : offset + limit]]
        total = {"limit": limit, "offset": offset, "totalCount": len(rows)}
        return Response(200, {**total, "results": results})

    def sources(self, request: Request) -> Response:
        """The files, or those to look at: as there are none, the sources."""
        return Response(200, self._page(request))

    def deprecated_sources(self, request: Request) -> Response:
        """The sources, as it was done before they came in pages."""
        return Response(200, self._page(request), DEPRECATED)

    def address(self, request: Request) -> Response:
        """The address of one file, for half an hour."""
        boolean(request, "short")  # the external shortener is not imitated: the address is the same
        url, status = self._address(request, FILE_SECONDS)
        return Response(200, {"url": url, "scanStatus": status})

    def presigned(self, request: Request) -> Response:
        """A redirect to a file, for viewers. The path is that of an asset of several objects."""
        url, _ = self._address(request, PRESIGN_SECONDS)
        return Response(302, None, {"Location": url})

    def manifest(self, request: Request) -> Response:
        """The download manifest; anything unknown is a 400, a dataset's id too."""
        body = json_object(request)
        node_ids, file_ids = body.get("nodeIds"), body.get("fileIds") or []
        if not isinstance(node_ids, list) or not all(
            isinstance(node_id, str) for node_id in node_ids
        ):
            raise refusal(400, "nodeIds must be a list of strings")
        if len(node_ids) > MAX_NODES:
            raise refusal(400, f"nodeIds must be at most {MAX_NODES}")
        if not isinstance(file_ids, list) or not all(
            type(file_id) is int and 0 <= file_id <= MAX_INTEGER for file_id in file_ids
        ):
            raise refusal(400, "fileIds must be a list of integers")
        packages = [self._requested(request, node_id) for node_id in dict.fromkeys(node_ids)]
        manifest = self._manifests.download(packages, frozenset(file_ids))
        return Response(200, manifest)

    def _requested(self, request: Request, package_id: str) -> tuple[Row, Row]:
        if not package_id.startswith(("N:package:", "N:collection:")) or not self._known(
            package_id
        ):
            raise refusal(400, f"{package_id} not found")
        return package(self._files, self._world, request.caller, package_id, Role.VIEWER)

    def _known(self, package_id: str) -> bool:
        row = self._world.store.row("SELECT 1 FROM packages WHERE node_id = ?", (package_id,))
        return row is not None

    def _sources(self, request: Request) -> list[Row]:
        row, _ = self._package(request)
        return [] if row["is_folder"] else [row]

    def _page(self, request: Request) -> list[object]:
        limit, offset = min(number(request, "limit", 100), MAX_PAGE), number(request, "offset", 0)
        return [source(row) for row in self._sources(request)[offset : offset + limit]]

    def _package(self, request: Request) -> tuple[Row, Row]:
        package_id = request.params["id"]
        return package(self._files, self._world, request.caller, package_id, Role.VIEWER)

    def _address(self, request: Request, seconds: int) -> tuple[str, str]:
        row, dataset = self._package(request)
        file_id = counted(request.params["file"], "file id")
        if row["is_folder"] or file_id != row["int_id"] + FILE_ID_OFFSET:
            raise refusal(404, f"File ({file_id}) not found")
        path = self._files.folder(dataset["node_id"]) / row["path"]
        status = scan_status(path, row["size"])
        if status == INFECTED:
            raise refusal(403, f"File ({file_id}) is blocked: scan status {status}")
        return self._manifests.signed.url(dataset["node_id"], row["path"], seconds), status
