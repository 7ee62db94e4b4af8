"""What Pennsieve's GitHub integration sees, and code that is named as GitHub names it."""

from __future__ import annotations

from pathlib import Path

import pytest

from pennsieve_agent.sandbox.host.administration import administration
from tests.cli.conftest import Lab, repository
from tests.cli.harness import Agent
from tests.cli.test_bad_input import refused

NAME = "lab/word-count"


@pytest.fixture(autouse=True)
def connected(ready: Lab) -> None:
    with administration(ready.box.data) as people:
        people.connect_github("ada@example.org")


def test_repositories_with_their_state_in_the_app_store(
    ready: Lab, agent: Agent, tmp_path: Path
) -> None:
    ready.publish(repository(tmp_path / "unregistered", {"main.py": "print(1)\n"}, "v0.3"))
    listed = agent("workflow", "app", "repos", "--json").document
    rows = {row["name"]: row for row in listed}
    assert rows["lab/unregistered"]["app_id"] is None
    assert rows["lab/unregistered"]["latest_release"] == "v0.3"
    registered = agent("workflow", "app", "show", ready.url, "--json").document
    assert rows[NAME]["app_id"] == registered["id"]
    assert rows[NAME]["releases"] == []
    lines = agent("workflow", "app", "repos").out
    assert "lab/unregistered\tpublic\tv0.3\tno\tnot registered\t" in lines
    assert f"{NAME}\tpublic\tv1.0.0\tno\tv1.0.0 deployed\t" in lines


@pytest.mark.usefixtures("ready")
def test_one_repository_is_shown_with_its_releases(agent: Agent) -> None:
    (one,) = agent("workflow", "app", "repos", "Word-Count", "--json").document
    assert one["name"] == NAME
    (release,) = one["releases"]
    assert (release["tag"], release["app_store"], release["discover"]) == (
        "v1.0.0",
        "deployed",
        None,
    )
    shown = agent("workflow", "app", "repos", NAME).out
    assert "to the App Store\tno\n" in shown
    assert "\nv1.0.0\t" in shown
    none = agent("workflow", "app", "repos", "nothing-like-it")
    assert (none.code, none.out) == (0, "")
    assert "sees no repository with 'nothing-like-it' in its name" in none.err


def test_nobody_is_connected_with_github_from_the_start(ready: Lab, agent: Agent) -> None:
    with administration(ready.box.data) as people:
        people.make_key("vera@example.org", profile="vera", workspace=None)
    vera = Agent({**agent.environ, "PENNSIEVE_PROFILE": "vera"})
    told = vera("workflow", "app", "repos")
    assert (told.code, told.out) == (0, "")
    connect = "sandbox user connect vera@example.org"
    assert f"is not connected with GitHub; connect it with: pennsieve {connect}" in told.err
    assert vera("workflow", "app", "repos", "--json").document == []
    data = ("--data", str(ready.box.data))
    assert vera(*connect.split(), *data).code == 0
    assert NAME in vera("workflow", "app", "repos").out
    refused(vera("sandbox", "user", "connect", "nobody@example.org", *data), 2, "no such person")


def test_code_is_named_as_on_github(ready: Lab, agent: Agent) -> None:
    assert agent("workflow", "app", "show", NAME, "--json").document["source_url"] == ready.url
    checked = agent("workflow", "check", NAME, "--ref", "v1.0.0", "--json")
    assert checked.code == 0, checked.err
    assert agent("workflow", "add", NAME, "--dry-run").code == 0
    missing = agent("workflow", "check", "lab/nothing-like-it")
    assert missing.code != 0
    assert "https://github.com/lab/nothing-like-it" in missing.err


def test_a_wrong_name_is_one_sentence(agent: Agent) -> None:
    refused(agent("workflow", "app", "repos", "a", "b"), 2, "too many words")
