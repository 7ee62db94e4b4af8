"""One file from storage to its place: resumed, checked, and under its name only when complete."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pennsieve_agent.domain.transfers import SignedFile, is_plain_sha256
from pennsieve_agent.errors import AgentError, PlatformError, SettingsError
from pennsieve_agent.platform.transfer_fetch import Expired, Fetcher, Interrupted, Piece

MOST_REPEATS = 5
MOST_FRESH_URLS = 3
FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.3, 10.0
_READ_BYTES = 1024 * 1024


class Stopped(AgentError):  # noqa: N818 - says what happened, as the tree of errors does
    """Another file's failure ended all."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a file goes: ``path`` below ``root``. ``checksum`` is "" when none is known."""

    root: Path
    path: Path
    checksum: str = ""


@dataclass(frozen=True, slots=True)
class Fetching:
    """What fetching a file needs. ``fresh`` gives a new address for one that has expired."""

    fetcher: Fetcher
    fresh: Callable[[SignedFile], SignedFile]
    sleep: Callable[[float], None]
    progress: Callable[[int], None]
    stop: threading.Event


def fetch(signed: SignedFile, place: Place, tools: Fetching) -> None:
    """Bring a file to its place. What was fetched before, also by a killed process, is kept.

    Raises:
        PlatformError: storage refused, or what it has is not what the platform says.
        SettingsError: the file cannot be written.

    """
    with writing(place.path):
        _make_folder(place)
        part = _Part(signed, place)
        for last in (False, True):
            _fill(part, signed, tools)
            if part.is_right(place.checksum):
                part.finish(place.path)
                return
            part.forget()
            tools.progress(-signed.size)
            if last:
                break
    raise PlatformError(
        f"'{place.path.name}' came with a wrong checksum, twice",
        where=str(place.path),
        hint="try again later; if it stays, tell Pennsieve that the stored file is damaged",
    )


def same(path: Path, size: int, checksum: str) -> bool:
    """Whether a local file is the one wanted: by checksum where one is known, else by size."""
    if path.is_symlink() or not path.is_file() or path.stat().st_size != size:
        return False
    return not is_plain_sha256(checksum) or _sha256(path) == _digest(checksum)


@contextlib.contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what the file system refuses into an error a person can act on."""
    try:
        yield
    except OSError as error:
        raise SettingsError(
            f"'{path.name}' cannot be written: {error.strerror or error}",
            where=str(path.parent),
            hint="make room or choose another folder; the same command goes on where this stopped",
        ) from error


def _make_folder(place: Place) -> None:
    """Make a file's folder, which no link may put outside the target."""
    folder = place.path.parent
    folder.mkdir(parents=True, exist_ok=True)
    if not folder.resolve().is_relative_to(place.root.resolve()):
        raise SettingsError(
            f"'{folder}' is a link that leads out of the target folder",
            where=str(place.root),
            hint="remove the link, or choose another folder",
        )


def _fill(part: _Part, signed: SignedFile, tools: Fetching) -> None:
    repeats, fresh = 0, 0
    tools.progress(part.size)
    while part.size < signed.size or not part.path.exists():
        before = part.size
        try:
            with tools.fetcher.open(signed.url, part.size, part.tag) as piece:
                part.take(piece, signed, tools)
        except Expired:
            fresh += 1
            if fresh > MOST_FRESH_URLS:
                raise
            signed = tools.fresh(signed)
        except Interrupted:
            repeats = 0 if part.size > before else repeats + 1
            if repeats > MOST_REPEATS:
                raise
            tools.sleep(min(FIRST_WAIT_SECONDS * 2**repeats, LONGEST_WAIT_SECONDS))


class _Part:
    """A file that is not complete, beside its later place, and the state of what it is of."""

    def __init__(self, signed: SignedFile, place: Place) -> None:
        told = "\0".join((signed.package_id, signed.name, str(signed.size), place.path.name))
        mark = hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()[:20]
        self.path = place.path.parent / f".pennsieve-{mark}.part"
        self._tag_path = self.path.with_suffix(".tag")
        self.tag, self.size = "", 0
        if self.path.exists():
            self.size = self.path.stat().st_size
            with contextlib.suppress(OSError):
                self.tag = self._tag_path.read_text(encoding="ascii", errors="replace")
            if self.size > signed.size or not self.tag:
                self.forget()

    def take(self, piece: Piece, signed: SignedFile, tools: Fetching) -> None:
        """Write what comes."""
        if piece.start != self.size or (self.tag and piece.tag != self.tag):
            tools.progress(-self.size)
            self.forget()
            if piece.start != 0:  # a piece of something else
                raise Interrupted("storage sent another part of the file than asked for")
        if piece.total is not None and piece.total != signed.size:
            raise PlatformError(
                f"'{signed.name}' has {piece.total} bytes in storage, not {signed.size} as"
                " Pennsieve says",
                where=signed.package_id,
                hint="tell Pennsieve that the stored file is damaged",
            )
        if piece.tag and piece.tag != self.tag:
            self.tag = piece.tag
            self._tag_path.write_text(piece.tag, encoding="ascii", errors="replace")
        with self.path.open("ab") as file:
            self._append(file, piece, signed, tools)
        if self.size < signed.size:
            raise Interrupted("storage ended a file early")

    def _append(self, file: BinaryIO, piece: Piece, signed: SignedFile, tools: Fetching) -> None:
        for chunk in piece.chunks:
            if tools.stop.is_set():
                raise Stopped("stopped")
            if self.size + len(chunk) > signed.size:
                raise PlatformError(
                    f"storage sends more for '{signed.name}' than its {signed.size} bytes",
                    where=signed.package_id,
                )
            file.write(chunk)
            self.size += len(chunk)
            tools.progress(len(chunk))

    def is_right(self, checksum: str) -> bool:
        """Whether the content fits a checksum; one of a kind we cannot count fits."""
        return not is_plain_sha256(checksum) or _sha256(self.path) == _digest(checksum)

    def finish(self, place: Path) -> None:
        """Give the file its name, when all of it is on the disk."""
        with self.path.open("rb+") as file:
            os.fsync(file.fileno())
        self.path.replace(place)
        self._tag_path.unlink(missing_ok=True)

    def forget(self) -> None:
        """Begin anew."""
        self.path.unlink(missing_ok=True)
        self._tag_path.unlink(missing_ok=True)
        self.tag, self.size = "", 0


def _sha256(path: Path) -> bytes:
    found = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_READ_BYTES):
            found.update(chunk)
    return found.digest()


def _digest(checksum: str) -> bytes:
    hexadecimal = len(checksum) == hashlib.sha256().digest_size * 2
    return bytes.fromhex(checksum) if hexadecimal else base64.b64decode(checksum)
