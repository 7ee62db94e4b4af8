"""Packages on the wire, in every answer but the flat listing (``contracts/core.md`` 3.4).

Here ``id`` is the node id and ``intId`` the number; in the flat listing, which
:mod:`pennsieve_agent.platform.data.datasets` reads, ``id`` is the number (section 8, trap 15).
"""

from __future__ import annotations

from pennsieve_agent.domain.packages import Package
from pennsieve_agent.platform.http.decode import Fields
from pennsieve_agent.platform.http.times import iso


def decode_package(item: Fields) -> Package:
    """A package or a folder.

    Raises:
        PlatformError: it has no id.

    """
    content = item.need_record("content")
    above = (folder.record("content").text("name") for folder in item.records("ancestors"))
    return Package(
        id=content.need_text("nodeId", "id"),
        number=content.integer("intId") or 0,
        name=content.text("name"),
        kind=content.text("packageType"),
        state=content.text("state"),
        dataset_id=content.text("datasetNodeId", "datasetId"),
        parent=content.integer("parentId"),
        size=_size(item),
        updated_at=iso(content.raw("updatedAt")),
        path=tuple(above),
    )


def _size(item: Fields) -> int | None:
    if (size := item.integer("storage")) is not None:
        return max(size, 0)
    sources = item.record("objects").records("source")
    sizes = [source.record("content").integer("size") for source in sources]
    return sum(max(size or 0, 0) for size in sizes) if sizes else None
