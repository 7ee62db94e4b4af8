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
    """A sign-in of a role's session, or of the account's owner if ``principal`` is None."""

    account: str
    principal: Principal | None
    until: float


class Logins:
    """Makes and checks passwords; keeps only hashes. ``endpoint`` is the registry's address."""

    def __init__(self, endpoint: str, now: Callable[[], float]) -> None:
        self.endpoint = endpoint
        self._now = now
        self._lock = threading.Lock()
        self._by_password: dict[str, Login] = {}

    def answer(self, account: str, region: str, principal: Principal | None) -> Answer:
        """Answer ``ecr:GetAuthorizationToken``."""
        password, until = secrets.token_urlsafe(48), self._now() + SECONDS
        with self._lock:
            self._by_password = {
                k: v for k, v in self._by_password.items() if v.until > self._now()
            }
            self._by_password[_hash(password)] = Login(account, principal, until)
        host = f"{account}.dkr.ecr.{region}.amazonaws.com"
        authorization = {
            "authorizationToken": base64.b64encode(f"{USER}:{password}".encode()).decode(),
            "expiresAt": until,
            "proxyEndpoint": f"{self.endpoint}/{host}",
        }
        return Answer("200 OK", json.dumps({"authorizationData": [authorization]}).encode())

    def holder(self, authorization: str) -> Login | None:
        """The sign-in that a request carries; None when it is unknown or expired."""
        kind, _, content = authorization.partition(" ")
        if kind.casefold() != "basic":
            return None
        try:
            user, _, password = base64.b64decode(content, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        with self._lock:
            login = self._by_password.get(_hash(password)) if user == USER else None
        return login if login is not None and login.until > self._now() else None


def _hash(password: str) -> str:
    return hashlib.sha256(password.encode()).hexdigest()
