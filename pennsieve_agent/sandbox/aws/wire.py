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

_SCOPE = re.compile(r"Credential=([^/,\s]+)/\d+/([^/]*)/([^/]+)/aws4_request")
_MODELS = {"lambda": "lambda", "batch": "batch", "s3files": "s3files"}
"""Services whose operations follow from method and path; and botocore's name for each."""
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
    """A request. ``service`` is the name it is signed for; ``operation`` is empty if unknown."""

    service: str
    region: str
    access_key: str
    token: str = field(repr=False)
    operation: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)

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
    return AwsRequest(service, region, key, token, operation, parameters)


def _operation(
    service: str, environ: Mapping[str, Any], body: bytes, arguments: Mapping[str, str]
) -> tuple[str, dict[str, Any]]:
    if target := str(environ.get("HTTP_X_AMZ_TARGET", "")):
        return target.rpartition(".")[2], _json(body)
    method, path = str(environ["REQUEST_METHOD"]), str(environ.get("PATH_INFO", "/"))
    if service == "s3":
        return _s3(method, path, arguments, body)
    if service in _MODELS:
        return _by_path(service, method, path, arguments, body)
    form = {name: values[0] for name, values in parse_qs(body.decode("utf-8", "replace")).items()}
    return form.get("Action", ""), form


def _json(body: bytes) -> dict[str, Any]:
    try:
        content = json.loads(body or b"{}")
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


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


def _by_path(
    service: str, method: str, path: str, arguments: Mapping[str, str], body: bytes
) -> tuple[str, dict[str, Any]]:
    for name, verb, pattern, members in _patterns(service):
        if verb == method and (match := pattern.fullmatch(path.rstrip("/") or "/")):
            query = {members[key]: value for key, value in arguments.items() if key in members}
            content = {} if name == "Invoke" else _json(body)
            return name, {**content, **query, **match.groupdict()}
    return "", {}


@functools.cache
def _patterns(service: str) -> list[tuple[str, str, re.Pattern[str], dict[str, str]]]:
    """Name, method, path and query members of each operation; the most literal paths first."""
    return sorted(_all_patterns(service), key=lambda row: -len(_literal(row[2])))


def _literal(pattern: re.Pattern[str]) -> str:
    return re.sub(r"\(.*?\)", "", pattern.pattern)


def _all_patterns(service: str) -> Iterator[tuple[str, str, re.Pattern[str], dict[str, str]]]:
    import botocore.session  # noqa: PLC0415 - slow

    model = botocore.session.get_session().get_service_model(_MODELS[service])
    for name in model.operation_names:
        operation = model.operation_model(name)
        uri = operation.http["requestUri"].partition("?")[0].rstrip("/") or "/"
        members = operation.input_shape.members if operation.input_shape else {}
        names = {m.serialization.get("name", n): n for n, m in members.items()}

        def place(match: re.Match[str], names: Mapping[str, str] = names) -> str:
            return f"(?P<{names.get(match[1], match[1])}>.+?)"

        pieces = _PLACE.sub(place, re.escape(uri).replace(r"\{", "{").replace(r"\}", "}"))
        query = {
            m.serialization.get("name", n): n
            for n, m in members.items()
            if m.serialization.get("location") == "querystring"
        }
        pattern = re.compile(pieces.replace(r"\+}", "}"))
        yield name, operation.http["method"], pattern, query
