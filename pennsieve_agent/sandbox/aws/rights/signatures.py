"""Whether a request was signed with a key of the account (AWS, "Signature Version 4").

As AWS does it: the secret is never sent, so whoever has it not can sign nothing; what is signed are
the method, the path, the query, the named headers and the body's digest, for a day, a region and a
service. Presigned addresses carry all that in their query.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from pennsieve_agent.sandbox.aws.rights.policy_check import Answer, failure
from pennsieve_agent.sandbox.aws.rights.principals import Credential

ALGORITHM = "AWS4-HMAC-SHA256"
MOST_SKEW_SECONDS = 15 * 60
"""Between a signature's time and AWS's."""
_AUTHORIZATION = re.compile(
    rf"{ALGORITHM} Credential=([^/,\s]+)/(\d{{8}}/[^/,]*/[^/,]+/aws4_request),\s*"
    r"SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]{64})"
)
_CREDENTIAL = re.compile(r"([^/\s]+)/(\d{8}/[^/]*/[^/]+/aws4_request)")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_STATED = re.compile(r"UNSIGNED-PAYLOAD|STREAMING-[A-Z0-9-]+")
_EXPIRED = "Request has expired"


Find = Callable[[str], Credential | None]
"""The credential of an access key; None when there is no such key."""


@dataclass(frozen=True, slots=True)
class _Signed:
    """What a request says of its signature. ``until`` is in unix seconds, 0 for a header's."""

    key: str
    scope: str
    headers: tuple[str, ...]
    signature: str
    stamp: str
    until: float = 0.0

    @property
    def service(self) -> str:
        return self.scope.split("/")[2]


@dataclass(frozen=True, slots=True)
class Signatures:
    """Checks signatures. ``now`` is in unix seconds."""

    find: Find
    now: Callable[[], float]

    def check(self, environ: Mapping[str, Any], body: bytes) -> Credential | Answer:
        """The credential that signed a request, or AWS's refusal of it."""
        signed = _signed(environ)
        if signed is None:
            return _refusal("", "MissingAuthenticationToken", "Missing Authentication Token")
        credential = self.find(signed.key)
        if credential is None:
            return _refusal(
                signed.service,
                "InvalidClientTokenId",
                "The security token included in the request is invalid.",
            )
        digest = hashlib.sha256(body).hexdigest()
        stated = str(environ.get("HTTP_X_AMZ_CONTENT_SHA256") or "")
        if _DIGEST.fullmatch(stated) and stated != digest:
            text = "The provided 'x-amz-content-sha256' header does not match what was computed."
            return failure("s3", 400, "XAmzContentSHA256Mismatch", text)
        payload = _payload(signed, stated, digest)
        right = _signature(credential.secret, signed, _canonical(environ, signed, payload))
        if not hmac.compare_digest(right, signed.signature):
            return _refusal(
                signed.service,
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided. "
                "Check your AWS Secret Access Key and signing method.",
            )
        return self._late(signed) or credential

    def _late(self, signed: _Signed) -> Answer | None:
        """Why a correctly signed request is too early or too late; empty if it is not."""
        now = self.now()
        if signed.until:
            return failure("s3", 403, "AccessDenied", _EXPIRED) if now > signed.until else None
        if abs(now - _seconds(signed.stamp)) <= MOST_SKEW_SECONDS:
            return None
        if signed.service == "s3":
            text = "The difference between the request time and the current time is too large."
            return failure("s3", 403, "RequestTimeTooSkewed", text)
        text = f"Signature expired: {signed.stamp} is now too far from the current time"
        return _refusal(signed.service, "SignatureDoesNotMatch", text)


def _signed(environ: Mapping[str, Any]) -> _Signed | None:
    """What a request says of its signature; None when it has none that can be read."""
    if match := _AUTHORIZATION.fullmatch(str(environ.get("HTTP_AUTHORIZATION", ""))):
        key, scope, headers, signature = match.groups()
        stamp = str(environ.get("HTTP_X_AMZ_DATE", ""))
        if not _is_stamp(stamp, scope):
            return None
        return _Signed(key, scope, tuple(headers.split(";")), signature, stamp)
    query = dict(_pairs(environ))
    credential = _CREDENTIAL.fullmatch(_plain(query.get("X-Amz-Credential", "")))
    stamp, seconds = query.get("X-Amz-Date", ""), query.get("X-Amz-Expires", "")
    if credential is None or not _is_stamp(stamp, credential[2]) or not seconds.isdigit():
        return None
    return _Signed(
        credential[1],
        credential[2],
        tuple(_plain(query.get("X-Amz-SignedHeaders", "")).split(";")),
        query.get("X-Amz-Signature", ""),
        stamp,
        _seconds(stamp) + int(seconds),
    )


def _payload(signed: _Signed, stated: str, digest: str) -> str:
    """The hash of the body in the signed text; S3 lets a client leave it out."""
    if signed.until:
        return "UNSIGNED-PAYLOAD"
    if signed.service == "s3" and _STATED.fullmatch(stated):
        return stated
    return digest


def _canonical(environ: Mapping[str, Any], signed: _Signed, payload: str) -> str:
    path = _raw(environ)[0] or "/"
    pairs = sorted(pair for pair in _pairs(environ) if pair[0] != "X-Amz-Signature")
    names = signed.headers
    return "\n".join(
        (
            str(environ["REQUEST_METHOD"]),
            path if signed.service == "s3" else quote(path, safe="/~"),
            "&".join(f"{name}={value}" for name, value in pairs),
            *(f"{name}:{_header(environ, name)}" for name in names),
            "",
            ";".join(names),
            payload,
        )
    )


def _signature(secret: str, signed: _Signed, canonical: str) -> str:
    text = "\n".join(
        (ALGORITHM, signed.stamp, signed.scope, hashlib.sha256(canonical.encode()).hexdigest())
    )
    key = f"AWS4{secret}".encode()
    for word in signed.scope.split("/"):
        key = hmac.new(key, word.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def _header(environ: Mapping[str, Any], name: str) -> str:
    variable = name.upper().replace("-", "_")
    if variable not in {"CONTENT_TYPE", "CONTENT_LENGTH"}:
        variable = f"HTTP_{variable}"
    # WSGI has the bytes of a header as Latin-1.
    value = str(environ.get(variable, "")).encode("latin-1", "replace").decode("utf-8", "replace")
    return " ".join(value.split())


def _raw(environ: Mapping[str, Any]) -> tuple[str, str]:
    """The path and the query as they were sent."""
    target = str(environ.get("RAW_URI") or environ.get("REQUEST_URI") or "")
    if not target:
        return quote(str(environ.get("PATH_INFO", "/"))), str(environ.get("QUERY_STRING", ""))
    path, _, query = target.partition("?")
    return path, query


def _pairs(environ: Mapping[str, Any]) -> list[tuple[str, str]]:
    parts = [part.partition("=") for part in _raw(environ)[1].split("&") if part]
    return [(name, value) for name, _, value in parts]


def _plain(text: str) -> str:
    return re.sub(r"%([0-9A-Fa-f]{2})", lambda match: chr(int(match[1], 16)), text)


def _is_stamp(stamp: str, scope: str) -> bool:
    return bool(re.fullmatch(r"\d{8}T\d{6}Z", stamp)) and scope.startswith(stamp[:8])


def _seconds(stamp: str) -> float:
    try:
        return datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return 0.0


_FORMS = {
    "dynamodb": "json",
    "logs": "json",
    "events": "json",
    "secretsmanager": "json",
    "ecr": "json",
    "ssm": "json",
}
_WORDS = {
    ("s3", "InvalidClientTokenId"): "InvalidAccessKeyId",
    ("json", "InvalidClientTokenId"): "UnrecognizedClientException",
    ("json", "SignatureDoesNotMatch"): "InvalidSignatureException",
    ("json", "MissingAuthenticationToken"): "MissingAuthenticationTokenException",
}
"""What services call it that do not say what the others say."""


def _refusal(service: str, code: str, text: str) -> Answer:
    """AWS's refusal in the form of a service; for an unknown service, in the form of S3."""
    kind = _FORMS.get(service, service)
    if (kind, code) == ("s3", "InvalidClientTokenId"):
        text = "The AWS Access Key Id you provided does not exist in our records."
    return failure(service or "s3", 403, _WORDS.get((kind, code), code), text)
