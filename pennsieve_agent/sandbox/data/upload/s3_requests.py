"""A request to S3, as far as the gate in front of the platform's buckets has to read it."""

from __future__ import annotations

import base64
import hashlib
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote

from pennsieve_agent.sandbox.data.upload.platform_buckets import BUCKETS

_SCOPE = re.compile(r"Credential=([^/,\s]+)/\d+/[^/]*/([^/]+)/aws4_request")
_CHUNKED = "STREAMING-"
_CHECKSUM = "x-amz-checksum-sha256"


@dataclass(frozen=True, slots=True)
class S3Request:
    """Who asks for what. ``operation`` is empty for everything that is never allowed."""

    access_key: str
    service: str
    token: str
    bucket: str
    key: str
    operation: str
    prefix: str


def read(environ: Mapping[str, Any]) -> S3Request:
    """What a request wants; the signature may be in its header or in its query."""
    query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    signed = environ.get("HTTP_AUTHORIZATION", "")
    if not signed and "X-Amz-Credential" in query:
        signed = f"Credential={query['X-Amz-Credential'][0]}"
    scope = _SCOPE.search(signed)
    token = environ.get("HTTP_X_AMZ_SECURITY_TOKEN", "")
    bucket, key = _address(environ)
    return S3Request(
        access_key=scope.group(1) if scope else "",
        service=scope.group(2) if scope else "",
        token=token or query.get("X-Amz-Security-Token", [""])[0],
        bucket=bucket,
        key=key,
        operation=_operation(environ, key, set(query)),
        prefix=query.get("prefix", [""])[0],
    )


def _address(environ: Mapping[str, Any]) -> tuple[str, str]:
    """Bucket and key, of a path or of a host name; the bucket is "" when it is none of ours."""
    path = str(environ.get("PATH_INFO", "")).lstrip("/")
    host = str(environ.get("HTTP_HOST", ""))
    for bucket in BUCKETS:
        if host.startswith(f"{bucket}."):
            return bucket, path
    bucket, _, key = path.partition("/")
    return (bucket, key) if bucket in BUCKETS else ("", "")


def _operation(environ: Mapping[str, Any], key: str, query: set[str]) -> str:
    method = environ.get("REQUEST_METHOD", "")
    subresources = query & {
        "acl",
        "uploads",
        "uploadId",
        "tagging",
        "retention",
        "legal-hold",
        "torrent",
    }
    if not key:
        return "ListMultipartUploads" if (method, subresources) == ("GET", {"uploads"}) else ""
    if "HTTP_X_AMZ_COPY_SOURCE" in environ:  # reads another object
        return ""
    known = {
        ("PUT", ""): "PutObject",
        ("PUT", "uploadId"): "UploadPart",
        ("PUT", "tagging"): "PutObjectTagging",
        ("POST", "uploads"): "CreateMultipartUpload",
        ("POST", "uploadId"): "CompleteMultipartUpload",
        ("DELETE", "uploadId"): "AbortMultipartUpload",
        ("GET", "uploadId"): "ListParts",
    }
    return known.get((method, " ".join(sorted(subresources))), "")


def prepare(environ: dict[str, Any]) -> str:
    """Make a request with content one that moto keeps rightly; answers its content's SHA-256.

    moto reads chunked content slowly and forgets a checksum that comes without the name of its
    algorithm. Answers "" when a checksum came along that does not fit.
    """
    environ["CONTENT_TYPE"] = "application/octet-stream"  # moto would read a form's fields instead
    body = environ["wsgi.input"].read()
    claimed = str(environ.get("HTTP_X_AMZ_CHECKSUM_SHA256", ""))
    if str(environ.get("HTTP_X_AMZ_CONTENT_SHA256", "")).startswith(_CHUNKED):
        body, trailers = unchunked(body)
        claimed = claimed or trailers.get(_CHECKSUM, "")
        environ["HTTP_X_AMZ_CONTENT_SHA256"] = "UNSIGNED-PAYLOAD"
        for name in ("HTTP_X_AMZ_TRAILER", "HTTP_CONTENT_ENCODING"):
            environ.pop(name, None)
        environ["HTTP_X_AMZ_DECODED_CONTENT_LENGTH"] = str(len(body))
    environ["wsgi.input"], environ["CONTENT_LENGTH"] = io.BytesIO(body), str(len(body))
    right = base64.b64encode(hashlib.sha256(body).digest()).decode()
    if claimed and claimed != right:
        return ""
    if claimed or environ.get("HTTP_X_AMZ_SDK_CHECKSUM_ALGORITHM") == "SHA256":
        environ["HTTP_X_AMZ_SDK_CHECKSUM_ALGORITHM"] = "SHA256"
        environ["HTTP_X_AMZ_CHECKSUM_SHA256"] = right
    return right


def unchunked(body: bytes) -> tuple[bytes, dict[str, str]]:
    """The content of an ``aws-chunked`` body, and the headers at its end."""
    pieces, at, view = [], 0, memoryview(body)
    while (end := body.find(b"\r\n", at)) >= 0:
        try:
            size = int(body[at:end].partition(b";")[0], 16)
        except ValueError:
            break
        at = end + 2
        if size == 0:
            break
        pieces.append(view[at : at + size])
        at += size + 2
    trailers = {}
    for line in body[at:].decode("ascii", "replace").split("\r\n"):
        name, colon, value = line.partition(":")
        if colon:
            trailers[name.strip().lower()] = unquote(value.strip())
    return b"".join(pieces), trailers
