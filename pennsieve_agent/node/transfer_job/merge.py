"""Making one folder of the files of several steps, by links."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pennsieve_agent.node.transfer_job.run_files import Owner, RunFiles
from pennsieve_agent.node.transfer_job.transfer_error import TransferError, disk_words

AT_ONCE = 8


def merge(run: RunFiles, step: str, parents: Sequence[str], *, continues: bool = False) -> int:
    """Link the files of ``parents`` into the merged folder of ``step``; how many.

    With ``continues`` they are linked into its own output, which is laid out already: the step
    reads there what they made, and adds to it.

    The links are relative, so that they mean the same wherever the run's folder is mounted, and
    symbolic, as not every file system that AWS mounts has hard links. What is there is kept.

    Raises:
        TransferError: two steps made a file of one name, or the file system refuses.

    """
    into = run.data(step) if continues else run.make_merged(step)
    origins: dict[str, str] = {}
    links: list[tuple[Path, Path]] = []
    for parent in parents:
        for relative, path in run.files(parent):
            if relative in origins:
                raise TransferError(
                    f"steps '{origins[relative]}' and '{parent}' both made '{relative}', and the "
                    "next step reads both; let one write to a folder of its own"
                )
            origins[relative] = parent
            links.append((path, into / relative))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for done in [pool.submit(_link, *link, into, run.owner) for link in links]:
            done.result()
    return len(origins)


def _link(source: Path, target: Path, top: Path, owner: Owner) -> None:
    try:
        owner.make_folders(target.parent, top)
        if target.is_symlink():
            return
        target.symlink_to(os.path.relpath(source, target.parent))
        owner.take(target)
    except (FileExistsError, NotADirectoryError):
        raise TransferError(
            f"'{target.name}' is a file of one step and a folder of another"
        ) from None
    except OSError as error:
        raise TransferError(disk_words(error, f"merging '{target.name}'")) from error
