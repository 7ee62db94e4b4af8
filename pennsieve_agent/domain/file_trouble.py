"""What the system's refusal of a file means to a user: a full disk, a folder that is read-only."""

from __future__ import annotations

import errno
import os

from pennsieve_agent.errors import SettingsError, UsageProblem

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_REFUSED = {errno.EROFS, errno.EACCES, errno.EPERM}
_WRONG = {errno.EISDIR, errno.ENOTDIR, errno.ENAMETOOLONG, errno.ELOOP, errno.EIO, errno.ESTALE}
_NO_TEMPORARY = "No usable temporary directory"
"""How Python's ``tempfile`` begins what it says when none can be written to."""


def explained(error: OSError) -> SettingsError | UsageProblem | None:
    """The error to show, with what to do; None where it is not about the user's files."""
    if isinstance(error, FileNotFoundError) and str(error.strerror).startswith(_NO_TEMPORARY):
        return SettingsError(
            "no folder for temporary files can be written to",
            hint="make room in /tmp, or set TMPDIR to a folder of yours",
        )
    if isinstance(error, FileNotFoundError) and is_folder_deleted():
        return no_current_folder()
    why = error.strerror or "the system refused"
    names = [os.fsdecode(name) for name in (error.filename2, error.filename) if name is not None]
    what = f"'{os.path.basename(names[0]) or names[0]}'" if names else "a file"  # noqa: PTH119 - text
    where = names[0] if names else None
    if error.errno in _FULL:
        return SettingsError(
            f"{what} cannot be written: {why}",
            where=where,
            hint="make room on that disk, then type the same command again",
        )
    if error.errno == errno.EROFS or (error.errno in _REFUSED and names):
        verb = "written" if error.errno == errno.EROFS else "used"
        return SettingsError(
            f"{what} cannot be {verb}: {why}",
            where=where,
            hint="make the folder writable, or name another one, then type the same command again",
        )
    if error.errno in _WRONG and names:
        return SettingsError(
            f"{what} cannot be used: {why}", where=where, hint="name another file or folder"
        )
    return None


def is_folder_deleted() -> bool:
    """Whether the current folder was deleted while this program, or its shell, was in it."""
    try:
        os.getcwd()  # noqa: PTH109 - the question is whether it answers
    except FileNotFoundError:
        return True
    return False


def no_current_folder() -> UsageProblem:
    """The error of a current folder that was deleted."""
    return UsageProblem(
        "the current folder was deleted, so no file can be found from here",
        hint="change to a folder that exists, e.g.: cd; then type the same command again",
    )
