"""When the node's bucket deletes by itself what is in it."""

from __future__ import annotations

from typing import Any

from pennsieve_agent.domain.image_builds import ARCHIVE_DAYS
from pennsieve_agent.domain.step_files import FILES_PREFIX, RUNS_FOLDER
from pennsieve_agent.node.records.run_store import DOCUMENT_SECONDS
from pennsieve_agent.node.runs.large_answers import ANSWERS
from pennsieve_agent.node.table import DOCUMENTS

LOG_DAYS = 90
OLD_VERSION_DAYS = 30
UNFINISHED_UPLOAD_DAYS = 7
RUN_OBJECT_DAYS = 30
"""What is a run's is deleted with it; this is for a run whose end was cut off."""
FILES_VERSION_DAYS = 1


def lifecycle_rules() -> list[dict[str, Any]]:
    """The rules of the whole bucket, and of each kind of object."""
    old = _rule(
        "OldVersionsAndUnfinishedUploads",
        versions=OLD_VERSION_DAYS,
        AbortIncompleteMultipartUpload={"DaysAfterInitiation": UNFINISHED_UPLOAD_DAYS},
    )
    files = f"{FILES_PREFIX}{RUNS_FOLDER}/"
    return [
        old,
        _rule("WhatRunsWereTold", "runs/", RUN_OBJECT_DAYS),
        _rule("AnswersToTransferJobs", ANSWERS, 1, 1),
        _rule("DocumentsOfRuns", f"{DOCUMENTS}runs/", int(DOCUMENT_SECONDS // 86_400)),
        _rule("LogsOfRuns", "logs/", LOG_DAYS, 1),
        _rule("CodeOfBuilds", "archives/", ARCHIVE_DAYS, 1),
        _rule("FilesOfRuns", files, RUN_OBJECT_DAYS, FILES_VERSION_DAYS),
        # What deletes objects cannot, in one rule, delete the marks of deleted ones.
        _rule("MarksOfDeletedFiles", FILES_PREFIX, ExpiredObjectDeleteMarker=True),
    ]


def _rule(
    name: str, prefix: str = "", days: int = 0, versions: int = 0, **more: object
) -> dict[str, Any]:
    """A rule for what begins with a prefix: after how many days it goes, and its old versions."""
    parts = {
        "Prefix": prefix,
        "ExpirationInDays": days,
        "NoncurrentVersionExpiration": {"NoncurrentDays": versions} if versions else None,
    }
    named = {key: value for key, value in parts.items() if value}
    return {"Id": name, "Status": "Enabled", **named, **more}
