"""What stops a move, in one sentence."""

from __future__ import annotations

import errno


class TransferError(Exception):
    """The move cannot go on; the text says why."""


def disk_words(error: OSError, doing: str) -> str:
    """An error of the file system in words."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
        return f"the file system is full: {doing}"
    return f"{error.strerror or error}: {doing}"


def files_word(count: int) -> str:
    """How many files."""
    return "1 file" if count == 1 else f"{count} files"
