"""The caller's side of a proof: a signed ``sts:GetCallerIdentity`` that is not sent from here.

Only headers leave this machine. The node sends them on to AWS STS, which checks the signature and
says whose it is; one of the signed headers binds them to one node and one request.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from pennsieve_agent.aws.signing_keys import SigningKeys
from pennsieve_agent.aws.sigv4 import authorization, stamped
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
    region = function.split(":")[3]
    url = (endpoint or f"https://{sts_host(region)}").rstrip("/") + "/"
    headers = {
        "host": urlsplit(url).netloc,
        "content-type": STS_TYPE,
        BINDING: binding(function, event),
        **stamped(at, keys),
    }
    signature = authorization(url, headers, STS_BODY.encode(), keys, (region, "sts"))
    return {**headers, "authorization": signature}
