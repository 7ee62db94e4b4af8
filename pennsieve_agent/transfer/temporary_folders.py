"""Temporary folders that live no longer than the command that made them.

A command that is killed cannot take its folder away. So each folder is locked as long as its
command lives (flock(2): the lock goes with the process), and the next command removes those that
nobody holds.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

_PREFIX = "pennsieve-held-"
_NOT_YET_LOCKED = "pennsieve-new-"


@contextlib.contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder that is removed afterwards, here or by the next command."""
    sweep()
    # It gets the name that is swept when it is locked, so that no other command takes it away.
    new = Path(tempfile.mkdtemp(prefix=_NOT_YET_LOCKED))
    descriptor = os.open(new, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        folder = new.rename(new.with_name(new.name.replace(_NOT_YET_LOCKED, _PREFIX, 1)))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(descriptor)


def sweep() -> None:
    """Remove the folders of this user's commands that were killed."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):  # another command removes it at this moment
            _remove_if_left(folder)


def is_held(folder: Path) -> bool:
    """Whether the command that made a temporary folder still lives."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _remove_if_left(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        if os.fstat(descriptor).st_uid == os.getuid():
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(descriptor)
