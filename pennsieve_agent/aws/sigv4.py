"""Signing a request without botocore, whose import takes longer than most commands.

The algorithm is AWS's "Signature Version 4" (IAM User Guide, "Create a signed AWS API request"),
for services that encode the path twice, which are all but S3, and for addresses without a query.
"""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from pennsieve_agent.aws.signing_keys import SigningKeys


def stamped(at: float, keys: SigningKeys) -> dict[str, str]:
    """The headers of a moment, in unix seconds, and of keys that end: to be signed, too."""
    token = {"x-amz-security-token": keys.token} if keys.token else {}
    return {"x-amz-date": time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(at)), **token}


def authorization(
    url: str, headers: Mapping[str, str], body: bytes, keys: SigningKeys, scope: tuple[str, str]
) -> str:
    """The ``Authorization`` header of a POST.

    ``headers`` are all that are signed, by names in small letters, ``host`` and ``x-amz-date``
    among them; ``scope`` is a region and a service.
    """
    stamp, (region, service) = headers["x-amz-date"], scope
    names = sorted(headers)
    request = "\n".join(
        (
            "POST",
            quote(urlsplit(url).path or "/", safe="/-_.~"),
            "",
            *(f"{name}:{' '.join(headers[name].split())}" for name in names),
            "",
            ";".join(names),
            hashlib.sha256(body).hexdigest(),
        )
    )
    place = f"{stamp[:8]}/{region}/{service}/aws4_request"
    digest = hashlib.sha256(request.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{place}\n{digest}"
    key = f"AWS4{keys.secret}".encode()
    for part in place.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    return (
        f"AWS4-HMAC-SHA256 Credential={keys.key_id}/{place}, SignedHeaders={';'.join(names)}, "
        f"Signature={signature}"
    )
