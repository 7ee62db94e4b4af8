"""Keeps the folder of a file system and the objects of its bucket alike, as late as AWS does.

From "Understanding how synchronization works"
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-files-synchronization.html) and "POSIX
permissions in S3 Files"
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-files-posix-permissions.html):

* The first access of a folder lists what is in the bucket then. What is put into a folder that was
  accessed before appears some seconds later.
* A file that was not written for 60 seconds is copied to the bucket, with its owner and mode.
* Where both changed, the bucket wins, and the file is moved to a folder of lost files.

A mount here accesses every folder below it at once.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC
from pathlib import Path
from typing import Any

from pennsieve_agent.domain.iam_policies import Ask
from pennsieve_agent.sandbox.aws.s3files.file_systems import AccessPoint, FileSystem

EXPORT_SECONDS = 60.0
FILE_MODE, FOLDER_MODE = 0o100644, 0o040755
"""Of objects without metadata, which are root's."""
MOST_KEY = 1024
"""Bytes of a key; a file with a longer one is not copied ("Unsupported features, limits, and
quotas", https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-files-quotas.html)."""
_MODE, _OWNER, _GROUP = (f"x-amz-meta-file-{name}" for name in ("permissions", "owner", "group"))
MOST_NAME = 255
_MISSING = (FileNotFoundError, NotADirectoryError)
"""What is raised where a program removes a file while it is looked at."""
May = Callable[[str, Ask], bool]
"""Whether a role (its ARN) may do something."""


class NotThere(Exception):  # noqa: N818 - an answer
    """The folder of an access point is not there, and it says nothing of creating it."""


@dataclass(frozen=True, slots=True)
class _Same:
    """A file as it was when it and its object were alike."""

    version: str
    changed: int
    size: int
    mode: int


@dataclass(slots=True)
class _Known:
    """What is known of one file system."""

    same: dict[str, _Same] = field(default_factory=dict)
    accessed: set[str] = field(default_factory=set)

    def lacks(self, name: str, key: Any) -> bool:
        """Whether an object is not what its file was made of."""
        before = self.same.get(name)
        return before is None or before.version != str(key.version_id)


@dataclass(slots=True)
class Synchronizer:
    """The folders below ``root``, one for each file system. The caller holds moto's lock."""

    root: Path
    now: Callable[[], float]
    may: May
    import_seconds: float = 0.0
    """How long what is new in a known folder is not seen; seconds, says AWS."""
    export_seconds: float = EXPORT_SECONDS
    _known: dict[str, _Known] = field(default_factory=dict)

    def enter(self, system: FileSystem, account: str, point: AccessPoint) -> Path:
        """The folder of an access point, as who mounts it finds it.

        Raises:
            NotThere: it is not there (yet), and is not to be created.

        """
        inside = point.folder.strip("/")
        place = self.root / system.id / inside
        place_root = self.root / system.id
        place_root.mkdir(parents=True, exist_ok=True)
        self._take_in(system, account, inside)
        if not place.is_dir():
            creation = point.root.get("creationPermissions")
            if creation is None:
                raise NotThere(point.folder)
            place.mkdir(parents=True, exist_ok=True)
            _own(place, int(creation["ownerUid"]), int(creation["ownerGid"]))
            place.chmod(int(str(creation["permissions"]), 8))
        return place

    def tick(self, system: FileSystem, account: str) -> None:
        """Copy what is to be copied by now, both ways."""
        if system.id in self._known:
            self._take_in(system, account, "")
            self._hand_out(system, account)

    def pending(self, system: FileSystem) -> bool:
        """Whether the file system has changes that are not in the bucket."""
        known = self._known.setdefault(system.id, _Known())
        here = dict(_walk(self.root / system.id))
        try:
            return set(here) != set(known.same) or any(
                _changed(known.same.get(name), path.lstat()) for name, path in here.items()
            )
        except _MISSING:
            return True

    # into the file system

    def _take_in(self, system: FileSystem, account: str, inside: str) -> None:
        """What a listing of ``inside`` and of all below it shows."""
        if not self._allowed(system, "ListBucket", ""):
            return
        known = self._known.setdefault(system.id, _Known())
        objects = _objects(system, account)
        new = [
            name
            for name, key in objects.items()
            if _within(name, inside) and known.lacks(name, key)
        ]
        for name in sorted(new):
            shown = self._is_seen(system, known, name, objects)
            if shown and self._allowed(system, "GetObject", name):
                self._write(system, known, name, objects[name])
        deleted = [name for name in known.same if name not in objects and _within(name, inside)]
        for name in sorted(deleted, reverse=True):
            self._remove(system, known, name)
        known.accessed |= {_parent(name) for name in objects if _within(name, inside)}
        while inside:  # the way there is looked up, too
            known.accessed.add(inside)
            inside = _parent(inside)
        known.accessed.add("")

    def _is_seen(
        self, system: FileSystem, known: _Known, name: str, objects: Mapping[str, Any]
    ) -> bool:
        """Whether an object is seen: at once in a folder that nobody looked into before."""
        if not self.import_seconds:
            return True
        above = _parent(name)
        while above and above not in known.accessed:
            above = _parent(above)
        if above not in known.accessed:
            return True
        below = name[len(above) :].lstrip("/").partition("/")[0]
        child = f"{above}/{below}".lstrip("/")
        if child.rstrip("/") != name.rstrip("/") and (self.root / system.id / child).is_dir():
            return True
        ages = [self.now() - _written(o) for n, o in objects.items() if _within(n, child)]
        return max(ages, default=0.0) >= self.import_seconds

    def _write(self, system: FileSystem, known: _Known, name: str, key: Any) -> None:
        """Make a file, folder or link what its object is, unless it is already."""
        if not known.lacks(name, key):
            return
        before = known.same.get(name)
        path = self.root / system.id / name.rstrip("/")
        octal, default = key.metadata.get(_MODE), FOLDER_MODE if name.endswith("/") else FILE_MODE
        mode = int(octal, 8) if octal else default
        if not name.endswith("/") and os.path.lexists(path) and _changed(before, path.lstat()):
            if before is None and path.is_file() and path.read_bytes() == key.value:
                known.same[name] = _same(key, path)
                return
            self._lose(system, path)
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith("/"):
            path.mkdir(exist_ok=True)
        elif stat.S_ISLNK(mode):
            path.unlink(missing_ok=True)
            path.symlink_to(key.value.decode())
        else:
            path.unlink(missing_ok=True)
            path.write_bytes(key.value)
        _own(path, int(key.metadata.get(_OWNER, 0)), int(key.metadata.get(_GROUP, 0)))
        if not stat.S_ISLNK(mode):
            path.chmod(stat.S_IMODE(mode))
        known.same[name] = _same(key, path)

    def _remove(self, system: FileSystem, known: _Known, name: str) -> None:
        """Remove what is no longer in the bucket; a file that was changed here is lost."""
        before, path = known.same.pop(name), self.root / system.id / name.rstrip("/")
        if name.endswith("/"):
            if path.is_dir() and not any(path.iterdir()):
                path.rmdir()
        elif os.path.lexists(path):
            if _changed(before, path.lstat()):
                self._lose(system, path)
            else:
                path.unlink()

    def _lose(self, system: FileSystem, path: Path) -> None:
        lost = self.root / system.id / f".s3files-lost+found-{system.id}"
        lost.mkdir(exist_ok=True)
        shutil.move(path, lost / f"{os.urandom(5).hex()}_{path.name[:100]}")

    # into the bucket

    def _hand_out(self, system: FileSystem, account: str) -> None:
        known, objects = self._known[system.id], _objects(system, account)
        here = dict(_walk(self.root / system.id))
        for name, path in here.items():
            with suppress(*_MISSING):
                state = path.lstat()
                quiet = self.now() - max(state.st_mtime, state.st_ctime) >= self.export_seconds
                fits = len((system.prefix + name).encode()) <= MOST_KEY
                if quiet and fits and _changed(known.same.get(name), state):
                    self._put(system, account, known, name, path, objects.get(name))
        for name in [name for name in known.same if name not in here]:
            if self._allowed(system, "DeleteObject", name):
                _bucket(account).delete_object(system.bucket, system.prefix + name)
                del known.same[name]

    def _put(
        self,
        system: FileSystem,
        account: str,
        known: _Known,
        name: str,
        path: Path,
        key: Any,
    ) -> None:
        if key is not None and known.lacks(name, key):
            self._write(system, known, name, key)  # the bucket wins
            return
        if not self._allowed(system, "PutObject", name):
            return
        state = path.lstat()
        content = b""
        if path.is_symlink():
            content = str(path.readlink()).encode()
        elif path.is_file():
            content = path.read_bytes()
        key = _bucket(account).put_object(system.bucket, system.prefix + name, content)
        key.set_metadata(
            {_MODE: f"{state.st_mode:07o}", _OWNER: str(state.st_uid), _GROUP: str(state.st_gid)}
        )
        known.same[name] = _same(key, path)

    def _allowed(self, system: FileSystem, action: str, name: str) -> bool:
        bucket = f"arn:aws:s3:::{system.bucket}"
        if action == "ListBucket":
            return self.may(system.role, Ask("s3:ListBucket", bucket, {"s3:prefix": system.prefix}))
        return self.may(system.role, Ask(f"s3:{action}", f"{bucket}/{system.prefix}{name}"))


def _bucket(account: str) -> Any:
    from moto.s3.models import s3_backends  # noqa: PLC0415 - slow

    return s3_backends[account]["aws"]


def _objects(system: FileSystem, account: str) -> dict[str, Any]:
    """The objects of a file system by their paths in it; a folder's ends with a slash.

    Keys that are not paths are left out ("Incompatible S3 object key names", the page of quotas).
    """
    bucket = _bucket(account).buckets.get(system.bucket)
    objects: dict[str, Any] = {}
    for name in bucket.keys if bucket is not None else ():
        if not name.startswith(system.prefix):
            continue
        inside, key = name.removeprefix(system.prefix), bucket.keys[name]
        if hasattr(key, "metadata") and _is_path(inside):  # a delete marker has none
            objects[inside] = key
    return objects


def _is_path(inside: str) -> bool:
    parts = inside.rstrip("/").split("/")
    return all(part not in {"", ".", ".."} and len(part.encode()) <= MOST_NAME for part in parts)


def _walk(root: Path) -> Iterator[tuple[str, Path]]:
    for folder, names, files in os.walk(root):
        names[:] = [name for name in names if not name.startswith(".s3files-lost+found-")]
        base = Path(folder)
        for name in [*names, *files]:
            path = base / name
            is_folder = path.is_dir() and not path.is_symlink()
            yield f"{path.relative_to(root)}{'/' if is_folder else ''}", path
        names[:] = [name for name in names if not (base / name).is_symlink()]


def _changed(before: _Same | None, state: os.stat_result) -> bool:
    if before is None:
        return True
    if stat.S_ISDIR(state.st_mode):
        return before.mode != state.st_mode
    now = (state.st_mtime_ns, state.st_size, state.st_mode)
    return now != (before.changed, before.size, before.mode)


def _same(key: Any, path: Path) -> _Same:
    state = path.lstat()
    return _Same(str(key.version_id), state.st_mtime_ns, state.st_size, state.st_mode)


def _written(key: Any) -> float:
    return float(key.last_modified.replace(tzinfo=UTC).timestamp())


def _own(path: Path, uid: int, gid: int) -> None:
    """Give a file away, which only root can."""
    if os.geteuid() == 0:
        os.lchown(path, uid, gid)


def _parent(name: str) -> str:
    return name.rstrip("/").rpartition("/")[0]


def _within(name: str, folder: str) -> bool:
    return not folder or name.rstrip("/") == folder or name.startswith(f"{folder}/")
