"""The files of a run as objects of the node's bucket, which its file system shows as files.

The owner and the mode of a file are metadata of its object, and a folder is an empty object whose
name ends with a slash (Amazon S3 User Guide, "Working with Amazon S3 Files": POSIX permissions). A
folder that is first looked into when all its objects are there is seen as a whole, so this is done
before anything mounts it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from pennsieve_agent.domain.step_files import DATA, step_folder
from pennsieve_agent.domain.transfers import StorageKeys
from pennsieve_agent.errors import AwsError
from pennsieve_agent.transfer.bodies import Text
from pennsieve_agent.transfer.digests import spelled, whole_digest
from pennsieve_agent.transfer.fetch import Place
from pennsieve_agent.transfer.keys import RenewedKeys
from pennsieve_agent.transfer.object_store import ObjectStore
from pennsieve_agent.transfer.part_object import PartObject
from pennsieve_agent.transfer.sigv4 import keys_of_task

FILES = "files"
"""The prefix of the node's bucket that its file system shows."""
KEY_SECONDS = 1200.0
"""After which the keys of the role are read again; ECS renews them long before their end."""
FILE_MODE, FOLDER_MODE = "0100644", "0040755"
"""As ``lstat`` has them, in octal digits: what anybody may read, as a step's image may run as any
user."""
_S3 = "{http://s3.amazonaws.com/doc/2006-03-01/}"


def run_prefix(run: str) -> str:
    """Where the objects of a run are in the node's bucket."""
    return f"{FILES}/runs/{run}"


def keys_for(bucket: str, region: str, prefix: str) -> RenewedKeys:
    """The keys of this job's role, for what is below a prefix of the node's bucket."""

    def ask() -> StorageKeys:
        keys = keys_of_task()
        until = time.time() + KEY_SECONDS
        return StorageKeys(
            keys["key"], keys["secret"], keys["token"], until, bucket, prefix, region
        )

    return RenewedKeys(ask, time.time)


@dataclass(frozen=True, slots=True)
class RunObjects:
    """The objects of one run, which belong to the user ``uid``.

    Raises:
        AwsError: from all methods; the bucket refuses.

    """

    store: ObjectStore
    keys: RenewedKeys
    uid: int

    def lay_out(self, steps: Iterable[str]) -> None:
        """Make the run's folder, and that of each step with its ``data``, where there is none.

        A program may remove its ``data``; it is not made anew here. S3 Files reads straight from
        the bucket only where there is an object for the top of its prefix, too.
        """
        top = keys_for(self.keys.current().bucket, self.keys.current().region, FILES)
        self.store.call(top, "PUT", "", {}, Text())
        if not self._is_there(""):
            self._folder("")
        for folder in map(step_folder, steps):
            if not self._is_there(f"{folder}/"):
                self._folder(f"{folder}/{DATA}/")
                self._folder(f"{folder}/")  # last: it says that both are there

    def sizes(self, step: str) -> dict[str, int]:
        """The files in the ``data`` of a step, by their paths there, with their sizes in bytes."""
        inside = f"{step_folder(step)}/{DATA}/"
        return {
            row.findtext(f"{_S3}Key", "").partition(inside)[2]: int(row.findtext(f"{_S3}Size", "0"))
            for page in self._pages(f"prefix={self._quoted(inside)}")
            for row in page.iter(f"{_S3}Contents")
        }

    def grow(self, step: str) -> Callable[[Place, int], PartObject]:
        """Where a file of a step grows; it appears under its name when it is complete."""
        inside = f"{step_folder(step)}/{DATA}"

        def begin(place: Place, total: int) -> PartObject:
            name = f"{inside}/{place.path.as_posix()}"
            headers = self._metadata(FILE_MODE)
            return PartObject(self.store, self.keys, name, total, place.checksum, headers)

        return begin

    def make_folders(self, step: str, paths: Iterable[Path]) -> None:
        """Make the folders of files in a step's ``data``, so that they have an owner and a mode."""
        folders = {folder for path in paths for folder in path.parents if folder != Path()}
        for folder in sorted(folders):
            self._folder(f"{step_folder(step)}/{DATA}/{folder.as_posix()}/")

    def purge(self) -> None:
        """Delete all versions of all objects of the run."""
        while rows := self._versions():
            self._delete(rows)

    def _versions(self) -> list[tuple[str, str]]:
        """Some keys with their versions, which delete markers are, too."""
        answer = self.store.ask(self.keys, "GET", f"versions=&prefix={self._quoted('')}")
        page = ET.fromstring(answer.body)  # noqa: S314 - as above
        rows = [*page.iter(f"{_S3}Version"), *page.iter(f"{_S3}DeleteMarker")]
        names = f"{_S3}Key", f"{_S3}VersionId"
        return [(row.findtext(names[0], ""), row.findtext(names[1], "")) for row in rows]

    def _delete(self, rows: list[tuple[str, str]]) -> None:
        """Delete versions, at most a thousand (Amazon S3, "DeleteObjects")."""
        objects = "".join(
            f"<Object><Key>{escape(key)}</Key><VersionId>{escape(version)}</VersionId></Object>"
            for key, version in rows
        )
        body = f'<Delete xmlns="{_S3[1:-1]}"><Quiet>true</Quiet>{objects}</Delete>'.encode()
        headers = {"x-amz-checksum-sha256": spelled(whole_digest(body))}
        answer = self.store.ask(self.keys, "POST", "delete=", headers, Text(body))
        if code := answer.element("Code"):
            raise AwsError(f"the bucket does not delete the run's files ({code})", aws_code=code)

    def _folder(self, name: str) -> None:
        self.store.call(self.keys, "PUT", quote(name), self._metadata(FOLDER_MODE), Text())

    def _is_there(self, name: str) -> bool:
        question = f"list-type=2&max-keys=1&prefix={self._quoted(name)}"
        page = ET.fromstring(self.store.ask(self.keys, "GET", question).body)  # noqa: S314 - as above
        keys = [row.findtext(f"{_S3}Key", "") for row in page.iter(f"{_S3}Contents")]
        return keys == [f"{self.keys.current().prefix}/{name}"]

    def _pages(self, question: str) -> Iterator[ET.Element]:
        token = ""
        while True:
            more = f"&continuation-token={quote(token, safe='')}" if token else ""
            answer = self.store.ask(self.keys, "GET", f"list-type=2&{question}{more}")
            page = ET.fromstring(answer.body)  # noqa: S314 - as above
            yield page
            token = page.findtext(f"{_S3}NextContinuationToken", "")
            if not token:
                return

    def _quoted(self, inside: str) -> str:
        return quote(f"{self.keys.current().prefix}/{inside}", safe="")

    def _metadata(self, mode: str) -> dict[str, str]:
        return {
            "x-amz-meta-file-owner": str(self.uid),
            "x-amz-meta-file-group": str(self.uid),
            "x-amz-meta-file-permissions": mode,
        }
