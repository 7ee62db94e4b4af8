"""Uploading files to a dataset, and seeing that they arrived."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pennsieve_agent.domain.poll_delays import pauses
from pennsieve_agent.domain.transfers import LocalFile
from pennsieve_agent.errors import StillRunning
from pennsieve_agent.transfer.upload import Upload, UploadReport

if TYPE_CHECKING:
    from pennsieve_agent.platform.data.uploads import Uploads

IMPORT_SECONDS = 600.0


def run(
    upload: Upload,
    uploads: Uploads,
    files: Sequence[LocalFile],
    import_seconds: float = IMPORT_SECONDS,
    show: Callable[[int], None] = lambda _: None,
) -> UploadReport:
    """Upload files, and wait until they are packages.

    ``show`` is told how many files are waited for, 0 at the end.

    Raises:
        Forbidden: the caller may not edit the dataset.
        StillRunning: all is uploaded, but not all could be seen in the dataset in time.

    """
    report = upload.run(files)
    ids = [package.removeprefix("N:package:") for package in report.package_ids.values()]
    try:
        _await_packages(uploads, upload, ids, import_seconds, show)
    finally:
        show(0)
    if not report.failed:
        upload.journal.finish()
    return report


def _await_packages(
    uploads: Uploads,
    upload: Upload,
    upload_ids: Sequence[str],
    seconds: float,
    show: Callable[[int], None],
) -> None:
    """Wait until files are imported: "finalized" only means queued (trap 29)."""
    manifest, missing = upload.journal.manifest, set(upload_ids)
    for pause in (0.0, *pauses(seconds)):
        if missing and pause:
            show(len(missing))
            upload.sleep(pause)
        if missing:
            missing.difference_update(uploads.imported(manifest))
    if missing:
        raise StillRunning(
            f"{len(missing)} of {len(upload_ids)} files are uploaded, but not in the dataset yet",
            where=f"upload {manifest}",
            hint="check later, or type the same command again to go on waiting",
        )
