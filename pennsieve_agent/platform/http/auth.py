"""The session: a key and secret become a token, and a new one before the old ends.

Sign-in is Cognito's ``InitiateAuth`` with ``USER_PASSWORD_AUTH`` (``contracts/core.md`` 1.2-1.4).
The access token goes into requests; of the ID token only the workspace claim is read, without
checking its signature, as it decides nothing here. The refresh token is not used here, as the
platform's own clients sign in again with the key; it is kept for runs, whose session it renews.
"""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from pennsieve_agent.domain.profile import ApiKey, Hosts
from pennsieve_agent.domain.sign_in import KeepsNothing, KeptTokens, Tokens
from pennsieve_agent.errors import AgentError, NotSignedIn, PlatformError, RateLimited
from pennsieve_agent.platform.http.decode import Fields, parse, unexpected
from pennsieve_agent.platform.http.exchange import Answer, Request
from pennsieve_agent.platform.http.failures import clean, failure
from pennsieve_agent.platform.http.transport import Transport
from pennsieve_agent.platform.http.values import loads

MARGIN_SECONDS = 300.0
_USUAL_LIFE_SECONDS = 3600
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d{1,2}")
_TOKEN = re.compile(r"[\x21-\x7e]+")
_LOGIN_HINT = "make a new key in the web app, then type: pennsieve login"
_REFUSED = {
    "NotAuthorizedException",
    "UserNotFoundException",
    "UserNotConfirmedException",
    "PasswordResetRequiredException",
}
_SLOW_DOWN = {"TooManyRequestsException", "LimitExceededException"}


@dataclass(frozen=True, slots=True)
class _Pool:
    address: str
    client_id: str


class Session:
    """Signs in when first needed. Safe to share between threads: one signs in, the others wait.

    ``kept`` may have the tokens of an earlier command, and gets those of this one.
    """

    def __init__(
        self,
        hosts: Hosts,
        key: ApiKey,
        transport: Transport,
        now: Callable[[], float],
        kept: KeptTokens | None = None,
    ) -> None:
        self._kept: KeptTokens = kept or KeepsNothing()
        self._shares = kept is not None
        self._keychain_read = False
        self._hosts, self._key, self._transport, self._now = hosts, key, transport, now
        self._lock = threading.Lock()
        self._tokens: Tokens | None = None
        self._pool: _Pool | None = None

    def tokens(self) -> Tokens:
        """Tokens that are good for some minutes at least.

        Route: GET v1 /authentication/cognito-config

        Raises:
            NotSignedIn: the key or its secret was refused.
            PlatformError: no answer, or no usable one.

        """
        with self._lock:
            if self._tokens is None and not self._keychain_read:
                self._keychain_read = True
                self._tokens = self._kept.get()
            if self._tokens is None or self._now() >= self._tokens.renew_at:
                self._tokens = self._signed_in()
            return self._tokens

    def tokens_to_give_away(self, refused: Tokens | None = None) -> Tokens:
        """Tokens with what renews them, for a run; others in place of refused ones.

        A run may revoke what it was given when it ends (``contracts/workflows.md`` 5.5), so tokens
        that other commands use, too, are not given away: the run gets a sign-in of its own.
        """
        if not self._shares:
            return self.tokens() if refused is None else self.renew(refused)
        with self._lock:
            return self._sign_in()

    def renew(self, refused: Tokens) -> Tokens:
        """New tokens in place of refused ones, which another thread may have replaced already."""
        with self._lock:
            if self._tokens is None or self._tokens.access == refused.access:
                self._tokens = None
                self._kept.drop()
                self._tokens = self._signed_in()
            return self._tokens

    def _signed_in(self) -> Tokens:
        tokens = self._sign_in()
        self._kept.put(tokens)
        return tokens

    def _sign_in(self) -> Tokens:
        pool = self._pool = self._pool or self._find_pool()
        began = self._now()
        body = {
            "AuthFlow": "USER_PASSWORD_AUTH",
            "ClientId": pool.client_id,
            "AuthParameters": {"USERNAME": self._key.key, "PASSWORD": self._key.secret},
        }
        request = Request(
            "POST",
            pool.address,
            headers={
                "Content-Type": "application/x-amz-json-1.1",
                "X-Amz-Target": "AWSCognitoIdentityProviderService.InitiateAuth",
            },
            content=json.dumps(body).encode(),
            repeatable=True,
            slow_down=_asks_to_wait,
        )
        answer = self._transport.send(request)
        if answer.status != 200:  # noqa: PLR2004 - Cognito's one success
            raise self._refusal(answer)
        return _tokens(answer, began)

    def _find_pool(self) -> _Pool:
        url = f"{self._hosts.api.rstrip('/')}/authentication/cognito-config"
        answer = self._transport.send(Request("GET", url, repeatable=True))
        if answer.status != 200:  # noqa: PLR2004 - the route's one success
            raise failure(answer)
        config = Fields(parse(answer), answer.where)
        pool = config.need_record("tokenPool")
        client_id = pool.need_text("appClientId")
        if self._hosts.cognito:
            return _Pool(self._hosts.cognito, client_id)
        region = pool.text("region") or config.need_text("region")
        if not _REGION.fullmatch(region):
            # It becomes part of the host name to which the secret is sent.
            raise unexpected(answer.where, "region", "the name of an AWS region")
        return _Pool(f"https://cognito-idp.{region}.amazonaws.com/", client_id)

    def _refusal(self, answer: Answer) -> AgentError:
        if secret := self._key.secret.encode(errors="replace"):
            # Some servers say back what they were sent.
            answer = replace(answer, body=answer.body.replace(secret, b"[secret]"))
        try:
            said = loads(answer.body)
        except ValueError:
            return failure(answer)
        kind = _kind(said)
        if not isinstance(said, dict) or not kind:
            return failure(answer)
        if kind in _REFUSED:
            return NotSignedIn(
                "Pennsieve refused this key and secret", where=answer.where, hint=_LOGIN_HINT
            )
        if kind in _SLOW_DOWN:
            return RateLimited(
                "too many sign-ins in a short time",
                where=answer.where,
                hint="try again in a few minutes",
                status=answer.status,
            )
        text = clean(str(said.get("message") or kind))
        return PlatformError(f"signing in failed: {text}", where=answer.where, status=answer.status)


def _kind(said: object) -> str:
    kind = said.get("__type") if isinstance(said, dict) else None
    return kind.rpartition("#")[2] if isinstance(kind, str) else ""


def _asks_to_wait(status: int, body: bytes) -> bool:
    """Cognito throttles by 400 and a word, not by 429 (``contracts/core.md`` 1.3)."""
    try:
        return status == 400 and _kind(loads(body)) in _SLOW_DOWN  # noqa: PLR2004 - see above
    except ValueError:
        return False


def _tokens(answer: Answer, began: float) -> Tokens:
    said = Fields(parse(answer), answer.where)
    if challenge := said.text("ChallengeName"):
        raise NotSignedIn(
            f"this key asks for another sign-in step ({clean(challenge)})",
            where=answer.where,
            hint=_LOGIN_HINT,
        )
    result = said.need_record("AuthenticationResult")
    access = result.need_text("AccessToken")
    if not _TOKEN.fullmatch(access):
        raise unexpected(answer.where, "AccessToken", "a token")
    claims = decode_claims(result.text("IdToken"), answer.where)
    refresh = result.text("RefreshToken")
    # Counted from our own clock, which may be wrong, instead of the token's "exp", which is right.
    life = result.integer("ExpiresIn") or _USUAL_LIFE_SECONDS
    life = min(max(life, 0), 10**9)
    return Tokens(
        access=access,
        workspace_id=claims.text("custom:organization_node_id"),
        expires_at=began + life,
        # A token that lives only for minutes is used for three quarters of them.
        renew_at=began + life - min(MARGIN_SECONDS, life / 4),
        refresh=refresh if _TOKEN.fullmatch(refresh) else "",
    )


def decode_claims(token: str, where: str) -> Fields:
    """The claims of a JSON web token, whose signature is not checked.

    Raises:
        PlatformError: it is not such a token.

    """
    try:
        payload = token.split(".")[1].encode("ascii")
        claims = loads(base64.urlsafe_b64decode(payload + b"=" * (-len(payload) % 4)))
    except (IndexError, ValueError):
        raise unexpected(where, "IdToken", "a token") from None
    return Fields(claims, where, "IdToken")
