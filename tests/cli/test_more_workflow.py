"""Commands for workflows, their code and their runs beyond the journey."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from pennsieve_agent.sandbox.host.administration import administration
from tests.cli.conftest import DATASET, Lab
from tests.cli.harness import Agent
from tests.cli.test_bad_input import refused
from tests.cli.test_more_compute import vera

pytestmark = pytest.mark.usefixtures("ready")
__all__ = ["vera"]
NAME = "word-count"


def test_a_workflow_is_renamed(agent: Agent) -> None:
    before = agent("workflow", "show", NAME, "--json").document
    assert agent("workflow", "update", NAME, "--name", "counter").code == 0
    renamed = agent("workflow", "update", "counter", "--name", NAME, "--json").document
    assert (renamed["name"], renamed["id"]) == (NAME, before["id"])
    assert renamed["description"] == before["description"]
    refused(
        agent("workflow", "update", "nope", "--name", "other"), 2, "no workflow is called 'nope'"
    )
    refused(agent("workflow", "update", NAME, "--name", ""), 2, "empty")


def test_defaults_are_laid_over_those_there(agent: Agent) -> None:
    assert agent("workflow", "update", NAME, "--default", "STYLE=fancy").code == 0
    changed = agent("workflow", "update", NAME, "--default", f"{NAME}.MINIMUM=2", "--json").document
    defaults = {p["name"]: p["default"] for p in changed["steps"][1]["parameters"]}
    assert (defaults["STYLE"], defaults["MINIMUM"]) == ("fancy", "2")
    shown = agent("workflow", "show", NAME, "--json").document["steps"][1]["parameters"]
    assert {p["name"]: p["default"] for p in shown}["STYLE"] == "fancy"
    assert (
        agent("workflow", "update", NAME, "--default", "STYLE=plain", "--default", "MINIMUM=1").code
        == 0
    )
    refused(
        agent("workflow", "update", NAME, "--default", "STYLE=ugly"),
        2,
        "plain, fancy",
        "workflow show",
    )
    refused(agent("workflow", "update", NAME, "--default", "COLOUR=red"), 2, "COLOUR")
    refused(agent("workflow", "update", NAME, "--default", "STYLE"), 2, "NAME=VALUE")


def test_workflows_are_searched_for_and_tell_their_last_run(agent: Agent) -> None:
    listed = agent("workflow", "list", "--search", "WORD-c", "--json").document
    (row,) = [row for row in listed if row["name"] == NAME]
    before = row["runs"] or 0
    run = ("run", "start", "-w", NAME, "-d", DATASET, "--all", "--wait")
    assert (ended := agent(*run)).code == 0, ended.err
    (row,) = agent("workflow", "list", "--search", NAME, "--json").document
    assert (row["runs"], row["last_run_status"]) == (before + 1, "succeeded")
    assert 0 < row["success_rate"] <= 1
    line = agent("workflow", "list", "--search", NAME).out
    assert "\tsucceeded " in line
    none = agent("workflow", "list", "--search", "nothing like it")
    assert (none.code, none.out) == (0, "")
    assert "no workflow has 'nothing like it' in its name or description" in none.err


def test_a_workflow_is_shown_with_its_grants_and_last_runs(agent: Agent, ended: str) -> None:
    del ended  # there is one at least; other tests use the same sandbox
    document = agent("workflow", "show", NAME, "--json").document
    (grant,) = [grant for grant in document["grants"] if grant["dataset"] == DATASET]
    assert grant["access"] == "read-write"
    assert (grant["workflow"], grant["nodes"]) == (NAME, ["my-compute"])
    listed = agent("run", "list", "-w", NAME, "-L", "5", "--json").document
    assert 0 < len(listed) <= 5
    assert document["last_runs"] == listed
    types = {p["name"]: p["type"] for p in document["steps"][1]["parameters"]}
    assert (types["STYLE"], types["HOLD"]) == ("enum", "boolean")
    text = agent("workflow", "show", NAME).out
    assert f"\n{DATASET}\tread-write\t" in text
    newest = listed[0]
    assert f"\n{newest['name']}\t{newest['status']}\tmy-compute\t" in text


def test_other_workspaces_share_their_workflows(ready: Lab, agent: Agent) -> None:
    assert agent("workflow", "share", NAME).code == 0
    with administration(ready.box.data) as people:
        people.add_workspace("Elsewhere")
        people.add_user("olga@example.org", workspace="Elsewhere")
        people.make_key("olga@example.org", profile="elsewhere", workspace="Elsewhere")
    other = Agent({**agent.environ, "PENNSIEVE_PROFILE": "elsewhere"})
    try:
        words = ("workflow", "list", "--other-workspaces")
        assert [row["name"] for row in other(*words, "--json").document] == [NAME]
        assert f"{NAME}\t" in other(*words).out
        assert "shares a workflow with 'x-y' with everybody" in other(*words, "--search", "x-y").err
        assert agent(*words, "--json").document == []
        refused(agent(*words, "--archived"), 2, "--archived cannot be given")
    finally:
        assert agent("workflow", "unshare", NAME).code == 0


def test_a_workflow_is_published_by_who_made_it(agent: Agent, vera: Agent) -> None:
    published = agent("workflow", "share", NAME, "--json")
    assert published.document["visibility"] == "public", published.err
    assert vera("workflow", "unshare", NAME).code == 4
    assert "Only this workspace" in agent("workflow", "unshare", NAME).out
    refused(agent("workflow", "share", "nope"), 2, "no workflow is called")


def test_an_archived_workflow_comes_back(agent: Agent) -> None:
    assert agent("workflow", "archive", NAME, "--yes").code == 0
    try:
        assert NAME not in agent("workflow", "list").out
        listed = agent("workflow", "list", "--archived", "--json").document
        assert (NAME, "archived") in [(w["name"], w["status"]) for w in listed]
        refused(agent("workflow", "restore", NAME), 2, "grant again", "--yes")
        assert NAME in agent("workflow", "list", "--archived").out, "asked before it was restored"
    finally:
        restored = agent("workflow", "restore", NAME, "--yes")
    assert restored.code == 0, restored.err
    assert restored.out == f"Workflow '{NAME}' can be started again\n"
    assert NAME not in agent("workflow", "list", "--archived").out
    refused(agent("workflow", "restore", NAME), 2, "no archived workflow", "--archived")


def test_targets_and_builds(agent: Agent) -> None:
    names = [target["name"] for target in agent("workflow", "add", "--targets", "--json").document]
    assert "Pennsieve Dataset" in names
    assert "Pennsieve Dataset" in agent("workflow", "add", "--targets").out
    newest = agent("workflow", "build", "list", NAME, "--json").document[0]
    assert (newest["step"], newest["tag"], newest["failed"]) == (NAME, "v1.0.0", False)
    assert newest["id"]
    assert "\tv1.0.0\tPennsieve\tdeployed\t" in agent("workflow", "build", "list", NAME).out
    refused(agent("workflow", "build", "list", "nope"), 2, "no workflow is called")
    refused(agent("workflow", "build", "list", NAME, "--limit", "0"), 2, "--limit")


def test_who_may_see_code(ready: Lab, agent: Agent, vera: Agent) -> None:
    app = ("workflow", "app")
    shared = agent(*app, "share", NAME, "--user", "grace@example.org", "--json").document
    kinds = [(a["type"], a["is_owner"]) for a in shared["sharing"]["access"]]
    assert sorted(kinds) == [("user", False), ("user", True)]
    assert agent(*app, "share", ready.url, "--workspace").code == 0
    assert agent(*app, "unshare", NAME, "--public").code == 0
    shown = agent(*app, "show", NAME)
    assert "shared with\tGrace Hopper, a workspace" in shown.out
    assert "visible to\tits owner" in shown.out
    assert vera(*app, "share", NAME, "--public").code == 4
    assert agent(*app, "unshare", NAME, "--user", "grace").code == 0
    assert agent(*app, "unshare", NAME, "--workspace").code == 0
    opened = agent(*app, "share", NAME, "--public", "--json").document["sharing"]
    assert opened["visibility"] == "public"
    assert [a["is_owner"] for a in opened["access"]] == [True]
    refused(agent(*app, "share", "nope", "--public"), 2, "no application is called 'nope'")
    refused(agent(*app, "share", NAME, "--public", "--workspace"), 2, "--public cannot be given")
    refused(agent(*app, "share", NAME), 2, "with whom?")


def test_public_code_is_named_with_how_to_take_it_back(ready: Lab, agent: Agent) -> None:
    warning = f"take it back with: pennsieve workflow app unshare {ready.url} --public"
    for words in (("list",), ("show", NAME)):
        assert warning in agent("workflow", *words).err
    rows = agent("workflow", "list", "--json").document
    (row,) = [row for row in rows if row["name"] == NAME]
    assert row["code_visibility"] == "public"
    unshared = agent("workflow", "app", "unshare", ready.url, "--public")
    try:
        assert unshared.code == 0, unshared.err
        shown = agent("workflow", "show", NAME)
        assert "visible to\tworkspace; code: private" in shown.out
        assert warning not in shown.err
    finally:
        assert agent("workflow", "app", "share", ready.url, "--public").code == 0
    assert "workspace; code: everybody" in agent("workflow", "list").out


def test_code_is_archived_and_comes_back(ready: Lab, agent: Agent) -> None:
    url = ready.url

    def listed(*words: str) -> list[str]:
        found = agent("workflow", "app", "list", *words, "--json").document
        return [app["source_url"] for app in found]

    assert url in listed()
    assert f"{NAME}\tpublic\tv1.0.0 deployed\t" in agent("workflow", "app", "list").out
    refused(agent("workflow", "app", "archive", url), 2, "--yes")
    assert agent("workflow", "app", "archive", url, "--yes").code == 0
    try:
        assert url in listed("--archived")
        assert url not in listed()
    finally:
        assert agent("workflow", "app", "restore", url).code == 0
    assert url in listed()
    refused(agent("workflow", "app", "archive", "nope", "--yes"), 2, "no application is called")


@pytest.fixture(scope="module")
def ended(ready: Lab) -> str:
    """A run that succeeded."""
    agent = Agent({**ready.box.environment(), "HOME": str(ready.root)})
    words = ("run", "start", "--workflow", NAME, "--dataset", DATASET, "--files", "raw/a.txt")
    started = agent(*words, "--wait", "--json")
    assert started.code == 0, started.err
    return str(started.document["id"])


def test_what_runs_came_to(agent: Agent, ended: str) -> None:
    totals = agent("run", "cost", "--total", "--json").document
    assert totals["total"] >= totals["succeeded"] >= 0
    assert totals["period"] == "all"
    shown = agent("run", "cost", "--total", "--workflow", NAME, "--period", "month")
    assert shown.out.startswith("runs\t"), shown.err
    one = agent("run", "cost", ended, "--json").document
    assert one["run_id"] == ended
    assert [step["id"] for step in one["metrics"]["steps"]] == ["input", NAME, "output"]
    assert "estimated cost\t" in agent("run", "cost", ended).out
    refused(agent("run", "cost", "--total", "--workflow", "nope"), 2, "no workflow is called")
    refused(agent("run", "cost", "--total", "--period", "week"), 2, "--period")
    refused(agent("run", "cost", "nope"), 2, "no run is called")


def test_the_archive_of_a_runs_logs(agent: Agent, ended: str, tmp_path: Path) -> None:
    file = tmp_path / "logs.zip"
    saved = agent("run", "logs", ended, "--archive", str(file), "--json")
    assert saved.code == 0, saved.err
    assert saved.document == {"run_id": ended, "file": str(file), "size": file.stat().st_size}
    with zipfile.ZipFile(file) as archive:
        assert any(name.endswith(".log") for name in archive.namelist())
    assert list(tmp_path.iterdir()) == [file]
    before = file.read_bytes()
    refused(agent("run", "logs", ended, "--archive", str(file)), 2, "already exists")
    assert file.read_bytes() == before
    nowhere = str(tmp_path / "nope" / "logs.zip")
    refused(agent("run", "logs", ended, "--archive", nowhere), 2, "a folder that does not exist")
    refused(agent("run", "logs", ended, "--archive", nowhere, "--follow"), 2, "other options")
