"""Temporary keys to storage on the wire, in the two casings in which they come.

Files come with camelCase names (``contracts/core.md`` 4.2), viewer assets with snake_case ones
(3.7).
"""

from __future__ import annotations

from datetime import datetime

from pennsieve_agent.domain.transfers import StorageKeys
from pennsieve_agent.platform.http.decode import Fields, unexpected

_REGION = "us-east-1"


def decode_keys(item: Fields) -> StorageKeys:
    """Keys that may write below a prefix.

    Raises:
        PlatformError: something is missing. Nothing must ever be uploaded with an empty prefix
            (``contracts/core.md`` 4.7).

    """
    prefix = item.need_text("keyPrefix", "key_prefix").strip("/")
    if not prefix:
        raise unexpected(item.where, "keyPrefix", "a prefix")
    try:
        expires_at = datetime.fromisoformat(item.need_text("expiration")).timestamp()
    except (ValueError, OverflowError):
        raise unexpected(item.where, "expiration", "a time") from None
    return StorageKeys(
        access_key=item.need_text("accessKeyId", "access_key_id"),
        secret=item.need_text("secretAccessKey", "secret_access_key"),
        token=item.need_text("sessionToken", "session_token"),
        expires_at=expires_at,
        bucket=item.need_text("bucket"),
        prefix=prefix,
        region=item.text("region") or _REGION,
    )
