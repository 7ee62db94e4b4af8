"""One file from storage to its place: resumed, checked, and under its name only when complete."""

from __future__ import annotations

import contextlib
import errno
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from pennsieve_agent.domain.backoff import Backoff
from pennsieve_agent.domain.transfers import SignedFile
from pennsieve_agent.errors import PlatformError, SettingsError
from pennsieve_agent.transfer.part_file import PartFile
from pennsieve_agent.transfer.receive import Expired, Piece, opened
from pennsieve_agent.transfer.reply import Broken
from pennsieve_agent.transfer.sender import Interrupted, Sender, Stopped

MOST_FRESH_URLS = 3
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
BACKOFF = Backoff(first=0.3, longest=10.0, repeats=5)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a file goes: it grows at ``part`` and is renamed to ``path``, on one file system.

    ``checksum`` is "" when none is known.
    """

    path: Path
    part: Path
    checksum: str = ""


class Growing(AbstractContextManager["Growing"], Protocol):
    """A file that is not complete, on a disk (:class:`PartFile`) or in another storage.

    ``size`` is how much of it is there; ``tag`` names the state of the object that it is of.
    """

    path: Path
    size: int
    tag: str

    def begin(self, tag: str) -> None:
        """Go on with an object's state."""

    def block(self) -> memoryview:
        """Memory to read the next bytes into."""
        ...

    def add(self, block: memoryview, count: int) -> None:
        """Take the first bytes of a block."""

    def is_whole(self, checksum: str) -> bool:
        """Whether it is all of the file."""
        ...

    def finish(self, place: Path) -> None:
        """Give it its name."""

    def forget(self) -> None:
        """Begin anew."""


def _on_disk(place: Place, total: int) -> Growing:
    return PartFile(place.part, total)


def _nothing(_: Path) -> None:
    """Do nothing with a path."""


@dataclass(frozen=True, slots=True)
class Fetching:
    """What fetching files needs.

    ``fresh`` gives a new address for one that has expired, ``progress`` is told of bytes, fewer
    when a file begins anew. ``make_folder`` makes the folder of a place; ``complete`` gets a file
    that is complete, before it has its name. ``grow`` says where a file of so many bytes grows.
    """

    sender: Sender
    fresh: Callable[[SignedFile], SignedFile]
    sleep: Callable[[float], None]
    progress: Callable[[int], None]
    jitter: Callable[[], float]
    make_folder: Callable[[Path], None]
    complete: Callable[[Path], None] = _nothing
    grow: Callable[[Place, int], Growing] = _on_disk
    backoff: Backoff = BACKOFF
    stop: threading.Event = field(default_factory=threading.Event)


def fetch(signed: SignedFile, place: Place, tools: Fetching) -> None:
    """Bring a file to its place. What was fetched before, also by a killed process, is kept.

    Raises:
        PlatformError: storage refused, or what it has is not what the platform says.
        SettingsError: the file cannot be written.
        Stopped: all was stopped; what came is kept.

    """
    with writing(place.path):
        tools.make_folder(place.path.parent)
        with tools.grow(place, signed.size) as part:
            for _ in range(2):
                _fill(part, signed, tools)
                if part.is_whole(place.checksum):
                    tools.complete(part.path)
                    part.finish(place.path)
                    return
                part.forget()
                tools.progress(-signed.size)
    raise PlatformError(
        f"'{place.path.name}' came with a wrong checksum or size, twice",
        where=str(place.path),
        hint="try again later; if it stays, tell Pennsieve that the stored file is damaged",
    )


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what the file system refuses into an error a person can act on."""
    try:
        yield
    except OSError as error:
        why = "the file system is full" if error.errno in _FULL else error.strerror or error
        raise SettingsError(
            f"'{path.name}' cannot be written: {why}",
            where=str(path.parent),
            hint="make room or choose another folder; the same command goes on where this stopped",
        ) from error


def _fill(part: Growing, signed: SignedFile, tools: Fetching) -> None:
    """Fetch what is missing, with new addresses and after waits where that helps."""
    repeats, fresh = 0, 0
    tools.progress(part.size)
    answered = part.size > 0
    while part.size < signed.size or not answered:
        before = part.size
        try:
            with opened(tools.sender, signed.url, part.size, part.tag) as piece:
                _take(part, piece, signed, tools)
                answered = True
        except Expired:
            fresh += 1
            if fresh > MOST_FRESH_URLS:
                raise
            signed = tools.fresh(signed)
        except Interrupted as error:
            went_on = part.size > before
            wait = tools.backoff.wait(
                0 if went_on else repeats, retry_after=error.retry_after, jitter=tools.jitter()
            )
            if wait is None:
                raise
            if tools.stop.is_set():
                raise Stopped("stopped") from error
            repeats = 0 if went_on else repeats + 1
            tools.sleep(wait)


def _take(part: Growing, piece: Piece, signed: SignedFile, tools: Fetching) -> None:
    """Write what comes."""
    if piece.start != part.size or (part.tag and piece.tag != part.tag):
        tools.progress(-part.size)
        part.forget()
        if piece.start != 0:  # a piece of something else
            raise Interrupted("storage sent another part of the file than was requested")
    if piece.total is not None and piece.total != signed.size:
        raise PlatformError(
            f"'{signed.name}' has {piece.total} bytes in storage, not {signed.size} as Pennsieve "
            "says",
            where=signed.package_id,
            hint="tell Pennsieve that the stored file is damaged",
        )
    part.begin(piece.tag)
    while part.size < signed.size:
        if tools.stop.is_set():
            raise Stopped("stopped")
        block = part.block()
        count, broken = _read_block(piece, block)
        part.add(block, count)
        tools.progress(count)
        if broken is not None:
            raise broken
        if not count:
            raise Interrupted("storage ended a file early")
    if piece.reply.readinto(memoryview(bytearray(1))):
        raise PlatformError(
            f"storage sends more for '{signed.name}' than its {signed.size} bytes",
            where=signed.package_id,
        )


def _read_block(piece: Piece, block: memoryview) -> tuple[int, Broken | None]:
    """Fill a block; what came before a connection broke is not lost."""
    count = 0
    try:
        while count < len(block) and (more := piece.reply.readinto(block[count:])):
            count += more
    except Broken as error:
        return count, error
    return count, None
