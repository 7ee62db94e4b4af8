"""Download manifests and their checksums (v2; ``contracts/core.md`` 3.6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pennsieve_agent.domain.transfers import BlockedFile, SignedFile
from pennsieve_agent.platform.http.decode import Fields, parse
from pennsieve_agent.platform.http.surface import Surface

MOST_PACKAGES = 500
"""In one manifest; ours, as the contract names no limit but the gateway has 29 seconds."""


@dataclass(frozen=True, slots=True)
class DownloadManifest:
    """Signed addresses of files, good for about an hour or three, and what was held back."""

    files: tuple[SignedFile, ...]
    blocked: tuple[BlockedFile, ...]


class Downloads:
    """Where the files of a dataset can be fetched."""

    def __init__(self, v2: Surface) -> None:
        self._v2 = v2

    def manifest(self, dataset_id: str, package_ids: Sequence[str]) -> DownloadManifest:
        """Addresses of all files of packages and collections.

        ``POST {api2}/packages/download-manifest?dataset_id=``; a viewer may. Ids that are not in
        the dataset are passed over in silence.

        Raises:
            Forbidden: no role on the dataset.

        """
        answer = self._v2.call(
            "POST",
            "/packages/download-manifest",
            query={"dataset_id": dataset_id},
            body={"nodeIds": list(package_ids)},
            repeatable=True,
            reads=True,
        )
        page = Fields(parse(answer), answer.where)
        return DownloadManifest(
            tuple(_signed(item) for item in page.records("data")),
            tuple(_blocked(item) for item in page.records("blocked")),
        )

    def checksums_url(self, dataset_id: str) -> str:
        """Where the manifest of a whole dataset lies, with checksums, for a while.

        ``GET {api2}/datasets/manifest?dataset_id=``. It is read without our token.

        Raises:
            PlatformError: the platform cannot make that document.

        """
        page = self._v2.get_record("/datasets/manifest", {"dataset_id": dataset_id})
        return page.need_text("url")


def _signed(item: Fields) -> SignedFile:
    return SignedFile(
        package_id=item.need_text("nodeId"),
        name=item.text("fileName", "packageName"),
        size=max(item.integer("size") or 0, 0),
        url=item.need_text("url"),
    )


def _blocked(item: Fields) -> BlockedFile:
    return BlockedFile(
        item.text("nodeId"), item.text("fileName", "packageName"), item.text("scanStatus")
    )
