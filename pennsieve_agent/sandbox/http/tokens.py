"""Signed tokens: RS256 with a key pair that belongs to one sandbox."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey

from pennsieve_agent.errors import SettingsError
from pennsieve_agent.sandbox.host.private_files import write_private

KEY_FILE = "signing-key.pem"
KEY_BITS = 2048
MAX_VERIFIED = 1000


class Signer:
    """Signs and checks tokens; the private key stays in the data folder."""

    def __init__(self, data: Path) -> None:
        """Load the key pair, or make one.

        Raises:
            SettingsError: the file is not a key.

        """
        self._verified: dict[str, dict[str, Any]] = {}
        path = data / KEY_FILE
        if not path.exists():
            new_key = RSAKey.generate_key(KEY_BITS)
            write_private(path, new_key.as_pem(private=True).decode())
        try:
            key = RSAKey.import_key(path.read_bytes())
            self._kid = key.thumbprint()
            self._key = RSAKey.import_key(path.read_bytes(), {"kid": self._kid})
        except (ValueError, JoseError, OSError) as error:
            raise SettingsError(
                "the sandbox's signing key cannot be read",
                where=str(path),
                hint="start afresh with: pennsieve sandbox reset (dataset files are kept)",
            ) from error

    def sign(self, claims: dict[str, Any]) -> str:
        """A token with these claims."""
        return jwt.encode({"alg": "RS256", "kid": self._kid}, claims, self._key)

    def verify(self, token: str, now: float) -> dict[str, Any]:
        """The claims of a token that is ours and not expired.

        Raises:
            ValueError: it is not.

        """
        claims = self._verified.get(token) or self._decode(token)
        expires = claims.get("exp")
        if not isinstance(expires, int | float) or expires <= now:
            raise ValueError("the token has expired")
        return claims

    def _decode(self, token: str) -> dict[str, Any]:
        """The claims of a token that is ours; they are kept, as the next request has it too."""
        try:
            token_parts = jwt.decode(token, self._key, algorithms=["RS256"])
        except (JoseError, ValueError) as error:
            raise ValueError("not a token of this sandbox") from error
        if len(self._verified) >= MAX_VERIFIED:
            self._verified.clear()
        self._verified[token] = dict(token_parts.claims)
        return self._verified[token]

    def jwks(self) -> dict[str, Any]:
        """The public half, as a JSON Web Key Set."""
        public = self._key.as_dict(private=False)
        return {"keys": [{**public, "alg": "RS256", "use": "sig"}]}
