"""Putting files into Pennsieve's storage, with the keys that Pennsieve gives for it.

The single calls of S3, as only they answer the checksum that finalize asks for, and HeadObject is
forbidden with these keys (``contracts/core.md`` 4.3). A file is never in memory as a whole.
"""

from __future__ import annotations

import configparser
import contextlib
import hashlib
import random
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.parse import quote

from pennsieve_agent.domain.backoff import Backoff
from pennsieve_agent.domain.profile import AwsSettings
from pennsieve_agent.domain.transfers import PART_BYTES, Part, StorageKeys, parts_of
from pennsieve_agent.errors import AgentError, AwsError, SettingsError
from pennsieve_agent.transfer.bodies import Body, FilePart, Text
from pennsieve_agent.transfer.digests import plain_digest, spelled
from pennsieve_agent.transfer.keys import RenewedKeys
from pennsieve_agent.transfer.receive import busy
from pennsieve_agent.transfer.sender import Interrupted, Sender, Stopped
from pennsieve_agent.transfer.sigv4 import UNSIGNED, place, signed

PART_WORKERS = 4
BACKOFF = Backoff(first=0.5, longest=20.0, repeats=5)
MOST_REFUSALS = 2
"""How often new keys are asked for, when storage does not accept those that are there."""
_MOST_OF_AN_ANSWER = 1 << 20
_CHANGED = {"BadDigest", "XAmzContentSHA256Mismatch", "IncompleteBody"}
_ENDED = {
    *("ExpiredToken", "InvalidToken", "InvalidAccessKeyId", "AccessDenied", "RequestExpired"),
    "SignatureDoesNotMatch",
}
_NO_UPLOAD = "NoSuchUpload"
"""Of an upload in parts that was completed, or aborted (Amazon S3, "CompleteMultipartUpload")."""
_PASSING = {"InternalError", "ServiceUnavailable", "SlowDown", "RequestTimeout"}
_OK, _TOO_MANY, _SERVER_ERROR = 300, 429, 500
_IN_HOST_NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
"""Names of buckets that can be a part of a host's name, under the certificate of S3."""


class FileChanged(AwsError):  # noqa: N818 - says what happened, as the tree of errors does
    """A file changed while it was uploaded."""

    def __init__(self, where: str, code: str | None = None) -> None:
        super().__init__(
            "a file changed while it was uploaded",
            where=where,
            hint="upload it again when nothing writes to it",
            aws_code=code,
        )


def endpoint_of(settings: AwsSettings, environ: Mapping[str, str], *, hosted: bool) -> str:
    """The address of an emulated AWS; "" for AWS's own.

    For Pennsieve itself (``hosted``) neither settings nor environment are looked at.
    """
    if hosted:
        return ""
    named = environ.get("AWS_ENDPOINT_URL_S3") or environ.get("AWS_ENDPOINT_URL")
    if settings.endpoint or named or settings.config_file is None:
        return settings.endpoint or named or ""
    config = configparser.ConfigParser(interpolation=None)
    try:
        config.read(settings.config_file, encoding="utf-8")
    except (configparser.Error, UnicodeError, OSError):
        return ""
    return config.get("default", "endpoint_url", fallback="")


@dataclass(frozen=True, slots=True)
class Answer:
    """What S3 says, without the body of an object."""

    headers: Mapping[str, str]
    body: bytes

    def element(self, name: str) -> str:
        """The text of an XML element that occurs once, and holds plain words."""
        element = re.search(rb"<%b>([^<]+)</%b>" % (name.encode(), name.encode()), self.body)
        return element[1].decode() if element else ""


class ObjectStore:
    """The place behind storage keys. Safe to share between threads.

    ``endpoint`` is an emulated AWS; "" is AWS itself. ``called`` is how it is called in errors.
    """

    def __init__(
        self,
        sender: Sender,
        sleep: Callable[[float], None],
        *,
        endpoint: str = "",
        part_bytes: int = PART_BYTES,
        jitter: Callable[[], float] = random.random,
        called: str = "Pennsieve's storage",
    ) -> None:
        self.called = called
        self._sender, self._sleep, self._jitter = sender, sleep, jitter
        self._endpoint = endpoint
        self._part_bytes = part_bytes
        self._pool = ThreadPoolExecutor(PART_WORKERS, thread_name_prefix="part")

    def __enter__(self) -> Self:
        """Itself; leaving ends what is in flight."""
        return self

    def __exit__(self, *_: object) -> None:
        """End all threads."""
        self._pool.shutdown(cancel_futures=True)

    def stop(self) -> None:
        """End what is in flight, now."""
        self._sender.stop()

    def put(
        self,
        file: Path,
        name: str,
        keys: RenewedKeys,
        tags: str,
        sent: Callable[[int], None],
    ) -> tuple[int, str]:
        """Upload a file below the keys' prefix; its size and its SHA-256 as S3 computed it.

        ``keys`` is asked before each call, as an upload may outlive a key. ``sent`` is told of
        bytes that arrived; it may raise, to stop.

        Raises:
            AwsError: storage refused, also after some tries.
            FileChanged: the file changed meanwhile.
            SettingsError: the file cannot be read.

        """
        with _readable(file):
            size = file.stat().st_size
            upload = _Upload(self.call, self.give_back, file, name, keys, tags, sent)
            parts = parts_of(size, self._part_bytes) or [Part(1, 0, 0)]
            if len(parts) == 1:
                return size, upload.whole(parts[0])
            return size, upload.in_parts(parts, self._pool)

    def call(
        self,
        keys: RenewedKeys,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: Body,
    ) -> Answer:
        """What S3 answers, after some tries where that helps; ``target`` is a name and a query.

        Raises:
            AwsError: storage refused, also after some tries.

        """
        repeats = refusals = 0
        while True:
            current = keys.current()
            retry_after: float | None = None
            try:
                return self._send(self._sender, current, method, target, headers, body)
            except Interrupted as error:
                failure: AwsError = AwsError(
                    f"{self.called} does not accept a file ({error.message})",
                    where=error.where,
                    hint="check the network; the same command goes on where this one stopped",
                )
                retry_after = error.retry_after
            except AwsError as error:
                if repeats and method == "POST" and error.aws_code == _NO_UPLOAD:
                    return Answer({}, b"")  # it was completed by the try that got no answer
                if error.aws_code not in _ENDED or refusals >= MOST_REFUSALS:
                    raise
                keys.refused(current)
                refusals += 1
                failure = error
            wait = BACKOFF.wait(repeats, retry_after=retry_after, jitter=self._jitter())
            if wait is None:
                raise failure
            repeats += 1
            self._sleep(wait)

    def ask(
        self,
        keys: RenewedKeys,
        method: str,
        question: str,
        headers: Mapping[str, str] | None = None,
        body: Body | None = None,
    ) -> Answer:
        """What S3 answers to a question about the bucket itself, as a query.

        Raises:
            AwsError: storage refused, also after some tries.

        """
        return self.call(keys, method, f"?{question}", headers or {}, body or Text())

    def give_back(self, keys: RenewedKeys, target: str) -> None:
        """Delete the parts of a broken upload; the platform does so itself after a week."""
        with contextlib.suppress(AgentError), self._sender.successor() as sender:
            self._send(sender, keys.current(), "DELETE", target, {}, Text())

    def _send(
        self,
        sender: Sender,
        keys: StorageKeys,
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: Body,
    ) -> Answer:
        # What is asked of the bucket itself begins with its question.
        inside = "" if target.startswith("?") else f"/{quote(keys.prefix)}/"
        url = f"{_base(keys, self._endpoint)}{inside or '/'}{target}"
        key = {"key": keys.access_key, "secret": keys.secret, "token": keys.token}
        words = signed(method, url, "s3", keys.region, key, UNSIGNED, dict(headers))
        where = f"bucket {keys.bucket}"
        with sender.send(method, url, words, body) as reply:
            answer = Answer(reply.head.headers, reply.read(_MOST_OF_AN_ANSWER))
            code = answer.element("Code")
            is_failure = reply.status >= _OK or b"<Error>" in answer.body  # S3 may say 200 before
            if reply.status == _TOO_MANY or reply.status >= _SERVER_ERROR or code in _PASSING:
                raise busy(reply, where)
        if is_failure:
            raise _refusal(code or f"HTTP {reply.status}", where, self.called)
        return answer


_Call = Callable[[RenewedKeys, str, str, Mapping[str, str], Body], Answer]


@dataclass(frozen=True, slots=True)
class _Upload:
    """One file on its way."""

    call: _Call
    give_back: Callable[[RenewedKeys, str], None]
    file: Path
    name: str
    keys: RenewedKeys
    tags: str
    sent: Callable[[int], None]

    def whole(self, part: Part) -> str:
        """Send it in one piece; its checksum."""
        body, checksum = self._body(part)
        headers = {**self._tagging(), "x-amz-checksum-sha256": checksum}
        answer = self.call(self.keys, "PUT", quote(self.name), headers, body)
        self.sent(part.size)
        return answer.headers.get("x-amz-checksum-sha256") or checksum

    def in_parts(self, parts: Sequence[Part], pool: ThreadPoolExecutor) -> str:
        """Send it in parts, several at once; its checksum."""
        headers = {**self._tagging(), "x-amz-checksum-algorithm": "SHA256"}
        begun = self.call(self.keys, "POST", f"{quote(self.name)}?uploads=", headers, Text())
        upload_id = begun.element("UploadId")
        if not upload_id:
            raise _refusal("no upload id", self.name)
        target = f"{quote(self.name)}?uploadId={quote(upload_id, safe='')}"
        stop = threading.Event()

        def put(part: Part) -> tuple[int, str, str]:
            if stop.is_set():
                raise Stopped("stopped")
            body, checksum = self._body(part)
            words = {"x-amz-checksum-sha256": checksum}
            place = f"{target}&partNumber={part.number}"
            answer = self.call(self.keys, "PUT", place, words, body)
            self.sent(part.size)
            return part.number, answer.headers.get("etag", ""), checksum

        futures = [pool.submit(put, part) for part in parts]
        try:
            done = [future.result() for future in futures]
            answer = self.call(self.keys, "POST", target, {}, Text(completion(done)))
        except BaseException:
            stop.set()
            for future in futures:
                future.cancel()
            self.give_back(self.keys, target)
            raise
        return answer.element("ChecksumSHA256") or _composite(done)

    def _body(self, part: Part) -> tuple[FilePart, str]:
        body = FilePart(self.file, part)
        digest, is_there = body.digest()
        if not is_there:
            raise FileChanged(str(self.file))
        return body, spelled(digest)

    def _tagging(self) -> dict[str, str]:
        return {"x-amz-tagging": self.tags} if self.tags else {}


def completion(parts: Sequence[tuple[int, str, str]]) -> bytes:
    """The body of CompleteMultipartUpload: number, ETag and SHA-256 of each part."""
    rows = "".join(
        f"<Part><PartNumber>{number}</PartNumber><ETag>{tag}</ETag>"
        f"<ChecksumSHA256>{checksum}</ChecksumSHA256></Part>"
        for number, tag, checksum in parts
    )
    name = "CompleteMultipartUpload"
    return f'<{name} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{rows}</{name}>'.encode()


def _composite(parts: Sequence[tuple[int, str, str]]) -> str:
    """The checksum of a file in parts, as S3 computes it (``contracts/core.md`` 4.3)."""
    whole = hashlib.sha256(b"".join(plain_digest(checksum) for *_, checksum in parts))
    return f"{spelled(whole.digest())}-{len(parts)}"


def _base(keys: StorageKeys, endpoint: str) -> str:
    """The address of a bucket; a name such as bucket.localhost does not resolve everywhere."""
    if endpoint or not _IN_HOST_NAME.fullmatch(keys.bucket):
        return f"{place('s3', keys.region, endpoint)}/{keys.bucket}"
    return f"https://{keys.bucket}.s3.{keys.region}.amazonaws.com"


@contextlib.contextmanager
def _readable(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise SettingsError(
            f"'{file.name}' cannot be read: {error.strerror or error}", where=str(file)
        ) from error


def _refusal(code: str, where: str, called: str = "storage") -> AwsError:
    """Storage's refusal as one of ours; these keys are not the user's, nor are the hints."""
    if code in _CHANGED:
        return FileChanged(where, code)
    if code in _ENDED:
        return AwsError(
            f"{called} refused the keys that were given for it ({code})",
            where=where,
            hint="the same command goes on where this one stopped",
            aws_code=code,
        )
    return AwsError(
        f"{called} does not accept a file ({code})",
        where=where,
        hint="check the network; the same command goes on where this one stopped",
        aws_code=code,
    )
