"""All logs of a run, with its configuration, as one zip file."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from pennsieve_agent.domain.file_trouble import is_folder_deleted, no_current_folder
from pennsieve_agent.errors import NotFound, SettingsError, UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.domain.runs import Run
    from pennsieve_agent.services.runs.run_backend import RunBackend


def save(backend: RunBackend, run: Run, file: Path, fetch: Callable[[str], bytes]) -> int:
    """Write a run's archive to a file that is not there yet; its size in bytes.

    ``fetch`` reads what lies at an address.

    Raises:
        UsageProblem: the file is there, its folder is not, or the run has not ended.
        SettingsError: it cannot be written.
    """
    if file.exists() or not file.parent.is_dir():
        why = "already exists" if file.exists() else "is in a folder that does not exist"
        raise UsageProblem(f"the file {file} {why}", hint="name another file")
    try:
        address = backend.log_archive(run.uuid)
    except NotFound as error:
        if run.status.is_final:
            raise
        raise UsageProblem(
            f"run '{run.label}' has not ended; its logs are archived when it has",
            where=error.where,
            hint=f"see them now with: pennsieve run logs {run.typed} --follow",
        ) from None
    content = fetch(address)
    part = file.with_name(f".{file.name}.{secrets.token_hex(4)}.part")
    try:
        part.write_bytes(content)
        os.replace(part, file)  # noqa: PTH105 - never half a file under its own name
    except OSError as error:
        with contextlib.suppress(OSError):  # a read-only folder refuses that, too
            part.unlink(missing_ok=True)
        if is_folder_deleted():
            raise no_current_folder() from error
        raise SettingsError(
            f"the file cannot be written: {error.strerror or error}",
            where=str(file),
            hint="make room, or name a file in another folder",
        ) from error
    return len(content)
