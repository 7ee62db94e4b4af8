"""Signed addresses of files (``contracts/core.md`` 3.5, 3.6), served on the v2 port."""

from __future__ import annotations

from collections.abc import Callable

from pennsieve_agent.sandbox.data.folders.dataset_folders import DatasetFiles
from pennsieve_agent.sandbox.host.world import World
from pennsieve_agent.sandbox.http.presigning import Presigning, no_such_key
from pennsieve_agent.sandbox.http.routing import Request, Response, Route, Scheme

FILE_SECONDS = 30 * 60
MANIFEST_SECONDS = 180 * 60
PRESIGN_SECONDS = 10 * 3600

Document = Callable[[str], Response]
"""Makes the document about a dataset that an address without a path gives."""


class SignedFiles:
    """Signs addresses of files, and serves them."""

    def __init__(self, world: World, files: DatasetFiles, document: Document) -> None:
        self._world = world
        self._files = files
        self._document = document
        self._presigning = Presigning(world, "files", "download_key")

    def routes(self) -> list[Route]:
        """The route that serves (ours: on the platform this is S3)."""
        return [Route("GET", "/files/<content>", Scheme.NONE, self.file)]

    def url(self, dataset_id: str, path: str, seconds: int = MANIFEST_SECONDS) -> str:
        """The address of a file for some seconds, or of the dataset's document if path is empty."""
        return self._presigning.url(dataset_id, path, seconds=seconds)

    def file(self, request: Request) -> Response:
        """A file, or the dataset's document.

        Raises:
            Refusal: as S3 refuses.

        """
        dataset_id, path = self._presigning.values(request)
        self._files.sync(dataset_id)
        if not self._files.exists(dataset_id):
            raise no_such_key()
        return self._file(dataset_id, path) if path else self._document(dataset_id)

    def _file(self, dataset_id: str, path: str) -> Response:
        row = self._world.store.row(
            "SELECT d.node_id FROM packages p JOIN datasets d ON d.int_id = p.dataset_int_id"
            " WHERE d.node_id = ? AND p.path = ? AND NOT p.is_folder",
            (dataset_id, path),
        )
        if row is None:
            raise no_such_key()
        return Response(200, self._files.folder(dataset_id) / path)
