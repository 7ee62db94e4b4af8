"""Credentials of roles that AWS services assume: for functions, and for jobs' containers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from pennsieve_agent.sandbox.aws.rights.principals import PARTITION, account_of, trusts

SECONDS = 3600
_EARLY = 600
"""How many seconds before their end credentials are made anew."""


Lock = AbstractContextManager[Any]
"""What keeps requests to the emulation apart."""


class NotTrusted(Exception):  # noqa: N818 - a kind of answer
    """The role's trust policy does not allow the service to assume it."""


@dataclass(frozen=True, slots=True)
class Keys:
    """Temporary credentials. ``until`` is in unix seconds."""

    access_key: str
    secret: str
    token: str
    until: float

    def __repr__(self) -> str:
        """The key's id, without its secrets."""
        return f"Keys({self.access_key!r})"


class Sessions:
    """Makes sessions; those of a role and a name are kept until they are nearly over."""

    def __init__(self, endpoint: str, lock: Lock, now: Callable[[], float] = time.time) -> None:
        self._endpoint = endpoint
        self._lock = lock
        self._now = now
        self._kept: dict[tuple[str, str], Keys] = {}
        self._making = threading.Lock()

    def keys(self, role: str, service: str, name: str, context: Mapping[str, str]) -> Keys:
        """Credentials of a role's session of that name.

        Raises:
            NotTrusted: the role's trust policy does not let the service in, or it is gone.

        """
        with self._making, self._lock:
            if not trusts(role, service, context):
                raise NotTrusted(f"The role {role} cannot be assumed by {service}.")
            kept = self._kept.get((role, name))
            if kept is None or kept.until - _EARLY < self._now():
                kept = self._kept[role, name] = self._make(role, name)
            return kept

    def forget(self, role: str, name: str) -> None:
        """Forget a session; its keys stay valid until they expire, as with AWS."""
        self._kept.pop((role, name), None)

    def of(self, keys: Keys, region: str) -> Any:
        """A session of boto3 with these credentials, whose clients reach the emulated AWS."""
        return session(keys, region, self._endpoint)

    def _make(self, role: str, name: str) -> Keys:
        from moto.core.utils import utcnow  # noqa: PLC0415 - slow
        from moto.sts.models import sts_backends  # noqa: PLC0415 - slow

        backend = sts_backends[account_of(role)][PARTITION]
        over = [ended for ended in backend.assumed_roles if ended.expiration < utcnow()]
        for ended in over:
            backend.assumed_roles.remove(ended)
        session_keys = backend.assume_role(
            region_name="us-east-1",
            role_session_name=name[:64],
            role_arn=role,
            policy="",
            duration=SECONDS,
            external_id="",
        )
        until = session_keys.expiration.timestamp()
        return Keys(
            session_keys.access_key_id,
            session_keys.secret_access_key,
            session_keys.session_token,
            until,
        )


def session(keys: Keys, region: str, endpoint: str) -> Any:
    """A session of boto3 that reads no file and no variable of this machine."""
    import boto3  # noqa: PLC0415 - slow
    import botocore.session  # noqa: PLC0415 - slow

    inner = botocore.session.Session({"profile": (None, None, None, None)})
    inner.set_config_variable("config_file", "/dev/null")
    inner.set_config_variable("credentials_file", "/dev/null")
    boto_session = boto3.session.Session(
        aws_access_key_id=keys.access_key,
        aws_secret_access_key=keys.secret,
        aws_session_token=keys.token,
        region_name=region,
        botocore_session=inner,
    )
    return _Pointed(boto_session, endpoint)


class _Pointed:
    """A session whose clients go to an endpoint unless a caller gives another."""

    def __init__(self, inner: Any, endpoint: str) -> None:
        self._inner = inner
        self._endpoint = endpoint

    def client(self, service: str, **options: Any) -> Any:
        """A client, as ``boto3.session.Session.client`` makes it."""
        endpoint = options.pop("endpoint_url", None) or self._endpoint
        return self._inner.client(service, endpoint_url=endpoint, **options)

    def __getattr__(self, name: str) -> Any:
        """Everything else is boto3's own."""
        return getattr(self._inner, name)
