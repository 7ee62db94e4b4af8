"""Signing a request to AWS, with the standard library alone.

The image in which files are moved has no boto3, and neither has the first line of code that runs
there, which fetches the rest: this module's own text is a part of that line
(:func:`pennsieve_agent.node.jobs.tasks.transfer_command`), so it imports nothing of this package.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import time
from urllib.parse import parse_qsl, quote, urlsplit

EMPTY = hashlib.sha256(b"").hexdigest()
UNSIGNED = "UNSIGNED-PAYLOAD"
_TASK = "http://169.254.170.2"
"""Where a container on ECS asks for its role's keys (Amazon ECS, "Task IAM role")."""


def keys_of_task() -> dict[str, str]:
    """The keys of this container's role: ``key``, ``secret`` and ``token``.

    Raises:
        OSError: they cannot be fetched.

    """
    full = os.environ.get("AWS_CONTAINER_CREDENTIALS_FULL_URI", "")
    relative = os.environ.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "")
    if not full and not relative:
        names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
        values = [os.environ.get(name, "") for name in names]
        return dict(zip(("key", "secret", "token"), values, strict=True))
    import urllib.request  # noqa: PLC0415 - commands sign, too, and need none of it

    request = urllib.request.Request(full or _TASK + relative)  # noqa: S310 - AWS's own address
    word = os.environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN", "")
    if word:
        request.add_header("Authorization", word)
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - as above
        body = json.load(answer)
    return {
        "key": body["AccessKeyId"],
        "secret": body["SecretAccessKey"],
        "token": body.get("Token") or "",
    }


def signed(  # noqa: PLR0913, PLR0917 - what a signature is made of
    method: str,
    url: str,
    service: str,
    region: str,
    keys: dict[str, str],
    payload: str = UNSIGNED,
    headers: dict[str, str] | None = None,
    at: float | None = None,
) -> dict[str, str]:
    """The headers that make a request one of these keys' (AWS, "Signature Version 4").

    ``payload`` is the SHA-256 of the body in hex, or :data:`UNSIGNED`, which S3 takes; ``at`` is
    in unix seconds.
    """
    parts = urlsplit(url)
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(time.time() if at is None else at))
    scope = f"{stamp[:8]}/{region}/{service}/aws4_request"
    named = {k.lower(): " ".join(v.split()) for k, v in (headers or {}).items()}
    named |= {"host": parts.netloc, "x-amz-date": stamp}
    if service == "s3":  # which alone wants it as a header
        named["x-amz-content-sha256"] = payload
    if keys["token"]:
        named["x-amz-security-token"] = keys["token"]
    listed = ";".join(sorted(named))
    path = parts.path or "/"
    pairs = sorted(
        (quote(k, safe="-_.~"), quote(v, safe="-_.~"))
        for k, v in parse_qsl(parts.query, keep_blank_values=True)
    )
    request = "\n".join(
        (
            method,
            path if service == "s3" else quote(path, safe="/-_.~"),
            "&".join(f"{k}={v}" for k, v in pairs),
            *(f"{name}:{named[name]}" for name in sorted(named)),
            "",
            listed,
            payload,
        )
    )
    text = "\n".join(
        ("AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(request.encode()).hexdigest())
    )
    key = ("AWS4" + keys["secret"]).encode()
    for word in scope.split("/"):
        key = hmac.new(key, word.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    who = f"Credential={keys['key']}/{scope}, SignedHeaders={listed}, Signature={signature}"
    del named["host"]
    return {**named, "authorization": f"AWS4-HMAC-SHA256 {who}"}


def place(service: str, region: str, endpoint: str = "") -> str:
    """The address of a service, or of an emulated AWS."""
    return endpoint or f"https://{service}.{region}.amazonaws.com"
