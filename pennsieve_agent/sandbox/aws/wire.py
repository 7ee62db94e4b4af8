"""Reads a request's AWS service, operation and parameters, as botocore names them."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, parse_qsl
from xml.etree import ElementTree as ET

from pennsieve_agent.sandbox.aws import cbor
from pennsieve_agent.sandbox.aws.limits.service_models import service_model

_SCOPE = re.compile(r"Credential=([^/,\s]+)/\d+/([^/]*)/([^/]+)/aws4_request")
_BY_PATH = {"lambda", "batch", "s3files"}
"""Services whose operations follow from method and path."""
_PLACE = re.compile(r"\{(\w+)\+?\}")
_S3_QUERIES = (
    ("uploads", {"POST": "CreateMultipartUpload", "GET": "ListMultipartUploads"}),
    ("uploadId", {"PUT": "UploadPart", "POST": "CompleteMultipartUpload"}),
    ("uploadId", {"DELETE": "AbortMultipartUpload", "GET": "ListParts"}),
    ("delete", {"POST": "DeleteObjects"}),
    ("versions", {"GET": "ListObjectVersions"}),
    ("tagging", {"GET": "GetObjectTagging", "PUT": "PutObjectTagging"}),
)
_S3_OBJECT = {
    "GET": "GetObject",
    "HEAD": "HeadObject",
    "PUT": "PutObject",
    "DELETE": "DeleteObject",
}
_S3_BUCKET = {
    "GET": "ListObjectsV2",
    "HEAD": "HeadBucket",
    "PUT": "CreateBucket",
    "DELETE": "DeleteBucket",
}
_S3_MEMBERS = {
    "ServerSideEncryption": "x-amz-server-side-encryption",
    "SSEKMSKeyId": "x-amz-server-side-encryption-aws-kms-key-id",
    "ChecksumMode": "x-amz-checksum-mode",
    "UploadId": "uploadId",
}
"""Parameters by where they stand: in a header, or in a link's query, which has the same names."""
_S3_PLAIN = {
    *(
        "list-type",
        "prefix",
        "delimiter",
        "encoding-type",
        "max-keys",
        "start-after",
        "fetch-owner",
    ),
    *("continuation-token", "marker", "versionId", "x-id", "partNumber"),
}
"""Queries that leave a request what its method says; any other makes it another operation."""


@dataclass(frozen=True, slots=True)
class AwsRequest:
    """A request. ``service`` is the name it is signed for; ``operation`` is empty if unknown.

    ``trace`` is the header that tells of the calls of functions that led to it.
    """

    service: str
    region: str
    access_key: str
    token: str = field(repr=False)
    operation: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    trace: str = ""

    def text(self, name: str) -> str:
        """A parameter that is a text; empty when it is not there."""
        value = self.parameters.get(name)
        return value if isinstance(value, str) else ""


def read(environ: Mapping[str, Any], body: bytes) -> AwsRequest:
    """The request in a WSGI environment. Never fails: what cannot be read is empty."""
    query = str(environ.get("QUERY_STRING", ""))
    arguments = dict(parse_qsl(query, keep_blank_values=True))
    header = str(environ.get("HTTP_AUTHORIZATION", ""))
    signed = _SCOPE.search(header or f"Credential={arguments.get('X-Amz-Credential', '')}")
    key, region, service = signed.groups() if signed else ("", "", "")
    token = str(
        environ.get("HTTP_X_AMZ_SECURITY_TOKEN") or arguments.get("X-Amz-Security-Token") or ""
    )
    operation, parameters = _operation(service, environ, body, arguments)
    trace = str(environ.get("HTTP_X_AMZN_TRACE_ID", ""))
    return AwsRequest(service, region, key, token, operation, parameters, trace)


def _operation(
    service: str, environ: Mapping[str, Any], body: bytes, arguments: Mapping[str, str]
) -> tuple[str, dict[str, Any]]:
    if cbor.is_cbor(environ):
        return _path(environ).rpartition("/")[2], _in_cbor(body)
    if target := str(environ.get("HTTP_X_AMZ_TARGET", "")):
        return target.rpartition(".")[2], _json(body)
    if service == "s3":
        method, named = str(environ["REQUEST_METHOD"]), {**_s3_headers(environ), **arguments}
        return _s3(method, _path(environ), named, body)
    if service in _BY_PATH:
        return _by_path(service, environ, body)
    form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    return form.get("Action", ""), form


def _path(environ: Mapping[str, Any]) -> str:
    """The path; WSGI has its bytes as Latin-1."""
    return (
        str(environ.get("PATH_INFO", "/")).encode("latin-1", "replace").decode("utf-8", "replace")
    )


def _json(body: bytes) -> dict[str, Any]:
    try:
        content = json.loads(body or b"{}")
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _in_cbor(body: bytes) -> dict[str, Any]:
    content = cbor.decode(body) if body else {}
    return content if isinstance(content, dict) else {}


def _s3_headers(environ: Mapping[str, Any]) -> dict[str, str]:
    """The headers of a request that count for rights, by the names that links have for them."""
    names = {word: f"HTTP_{word.upper().replace('-', '_')}" for word in _S3_MEMBERS.values()}
    return {word: str(environ[name]) for word, name in names.items() if environ.get(name)}


def _s3(
    method: str, path: str, arguments: Mapping[str, str], body: bytes
) -> tuple[str, dict[str, Any]]:
    bucket, _, key = path.lstrip("/").partition("/")
    parameters: dict[str, Any] = {
        "Bucket": bucket,
        "Key": key,
        "Prefix": arguments.get("prefix", ""),
        "VersionId": arguments.get("versionId", ""),
    }
    parameters |= {name: arguments[word] for name, word in _S3_MEMBERS.items() if word in arguments}
    for name, by_method in _S3_QUERIES:
        if name in arguments and method in by_method:
            if name == "delete":
                parameters["Objects"] = _deleted(body)
            return by_method[method], parameters
    signing = {name for name in arguments if name.lower().startswith(("x-amz-", "response-"))}
    plain = not set(arguments) - _S3_PLAIN - signing
    return ((_S3_OBJECT if key else _S3_BUCKET).get(method, "") if plain else ""), parameters


def _deleted(body: bytes) -> list[tuple[str, str]]:
    """The keys and versions in the body of DeleteObjects."""
    try:
        root = ET.fromstring(body)  # noqa: S314 - the sandbox is its owner's
    except ET.ParseError:
        return []
    rows = [row for row in root if row.tag.endswith("Object")]
    texts = [{part.tag.rpartition("}")[2]: part.text or "" for part in row} for row in rows]
    return [(text.get("Key", ""), text.get("VersionId", "")) for text in texts]


def _by_path(service: str, environ: Mapping[str, Any], body: bytes) -> tuple[str, dict[str, Any]]:
    method, path = str(environ["REQUEST_METHOD"]), _path(environ)
    for operation in _operations(service):
        match = operation.path.fullmatch(path.rstrip("/") or "/")
        if operation.method == method and match:
            content = {} if operation.name == "Invoke" else _json(body)
            places = {**operation.in_query(environ), **operation.in_headers(environ)}
            return operation.name, {**content, **places, **match.groupdict()}
    return "", {}


@dataclass(frozen=True, slots=True)
class _Operation:
    """An operation: its method and path, and the members that are elsewhere than in the body."""

    name: str
    method: str
    path: re.Pattern[str]
    query: Mapping[str, tuple[str, bool]]
    headers: Mapping[str, str]

    def in_query(self, environ: Mapping[str, Any]) -> dict[str, Any]:
        """The members in the query; a list has each value that was given."""
        values = parse_qs(str(environ.get("QUERY_STRING", "")), keep_blank_values=True)
        known = {key: rows for key, rows in values.items() if key in self.query}
        names = {key: self.query[key] for key in known}
        return {names[k][0]: rows if names[k][1] else rows[-1] for k, rows in known.items()}

    def in_headers(self, environ: Mapping[str, Any]) -> dict[str, str]:
        """The members in headers."""
        return {
            name: str(environ[variable])
            for variable, name in self.headers.items()
            if variable in environ
        }


@functools.cache
def _operations(service: str) -> list[_Operation]:
    """All operations of a service, those with the most literal paths first."""
    return sorted(_all_operations(service), key=lambda operation: -len(_literal(operation.path)))


def _literal(pattern: re.Pattern[str]) -> str:
    return re.sub(r"\(.*?\)", "", pattern.pattern)


def _all_operations(service: str) -> Iterator[_Operation]:
    model = service_model(service)
    for name in model.operation_names:
        operation = model.operation_model(name)
        uri = operation.http["requestUri"].partition("?")[0].rstrip("/") or "/"
        members = operation.input_shape.members if operation.input_shape else {}
        names = {m.serialization.get("name", n): n for n, m in members.items()}

        def place(match: re.Match[str], names: Mapping[str, str] = names) -> str:
            return f"(?P<{names.get(match[1], match[1])}>.+?)"

        pieces = _PLACE.sub(place, re.escape(uri).replace(r"\{", "{").replace(r"\}", "}"))
        located = {
            where: [
                (m.serialization.get("name", n), n, m.type_name == "list")
                for n, m in members.items()
                if m.serialization.get("location") == where
            ]
            for where in ("querystring", "header")
        }
        yield _Operation(
            name,
            operation.http["method"],
            re.compile(pieces.replace(r"\+}", "}")),
            {key: (member, many) for key, member, many in located["querystring"]},
            {f"HTTP_{key.upper().replace('-', '_')}": n for key, n, _ in located["header"]},
        )
