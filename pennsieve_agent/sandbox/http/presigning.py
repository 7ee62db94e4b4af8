"""Addresses that need no other credential, signed and refused as presigned ones of S3 are.

An Authorization header beside the signature is an error, and after its time an address gives 403
(``contracts/core.md`` 3.5, 3.6; ``contracts/workflows.md`` 3.5).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from typing import Any

from pennsieve_agent.sandbox.host.store import Store
from pennsieve_agent.sandbox.host.world import World
from pennsieve_agent.sandbox.http.routing import Refusal, Request

_XML = {"Content-Type": "application/xml"}


class Presigning:
    """Signs addresses below one folder of the v2 port, and reads what they were signed for.

    ``key_name`` is the setting of the sandbox in which the key is.
    """

    def __init__(self, world: World, folder: str, key_name: str) -> None:
        self._folder = f"{world.urls.api2}/{folder}"
        self._now = world.now
        self._key = _signing_key(world.store, key_name)

    def url(self, *values: str, seconds: int) -> str:
        """The address for ``values`` that is good for some seconds."""
        signed = json.dumps([*values, int(self._now()) + seconds])
        content = base64.urlsafe_b64encode(signed.encode()).decode()
        return f"{self._folder}/{content}?X-Amz-Signature={self._sign(content)}"

    def values(self, request: Request) -> list[Any]:
        """The values that the address of a request, its ``content``, was signed for.

        Raises:
            Refusal: it is signed otherwise, or its time is over.

        """
        if "authorization" in request.headers:
            raise refusal(400, "InvalidArgument", "Only one auth mechanism allowed")
        content = request.params["content"]
        signature = request.query.get("X-Amz-Signature", "").encode("utf-8", "replace")
        if not hmac.compare_digest(signature, self._sign(content).encode()):
            raise refusal(403, "SignatureDoesNotMatch", "The signature does not match")
        values: list[Any] = json.loads(base64.urlsafe_b64decode(content))
        until = values.pop()
        if until <= self._now():
            raise refusal(403, "AccessDenied", "Request has expired")
        return values

    def _sign(self, content: str) -> str:
        return hmac.new(self._key, content.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def no_such_key() -> Refusal:
    """S3's answer where there is no such object."""
    return refusal(404, "NoSuchKey", "The specified key does not exist.")


def refusal(status: int, code: str, message: str) -> Refusal:
    """An error of S3's, in XML."""
    body = f'<?xml version="1.0"?><Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Refusal(status, body, _XML)


def _signing_key(store: Store, name: str) -> bytes:
    store.execute("INSERT OR IGNORE INTO settings VALUES (?, ?)", (name, secrets.token_hex(32)))
    row = store.row("SELECT value FROM settings WHERE name = ?", (name,))
    return bytes.fromhex(row["value"] if row else "")
