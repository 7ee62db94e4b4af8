"""Sign-in settings and Cognito (``contracts/core.md`` 1.2, 1.3, 0.3 g)."""

from __future__ import annotations

from typing import Any

from pennsieve_agent.contract.check import Asker, Check, Json, Section, Surface
from pennsieve_agent.contract.families import cognito
from pennsieve_agent.contract.session import INITIATE_AUTH
from pennsieve_agent.contract.shapes import Matching, Only

_CONFIG = Section("core.md 1.2", Surface.V1)
_SIGN_IN = Section("core.md 1.3", Surface.SIGN_IN)
_ERRORS = Section("core.md 0.3 g", Surface.SIGN_IN)
_POOL = Only({"region": str, "id": str, "appClientId": str})
_ANY_KEY = {"USERNAME": "{nowhere}", "PASSWORD": "{nowhere}"}
_REFUSED = cognito("NotAuthorizedException", "Incorrect username or password.")


def _auth(flow: str, client: str, parameters: dict[str, str]) -> dict[str, Any]:
    """The rest of a sign-in; with a wrong key it only reads."""
    return {
        "asker": Asker.NOBODY,
        "reads": True,
        "sent": {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": INITIATE_AUTH},
        "body": {"AuthFlow": flow, "ClientId": client, "AuthParameters": parameters},
    }


CHECKS: list[Check] = [
    _CONFIG.get(
        "the three pools, without a token and with no other key",
        "/authentication/cognito-config",
        200,
        Json(Only({"region": str, "userPool": _POOL, "tokenPool": _POOL, "identityPool": _POOL})),
        asker=Asker.NOBODY,
        keep={"token_client": "tokenPool.appClientId", "user_client": "userPool.appClientId"},
    ),
    _SIGN_IN.change(
        "POST /",
        "an unknown key and a wrong secret look the same",
        400,
        _REFUSED,
        headers={"Content-Type": r"application/x-amz-json-1\.1.*"},
        **_auth("USER_PASSWORD_AUTH", "{token_client}", _ANY_KEY),
    ),
    _SIGN_IN.change(
        "POST /",
        "tokens for a key, with the device that strict clients ask for",
        200,
        Json(
            {
                "ChallengeParameters": {},
                "AuthenticationResult": Only(
                    {
                        "AccessToken": Matching(r"[\w-]+\.[\w-]+\.[\w-]+"),
                        "IdToken": Matching(r"[\w-]+\.[\w-]+\.[\w-]+"),
                        "RefreshToken": str,
                        "ExpiresIn": int,
                        "TokenType": "Bearer",
                        "NewDeviceMetadata": Only({"DeviceGroupKey": str, "DeviceKey": str}),
                    }
                ),
            }
        ),
        keep={"refresh_token": "AuthenticationResult.RefreshToken"},
        **_auth(
            "USER_PASSWORD_AUTH",
            "{token_client}",
            {"USERNAME": "{viewer_key}", "PASSWORD": "{viewer_secret}"},
        ),
    ),
    _SIGN_IN.change(
        "POST /",
        "a refresh token gives no new refresh token",
        200,
        Json(
            {
                "AuthenticationResult": {
                    "AccessToken": str,
                    "IdToken": str,
                    "RefreshToken?": "{refresh_token}",
                }
            }
        ),
        **_auth("REFRESH_TOKEN_AUTH", "{token_client}", {"REFRESH_TOKEN": "{refresh_token}"}),
    ),
    _SIGN_IN.change(
        "POST /",
        "a key does not sign in to the pool of people",
        400,
        cognito("NotAuthorizedException"),
        **_auth("USER_PASSWORD_AUTH", "{user_client}", _ANY_KEY),
    ),
    _ERRORS.change(
        "POST /",
        "a foreign refresh token",
        400,
        cognito("NotAuthorizedException"),
        **_auth("REFRESH_TOKEN_AUTH", "{token_client}", {"REFRESH_TOKEN": "{nowhere}"}),
    ),
    _ERRORS.change(
        "POST /",
        "an unknown client",
        400,
        cognito("ResourceNotFoundException"),
        **_auth("USER_PASSWORD_AUTH", "{nowhere}", _ANY_KEY),
    ),
    _ERRORS.change(
        "POST /",
        "a parameter is missing",
        400,
        cognito("InvalidParameterException"),
        **_auth("USER_PASSWORD_AUTH", "{token_client}", {"USERNAME": "{nowhere}"}),
    ),
]
