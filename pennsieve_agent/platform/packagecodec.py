"""Packages and files on the wire, in the two shapes that two listings have (``core.md`` 3.4).

In a flat listing ``id`` is the number and ``nodeId`` the node id; everywhere else ``id`` is the
node id and ``intId`` the number (``contracts/core.md`` section 8, trap 15).
"""

from __future__ import annotations

from pennsieve_agent.domain.packages import Package, SourceFile
from pennsieve_agent.platform.decode import Fields
from pennsieve_agent.platform.times import iso


def decode_listed(item: Fields) -> Package:
    """A package of a flat listing."""
    content = item.need_record("content")
    return _package(item, content, content.need_integer("id"), content.text("datasetNodeId"))


def decode_package(item: Fields) -> Package:
    """A package of every other answer."""
    content = item.need_record("content")
    dataset_id = content.text("datasetNodeId", "datasetId")
    return _package(item, content, content.integer("intId") or 0, dataset_id)


def _package(item: Fields, content: Fields, number: int, dataset_id: str) -> Package:
    above = (folder.record("content").text("name") for folder in item.records("ancestors"))
    return Package(
        id=content.need_text("nodeId", "id"),
        number=number,
        name=content.text("name"),
        kind=content.text("packageType"),
        state=content.text("state"),
        dataset_id=dataset_id,
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


def decode_source(item: Fields) -> SourceFile:
    """A file of a package."""
    content = item.need_record("content")
    checksum = content.record("checksum")
    return SourceFile(
        number=content.need_integer("id"),
        package_id=content.text("packageId"),
        name=content.text("filename", "name"),
        size=max(content.integer("size") or 0, 0),
        checksum=checksum.text("checksum"),
        chunk_size=max(checksum.integer("chunkSize") or 0, 0),
        scan_status=content.text("scanStatus"),
    )
