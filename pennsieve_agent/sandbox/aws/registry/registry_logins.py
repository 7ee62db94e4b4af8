"""Sign-ins to the emulated ECR: passwords for twelve hours (``ecr:GetAuthorizationToken``)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass

from pennsieve_agent.sandbox.aws.rights.policy_check import Answer
from pennsieve_agent.sandbox.aws.rights.principals import Principal

USER = "AWS"
SECONDS = 12 * 3600
"""How long AWS lets one be valid (Amazon ECR, "Private registry authentication")."""


@dataclass(frozen=True, slots=True)
class Login:
    """Whose password it is: a role's session, or with None the account's owner."""

    account: str
    principal: Principal | None
    until: float


class Logins:
    """Passwords, of which the hashes are kept. ``endpoint`` is where the registry is asked."""

    def __init__(self, endpoint: str, now: Callable[[], float]) -> None:
        self.endpoint = endpoint
        self._now = now
        self._lock = threading.Lock()
        self._given: dict[str, Login] = {}

    def answer(self, account: str, region: str, principal: Principal | None) -> Answer:
        """What ``ecr:GetAuthorizationToken`` answers."""
        password, until = secrets.token_urlsafe(48), self._now() + SECONDS
        with self._lock:
            self._given = {k: v for k, v in self._given.items() if v.until > self._now()}
            self._given[_hash(password)] = Login(account, principal, until)
        host = f"{account}.dkr.ecr.{region}.amazonaws.com"
        given = {
            "authorizationToken": base64.b64encode(f"{USER}:{password}".encode()).decode(),
            "expiresAt": until,
            "proxyEndpoint": f"{self.endpoint}/{host}",
        }
        return Answer("200 OK", json.dumps({"authorizationData": [given]}).encode())

    def holder(self, authorization: str) -> Login | None:
        """Whose sign-in a request carries; None when it is none, or over."""
        kind, _, content = authorization.partition(" ")
        if kind.casefold() != "basic":
            return None
        try:
            user, _, password = base64.b64decode(content, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        with self._lock:
            found = self._given.get(_hash(password)) if user == USER else None
        return found if found is not None and found.until > self._now() else None


def _hash(password: str) -> str:
    return hashlib.sha256(password.encode()).hexdigest()
