"""Members, invitations, teams, guests, and sharing with more than one person."""

from __future__ import annotations

import pytest

from pennsieve_agent.sandbox.data.people import directory
from tests.sandbox.platform import Platform, Session, error


@pytest.fixture
def path(platform: Platform) -> str:
    found = platform.get("/organizations").json()["organizations"]
    return f"/organizations/{found[0]['organization']['id']}"


def test_members(platform: Platform, path: str) -> None:
    found = platform.get(f"{path}/members").json()
    assert {each["email"].partition("@")[0]: each["role"] for each in found} == {
        "ada": "owner",
        "grace": "manager",
        "edith": "editor",
        "vera": "editor",
    }
    bob = platform.person("bob")
    change = platform.send("PUT", f"{path}/members/{bob.user_id}", {"role": "guest"})
    assert change.json()["role"] == "guest"
    assert platform.get("/organizations", bob).json()["organizations"][0]["isGuest"] is True
    owner = f"{path}/members/{platform.ada.user_id}"
    assert error(platform.send("PUT", owner, {"role": "guest"})) == (403, "Forbidden")
    assert error(platform.send("DELETE", owner)) == (403, "Forbidden")
    assert platform.send("DELETE", f"{path}/members/{bob.user_id}").status_code == 200
    assert platform.get("/user", bob).status_code == 401


def test_a_removed_member_leaves_their_datasets(platform: Platform, path: str) -> None:
    bob = platform.person("bob")
    made = platform.send("POST", "/datasets", {"name": "bob's"}, bob).json()
    platform.send("DELETE", f"{path}/members/{bob.user_id}")
    found = platform.get(f"/datasets/{made['content']['id']}").json()
    assert (found["role"], found["owner"]) == ("owner", platform.ada.user_id)


def test_invitations(platform: Platform, path: str) -> None:
    invites = [
        {"email": "new@example.org", "firstName": "N", "lastName": "W"},
        {"email": "charles@example.org", "firstName": "C", "lastName": "B"},
        {"email": "vera@example.org", "firstName": "V", "lastName": "R"},
    ]
    body = {"invites": invites, "role": "editor"}
    found = platform.send("POST", f"{path}/members", body).json()
    assert {email: each["success"] for email, each in found.items()} == {
        "new@example.org": True,
        "charles@example.org": True,
        "vera@example.org": False,
    }
    assert found["charles@example.org"]["user"]["firstName"] == "Charles"
    (invite,) = platform.get(f"{path}/invites").json()
    assert invite == found["new@example.org"]["invite"]
    assert platform.send("PUT", f"{path}/invites/{invite['id']}").status_code == 200
    assert platform.send("DELETE", f"{path}/invites/{invite['id']}").status_code == 200
    assert platform.get(f"{path}/invites").json() == []
    assert error(platform.send("DELETE", f"{path}/invites/{invite['id']}")) == (404, "NotFound")


def test_teams(platform: Platform, path: str) -> None:
    (system,) = platform.get(f"{path}/teams").json()
    assert system["team"]["systemTeamType"] == "publishers"
    made = platform.send("POST", f"{path}/teams", {"name": "Lab"})
    assert made.status_code == 201
    team = f"{path}/teams/{made.json()['team']['id']}"
    bob = platform.person("bob")
    assert len(platform.send("POST", f"{team}/members", {"ids": [bob.user_id]}).json()) == 1
    assert platform.get(team).json()["memberCount"] == 1
    assert platform.send("PUT", team, {"name": "Lab 2"}).json()["team"]["name"] == "Lab 2"
    assert error(platform.send("POST", f"{team}/members", {"ids": ["N:user:x"]}))[0] == 404
    assert platform.send("DELETE", f"{team}/members/{bob.user_id}").status_code == 200
    assert platform.get(f"{team}/members").json() == []
    assert error(platform.send("DELETE", f"{path}/teams/{system['team']['id']}"))[0] == 400
    assert platform.send("DELETE", team).status_code == 200
    assert error(platform.get(team)) == (404, "NotFound")


def test_only_administrators_change_the_workspace(platform: Platform, path: str) -> None:
    bob, admin = platform.person("bob"), platform.person("boss", directory.ADMINISTRATOR)
    guest = platform.person("guest", directory.GUEST)
    changes = [
        ("POST", f"{path}/teams", {"name": "x"}),
        ("POST", f"{path}/members", {"invites": [], "role": "editor"}),
        ("GET", f"{path}/invites", None),
    ]

    def statuses(who: Session) -> list[int]:
        return [platform.send(*change, who).status_code for change in changes]

    assert statuses(bob) == statuses(guest) == [403, 403, 403]
    assert statuses(admin) == [201, 200, 200]
    assert platform.get(f"{path}/members", guest).status_code == 200
    assert platform.get(f"{path}/teams", guest).status_code == 403
    assert platform.get(f"{path}/dataset-status", guest).status_code == 403
    assert platform.get(f"{path}/dataset-status", bob).json()[0]["inUse"] in {True, False}
    leaders = platform.get("/organizations", guest).json()["organizations"][0]
    assert (leaders["owners"], leaders["administrators"]) == ([], [])


def test_another_workspace_is_closed(platform: Platform) -> None:
    row = platform.world.store.row("SELECT node_id FROM workspaces WHERE name = 'Engine Room'")
    assert row is not None
    assert error(platform.get(f"/organizations/{row['node_id']}/members")) == (403, "Forbidden")
    assert error(platform.get("/organizations/N:organization:x/teams")) == (404, "NotFound")


def test_people_are_found_by_address(platform: Platform) -> None:
    found = platform.get("/user/email/Charles@Example.org").json()
    assert found["lastName"] == "Babbage"
    answer = platform.get("/user/email/nobody@example.org")
    assert error(answer) == (404, "NotFound")
    assert answer.json()["message"] == "Email (nobody@example.org) not found"
    assert error(platform.get("/user/1")) == (403, "Forbidden")


def test_key_sessions_manage_no_keys(platform: Platform) -> None:
    for method, path in (
        *(("GET", "/token"), ("POST", "/token"), ("PUT", "/token/x"), ("DELETE", "/token/x")),
        ("PUT", "/session/switch-organization?organization_id=2"),
    ):
        assert platform.send(method, path, {"name": "x"}).status_code == 403


def test_sharing_with_a_team(platform: Platform, path: str) -> None:
    dataset_id, bob = platform.dataset("d"), platform.person("bob")
    base = f"/datasets/{dataset_id}/collaborators"
    team = platform.send("POST", f"{path}/teams", {"name": "Lab"}).json()["team"]["id"]
    platform.send("POST", f"{path}/teams/{team}/members", {"ids": [bob.user_id]})
    assert platform.get(f"/datasets/{dataset_id}", bob).status_code == 404
    body = {"id": team, "role": "editor"}
    assert platform.send("PUT", f"{base}/teams", body).status_code == 200
    assert platform.get(f"/datasets/{dataset_id}", bob).json()["role"] == "editor"
    assert platform.get(f"{base}/teams").json() == [{"id": team, "name": "Lab", "role": "editor"}]
    everybody = platform.get(base).json()
    assert set(everybody) == {"users", "organizations", "teams"}
    assert platform.send("DELETE", f"{base}/teams", {"id": team}).status_code == 200
    assert platform.get(f"/datasets/{dataset_id}", bob).status_code == 404
    publishers = next(
        each["team"]["id"]
        for each in platform.get(f"{path}/teams").json()
        if "systemTeamType" in each["team"]
    )
    assert error(platform.send("PUT", f"{base}/teams", {**body, "id": publishers}))[0] == 400
    assert error(platform.send("PUT", f"{base}/teams", {**body, "role": "owner"}))[0] == 403


def test_sharing_with_everybody_leaves_guests_out(platform: Platform) -> None:
    dataset_id = platform.dataset("d")
    bob, guest = platform.person("bob"), platform.person("guest", directory.GUEST)
    base = f"/datasets/{dataset_id}/collaborators/organizations"
    assert "role" not in platform.get(base).json()
    assert platform.send("PUT", base, {"role": "viewer"}).status_code == 200
    assert platform.get(base).json()["role"] == "viewer"
    assert platform.get(f"/datasets/{dataset_id}", bob).json()["role"] == "viewer"
    assert platform.get(f"/datasets/{dataset_id}", guest).status_code == 404
    assert platform.send("DELETE", base).status_code == 200
    assert platform.get(f"/datasets/{dataset_id}", bob).status_code == 404


def test_handing_a_dataset_over(platform: Platform) -> None:
    dataset_id, bob = platform.dataset("d"), platform.person("bob")
    path = f"/datasets/{dataset_id}/collaborators/owner"
    platform.share(dataset_id, bob, "manager")
    assert error(platform.send("PUT", path, {"id": bob.user_id}, bob)) == (403, "Forbidden")
    assert platform.send("PUT", path, {"id": bob.user_id}).status_code == 200
    assert platform.get(f"/datasets/{dataset_id}", bob).json()["role"] == "owner"
    assert platform.get(f"/datasets/{dataset_id}").json()["role"] == "manager"
    assert platform.get(f"/datasets/{dataset_id}").json()["owner"] == bob.user_id


def test_sharing_with_somebody_outside(platform: Platform) -> None:
    dataset_id = platform.dataset("d")
    path = f"/datasets/{dataset_id}/collaborators/external"
    for address in ("new@example.org", "charles@example.org"):
        body = {"id": address, "role": "viewer", "message": "look"}
        assert platform.send("PUT", path, body).status_code == 200
        row = directory.by_email(platform.world.store, address)
        assert row is not None
        guest = platform.session(row["int_id"])
        assert platform.get(f"/datasets/{dataset_id}", guest).json()["role"] == "viewer"
        assert platform.send("POST", "/datasets", {"name": "x"}, guest).status_code == 403
    assert error(platform.send("PUT", path, {"id": "no", "role": "viewer"})) == (400, "BadRequest")
    owner = {"id": "ada@example.org", "role": "viewer"}
    assert error(platform.send("PUT", path, owner)) == (403, "Forbidden")
