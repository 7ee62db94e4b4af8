"""Upload manifests: create, sync, keys, finalize, status (v2; ``contracts/core.md`` 4).

Every call may be sent twice: an upload id is chosen here and names the same file each time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pennsieve_agent.domain.transfers import (
    BATCH_FILES,
    QueuedFile,
    StorageKeys,
    UploadedFile,
    UploadEntry,
    finalize_body,
    sync_body,
)
from pennsieve_agent.errors import PlatformError
from pennsieve_agent.platform.data.storage_keys import decode_keys
from pennsieve_agent.platform.http.decode import Fields, parse
from pennsieve_agent.platform.http.paging import by_cursor
from pennsieve_agent.platform.http.surface import Surface

_FINAL_WORDS = ("Finalized", "Verified")
_LOST_WORDS = ("Failed", "FailedOrphan", "Removed")
_FILES_PAGE = 250


class Uploads:
    """The manifests by which files get into a dataset. An editor of the dataset may."""

    def __init__(self, v2: Surface) -> None:
        self._v2 = v2

    def create(self, dataset_id: str) -> str:
        """Make an empty manifest; its id. A lost answer leaves an empty one behind, no more.

        ``POST {api2}/upload/manifest?dataset_id=``

        Raises:
            Forbidden: the caller is not an editor of the dataset.

        """
        manifest = self._post("", dataset_id, sync_body(dataset_id, "", ()))
        return manifest.need_text("manifest_node_id")

    def sync(
        self, dataset_id: str, manifest_id: str, files: Sequence[UploadEntry]
    ) -> Mapping[str, int]:
        """Register files, at most 250; the state of each by upload id.

        ``POST {api2}/upload/manifest?dataset_id=`` with status 0: with 1 nothing would be
        registered (trap 31). A file that the platform did not take is missing from the answer.

        Raises:
            ValueError: more than 250.

        """
        _check_batch(files)
        body = sync_body(dataset_id, manifest_id, files)
        answer = self._post("", dataset_id, body)
        if answer.text("manifest_node_id").lower() != manifest_id.lower():
            raise PlatformError(
                "Pennsieve took the files into another manifest", where=answer.where
            )
        return {
            item.text("upload_id").lower(): item.need_integer("status")
            for item in answer.records("updated_files")
        }

    def keys(self, dataset_id: str, manifest_id: str) -> StorageKeys:
        """Keys to storage, for an hour.

        ``POST {api2}/upload/manifest/storage-credentials?dataset_id=``

        Raises:
            PlatformError: the answer names no place below which to write; nothing must ever be
                uploaded with an empty prefix (``contracts/core.md`` 4.7).

        """
        answer = self._post("/storage-credentials", dataset_id, {"manifestNodeId": manifest_id})
        return decode_keys(answer)

    def finalize(
        self, dataset_id: str, manifest_id: str, files: Sequence[UploadedFile], *, replace: bool
    ) -> Mapping[str, str]:
        """Say that files lie in storage, at most 250; why each failed by upload id, "" if not.

        ``POST {api2}/upload/manifest/files/finalize?dataset_id=``. "finalized" means queued for
        import (trap 29). Empty files would make the whole call fail (trap 27).

        Raises:
            ValueError: more than 250, or an empty file.

        """
        _check_batch(files)
        if any(file.size <= 0 for file in files):
            raise ValueError("an empty file cannot be finalized")
        body = finalize_body(manifest_id, files, replace=replace)
        answer = self._post("/files/finalize", dataset_id, body)
        results = {
            item.text("uploadId").lower(): ""
            if item.text("status") == "finalized"
            else item.text("error") or "unknown"
            for item in answer.records("results")
        }
        return {file.upload_id: results.get(file.upload_id, "unknown") for file in files}

    def imported(self, manifest_id: str) -> Iterator[str]:
        """The upload ids that became packages, while the pages are read.

        ``GET {api2}/upload/manifest/status?manifest_id=&status=&verify=false``: verifying would
        hide rows from everybody else (trap 30).
        """
        for word in _FINAL_WORDS:
            yield from self._with_status(manifest_id, word)

    def unfinished(self, dataset_id: str, since: float, until: float) -> Iterator[QueuedFile]:
        """Files of uploads begun in a time, in unix seconds, that were not imported.

        ``GET {api2}/upload/manifest?dataset_id=`` and, for each that fits,
        ``GET {api2}/upload/manifest/files?manifest_id=&status=InProgress``. A file that failed to
        be imported stays among them: the contract has no word for it (``contracts/core.md`` 4.5).
        """
        listed = self._v2.get_record("/upload/manifest", {"dataset_id": dataset_id})
        for manifest in listed.records("manifests"):
            if since <= (manifest.integer("date_created") or 0) <= until:
                yield from self._unfinished(manifest.need_text("id"))

    def _unfinished(self, manifest_id: str) -> Iterator[QueuedFile]:
        def fetch(cursor: str) -> tuple[list[Fields], str]:
            query = {
                "manifest_id": manifest_id,
                "status": "InProgress",
                "limit": _FILES_PAGE,
                "continuation_token": cursor or None,
            }
            page = self._v2.get_record("/upload/manifest/files", query)
            return page.records("files"), page.text("continuation_token")

        for row in by_cursor(fetch):
            if row.text("status") not in (*_FINAL_WORDS, *_LOST_WORDS):
                folder, name = row.text("file_path").strip("/"), row.text("file_name")
                path = f"{folder}/{name}" if folder else name
                yield QueuedFile(f"N:package:{row.need_text('upload_id').lower()}", path)

    def _with_status(self, manifest_id: str, word: str) -> Iterator[str]:
        def fetch(cursor: str) -> tuple[tuple[str, ...], str]:
            query = {
                "manifest_id": manifest_id,
                "status": word,
                "verify": "false",
                "continuation_token": cursor or None,
            }
            page = self._v2.get_record("/upload/manifest/status", query)
            return page.texts("files"), page.text("continuation_token")

        return by_cursor(fetch)

    def _post(self, below: str, dataset_id: str, body: object) -> Fields:
        answer = self._v2.call(
            "POST",
            f"/upload/manifest{below}",
            query={"dataset_id": dataset_id},
            body=body,
            repeatable=True,
        )
        return Fields(parse(answer), answer.where)


def _check_batch(files: Sequence[object]) -> None:
    if len(files) > BATCH_FILES:
        raise ValueError(f"at most {BATCH_FILES} files at once")
