"""Requests and answers in CBOR, which newer SDKs speak with some services in place of JSON.

"Smithy RPC v2 CBOR protocol" (https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html):
the operation is the last part of the path, and times are tagged.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from datetime import datetime
from typing import Any

PROTOCOL = "rpc-v2-cbor"
HEADERS = (("Content-Type", "application/cbor"), ("smithy-protocol", PROTOCOL))
"""Of an answer."""


def is_cbor(environ: Mapping[str, Any]) -> bool:
    """Whether a request is in CBOR, and its answer has to be."""
    return environ.get("HTTP_SMITHY_PROTOCOL") == PROTOCOL


def decode(body: bytes) -> Any:
    """What a body holds."""
    from botocore.parsers import BaseCBORParser  # noqa: PLC0415 - slow

    parser = BaseCBORParser()
    return parser.parse_data_item(parser.get_peekable_stream_from_bytes(body))


def encode(value: Any) -> bytes:  # noqa: PLR0911 - one for each kind of value
    """A value as CBOR (RFC 8949); a time is seconds since 1970 with tag 1."""
    match value:
        case None:
            return b"\xf6"
        case bool():
            return b"\xf5" if value else b"\xf4"
        case int():
            return _head(0, value) if value >= 0 else _head(1, -1 - value)
        case float():
            return b"\xfb" + struct.pack(">d", value)
        case datetime():
            return b"\xc1" + encode(value.timestamp())
        case str():
            text = value.encode()
            return _head(3, len(text)) + text
        case Mapping():
            rows = (encode(str(key)) + encode(inner) for key, inner in value.items())
            return _head(5, len(value)) + b"".join(rows)
        case _:
            return _head(4, len(value)) + b"".join(map(encode, value))


def _head(kind: int, number: int) -> bytes:
    if number < 24:  # noqa: PLR2004 - CBOR's own
        return bytes([kind << 5 | number])
    for word, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if number < 1 << (8 * size):
            return bytes([kind << 5 | word]) + number.to_bytes(size, "big")
    raise ValueError("the number is too large")
