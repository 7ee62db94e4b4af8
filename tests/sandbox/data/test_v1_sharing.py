"""Collaborators and integrations, which are what grants are made of."""

from __future__ import annotations

from typing import Any

import pytest

from pennsieve_agent.domain.datasets import Role
from pennsieve_agent.sandbox.data.people import directory
from pennsieve_agent.sandbox.data.people.directory import ADMINISTRATOR
from pennsieve_agent.sandbox.data.roles import dataset_role
from tests.sandbox.platform import Platform, Session, error

WORKFLOW = "6f1f4c4e-0000-4000-8000-000000000001"


def webhook(platform: Platform, session: Session | None = None, **given: Any) -> dict[str, Any]:
    body = {
        "apiUrl": "https://example.org/hook",
        "description": "what it is for",
        "secret": "s3cret",
        "displayName": "Spike rate",
        "hasAccess": False,
        "isPrivate": True,
        "isDefault": False,
    }
    answer = platform.send("POST", "/webhooks", body | given, session)
    assert answer.status_code == 201, answer.text
    found = answer.json()
    assert isinstance(found, dict)
    return found


def collaborators(platform: Platform, dataset_id: str) -> dict[str, str]:
    """Who has a role, but for those who have one on every dataset from the start."""
    found = platform.get(f"/datasets/{dataset_id}/collaborators/users").json()
    roles = {each["email"]: each["role"] for each in found}
    return {email: role for email, role in roles.items() if email not in directory.FOLDER_ROLES}


def test_sharing_and_taking_it_back(platform: Platform) -> None:
    dataset_id, bob = platform.dataset("d"), platform.person("bob")
    assert platform.share(dataset_id, bob, "viewer").status_code == 200
    assert platform.share(dataset_id, bob, "editor").status_code == 200
    assert collaborators(platform, dataset_id)["bob@example.org"] == "editor"
    path = f"/datasets/{dataset_id}/collaborators/users"
    assert platform.send("DELETE", path, {"id": bob.user_id}).status_code == 200
    assert "bob@example.org" not in collaborators(platform, dataset_id)


def test_what_sharing_refuses(platform: Platform) -> None:
    dataset_id = platform.dataset("d")
    bob, eve = platform.person("bob"), platform.person("eve")
    hook = webhook(platform)
    row = platform.world.store.row("SELECT node_id FROM users WHERE is_integration")
    assert row is not None
    assert hook["hasAccess"] is False
    path = f"/datasets/{dataset_id}/collaborators/users"

    def put(user_id: object, role: object, session: Session | None = None) -> tuple[int, str]:
        return error(platform.send("PUT", path, {"id": user_id, "role": role}, session))

    assert put(bob.user_id, "owner") == (403, "Forbidden")
    assert put(bob.user_id, "king") == (400, "BadRequest")
    assert put(bob.user_id, "guest") == (400, "BadRequest")
    assert put(bob.user_id, 7) == (400, "BadRequest")
    assert put(None, "viewer") == (400, "BadRequest")
    assert put("N:user:nobody", "viewer") == (404, "NotFound")
    assert put(platform.ada.user_id, "viewer") == (403, "Forbidden")
    assert put(row["node_id"], "viewer") == (403, "Forbidden")
    platform.share(dataset_id, bob, "editor")
    assert put(eve.user_id, "viewer", bob) == (403, "Forbidden")
    platform.share(dataset_id, bob, "manager")
    assert platform.send("PUT", path, {"id": eve.user_id, "role": "viewer"}, bob).status_code == 200


def test_a_team_and_the_workspace_give_roles_too(platform: Platform) -> None:
    dataset_id, bob = platform.dataset("d"), platform.person("bob")
    store = platform.world.store
    team = store.execute(
        "INSERT INTO teams (node_id, name, workspace_int_id) VALUES ('N:team:x', 'x', ?)",
        (platform.workspace,),
    )
    store.execute("INSERT INTO team_members VALUES (?, ?)", (team, bob.user_int_id))
    assert dataset_role(store, bob.user_int_id, dataset_id) is Role.NONE
    store.execute(
        "INSERT INTO collaborators VALUES (1, 'workspace', ?, 'viewer')", (platform.workspace,)
    )
    assert dataset_role(store, bob.user_int_id, dataset_id) is Role.VIEWER
    store.execute("INSERT INTO collaborators VALUES (1, 'team', ?, 'manager')", (team,))
    assert dataset_role(store, bob.user_int_id, dataset_id) is Role.MANAGER
    store.execute("DELETE FROM memberships WHERE user_int_id = ?", (bob.user_int_id,))
    assert dataset_role(store, bob.user_int_id, dataset_id) is Role.NONE
    assert platform.get(f"/datasets/{dataset_id}", bob).status_code == 401


def test_creating_an_integration_makes_a_user_with_a_key(platform: Platform) -> None:
    made = webhook(platform, targetEvents=["FILES"], customTargets=[{"target": "DATASET"}])
    assert made["eventTargets"] == ["FILES"]
    assert made["customTargets"] == [{"target": "DATASET"}]
    assert made["name"] == "spike-rate"
    assert "imageUrl" not in made
    token = made.pop("tokenSecret")
    assert platform.sign_in(token["key"], token["secret"]).status_code == 200
    assert platform.get(f"/webhooks/{made['id']}").json() == made
    assert platform.get("/webhooks").json() == [made]
    row = platform.world.store.row(
        "SELECT m.role FROM users u JOIN memberships m ON m.user_int_id = u.int_id"
        " WHERE u.is_integration"
    )
    assert row == {"role": directory.MEMBER}


@pytest.mark.parametrize(("has_access", "role"), [(False, "viewer"), (True, "manager")])
def test_enabling_puts_the_integration_user_on_the_dataset(
    platform: Platform, *, has_access: bool, role: str
) -> None:
    dataset_id, made = platform.dataset("d"), webhook(platform, hasAccess=has_access)
    path = f"/datasets/{dataset_id}/webhook"
    first = platform.send("PUT", f"{path}/{made['id']}").json()
    assert set(first) == {"id", "webhookId", "datasetId", "enabledBy", "enabledOn"}
    assert (first["webhookId"], first["datasetId"]) == (made["id"], 1)
    assert first["enabledBy"] == platform.ada.user_int_id
    assert platform.send("PUT", f"{path}/{made['id']}").json() == first
    assert platform.get(path).json() == [first]
    assert sorted(collaborators(platform, dataset_id).values()) == sorted(["owner", role])
    assert platform.send("DELETE", f"{path}/{made['id']}").json() == 1
    assert platform.get(path).json() == []
    assert list(collaborators(platform, dataset_id).values()) == ["owner"]
    assert error(platform.send("DELETE", f"{path}/{made['id']}")) == (404, "NotFound")


def test_enabling_is_for_managers_and_private_ones_for_their_makers(platform: Platform) -> None:
    dataset_id, bob = platform.dataset("d"), platform.person("bob")
    mine, public = webhook(platform), webhook(platform, isPrivate=False)
    path = f"/datasets/{dataset_id}/webhook"
    platform.share(dataset_id, bob, "editor")
    assert error(platform.send("PUT", f"{path}/{public['id']}", None, bob)) == (403, "Forbidden")
    platform.share(dataset_id, bob, "manager")
    assert error(platform.send("PUT", f"{path}/{mine['id']}", None, bob)) == (403, "Forbidden")
    assert platform.send("PUT", f"{path}/{public['id']}", None, bob).status_code == 200
    assert [each["id"] for each in platform.get("/webhooks", bob).json()] == [public["id"]]
    assert error(platform.get(f"/webhooks/{mine['id']}", bob)) == (403, "Forbidden")
    for number in ("99", "x", str(2**64)):
        status = platform.send("PUT", f"{path}/{number}").status_code
        assert status == (404 if number == "99" else 400)


def test_only_its_maker_or_an_administrator_changes_an_integration(platform: Platform) -> None:
    bob, admin = platform.person("bob"), platform.person("eve", ADMINISTRATOR)
    made = webhook(platform, isPrivate=False)
    path = f"/webhooks/{made['id']}"
    change = {"displayName": "Other Name", "hasAccess": True, "isDisabled": True}
    assert error(platform.send("PUT", path, change, bob)) == (403, "Forbidden")
    assert error(platform.send("DELETE", path, None, bob)) == (403, "Forbidden")
    found = platform.send("PUT", path, change, admin).json()
    assert (found["name"], found["isDisabled"]) == ("other-name", True)
    assert found["hasAccess"] is False  # cannot be changed
    assert platform.send("DELETE", path, None, admin).json() == 1
    assert error(platform.get(path)) == (404, "NotFound")


def test_deleting_an_integration_takes_its_user_everywhere(platform: Platform) -> None:
    dataset_id, made = platform.dataset("d"), webhook(platform)
    platform.send("PUT", f"/datasets/{dataset_id}/webhook/{made['id']}")
    token = made["tokenSecret"]
    user = platform.world.store.row("SELECT int_id FROM users WHERE is_integration")
    assert user is not None
    robot = platform.session(user["int_id"])
    own = platform.send("POST", "/datasets", {"name": "of the robot"}, robot).json()
    webhook(platform, robot)
    platform.send("DELETE", f"/webhooks/{made['id']}")
    assert platform.sign_in(token["key"], token["secret"]).status_code == 400
    assert platform.get(f"/datasets/{dataset_id}/webhook").json() == []
    assert list(collaborators(platform, dataset_id)) == ["ada@example.org"]
    found = platform.get(f"/datasets/{own['content']['id']}").json()
    assert found["owner"] == platform.ada.user_id


@pytest.mark.parametrize(
    "wrong",
    [
        {"apiUrl": "x" * 256},
        {"apiUrl": ""},
        {"description": "x" * 200},
        {"secret": None},
        {"displayName": " "},
        {"hasAccess": "yes"},
        {"isPrivate": None},
        {"targetEvents": ["WEATHER"]},
        {"targetEvents": "FILES"},
        {"customTargets": [{"target": "PLANET"}]},
        {"customTargets": [7]},
        {"imageUrl": 7},
    ],
)
def test_what_an_integration_must_not_be(platform: Platform, wrong: dict[str, Any]) -> None:
    body = {
        "apiUrl": "u",
        "description": "d",
        "secret": "s",
        "displayName": "n",
        "hasAccess": False,
        "isPrivate": True,
        "isDefault": False,
    }
    assert error(platform.send("POST", "/webhooks", body | wrong)) == (400, "BadRequest")
    count = platform.world.store.row("SELECT count(*) AS n FROM users WHERE is_integration")
    assert count == {"n": 1}  # made before the body is checked, and it stays
    assert platform.get("/webhooks").json() == []


def test_a_users_orphan_stays_for_good_and_has_no_name(platform: Platform) -> None:
    platform.send("POST", "/webhooks", {"displayName": "x" * 300})
    org = platform.ada_workspace_id
    members = f"/organizations/{org}/members"
    (orphan,) = [m for m in platform.get(members).json() if m["isIntegrationUser"]]
    assert (orphan["email"], orphan["firstName"], orphan["lastName"]) == ("", "", "")
    refused = platform.send("DELETE", f"{members}/{orphan['id']}")
    assert refused.status_code == 400
    assert "Cannot remove integration user" in refused.text


def test_an_integrations_user_reaches_what_the_whole_workspace_reaches(platform: Platform) -> None:
    granted, open_to_all, other = (platform.dataset(name) for name in ("a", "b", "c"))
    everybody = f"/datasets/{open_to_all}/collaborators/organizations"
    assert platform.send("PUT", everybody, {"role": "viewer"}).status_code == 200
    made = webhook(platform, isPrivate=False)
    platform.send("PUT", f"/datasets/{granted}/webhook/{made['id']}")
    robot = platform.integration_session(made["id"])
    seen = {d: platform.get(f"/datasets/{d}", robot).status_code for d in (granted, open_to_all)}
    assert set(seen.values()) == {200}
    assert platform.get(f"/datasets/{other}", robot).status_code == 404
    assert platform.send("POST", "/datasets", {"name": "its own"}, robot).status_code == 201
    webhook(platform, robot)


def test_a_private_integration_is_taken_off_by_its_maker_alone(platform: Platform) -> None:
    dataset_id, bob = platform.dataset("d"), platform.person("bob")
    platform.share(dataset_id, bob, "manager")
    mine, public = webhook(platform), webhook(platform, isPrivate=False)
    for made in (mine, public):
        platform.send("PUT", f"/datasets/{dataset_id}/webhook/{made['id']}")
    path = f"/datasets/{dataset_id}/webhook"
    assert error(platform.send("DELETE", f"{path}/{mine['id']}", None, bob)) == (403, "Forbidden")
    assert platform.send("DELETE", f"{path}/{public['id']}", None, bob).json() == 1
    assert platform.send("DELETE", f"{path}/{mine['id']}").json() == 1


def test_default_integrations_are_enabled_on_new_datasets(platform: Platform) -> None:
    default = webhook(platform, isDefault=True)["id"]
    other = webhook(platform)["id"]

    def enabled(**given: Any) -> set[int]:
        body = {"name": f"d{given}"} | given
        made = platform.send("POST", "/datasets", body).json()["content"]["id"]
        found = platform.get(f"/datasets/{made}/webhook").json()
        return {each["webhookId"] for each in found}

    assert enabled() == {default}
    assert enabled(includedWebhookIds=[other]) == {default, other}
    assert enabled(excludedWebhookIds=[default]) == set()
    for wrong in ("x", [True], [-1], [2**70]):
        body = {"name": "x", "includedWebhookIds": wrong}
        assert error(platform.send("POST", "/datasets", body)) == (400, "BadRequest")
