"""Sign-in: the API-key pool of Cognito, and the holder of a token.

``contracts/core.md`` 1.2 to 1.4. Only API keys can sign in here: the pool for people exists in the
configuration, as in the real one, but it is empty.
"""

from __future__ import annotations

import hmac
import secrets
import string
import uuid
from dataclasses import dataclass
from typing import Any

from pennsieve_agent.sandbox.data.people import directory
from pennsieve_agent.sandbox.host.store import Row, Store
from pennsieve_agent.sandbox.host.world import World
from pennsieve_agent.sandbox.http.routing import Caller
from pennsieve_agent.sandbox.http.tokens import Signer

REGION = "us-east-1"
TOKEN_SECONDS = 3600
REFRESH_SECONDS = 24 * 3600


@dataclass(frozen=True, slots=True)
class Pool:
    """A Cognito pool, as the platform publishes it."""

    id: str
    client_id: str

    def as_json(self) -> dict[str, str]:
        """The exact keys that existing clients parse strictly."""
        return {"region": REGION, "id": self.id, "appClientId": self.client_id}

    @property
    def issuer(self) -> str:
        """The ``iss`` of its tokens."""
        return f"https://cognito-idp.{REGION}.amazonaws.com/{self.id}"


class Identity:
    """Signs API keys in, and tells whose access token a request carries."""

    def __init__(self, world: World, signer: Signer, token_seconds: int = TOKEN_SECONDS) -> None:
        self._store = world.store
        self._now = world.now
        self._signer = signer
        self._token_seconds = token_seconds
        self.user_pool = _pool(world.store, "user", f"{REGION}_{_letters(9)}")
        self.token_pool = _pool(world.store, "token", f"{REGION}_{_letters(9)}")
        self.identity_pool = _pool(world.store, "identity", f"{REGION}:{uuid.uuid4()}")

    def config(self) -> dict[str, Any]:
        """The answer of ``GET /authentication/cognito-config``."""
        return {
            "region": REGION,
            "userPool": self.user_pool.as_json(),
            "tokenPool": self.token_pool.as_json(),
            "identityPool": self.identity_pool.as_json(),
        }

    def jwks(self, pool_id: str) -> dict[str, Any] | None:
        """The public keys of a pool, or None if there is no such pool."""
        pools = (self.user_pool.id, self.token_pool.id)
        return self._signer.jwks() if pool_id in pools else None

    def sign_in(self, key: str, secret: str) -> dict[str, Any] | None:
        """Cognito's ``AuthenticationResult`` for an API key; None if key or secret is wrong.

        Keys are not case-sensitive, as the pool's user names are not.
        """
        row = self._store.row("SELECT * FROM api_keys WHERE key = ?", (key.lower(),))
        right = row["secret_hash"] if row else directory.digest("")
        if not hmac.compare_digest(directory.digest(secret), right) or row is None:
            return None
        refresh = secrets.token_urlsafe(48)
        now = self._now()
        self._store.execute("DELETE FROM refresh_tokens WHERE expires_at <= ?", (now,))
        self._store.execute(
            "INSERT INTO refresh_tokens (token_hash, key, expires_at) VALUES (?, ?, ?)",
            (directory.digest(refresh), row["key"], now + REFRESH_SECONDS),
        )
        return {
            **self._tokens(row),
            "RefreshToken": refresh,
            "NewDeviceMetadata": {
                "DeviceGroupKey": f"-{_letters(8)}",
                "DeviceKey": f"{REGION}_{uuid.uuid4()}",
            },
        }

    def refresh(self, token: str) -> dict[str, Any] | None:
        """New tokens for a refresh token, which itself stays; None if it is unknown or expired."""
        row = self._store.row(
            "SELECT k.* FROM refresh_tokens r JOIN api_keys k ON k.key = r.key"
            " WHERE r.token_hash = ? AND r.expires_at > ?",
            (directory.digest(token), self._now()),
        )
        return self._tokens(row) if row else None

    def caller(self, token: str) -> Caller | None:
        """Who an access token belongs to.

        None for an expired or foreign token, for an ID token, and when the key is gone.
        """
        try:
            claims = self._signer.verify(token, self._now())
        except ValueError:
            return None
        pool = self.token_pool
        expected = {"token_use": "access", "client_id": pool.client_id, "iss": pool.issuer}
        if any(claims.get(name) != value for name, value in expected.items()):
            return None
        return directory.find_caller(self._store, str(claims.get("sub")))

    def _tokens(self, key: Row) -> dict[str, Any]:
        now = int(self._now())
        common = {
            "sub": key["sub"],
            "iss": self.token_pool.issuer,
            "origin_jti": str(uuid.uuid4()),
            "event_id": str(uuid.uuid4()),
            "auth_time": now,
            "iat": now,
            "exp": now + self._token_seconds,
        }
        access = {
            **common,
            "token_use": "access",
            "client_id": self.token_pool.client_id,
            "scope": "aws.cognito.signin.user.admin",
            "username": key["key"],
            "jti": str(uuid.uuid4()),
        }
        workspace = self._store.row(
            "SELECT * FROM workspaces WHERE int_id = ?", (key["workspace_int_id"],)
        )
        if workspace is None:
            raise RuntimeError("an API key without a workspace")
        named = {
            **common,
            "token_use": "id",
            "aud": self.token_pool.client_id,
            "cognito:username": key["key"],
            "custom:organization_node_id": workspace["node_id"],
            "custom:organization_id": str(workspace["int_id"]),
            "jti": str(uuid.uuid4()),
        }
        return {
            "AccessToken": self._signer.sign(access),
            "IdToken": self._signer.sign(named),
            "ExpiresIn": self._token_seconds,
            "TokenType": "Bearer",
        }


def _pool(store: Store, name: str, new_id: str) -> Pool:
    """A pool's ids, made at the first start and kept."""
    key = f"{name}_pool"
    store.execute(
        "INSERT OR IGNORE INTO settings VALUES (?, ?)", (key, f"{new_id} {_letters(26).lower()}")
    )
    row = store.row("SELECT value FROM settings WHERE name = ?", (key,))
    pool_id, client_id = (row["value"] if row else "").split(" ")
    return Pool(pool_id, client_id)


def _letters(count: int) -> str:
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(count))
