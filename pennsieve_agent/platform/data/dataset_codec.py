"""Datasets on the wire (v1, ``contracts/core.md`` 3.1)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pennsieve_agent.domain.datasets import Dataset, Role
from pennsieve_agent.platform.http.decode import Fields
from pennsieve_agent.platform.http.paging import by_offset
from pennsieve_agent.platform.http.surface import Surface
from pennsieve_agent.platform.http.times import iso

PAGE = 500
"""Most datasets and children in one answer; more is clamped without a word."""


def dataset_pages(v1: Surface, filters: Mapping[str, str]) -> Iterator[Dataset]:
    """Datasets by name, page by page as they are asked for."""

    def fetch(offset: int) -> tuple[list[Dataset], bool]:
        order = {"orderBy": "Name", "orderDirection": "Asc"}
        query = {"limit": PAGE, "offset": offset, **order, **filters}
        page = v1.get_record("/datasets/paginated", query)
        datasets = [decode_dataset(item) for item in page.records("datasets")]
        # The echoed limit is what we asked for, not what was applied; only the total counts.
        total = page.integer("totalCount")
        return datasets, total is not None and offset + len(datasets) >= total

    return by_offset(fetch, lambda dataset: dataset.id)


def decode_dataset(item: Fields) -> Dataset:
    """A dataset."""
    content = item.need_record("content")
    return Dataset(
        id=content.need_text("id"),
        int_id=content.need_integer("intId"),
        name=content.text("name"),
        role=Role.of(item.text("role")),
        description=content.text("description"),
        size=item.integer("storage"),
        updated_at=iso(content.text("updatedAt")),
        locked=item.flag("locked"),
    )
