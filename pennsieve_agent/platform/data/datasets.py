"""Datasets and the files in them (v1; ``contracts/core.md`` 3.1-3.5)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from pennsieve_agent.domain.datasets import DataFile, Dataset
from pennsieve_agent.platform.data.dataset_changes import DatasetChanges
from pennsieve_agent.platform.data.dataset_codec import PAGE, dataset_pages, decode_dataset
from pennsieve_agent.platform.data.tree import Package, SourceFile, Tree
from pennsieve_agent.platform.http.decode import Fields
from pennsieve_agent.platform.http.paging import by_cursor, by_offset
from pennsieve_agent.platform.http.surface import Surface, segment
from pennsieve_agent.platform.http.times import iso

FILES_PAGE = 1000
"""Most packages in one answer; more is refused."""

_DELETED = {"DELETING", "DELETED", "RESTORING"}


@dataclass(frozen=True, slots=True)
class HeldFiles:
    """The files that some packages and folders hold; ``missing`` are ids of those that are gone."""

    files: tuple[DataFile, ...]
    missing: tuple[str, ...]


class Datasets(DatasetChanges):
    """The datasets of the key's workspace in which its user has a role."""

    def __init__(self, v1: Surface, note: Callable[[str], None]) -> None:
        self._v1 = v1
        self._note = note

    def list(self) -> Iterator[Dataset]:
        """All datasets, by name, page by page as they are asked for.

        Route: GET v1 /datasets/paginated
        """
        return dataset_pages(self._v1, {})

    def get(self, dataset_id: str) -> Dataset:
        """One dataset by its node id.

        Route: GET v1 /datasets/{id}

        Raises:
            NotFound: it does not exist, or the user has no role on it; the platform does not tell.

        """
        # Children come along whether wanted or not; one is the least.
        path = f"/datasets/{segment(dataset_id)}"
        return decode_dataset(self._v1.get_record(path, {"limit": 1}))

    def files(self, dataset_id: str) -> Iterator[DataFile]:
        """All source files with their paths, in no order, while the listing is being read.

        Route: GET v1 /datasets/{id}/packages
        Route: GET v1 /packages/{id}/sources-paged

        Files in folders that are just being deleted are left out, with a note.
        """
        return self._files(dataset_id, Tree())

    def files_of(self, dataset_id: str, ids: Collection[str]) -> HeldFiles:
        """The files of these packages and folders, as they are now, by path.

        Route: GET v1 /datasets/{id}/packages
        Route: GET v1 /packages/{id}/sources-paged
        """
        tree = Tree()
        files = sorted(self._files(dataset_id, tree), key=lambda file: file.path)
        folders = tuple(tree.paths[id_] for id_ in ids if id_ in tree.paths)
        held = tuple(
            file for file in files if file.package_id in ids or file.path.startswith(folders)
        )
        known = {file.package_id for file in held} | tree.paths.keys()
        return HeldFiles(held, tuple(id_ for id_ in ids if id_ not in known))

    def _files(self, dataset_id: str, tree: Tree) -> Iterator[DataFile]:
        path = f"/datasets/{segment(dataset_id)}/packages"

        def fetch(cursor: str) -> tuple[list[Fields], str]:
            query = {
                "pageSize": FILES_PAGE,
                "includeSourceFiles": "true",
                "cursor": cursor or None,
            }
            page = self._v1.get_record(path, query)
            return page.records("packages"), page.text("cursor")

        for item in by_cursor(fetch):
            content = item.need_record("content")
            if content.text("state") not in _DELETED:
                yield from tree.add(self._package(item, content))
        if tree.lost:
            self._note(f"{tree.lost} packages are left out, because their folders no longer exist")

    def _package(self, item: Fields, content: Fields) -> Package:
        # Here "id" is the number and "nodeId" the node id, the opposite of the other listing.
        node_id = content.need_text("nodeId")
        is_folder = content.text("packageType") == "Collection"
        sources = item.record("objects").records("source")
        if item.flag("isTruncated"):
            sources = list(self._sources(node_id))
        return Package(
            number=content.need_integer("id"),
            node_id=node_id,
            name=content.text("name"),
            parent=content.integer("parentId"),
            is_folder=is_folder,
            files=() if is_folder else tuple(_file(source) for source in sources),
            created_at=iso(content.raw("createdAt")),
        )

    def _sources(self, package_id: str) -> Iterator[Fields]:
        """All files of a package with more than the listing holds (100)."""
        path = f"/packages/{segment(package_id)}/sources-paged"

        def fetch(offset: int) -> tuple[list[Fields], bool]:
            page = self._v1.get_record(path, {"limit": PAGE, "offset": offset})
            rows = page.records("results")
            total = page.integer("totalCount")
            return rows, total is not None and offset + len(rows) >= total

        return by_offset(fetch, lambda source: source.record("content").need_integer("id"))


def _file(source: Fields) -> SourceFile:
    content = source.record("content")
    return SourceFile(
        content.text("filename", "name"),
        content.integer("size"),
        content.record("checksum").text("checksum"),
    )
