"""The trash of a dataset (v2, ``contracts/core.md`` 3.6, ``contracts/upstream-2026-11.md`` 9).

What is in it is taken back by :meth:`pennsieve_agent.platform.packages.Packages.restore`. An answer
without a node id for everything in it is an error.
"""

from __future__ import annotations

from collections.abc import Iterator

from pennsieve_agent.domain.trash import Discarded
from pennsieve_agent.platform.decode import Fields
from pennsieve_agent.platform.paging import by_offset
from pennsieve_agent.platform.surface import Surface

PAGE = 100
"""The most in one answer."""


class Trash:
    """What was deleted, folder by folder."""

    def __init__(self, v2: Surface) -> None:
        self._v2 = v2

    def list(self, dataset_id: str, folder_id: str = "") -> Iterator[Discarded]:
        """What was deleted from a folder, or from the dataset's root, while pages are read.

        Route: GET v2 /datasets/trashcan

        Raises:
            NotFound: there is no such dataset.
            PlatformError: there is no such folder in it.

        """

        def fetch(offset: int) -> tuple[list[Discarded], bool]:
            query = {
                "dataset_id": dataset_id,
                "root_node_id": folder_id or None,
                "limit": PAGE,
                "offset": offset,
            }
            page = self._v2.get_record("/datasets/trashcan", query)
            rows = [_discarded(row) for row in page.records("packages")]
            total = page.integer("totalCount")
            return rows, total is not None and offset + len(rows) >= total

        return by_offset(fetch, lambda item: item.id)


def _discarded(row: Fields) -> Discarded:
    return Discarded(
        id=row.need_text("node_id", "nodeId"),
        name=row.text("name"),
        is_folder=row.text("type", "packageType").casefold() == "collection",
        state=row.text("state"),
    )
