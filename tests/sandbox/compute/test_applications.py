"""The App Store: registering, building, visibility and the registry."""

from __future__ import annotations

from typing import Any

import pytest

from pennsieve_agent.domain.parameters import Parameter, ParameterType
from pennsieve_agent.domain.workflows import Manifest, ManifestNote
from pennsieve_agent.errors import EngineError, SourceError
from tests.sandbox.compute.lab import BEN, CLEO, REPO, Lab, wait_for

STORE = "/applications/store"


def body(url: str = REPO, tag: str = "v1", **source: Any) -> dict[str, Any]:
    return {"source": {"type": "github", "url": url, "tag": tag, **source}, "release": {"id": 7}}


def only_app(lab: Lab, url: str = REPO) -> dict[str, Any]:
    (app,) = lab.client().get(STORE, params={"sourceUrl": url}).json()
    found: dict[str, Any] = app
    return found


def test_registering_builds_and_describes(lab: Lab) -> None:
    lab.start()
    lab.repos[REPO] = {"README.md": "# S", "app.yml": "name: s", "Dockerfile": "FROM x"}
    limits = Parameter(
        "WINDOW", ParameterType.NUMBER, default="10", minimum=1, maximum=60, description="seconds"
    )
    choice = Parameter("MODE", ParameterType.ENUM, allowed=("a", "b"))
    lab.manifest = Manifest("Summary", "sums", (limits, choice), cpu=1024, memory=2048)
    assert lab.register() == "deployed"
    app = only_app(lab)
    assert app["name"] == "Summary"
    assert app["runtimeConfig"] == {"cpu": 1024, "memory": 2048, "computeTypes": ["standard"]}
    assert app["params"] == {"WINDOW": "10"}
    assert app["paramSchema"] == [
        {
            "name": "WINDOW",
            "type": "number",
            "description": "seconds",
            "defaultValue": "10",
            "min": 1,
            "max": 60,
        },
        {"name": "MODE", "type": "enum", "description": "", "validValues": ["a", "b"]},
    ]
    assert app["latestVersionTag"] == "v1"
    (version,) = app["versions"]
    (deployment,) = version["deployments"]
    assert deployment["lastStatus"] == "STOPPED"
    assert deployment["errored"] is False
    assert deployment["applicationId"] == version["uuid"]
    shown = lab.client().get(f"{STORE}/{app['uuid']}", params={"tag": "v1"}).json()
    assert shown["assets"] == {"README.md": "# S", "app.yml": "name: s"}
    asset = lab.client().get(
        f"{STORE}/{app['uuid']}/asset", params={"file": "app.yml", "tag": "v1"}
    )
    assert asset.content == b"name: s"


def test_addresses_match_byte_for_byte_and_tags_repeat(lab: Lab) -> None:
    lab.start()
    lab.repos[f"{REPO}.git"] = {}
    for url, tag in ((REPO, "v1"), (REPO, "v1"), (REPO, "v2"), (f"{REPO}.git", "v1")):
        assert lab.register(url, tag) == "deployed"
    assert len(lab.client().get(STORE).json()) == 2
    assert [version["version"] for version in only_app(lab)["versions"]] == ["v1", "v1", "v2"]
    assert only_app(lab)["latestVersionTag"] == "v2"


def test_a_repository_that_cannot_be_read(lab: Lab) -> None:
    lab.start()
    assert lab.register("https://nowhere/x") == "error"
    (version,) = only_app(lab, "https://nowhere/x")["versions"]
    (build,) = version["deployments"]
    assert build["errored"] is True
    assert build["stoppedReason"] == "https://nowhere/x cannot be read"


def test_a_build_that_fails(lab: Lab) -> None:
    lab.start()
    lab.backend.broken = SourceError("no Dockerfile", hint="mend it")
    assert lab.register() == "error"
    (version,) = only_app(lab)["versions"]
    assert version["deployments"][0]["stoppedReason"] == "no Dockerfile"


@pytest.mark.parametrize("error", [EngineError("gone"), OSError("disk full"), ValueError("odd")])
def test_an_engine_that_fails(lab: Lab, error: Exception) -> None:
    lab.start()
    lab.backend.broken = error
    assert lab.register() == "error"


def test_a_broken_manifest_only_costs_the_defaults(lab: Lab) -> None:
    lab.start()

    def unreadable(_: object) -> Manifest:
        raise SourceError("app.yml: line 3: no such key")

    lab.read_manifest = unreadable
    assert lab.register() == "deployed"
    assert "params" not in only_app(lab)


def test_a_manifest_that_breaks_the_schema_only_costs_the_defaults(lab: Lab) -> None:
    lab.start()
    window = Parameter("WINDOW", ParameterType.NUMBER, default="10", minimum=1)
    notes = (ManifestNote("app.yml", 2, "runtime.memory is 12288"),)
    lab.manifest = Manifest("Summary", parameters=(window,), memory=12288, notes=notes)
    assert lab.register() == "deployed"
    app = only_app(lab)
    assert (app["name"], app["runtimeConfig"]["memory"]) == ("Summary", 12288)
    assert app["params"] == {}
    (parameter,) = app["paramSchema"]
    assert parameter == {"name": "WINDOW", "type": "number", "description": "", "min": 1}


def test_a_build_cut_off_by_a_restart_is_done_again(lab: Lab) -> None:
    answer = lab.client().post(STORE, json=body())  # nothing is started yet
    assert answer.status_code == 202
    assert only_app(lab)["versions"][0]["status"] == "registering"
    lab.start()
    wait_for(lambda: only_app(lab)["versions"][0]["status"] == "deployed")
    lab.world.store.execute("UPDATE app_versions SET status = 'deploying'")
    lab.restart()
    wait_for(lambda: only_app(lab)["versions"][0]["status"] == "deployed")
    assert len(lab.backend.prepared) == 2


@pytest.mark.parametrize("content", [b"", b"{", b'{"source":1}', b'{"source":{"url":1}}'])
def test_an_unreadable_body_is_500(lab: Lab, content: bytes) -> None:
    answer = lab.client().post(STORE, content=content)
    assert (answer.status_code, answer.json()["message"]) == (500, "error unmarshaling body")


def test_a_guest_may_not_register(lab: Lab) -> None:
    lab.world.store.execute("UPDATE memberships SET role = 1 WHERE role = 8")
    answer = lab.client(BEN).post(STORE, json=body())
    assert (answer.status_code, answer.json()["message"]) == (401, "not permitted")


def test_private_applications_are_hidden(lab: Lab) -> None:
    lab.start()
    lab.register(isPrivate=True)
    uuid = only_app(lab)["uuid"]
    assert lab.client(BEN).get(STORE).json() == []
    assert lab.client(BEN).get(f"{STORE}/{uuid}").status_code == 403
    assert lab.client(BEN).get(f"{STORE}/nope").status_code == 404
    path = f"{STORE}/{uuid}/permissions"
    mine = lab.client().get(path).json()
    assert [row["accessType"] for row in mine["access"]] == ["owner"]
    assert lab.client(BEN).get(path).status_code == 403
    ben = {"visibility": "private", "users": [{"entityId": lab.user_id(BEN)}]}
    refused = lab.client(BEN).put(path, json=ben)
    assert refused.json() == {"message": "only the app owner can manage permissions"}
    assert lab.client().put(path, json={"visibility": "all"}).status_code == 400
    assert lab.client().put(path, content=b"[]").status_code == 400
    shared = lab.client().put(path, json=ben).json()
    assert {row["entityRawId"] for row in shared["access"]} == {
        lab.user_id(BEN),
        mine["ownerId"],
    }
    assert lab.client(BEN).get(f"{STORE}/{uuid}").status_code == 200
    workspace = {"visibility": "private", "workspaces": [{"entityId": lab.organization}]}
    lab.client().put(path, json=workspace)
    assert lab.client(CLEO).get(f"{STORE}/{uuid}").status_code == 200
    lab.client().put(path, json={"visibility": "private"})
    assert lab.client(CLEO).get(f"{STORE}/{uuid}").status_code == 403
    opened = lab.client().put(path, json={"visibility": "public"}).json()
    assert opened["visibility"] == "public"
    assert only_app(lab)["isPrivate"] is True  # the two may disagree


def test_the_registry_checks_access_last(lab: Lab) -> None:
    lab.start()
    lab.register(isPrivate=True)
    lab.backend.broken = SourceError("no")
    lab.register(tag="v2")

    def ask(who: str = BEN, **params: str) -> tuple[int, dict[str, Any]]:
        answer = lab.client(who).get(f"{STORE}/registry", params=params)
        return answer.status_code, answer.json()

    assert ask(sourceUrl=REPO) == (400, {"message": "missing required query parameters"})
    for params, text in (
        ({"sourceUrl": "x", "version": "v1"}, "application not found in app store"),
        ({"sourceUrl": REPO, "version": "v9"}, "version not found for this application"),
        ({"sourceUrl": REPO, "version": "v2"}, "version is not yet deployed"),
    ):
        assert ask(**params) == (404, {"authorized": False, "message": text})
    fine = {"sourceUrl": REPO, "version": "v1"}
    assert ask(**fine) == (
        403,
        {"authorized": False, "message": "user does not have access to this application"},
    )
    status, found = ask("ada@example.org", **fine)
    assert (status, found["authorized"]) == (200, True)
    assert found["imageUrl"]


def test_deployments(lab: Lab) -> None:
    lab.start()
    lab.register()
    (version,) = only_app(lab)["versions"]
    here = {"organization_id": lab.organization}
    path = f"/applications/{version['uuid']}/deployments"
    (found,) = lab.client().get(path, params=here).json()["deployments"]
    one = lab.client().get(f"{path}/{found['deploymentId']}", params=here)
    assert one.json() == found
    assert lab.client().get(f"{path}/nope", params=here).status_code == 404
    assert lab.client().get("/applications/x/deployments", params=here).json() == {
        "deployments": []
    }


def test_assets(lab: Lab) -> None:
    lab.start()
    lab.register()
    path = f"{STORE}/{only_app(lab)['uuid']}/asset"
    assert lab.client().get(path).status_code == 400
    assert lab.client().get(path, params={"file": "README.md"}).status_code == 404  # tag main
    gone = lab.client().get(path, params={"file": "../x", "tag": "v1"})
    assert gone.status_code == 404


def test_a_link_in_a_repository_is_no_asset(lab: Lab) -> None:
    lab.start()
    secret = lab.world.data / "secret"
    secret.write_text("secret")
    plain = lab.checkout

    def linking(url: str, tag: str, into: Any) -> str:
        commit = plain(url, tag, into)
        (into / "app.yml").symlink_to(secret)
        return commit

    lab.checkout = linking
    lab.register()
    shown = lab.client().get(f"{STORE}/{only_app(lab)['uuid']}").json()
    assert set(shown["assets"]) == {"README.md"}
