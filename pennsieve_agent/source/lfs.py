"""Git LFS: files of which a commit holds a pointer alone, and where their content is.

A pointer is a text of three lines (Git LFS, "Specification", docs/spec.md: the first line is its
version, then ``oid sha256:<hex>`` and ``size <bytes>``, and all is below 1,024 bytes). The content
of a local repository is in ``lfs/objects`` of its git folder; of any other it is asked for with the
user's own ``git lfs``, so that no token is ever read here.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pennsieve_agent.errors import SourceError
from pennsieve_agent.source.fetch import Fetched
from pennsieve_agent.source.git_commands import FETCH_SECONDS, run
from pennsieve_agent.source.git_failures import no_room
from pennsieve_agent.source.repository_urls import local_path

MAX_POINTER_BYTES = 1024
_FIRST_LINE = b"version https://git-lfs.github.com/spec/v1\n"
_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:ext-[^\n]*\n)*"
    rb"oid sha256:(?P<oid>[0-9a-f]{64})\nsize (?P<size>\d{1,18})\n?"
)
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Pointer:
    """What stands for a file: the SHA-256 of its content in hex, and its bytes."""

    path: str
    oid: str
    size: int


def pointer(path: str, content: bytes) -> Pointer | None:
    """The pointer that a file is; None for any other file."""
    if not content.startswith(_FIRST_LINE) or len(content) >= MAX_POINTER_BYTES:
        return None
    match = _POINTER.fullmatch(content)
    return Pointer(path, match["oid"].decode(), int(match["size"])) if match else None


def is_pointer_size(size: int | None) -> bool:
    """Whether a file of so many bytes can be a pointer: an id and a size are never shorter."""
    return size is not None and len(_FIRST_LINE) < size < MAX_POINTER_BYTES


def pointers(folder: Path, paths: Sequence[str]) -> list[Pointer]:
    """The pointers among files of a folder."""
    candidates = []
    for path in paths:
        file = folder / path
        if file.stat().st_size < MAX_POINTER_BYTES:
            candidates.append(pointer(path, file.read_bytes()))
    return [candidate for candidate in candidates if candidate is not None]


def fill(fetched: Fetched, folder: Path, needed: Sequence[Pointer]) -> list[str]:
    """Put the content in the place of each pointer below ``folder``.

    A pointer whose content cannot be fetched stays; answers a sentence on those.

    Raises:
        SourceError: a content is not what its pointer says.

    """
    places = [fetched.repository / "lfs" / "objects"]
    local = _local_objects(fetched.url)
    places += [local] if local else []
    missing = [item for item in needed if _held(places, item) is None]
    if missing:
        _ask_server(fetched)
        missing = [item for item in needed if _held(places, item) is None]
    for item in needed:
        held = _held(places, item)
        if held is not None:
            _put(held, folder / item.path, item, fetched.url)
    return [_not_there(fetched.url, missing)] if missing else []


def _held(places: Sequence[Path], item: Pointer) -> Path | None:
    for place in places:
        path = place / item.oid[:2] / item.oid[2:4] / item.oid
        if path.is_file():
            return path
    return None


def _put(held: Path, into: Path, item: Pointer, url: str) -> None:
    digest, size = hashlib.sha256(), 0
    with held.open("rb") as content, into.open("wb") as file:
        while piece := content.read(1 << 20):
            digest.update(piece)
            size += len(piece)
            file.write(piece)
    if digest.hexdigest() != item.oid or size != item.size:
        raise SourceError(
            f"the content of {item.path} is not what its Git LFS pointer says",
            where=url,
            hint="download it again: git lfs fetch --all && git lfs fsck",
        )


def _local_objects(url: str) -> Path | None:
    folder = local_path(url)
    if folder is None:
        return None
    answer = run(["-C", str(folder), "rev-parse", "--git-common-dir"], url=url)
    return (folder / answer.out.strip() / "lfs" / "objects") if answer.ok else None


def _ask_server(fetched: Fetched) -> None:
    """Let ``git lfs`` fetch what the commit needs; that it could not shows in what is missing.

    Raises:
        NoRoomError: this machine's disk is full.
    """
    if shutil.which("git-lfs") is None:
        return
    into = ["--git-dir", str(fetched.repository)]
    origin = ["-c", f"remote.origin.url={fetched.url}"]
    command = [*into, *origin, "lfs", "fetch", "origin", fetched.commit]
    answer = run(command, url=fetched.url, seconds=FETCH_SECONDS)
    if (
        not answer.ok
        and (full := no_room(f"{answer.problem}{answer.out}", fetched.url)) is not None
    ):
        raise full


def _not_there(url: str, missing: Sequence[Pointer]) -> str:
    names = ", ".join(item.path for item in missing[:_SHOWN])
    more = f" and {len(missing) - _SHOWN} more" if len(missing) > _SHOWN else ""
    says = "is a Git LFS pointer, its" if len(missing) == 1 else "are Git LFS pointers, their"
    folder = local_path(url)
    if shutil.which("git-lfs") is None:
        hint = "install git-lfs, then: " + (f"git -C {folder} lfs pull" if folder else "try again")
    elif folder is not None:
        hint = f"download it first: git -C {folder} lfs pull"
    else:
        hint = "check that you may read it: git clone the repository, then git lfs pull"
    return f"{names}{more} {says} content is not fetched; {hint}"
