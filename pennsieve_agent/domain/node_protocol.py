"""The protocol of calls to a node's functions: what both ends compute alike. Pure.

A call is an event of ``lambda:InvokeFunction``: ``{"protocol", "id", "method", "path", "query",
"body" | "packed", "person", "proof" | "ticket"}``; the answer is ``{"protocol", "version",
"status", "body" | "packed", "ticket"}``.

The proof of who calls is the headers of a signed ``sts:GetCallerIdentity``. One signed header,
:data:`BINDING`, ties them to this node and this request, so that they prove nothing elsewhere.
"""

from __future__ import annotations

import base64
import binascii
import gzip
import hashlib
import io
import json
import re
from collections.abc import Mapping
from typing import Any

PROTOCOL = 1
"""The protocol that this version speaks."""
LEAST, MOST = 1, 1
"""The oldest and the newest protocol that a node of this version answers."""
BINDING = "x-pennsieve-node"
"""The signed header that ties a proof to one node and one request."""
STS_BODY = "Action=GetCallerIdentity&Version=2011-06-15"
STS_TYPE = "application/x-www-form-urlencoded; charset=utf-8"
PLAIN_BYTES = 64 * 1024
"""A body up to this size is sent uncompressed; larger ones are packed."""
PACKED_BYTES = 4 * 1024 * 1024
"""The most that a packed body may have before base64 (a synchronous invocation takes 6 MB)."""
UNPACKED_BYTES = 64 * 1024 * 1024
"""The most that a packed body may grow to."""
_UNSIGNED = ("proof", "ticket")


def canonical(document: Any) -> str:
    """A JSON document as one text: sorted keys, no spaces, ASCII alone."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def digest_of(document: Any) -> str:
    """The SHA-256 of a document's canonical text, in hex."""
    return hashlib.sha256(canonical(document).encode()).hexdigest()


def binding(function_arn: str, event: Mapping[str, Any]) -> str:
    """The value of :data:`BINDING` for a request, which has its random ``id``."""
    body = digest_of({name: value for name, value in event.items() if name not in _UNSIGNED})
    return hashlib.sha256(f"{function_arn}\n{event.get('id')}\n{body}".encode()).hexdigest()


def partition_of(region: str) -> str:
    """AWS's partition of a region, the second part of an ARN."""
    for start, partition in (("cn-", "aws-cn"), ("us-gov-", "aws-us-gov")):
        if region.startswith(start):
            return partition
    return "aws"


def sts_host(region: str) -> str:
    """The regional host of AWS STS (AWS, "AWS STS Regions and endpoints")."""
    end = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return f"sts.{region}.{end}"


def function_arn(region: str, account: str, name: str) -> str:
    """The ARN of a function, without a version."""
    return f"arn:{partition_of(region)}:lambda:{region}:{account}:function:{name}"


def unqualified(arn: str) -> str:
    """A function's ARN without a version or an alias."""
    matched = re.fullmatch(r"(arn:[^:]+:lambda:[^:]+:\d+:function:[^:]+)(:[^:]+)?", arn)
    return matched[1] if matched else arn


_LEVEL = 6
"""Of gzip; 9 takes three times as long for a hundredth less."""


def with_body(message: Mapping[str, Any], body: Any) -> dict[str, Any]:
    """A message with its body, packed where it is large.

    Raises:
        ValueError: it is too large even so.

    """
    text = canonical(body)
    if len(text) <= PLAIN_BYTES:
        return {**message, "body": body}
    data = gzip.compress(text.encode(), _LEVEL, mtime=0)
    if len(data) > PACKED_BYTES:
        raise ValueError(f"a document of {len(data)} bytes (compressed) is over {PACKED_BYTES}")
    return {**message, "packed": base64.b64encode(data).decode()}


def body_of(message: Mapping[str, Any]) -> Any:
    """The body of a message, unpacked; None where it has none.

    Raises:
        ValueError: it is damaged.
        OverflowError: it is too large.

    """
    packed = message.get("packed")
    if packed is None:
        return message.get("body")
    if not isinstance(packed, str):
        raise ValueError("packed is not a text")  # noqa: TRY004 - a wrong message, not a wrong call
    if len(packed) > PACKED_BYTES * 4 // 3 + 4:
        raise OverflowError(f"a packed body has at most {PACKED_BYTES} bytes")
    try:
        with gzip.open(io.BytesIO(base64.b64decode(packed, validate=True))) as file:
            data = file.read(UNPACKED_BYTES + 1)
    except (binascii.Error, EOFError, OSError) as error:
        raise ValueError("the packed body is damaged") from error
    if len(data) > UNPACKED_BYTES:
        raise OverflowError(f"an unpacked body has at most {UNPACKED_BYTES} bytes")
    return json.loads(data)
