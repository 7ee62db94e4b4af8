"""People, workspaces and keys, changed from the command line while a sandbox runs."""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from pennsieve_agent.errors import UsageProblem
from pennsieve_agent.sandbox.aws import access_keys
from pennsieve_agent.sandbox.data.people import directory
from pennsieve_agent.sandbox.host.administration import (
    Administration,
    Membership,
    administration,
)
from pennsieve_agent.sandbox.host.config_file import read_profiles, write_profile
from pennsieve_agent.sandbox.host.state import SandboxState
from pennsieve_agent.sandbox.host.world import World
from tests.sandbox.platform import Platform

BOB = "bob@example.org"


def state(world: World, api: str = "http://127.0.0.1:1") -> SandboxState:
    urls = world.urls
    return SandboxState(1, api, urls.api2, urls.aws, world.data, "process", "0")


@pytest.fixture
def data(world: World) -> Path:
    write_profile(world.store, state(world), world.now())
    return world.data


def test_the_first_people(data: Path) -> None:
    with administration(data) as people:
        found = [(each.email.partition("@")[0], each.role) for each in people.memberships()]
    assert found == [
        *(("ada", "owner"), ("grace", "admin"), ("edith", "member"), ("vera", "member")),
        ("charles", "owner"),
    ]


def test_a_person_is_added_and_signs_in(platform: Platform, data: Path) -> None:
    with administration(data) as people:
        added = people.add_user(BOB, name="Bob van Dam", role="admin")
        assert added == Membership(BOB, "Bob van Dam", "admin", "Sandbox")
        profile, whose = people.make_key(BOB)
        assert (profile, whose) == ("bob", added)
        written = read_profiles(data)["bob"]
        assert people.make_key(BOB) == (profile, whose)
        assert read_profiles(data)["bob"] == written, "a valid key is kept"
    assert (data / "config.ini").stat().st_mode & 0o077 == 0
    answer = platform.sign_in(written["api_token"], written["api_secret"])
    token = answer.json()["AuthenticationResult"]["AccessToken"]
    me = platform.v1.get("/user", headers={"Authorization": f"Bearer {token}"}).json()
    assert (me["email"], me["lastName"]) == (BOB, "van Dam")


def test_profiles_follow_the_ports_and_lose_what_is_gone(world: World, data: Path) -> None:
    with administration(data) as people:
        people.make_key("vera@example.org")
        people.make_key("grace@example.org")
    before = read_profiles(data)
    world.store.execute("DELETE FROM api_keys WHERE name = 'grace'")
    write_profile(world.store, state(world, "http://127.0.0.1:9"), world.now())
    after = read_profiles(data)
    assert set(after) == {"sandbox", "vera"}
    assert after["vera"] == {**before["vera"], "api_host": "http://127.0.0.1:9"}


def test_a_new_workspace_has_its_own_people(platform: Platform, data: Path) -> None:
    with administration(data) as people:
        people.add_workspace("Lab")
        assert people.add_user(BOB, workspace="lab", role="guest").role == "owner"
        people.add_user("ada@example.org", workspace="Lab")
        people.make_key("ada@example.org", workspace="Lab", profile="ada-lab")
    names = {
        each["organization"]["name"]: each["isOwner"]
        for each in platform.get("/organizations").json()["organizations"]
    }
    assert names == {"Sandbox": True, "Lab": False}


def test_an_invitation_ends_when_the_person_is_added(platform: Platform, data: Path) -> None:
    workspace = platform.get("/organizations").json()["organizations"][0]["organization"]["id"]
    invite = {"email": BOB, "firstName": "Bob", "lastName": "D"}
    path = f"/organizations/{workspace}"
    platform.send("POST", f"{path}/members", {"invites": [invite], "role": "editor"})
    assert [each["email"] for each in platform.get(f"{path}/invites").json()] == [BOB]
    with administration(data) as people:
        people.add_user(BOB.upper())
    assert platform.get(f"{path}/invites").json() == []


def test_what_cannot_be_done(data: Path, tmp_path: Path) -> None:
    with administration(data) as people:
        for wrong in ("bob", "bob@", "b b@x.org"):
            with pytest.raises(UsageProblem, match="e-mail"):
                people.add_user(wrong)
        with pytest.raises(UsageProblem, match="no role"):
            people.add_user(BOB, role="owner")
        with pytest.raises(UsageProblem, match="no workspace"):
            people.add_user(BOB, workspace="nowhere")
        with pytest.raises(UsageProblem, match="already"):
            people.add_user("Ada@example.org")
        with pytest.raises(UsageProblem, match="no such person"):
            people.make_key(BOB)
        with pytest.raises(UsageProblem, match="is not in"):
            people.make_key("vera@example.org", workspace="Engine Room")
        with pytest.raises(UsageProblem, match="name of a profile"):
            people.make_key("vera@example.org", profile="sandbox")
        people.make_key("vera@example.org", profile="x")
        with pytest.raises(UsageProblem, match="somebody else"):
            people.make_key("grace@example.org", profile="x")
        with pytest.raises(UsageProblem, match="already"):
            people.add_workspace("Sandbox")
        with pytest.raises(UsageProblem, match="needs a name"):
            people.add_workspace(" ")
    with pytest.raises(UsageProblem, match="no sandbox here"), administration(tmp_path / "no"):
        pass


def at_once(data: Path, change: Callable[[Administration], object]) -> list[str]:
    """What four commands at the same moment answer: nothing, or why not."""
    begin = threading.Barrier(4)

    def command() -> str:
        begin.wait()
        try:
            with administration(data) as people:
                change(people)
        except UsageProblem as error:
            return error.message
        return ""

    with ThreadPoolExecutor(4) as pool:
        return sorted(each.result() for each in [pool.submit(command) for _ in range(4)])


def slowly(monkeypatch: pytest.MonkeyPatch, owner: object, name: str) -> None:
    """Let the others catch up in the middle of a change, if they can."""
    original, caught_up = getattr(owner, name), threading.Barrier(4)

    def late(*args: Any, **options: Any) -> Any:
        with contextlib.suppress(threading.BrokenBarrierError):
            caught_up.wait(0.5)
        return original(*args, **options)

    monkeypatch.setattr(owner, name, late)


def test_a_workspace_that_is_added_at_once_is_made_once(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slowly(monkeypatch, directory, "add_workspace")
    taken = "there is a workspace of this name already"
    assert at_once(data, lambda people: people.add_workspace("Lab")) == ["", taken, taken, taken]
    with administration(data) as people:
        assert list(people.workspaces()).count("Lab") == 1


def test_people_who_are_added_at_once_have_one_owner(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with administration(data) as people:
        people.add_workspace("Lab")
    numbers = itertools.count()
    slowly(monkeypatch, directory, "add_person")
    answers = at_once(
        data, lambda people: people.add_user(f"p{next(numbers)}@example.org", workspace="Lab")
    )
    with administration(data) as people:
        roles = [each.role for each in people.memberships() if each.workspace == "Lab"]
    assert (answers, sorted(roles)) == ([""] * 4, ["member", "member", "member", "owner"])


def test_keys_that_are_made_at_once_are_all_kept(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = itertools.count()
    slowly(monkeypatch, directory, "create_key")
    answers = at_once(
        data,
        lambda people: people.make_key("grace@example.org", profile=f"grace{next(numbers)}"),
    )
    assert answers == [""] * 4
    assert {f"grace{number}" for number in range(4)} <= read_profiles(data).keys()


def test_an_aws_user_who_is_added_at_once_is_added_once(
    data: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.store.execute("INSERT OR REPLACE INTO settings VALUES ('ports', '1 2 3')")
    slowly(monkeypatch, access_keys, "new_key")
    taken = "there is an AWS profile 'lin' already"
    answers = at_once(data, lambda people: people.add_aws_user("lin", "123456789012"))
    assert answers == ["", taken, taken, taken]
    assert [person.name for person in access_keys.AwsPeople(world.store).all()] == ["lin"]
