"""The caller's side of a proof: a signed ``sts:GetCallerIdentity`` that is not sent from here.

Only headers leave this machine. The node sends them on to AWS STS, which checks the signature and
says whose it is; one of the signed headers binds them to one node and one request.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from pennsieve_agent.aws.signing_keys import SigningKeys
from pennsieve_agent.domain.node_protocol import (
    BINDING,
    STS_BODY,
    STS_TYPE,
    binding,
    sts_host,
)
from pennsieve_agent.transfer.sigv4 import signed


def proof_of(
    keys: SigningKeys, function: str, event: Mapping[str, Any], endpoint: str, at: float
) -> dict[str, str]:
    """The headers that prove who makes a request of a function, at a time in unix seconds.

    ``endpoint`` is the address of an emulated AWS, empty for AWS itself.
    """
    region = function.split(":")[3]
    url = (endpoint or f"https://{sts_host(region)}").rstrip("/") + "/"
    headers = {"content-type": STS_TYPE, BINDING: binding(function, event)}
    payload = hashlib.sha256(STS_BODY.encode()).hexdigest()
    proof = signed("POST", url, "sts", region, keys.as_words(), payload, headers, at)
    return {"host": urlsplit(url).netloc, **proof}
