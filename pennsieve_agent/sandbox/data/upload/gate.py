"""Checks requests with the platform's storage keys, in front of the emulated AWS.

moto heeds no policy, so this is where one is enforced (``contracts/core.md`` 4.2, 4.3): with a key
of the platform one may write below its prefix, and neither read, list nor delete; nobody else
touches the platform's buckets. It also gives the SHA-256 that moto leaves out of its answers.
"""

from __future__ import annotations

import hmac
import logging
import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from pennsieve_agent.sandbox.aws.account import UNJOURNALLED
from pennsieve_agent.sandbox.data.upload.platform_buckets import Objects
from pennsieve_agent.sandbox.data.upload.s3_requests import S3Request, prepare, read
from pennsieve_agent.sandbox.data.upload.storage_keys import Keys, digest
from pennsieve_agent.sandbox.host.store import Row

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)

_WITH_CONTENT = {"PutObject", "UploadPart"}
_ENDS = {"PutObject", "CompleteMultipartUpload"}


class Gate:
    """The emulated AWS account behind a gate."""

    def __init__(
        self,
        account: WSGIApplication,
        keys: Keys,
        objects: Objects,
        now: Callable[[], float],
        created: Callable[[str, str], None],
    ) -> None:
        """``created`` is called with the bucket and the key of each new object."""
        self._account = account
        self._keys = keys
        self._objects = objects
        self._now = now
        self._created = created

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve a request."""
        request = read(environ)
        key = self._keys.find(request.access_key) if request.access_key else None
        if not request.bucket and key is None:
            return self._account(environ, start_response)
        if refusal := self._refusal(request, key):
            return _refuse(start_response, *refusal)
        self._objects.make_buckets()
        environ = {**environ, UNJOURNALLED: True}
        sha256 = ""
        if request.operation in _WITH_CONTENT:
            sha256 = prepare(environ)
            if not sha256:
                message = "The SHA256 you specified did not match the calculated checksum."
                return _refuse(start_response, "400 Bad Request", "BadDigest", message)
        return self._pass_on(environ, start_response, request, sha256)

    def _refusal(self, request: S3Request, key: Row | None) -> tuple[str, str, str] | None:
        denied = ("403 Forbidden", "AccessDenied", "Access Denied")
        if key is None or request.service != "s3":
            return denied
        if not hmac.compare_digest(key["token_hash"], digest(request.token)):
            message = "The provided token is malformed or otherwise invalid."
            return "400 Bad Request", "InvalidToken", message
        if key["expires_at"] <= self._now():
            return "400 Bad Request", "ExpiredToken", "The provided token has expired."
        below = request.key or request.prefix
        inside = below.startswith(f"{key['prefix']}/")
        if not request.operation or request.bucket != key["bucket"] or not inside:
            return denied
        return None

    def _pass_on(
        self,
        environ: WSGIEnvironment,
        start_response: StartResponse,
        request: S3Request,
        sha256: str,
    ) -> Iterable[bytes]:
        responses: list[tuple[str, list[tuple[str, str]]]] = []

        def keep(status: str, headers: list[tuple[str, str]], exc_info: object = None) -> Any:
            del exc_info
            responses.append((status, headers))

        content = b"".join(self._account(environ, keep))
        status, headers = responses[-1]
        if status.startswith("200"):
            if sha256 and "HTTP_X_AMZ_CHECKSUM_SHA256" in environ:
                headers = _with(headers, "x-amz-checksum-sha256", sha256)
            if request.operation == "CompleteMultipartUpload":
                content = self._with_checksum(content, request)
                headers = _with(headers, "Content-Length", str(len(content)))
            if request.operation in _ENDS:
                self._created(request.bucket, request.key)
        start_response(status, headers)
        return [content]

    def _with_checksum(self, content: bytes, request: S3Request) -> bytes:
        """The answer with the composite checksum, of which moto says nothing."""
        stored = self._objects.find(request.bucket, request.key)
        if stored is None or not stored.sha256 or b"<ChecksumSHA256>" in content:
            return content
        element = f"<ChecksumSHA256>{stored.sha256}</ChecksumSHA256>"
        element += "<ChecksumType>COMPOSITE</ChecksumType></CompleteMultipartUploadResult>"
        return re.sub(rb"</CompleteMultipartUploadResult>", element.encode(), content)


def _with(headers: list[tuple[str, str]], name: str, value: str) -> list[tuple[str, str]]:
    return [header for header in headers if header[0].lower() != name.lower()] + [(name, value)]


def _refuse(start_response: StartResponse, status: str, code: str, message: str) -> list[bytes]:
    """A refusal in S3's words."""
    content = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
    ).encode()
    length = str(len(content))
    start_response(status, [("Content-Type", "application/xml"), ("Content-Length", length)])
    return [content]
