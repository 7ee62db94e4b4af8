"""A file that is not complete, beside the tag that says of which object's state it is.

Where a download is resumed is decided here: the part's size is where to go on, if the tag is still
that of the object in storage.
"""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from pennsieve_agent.transfer.digests import BLOCK_BYTES, has_checksum

FLUSHED_BYTES = 32 * 1024 * 1024
"""After so many bytes the system is asked to begin to write them to the disk."""
_MODE = 0o666


class PartFile:
    """The part at ``path`` of a file of ``total`` bytes.

    Raises:
        OSError: also from every method; the file system refuses.

    """

    def __init__(self, path: Path, total: int) -> None:
        self.path, self.total = path, total
        self._tag_path = path.with_suffix(".tag")
        self._block = memoryview(bytearray(min(BLOCK_BYTES, max(total, 1))))
        self._file = -1
        self._flushed = 0
        self._is_tagged = False
        self.tag, self.size = "", 0
        try:
            self.size = os.stat(path).st_size  # noqa: PTH116 - the quicker of two, for each file
        except FileNotFoundError:
            return
        with contextlib.suppress(OSError):
            self.tag = self._tag_path.read_text(encoding="ascii", errors="replace")
            self._is_tagged = True
        if not 0 < self.size <= total or not self.tag:
            self.forget()

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it; what is there stays."""
        self._close()

    def begin(self, tag: str) -> None:
        """Go on with an object's state; ``tag`` is "" where storage names none."""
        if tag and tag != self.tag:
            if self.size:
                self._write_tag(tag)
            self.tag = tag

    def block(self) -> memoryview:
        """Memory to read the next bytes into, no longer than what is missing."""
        return self._block[: self.total - self.size]

    def add(self, block: memoryview, count: int) -> None:
        """Write the first bytes of a block, which may be none, at the end."""
        if self._file < 0 and count:
            self._file = self._opened()
            if not self.size and self.tag and count < self.total:
                # Before the first byte, so that no byte is ever of an unknown state.
                self._write_tag(self.tag)
        written = 0
        while written < count:
            written += os.write(self._file, block[written:count])
        self.size += count
        if self.size - self._flushed >= FLUSHED_BYTES:
            _begin_to_write(self._file, self._flushed, self.size - self._flushed)
            self._flushed = self.size

    def is_whole(self, checksum: str) -> bool:
        """Whether what lies on the disk is the file: its size, and its checksum where known.

        What came is not enough: another program may have written there.
        """
        if not self.total:
            return True
        try:
            there = os.stat(self.path)  # noqa: PTH116 - as above
        except FileNotFoundError:
            return False
        is_ours = self._file < 0 or os.path.samestat(there, os.fstat(self._file))
        fits = is_ours and there.st_size == self.size == self.total
        return fits and has_checksum(self.path, checksum) is not False

    def finish(self, place: Path) -> None:
        """Give the file its name, when all of it is on the disk."""
        if self._file < 0:  # an empty one, or all of it came before this process
            self._file = self._opened()
        os.fsync(self._file)
        self._close()
        self.path.replace(place)
        if self._is_tagged:
            self._tag_path.unlink(missing_ok=True)

    def forget(self) -> None:
        """Begin anew."""
        self._close()
        self.path.unlink(missing_ok=True)
        self._tag_path.unlink(missing_ok=True)
        self.tag, self.size, self._flushed = "", 0, 0

    def _opened(self) -> int:
        """The part, to write at its end; a new one is made by one process alone."""
        new = 0 if self.size else os.O_CREAT | os.O_EXCL
        try:
            return os.open(self.path, os.O_WRONLY | os.O_APPEND | new, _MODE)
        except FileExistsError:
            raise OSError(errno.EBUSY, "another program downloads it to the same folder") from None

    def _write_tag(self, tag: str) -> None:
        self._tag_path.write_text(tag, encoding="ascii", errors="replace")
        self._is_tagged = True

    def _close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1


def _begin_to_write(file: int, start: int, size: int) -> None:
    """Let the disk work while more comes in; else all of it is waited for at the end."""
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(file, start, size, os.POSIX_FADV_DONTNEED)
