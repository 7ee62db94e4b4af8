"""The two gateways: who is let in, and how the others are turned away."""

from __future__ import annotations

import pytest

from pennsieve_agent.sandbox.data.folders.dataset_folders import DatasetFiles
from pennsieve_agent.sandbox.host.faults import parse
from pennsieve_agent.sandbox.host.surfaces import Settings
from pennsieve_agent.sandbox.host.world import World
from pennsieve_agent.sandbox.http.authorizers import CACHE_SECONDS
from pennsieve_agent.sandbox.http.routing import Caller
from tests.sandbox.clock import Clock
from tests.sandbox.platform import Platform


def test_v1_answers_in_plain_text(platform: Platform) -> None:
    for headers in (
        {},
        {"Authorization": "Bearer nonsense"},
        {"Authorization": "Basic x"},
        {"Authorization": f"Bearer {platform.ada.tokens['IdToken']}"},
        {"Authorization": "Callback workflow-service:run:token"},
    ):
        answer = platform.v1.get("/user", headers=headers)
        assert (answer.status_code, answer.text) == (401, "Unauthorized.")
        assert answer.headers["Content-Type"].startswith("text/plain")


def test_v1_takes_the_token_as_a_parameter(platform: Platform) -> None:
    token = platform.ada.tokens["AccessToken"]
    assert platform.v1.get("/user", params={"api_key": token}).status_code == 200


def test_v1_ignores_the_workspace_header(platform: Platform) -> None:
    headers = platform.ada.bearer | {"X-ORGANIZATION-ID": "N:organization:other"}
    assert platform.v1.get("/user", headers=headers).status_code == 200


def test_v2_wants_the_whole_identity_source_first(platform: Platform) -> None:
    bearer = platform.ada.bearer
    for path, headers in (
        ("/probe/user", {}),
        ("/probe/dataset", bearer),
        ("/probe/dataset?dataset_id=", bearer),
        ("/probe/dataset?dataset_id=x", {}),
        ("/probe/workspace?dataset_id=x", bearer),
        ("/probe/manifest", bearer),
    ):
        answer = platform.v2.get(path, headers=headers)
        assert (answer.status_code, answer.json()) == (401, {"message": "Unauthorized"})


def test_v2_denies_with_403(platform: Platform, clock: Clock) -> None:
    bearer = platform.ada.bearer
    for path, headers in (
        ("/probe/user", {"Authorization": "Bearer nonsense"}),
        ("/probe/user", {"Authorization": f"Bearer {platform.ada.tokens['IdToken']}"}),
        ("/probe/user", {"Authorization": "Callback workflow-service:run:token"}),
        ("/probe/dataset?dataset_id=N:dataset:other", bearer),
        ("/probe/workspace?organization_id=N:organization:other", bearer),
        ("/probe/manifest?manifest_id=other", bearer),
    ):
        answer = platform.v2.get(path, headers=headers)
        assert (answer.status_code, answer.json()) == (403, {"message": "Forbidden"})
    clock.time += 3600
    answer = platform.v2.get("/probe/user", headers=bearer)
    assert (answer.status_code, answer.json()) == (403, {"message": "Forbidden"})


def test_v2_lets_in(platform: Platform) -> None:
    dataset_id = platform.dataset("d")
    row = platform.world.store.row("SELECT node_id FROM workspaces ORDER BY int_id")
    assert row is not None
    for path in (
        "/probe/user",
        f"/probe/dataset?dataset_id={dataset_id}",
        f"/probe/workspace?organization_id={row['node_id']}",
    ):
        answer = platform.v2.get(path, headers=platform.ada.bearer)
        assert answer.json() == {"user": platform.ada.user_id, "run": None}


def test_v2_denies_a_dataset_without_a_role(platform: Platform) -> None:
    dataset_id, bob = platform.dataset("d"), platform.person("bob")
    path = f"/probe/dataset?dataset_id={dataset_id}"
    assert platform.v2.get(path, headers=bob.bearer).status_code == 403
    platform.share(dataset_id, bob, "viewer")
    assert platform.v2.get(path, headers=bob.bearer).status_code == 200


def test_a_deleted_key_is_refused_at_once(platform: Platform) -> None:
    platform.world.store.execute("DELETE FROM api_keys")
    assert platform.get("/user").status_code == 401
    assert platform.v2.get("/probe/user", headers=platform.ada.bearer).status_code == 403


def test_what_does_not_exist(platform: Platform) -> None:
    v1 = platform.v1.get("/probe/user", headers=platform.ada.bearer)
    assert (v1.status_code, v1.json()) == (404, {"message": "Not found."})
    v2 = platform.v2.get("/user", headers=platform.ada.bearer)
    assert (v2.status_code, v2.json()) == (404, {"message": "Not Found"})
    assert platform.v2.delete("/probe/user", headers=platform.ada.bearer).status_code == 404


@pytest.fixture
def callbacks(world: World, files: DatasetFiles) -> Platform:
    def callback(run_id: str, token: str) -> Caller | None:
        if (run_id, token) != ("run-1", "a" * 64):
            return None
        return Caller(1, "N:user:ada", "ada@example.org", 1, "N:organization:x", 32)

    return Platform(world, files, callback=callback)


def test_a_run_calls_back_with_its_own_token(callbacks: Platform) -> None:
    def status(credential: str) -> int:
        return callbacks.v2.get("/probe/user", headers={"Authorization": credential}).status_code

    assert status(f"Callback workflow-service:run-1:{'a' * 64}") == 200
    assert status(f"Callback workflow-service:run-2:{'a' * 64}") == 403
    assert status(f"Callback other-service:run-1:{'a' * 64}") == 403
    assert status(f"callback workflow-service:run-1:{'a' * 64}") == 403
    assert status("Callback workflow-service:run-1") == 403
    assert status("Callback ") == 403
    answer = callbacks.v2.get(
        "/probe/user", headers={"Authorization": f"Callback workflow-service:run-1:{'a' * 64}"}
    )
    assert answer.json()["run"] == "run-1"


def test_v2_may_remember_denials(world: World, files: DatasetFiles, clock: Clock) -> None:
    settings = Settings(authorizer_cache_seconds=CACHE_SECONDS)
    platform = Platform(world, files, settings)
    dataset_id, other_id = platform.dataset("d"), platform.dataset("e")
    bob = platform.person("bob")

    def status(dataset: str, headers: dict[str, str]) -> int:
        path = f"/probe/dataset?dataset_id={dataset}"
        return platform.v2.get(path, headers=headers).status_code

    assert status(dataset_id, bob.bearer) == 403
    for dataset in (dataset_id, other_id):
        platform.share(dataset, bob, "viewer")
    assert status(dataset_id, bob.bearer) == 403  # remembered
    assert status(other_id, bob.bearer) == 200  # another parameter
    assert status(dataset_id, platform.session(bob.user_int_id).bearer) == 200  # another token
    clock.time += 299
    assert status(dataset_id, bob.bearer) == 403
    clock.time += 1
    assert status(dataset_id, bob.bearer) == 200


def test_a_deleted_integration_lives_on_in_the_cache_of_v2(
    world: World, files: DatasetFiles, clock: Clock
) -> None:
    platform = Platform(world, files, Settings(faults=parse("cache", None)))
    dataset_id = platform.dataset("d")
    hook = {"apiUrl": "https://x.invalid", "description": "d", "secret": "s", "displayName": "n"}
    flags = {"hasAccess": False, "isPrivate": False, "isDefault": False}
    made = platform.send("POST", "/webhooks", hook | flags).json()
    platform.send("PUT", f"/datasets/{dataset_id}/webhook/{made['id']}")
    robot = platform.integration_session(made["id"])
    path = f"/probe/dataset?dataset_id={dataset_id}"
    assert platform.v2.get(path, headers=robot.bearer).status_code == 200
    assert platform.send("DELETE", f"/webhooks/{made['id']}").json() == 1
    token = made["tokenSecret"]
    assert platform.sign_in(token["key"], token["secret"]).status_code == 400  # at once
    assert platform.get("/user", robot).status_code == 401  # v1 remembers nothing
    assert platform.v2.get(path, headers=robot.bearer).status_code == 200
    clock.time += CACHE_SECONDS
    assert platform.v2.get(path, headers=robot.bearer).status_code == 403
