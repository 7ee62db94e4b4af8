"""Sign-in: what existing clients parse strictly, and tokens that end."""

from __future__ import annotations

import base64
import json
import stat
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey

from pennsieve_agent.errors import SettingsError
from pennsieve_agent.sandbox.data.folders.dataset_folders import DatasetFiles
from pennsieve_agent.sandbox.host.surfaces import Settings
from pennsieve_agent.sandbox.host.world import World
from pennsieve_agent.sandbox.http.tokens import Signer
from tests.sandbox.clock import Clock
from tests.sandbox.platform import Platform


def claims(token: str) -> dict[str, Any]:
    part = token.split(".")[1]
    found = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    assert isinstance(found, dict)
    return found


def test_the_configuration_has_exactly_the_documented_keys(platform: Platform) -> None:
    assert set(platform.config) == {"region", "userPool", "tokenPool", "identityPool"}
    for pool in ("userPool", "tokenPool", "identityPool"):
        assert set(platform.config[pool]) == {"region", "id", "appClientId"}


def test_a_key_signs_in(platform: Platform) -> None:
    answer = platform.sign_in(platform.ada.key.key.upper(), platform.ada.key.secret)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/x-amz-json-1.1"
    body = answer.json()
    assert set(body) == {"ChallengeParameters", "AuthenticationResult"}
    assert set(body["AuthenticationResult"]) == {
        *("AccessToken", "IdToken", "RefreshToken", "ExpiresIn", "TokenType"),
        "NewDeviceMetadata",
    }
    device = body["AuthenticationResult"]["NewDeviceMetadata"]
    assert set(device) == {"DeviceGroupKey", "DeviceKey"}
    assert body["AuthenticationResult"]["ExpiresIn"] == 3600


def test_the_workspace_is_in_the_id_token_only(platform: Platform, clock: Clock) -> None:
    access = claims(platform.ada.tokens["AccessToken"])
    named = claims(platform.ada.tokens["IdToken"])
    assert (access["token_use"], named["token_use"]) == ("access", "id")
    assert access["client_id"] == named["aud"] == platform.config["tokenPool"]["appClientId"]
    assert access["iss"].endswith(f".amazonaws.com/{platform.config['tokenPool']['id']}")
    assert access["username"] == platform.ada.key.key
    assert access["exp"] == named["exp"] == clock.time + 3600
    assert named["custom:organization_id"] == str(platform.workspace)
    assert named["custom:organization_node_id"].startswith("N:organization:")
    assert not [name for name in access if name.startswith("custom:")]


def test_the_published_keys_verify_the_tokens(platform: Platform) -> None:
    pool = platform.config["tokenPool"]["id"]
    keys = KeySet.import_key_set(platform.cognito.get(f"/{pool}/.well-known/jwks.json").json())
    token = jwt.decode(platform.ada.tokens["IdToken"], keys, algorithms=["RS256"])
    assert token.claims["token_use"] == "id"
    assert platform.cognito.get("/us-east-1_other/.well-known/jwks.json").status_code == 400


@pytest.mark.parametrize("wrong", ["key", "secret"])
def test_an_unknown_key_and_a_wrong_secret_look_the_same(platform: Platform, wrong: str) -> None:
    key = {"key": platform.ada.key.key, "secret": platform.ada.key.secret} | {wrong: "x" * 36}
    answer = platform.sign_in(key["key"], key["secret"])
    assert answer.status_code == 400
    assert answer.json() == {
        "__type": "NotAuthorizedException",
        "message": "Incorrect username or password.",
    }


def auth(platform: Platform, flow: str, pool: str = "tokenPool", **given: object) -> object:
    client = platform.config[pool]["appClientId"]
    body = {"AuthFlow": flow, "ClientId": client, "AuthParameters": given}
    answer = platform.initiate(body)
    return answer.json().get("__type", answer.json().get("AuthenticationResult"))


@pytest.mark.parametrize("flow", ["REFRESH_TOKEN", "REFRESH_TOKEN_AUTH"])
def test_a_refresh_token_lives_for_a_day(platform: Platform, clock: Clock, flow: str) -> None:
    token = platform.ada.tokens["RefreshToken"]
    clock.time += 23 * 3600
    found = auth(platform, flow, REFRESH_TOKEN=token)
    assert isinstance(found, dict)
    assert set(found) == {"AccessToken", "IdToken", "ExpiresIn", "TokenType"}
    clock.time += 3601
    assert auth(platform, flow, REFRESH_TOKEN=token) == "NotAuthorizedException"


def test_other_ways_to_sign_in_are_refused(platform: Platform) -> None:
    ada = platform.ada.key
    named = {"USERNAME": ada.key, "PASSWORD": ada.secret}
    refused = "InvalidParameterException"
    assert auth(platform, "USER_SRP_AUTH", **named) == refused
    assert auth(platform, "NO_SUCH_AUTH", **named) == refused
    assert auth(platform, "USER_PASSWORD_AUTH", USERNAME=ada.key) == refused
    assert auth(platform, "USER_PASSWORD_AUTH", USERNAME=ada.key, PASSWORD=7) == refused
    assert auth(platform, "REFRESH_TOKEN_AUTH") == refused
    assert auth(platform, "REFRESH_TOKEN", REFRESH_TOKEN="x") == "NotAuthorizedException"
    assert auth(platform, "USER_PASSWORD_AUTH", "userPool", **named) == "NotAuthorizedException"
    assert (
        auth(platform, "USER_PASSWORD_AUTH", "identityPool", **named) == "ResourceNotFoundException"
    )
    assert platform.initiate({}).json()["__type"] == refused
    assert platform.initiate([]).json()["__type"] == "SerializationException"
    assert platform.initiate({}, "SignUp").json()["__type"] == "UnknownOperationException"


def test_an_access_token_ends(world: World, files: DatasetFiles, clock: Clock) -> None:
    platform = Platform(world, files, Settings(token_seconds=60))
    clock.time += 59
    assert platform.get("/user").status_code == 200
    clock.time += 1
    assert platform.get("/user").status_code == 401


def test_pools_keys_and_sessions_survive_a_restart(platform: Platform) -> None:
    again = Platform(platform.world, DatasetFiles(platform.world))
    assert again.config == platform.config
    assert again.get("/user", platform.ada).status_code == 200


def test_the_private_key_is_private_and_a_broken_one_is_named(world: World) -> None:
    Signer(world.data)
    path = world.data / "signing-key.pem"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.write_text("-----BEGIN NONSENSE-----")
    with pytest.raises(SettingsError, match="signing key") as caught:
        Signer(world.data)
    assert caught.value.where == str(path)


def test_no_secret_is_in_the_database(platform: Platform) -> None:
    store = platform.world.store
    kept = str(store.rows("SELECT * FROM api_keys") + store.rows("SELECT * FROM refresh_tokens"))
    assert platform.ada.key.key in kept
    assert platform.ada.key.secret not in kept
    assert platform.ada.tokens["RefreshToken"] not in kept
    assert platform.ada.key.secret not in repr(platform.ada.key)


def test_a_token_of_another_sandbox_is_refused(platform: Platform) -> None:
    other = RSAKey.generate_key(2048)
    forged = jwt.encode(
        {"alg": "RS256", "kid": "x"}, claims(platform.ada.tokens["AccessToken"]), other
    )
    headers = {"Authorization": f"Bearer {forged}"}
    assert platform.v1.get("/user", headers=headers).status_code == 401
    assert platform.v2.get("/probe/user", headers=headers).status_code == 403
