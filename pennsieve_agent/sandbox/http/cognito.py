"""The few operations of Cognito that clients use, at ``POST /`` of the third port.

``contracts/core.md`` 1.3 and 0.3 g: requests and answers are ``application/x-amz-json-1.1``, are
not signed, and every refusal is a 400 with ``__type``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pennsieve_agent.sandbox.http.routing import Handler, Request, Response, Route, Scheme
from pennsieve_agent.sandbox.http.sign_in import Identity

CONTENT_TYPE = "application/x-amz-json-1.1"
TARGET = "AWSCognitoIdentityProviderService."


def routes(identity: Identity) -> list[Route]:
    """Sign-in, and the public keys of the pools."""

    def jwks(request: Request) -> Response:
        keys = identity.jwks(request.params["pool"])
        if keys is None:
            return _refusal("ResourceNotFoundException", "User pool does not exist.")
        return Response(200, keys, {"Content-Type": "application/json"})

    return [
        Route("POST", "/", Scheme.NONE, _operation(identity)),
        Route("GET", "/<pool>/.well-known/jwks.json", Scheme.NONE, jwks),
    ]


def _operation(identity: Identity) -> Handler:
    def operation(request: Request) -> Response:
        if request.headers.get("x-amz-target") != f"{TARGET}InitiateAuth":
            return _refusal("UnknownOperationException", "")
        try:
            body = request.json_object()
        except ValueError:
            return _refusal("SerializationException", "")
        return _initiate_auth(identity, body)

    return operation


def _initiate_auth(identity: Identity, body: Mapping[str, Any]) -> Response:
    client, parameters = body.get("ClientId"), body.get("AuthParameters")
    if not isinstance(client, str) or not isinstance(parameters, dict):
        return _refusal("InvalidParameterException", "1 validation error detected")
    if client not in (identity.user_pool.client_id, identity.token_pool.client_id):
        return _refusal("ResourceNotFoundException", f"User pool client {client} does not exist.")
    keys_sign_in_here = client == identity.token_pool.client_id
    match body.get("AuthFlow"):
        case "USER_PASSWORD_AUTH":
            return _password(identity if keys_sign_in_here else None, parameters)
        case "REFRESH_TOKEN" | "REFRESH_TOKEN_AUTH":
            return _refresh(identity if keys_sign_in_here else None, parameters)
        case "USER_SRP_AUTH":
            return _refusal("InvalidParameterException", "Initiate Auth method not supported.")
        case _:
            return _refusal("InvalidParameterException", "1 validation error detected")


def _password(identity: Identity | None, parameters: Mapping[str, Any]) -> Response:
    missing = _missing(parameters, "USERNAME", "PASSWORD")
    if missing is not None:
        return missing
    result = identity.sign_in(parameters["USERNAME"], parameters["PASSWORD"]) if identity else None
    if result is None:
        return _refusal("NotAuthorizedException", "Incorrect username or password.")
    return Response(200, {"ChallengeParameters": {}, "AuthenticationResult": result})


def _refresh(identity: Identity | None, parameters: Mapping[str, Any]) -> Response:
    missing = _missing(parameters, "REFRESH_TOKEN")
    if missing is not None:
        return missing
    result = identity.refresh(parameters["REFRESH_TOKEN"]) if identity else None
    if result is None:
        return _refusal("NotAuthorizedException", "Invalid Refresh Token")
    return Response(200, {"ChallengeParameters": {}, "AuthenticationResult": result})


def _missing(parameters: Mapping[str, Any], *names: str) -> Response | None:
    for name in names:
        if not isinstance(parameters.get(name), str) or not parameters[name]:
            message = f"Missing required parameter {name}"
            return _refusal("InvalidParameterException", message)
    return None


def _refusal(kind: str, message: str) -> Response:
    return Response(400, {"__type": kind, "message": message}, {"x-amzn-ErrorType": f"{kind}:"})
