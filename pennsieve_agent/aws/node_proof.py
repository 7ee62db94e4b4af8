"""The caller's side of a proof: a signed ``sts:GetCallerIdentity`` that is not sent from here.

Only headers leave this machine. The node sends them on to AWS STS, which checks the signature and
says whose it is; one of the signed headers binds them to one node and one request.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from pennsieve_agent.aws.values import SigningKeys
from pennsieve_agent.domain.node_protocol import (
    BINDING,
    STS_BODY,
    STS_TYPE,
    binding,
    sts_host,
)


def proof_of(
    keys: SigningKeys, function: str, event: Mapping[str, Any], endpoint: str, at: float
) -> dict[str, str]:
    """The headers that prove who makes a request of a function, at a time in unix seconds.

    ``endpoint`` is the address of an emulated AWS, empty for AWS itself.
    """
    from botocore.auth import SigV4Auth  # noqa: PLC0415 - a command without AWS never loads it
    from botocore.awsrequest import AWSRequest  # noqa: PLC0415 - as above
    from botocore.credentials import Credentials  # noqa: PLC0415 - as above

    region = function.split(":")[3]
    url = (endpoint or f"https://{sts_host(region)}").rstrip("/") + "/"
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(at))
    headers = {
        "host": urlsplit(url).netloc,
        "content-type": STS_TYPE,
        "x-amz-date": stamp,
        BINDING: binding(function, event),
    }
    if keys.token:
        headers["x-amz-security-token"] = keys.token
    request = AWSRequest("POST", url, headers, STS_BODY)
    request.context["timestamp"] = stamp
    auth = SigV4Auth(Credentials(keys.key_id, keys.secret, keys.token or None), "sts", region)
    text = auth.string_to_sign(request, auth.canonical_request(request))
    listed = auth.signed_headers(auth.headers_to_sign(request))
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={auth.scope(request)}, SignedHeaders={listed}, "
        f"Signature={auth.signature(text, request)}"
    )
    return headers
