"""Commands for datasets, and for the people of a workspace, beyond the journey."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cli.conftest import DATASET, Lab
from tests.cli.harness import Agent
from tests.cli.test_bad_input import refused
from tests.cli.test_more_compute import vera

pytestmark = pytest.mark.usefixtures("lab")
__all__ = ["vera"]
SCRATCH = "Scratch"


@pytest.fixture
def scratch(lab: Lab, agent: Agent) -> Iterator[str]:
    """A dataset with a few files, deleted after."""
    assert agent("dataset", "create", SCRATCH, "--description", "to try things").code == 0
    folder = lab.box.data / "datasets" / SCRATCH
    (folder / "raw").mkdir(parents=True, exist_ok=True)
    (folder / "raw" / "one.txt").write_text("1\n")
    (folder / "two.txt").write_text("22\n")
    yield SCRATCH
    assert agent("dataset", "delete", SCRATCH, "--yes").code == 0


def paths(agent: Agent, dataset: str) -> list[str]:
    listed = agent("dataset", "files", dataset, "--json").document
    return [file["path"] for file in listed]


def test_a_dataset_is_made_renamed_and_deleted(agent: Agent) -> None:
    made = agent("dataset", "create", "Fresh", "--json").document
    assert (made["name"], made["role"]) == ("Fresh", "owner")
    refused(agent("dataset", "create", "Fresh"), 1, "there is a dataset 'Fresh'")
    renamed = agent(
        "dataset", "update", "Fresh", "--name", "Fresher", "--description", "x", "--json"
    )
    assert renamed.document["id"] == made["id"]
    assert renamed.document["name"] == "Fresher"
    refused(agent("dataset", "update", "nope", "--name", "other"), 2, "no dataset is called 'nope'")
    # Only the whole name deletes it.
    refused(agent("dataset", "delete", "Fresher"), 2, "not a terminal", "--yes")
    wrong = agent("dataset", "delete", "Fresher", answers="fresher\n", terminal=True)
    assert wrong.code == 2
    assert "nothing was changed" in wrong.err
    assert "Fresher" in agent("dataset", "list").out
    gone = agent("dataset", "delete", "Fresher", answers="Fresher\n", terminal=True)
    assert gone.out == "Deleted dataset 'Fresher'\n"
    assert "Fresher" not in agent("dataset", "list").out


def test_people_on_a_dataset(agent: Agent, scratch: str) -> None:
    assert agent("dataset", "share", scratch, "grace@example.org", "--role", "editor").code == 0
    given = agent("dataset", "share", scratch, "--workspace", "--json").document
    assert given["role"] == "viewer"
    people = agent("dataset", "show", scratch, "--json").document
    roles = {user["email"]: user["role"] for user in people["people"]}
    assert roles["ada@example.org"] == "owner"
    assert roles["grace@example.org"] == "editor"
    assert people["workspace_role"] == "viewer"
    shown = agent("dataset", "show", scratch).out
    assert "everybody in the workspace\tviewer\tworkspace" in shown
    assert agent("dataset", "unshare", scratch, "Grace").code == 0
    assert agent("dataset", "unshare", scratch, "--workspace").code == 0
    left = agent("dataset", "show", scratch, "--json").document
    assert "grace@example.org" not in {user["email"] for user in left["people"]}
    assert left["workspace_role"] is None


def test_shares_that_cannot_be(agent: Agent, scratch: str) -> None:
    share = ("dataset", "share", scratch)
    refused(agent(*share), 2, "with whom?")
    refused(agent(*share, "grace", "--workspace"), 2, "with whom?")
    refused(agent(*share, "nobody@example.org"), 2, "no member or team")
    refused(agent(*share, "grace", "--role", "king"), 2, "manager")
    refused(agent(*share, "Publishers"), 2, "belongs to Pennsieve")


def test_a_viewer_changes_nothing(agent: Agent, vera: Agent) -> None:
    before = paths(agent, DATASET)
    refused(vera("dataset", "fs", "rm", DATASET, "notes.md", "--yes"), 4, "viewer")
    refused(vera("dataset", "fs", "mv", DATASET, "notes.md", "raw"), 4, "viewer")
    refused(vera("dataset", "fs", "mkdir", DATASET, "new"), 4, "viewer")
    refused(vera("dataset", "share", DATASET, "grace"), 4, "manager")
    refused(vera("dataset", "delete", DATASET, "--yes"), 4)
    assert paths(agent, DATASET) == before


def test_folders_are_made(agent: Agent, scratch: str) -> None:
    refused(agent("dataset", "fs", "mkdir", scratch, "a/b"), 2, "no folder 'a'", "--parents")
    made = agent("dataset", "fs", "mkdir", scratch, "a/b", "--parents", "--json").document
    assert made["path"] == "a/b"
    again = agent("dataset", "fs", "mkdir", scratch, "a/b", "--parents", "--json").document
    assert again["id"] == made["id"]
    refused(agent("dataset", "fs", "mkdir", scratch, "a/b"), 2, "already")
    refused(agent("dataset", "fs", "mkdir", scratch, "/"), 2, "which folder?")
    refused(agent("dataset", "fs", "mkdir", scratch, "a/../b"), 2, "must not contain '..'")


def test_files_are_moved_and_renamed(agent: Agent, scratch: str) -> None:
    moved = agent("dataset", "fs", "mv", scratch, "two.txt", "raw", "--json").document["moved"]
    assert [(m["from"], m["to"]) for m in moved] == [("two.txt", "raw/two.txt")]
    assert paths(agent, scratch) == ["raw/one.txt", "raw/two.txt"]
    renamed = agent("dataset", "fs", "mv", scratch, "raw/one.txt", "first.txt")
    assert renamed.out == "raw/one.txt -> first.txt\n"
    assert agent("dataset", "fs", "mv", scratch, "raw", "old").code == 0
    assert paths(agent, scratch) == ["first.txt", "old/two.txt"]
    assert agent("dataset", "fs", "mv", scratch, "old/two.txt", "/").code == 0
    assert paths(agent, scratch) == ["first.txt", "two.txt"]


def test_moves_that_cannot_be(agent: Agent, scratch: str) -> None:
    mv = ("dataset", "fs", "mv", scratch)
    refused(agent(*mv, "nope.txt", "raw"), 2, "no file or folder 'nope.txt'", "dataset files")
    refused(agent(*mv, "none/nope.txt", "raw"), 2, "there is no 'none'")
    refused(agent(*mv, "two.txt/deep", "raw"), 2, "there is no 'two.txt'")
    refused(agent(*mv, "two.txt", "raw/one.txt"), 2, "there is a file 'raw/one.txt'")
    refused(agent(*mv, "raw", "raw"), 2, "into itself")
    refused(agent(*mv, "two.txt", "raw", "elsewhere"), 2, "no folder 'elsewhere'", "mkdir")
    refused(agent(*mv, "/", "raw"), 2, "the dataset itself")
    assert paths(agent, scratch) == ["raw/one.txt", "two.txt"]


def test_files_and_folders_are_deleted(agent: Agent, scratch: str) -> None:
    refused(agent("dataset", "fs", "rm", scratch, "raw"), 2, "raw/", "--yes")
    refused(agent("dataset", "fs", "rm", scratch, "/", "--yes"), 2, "the dataset itself")
    refused(
        agent("dataset", "fs", "rm", scratch, "two.txt", "nope", "--yes"),
        2,
        "no file or folder 'nope'",
    )
    assert paths(agent, scratch) == ["raw/one.txt", "two.txt"]
    kept = agent("dataset", "fs", "rm", scratch, "raw", answers="n\n", terminal=True)
    assert "nothing was changed" in kept.err
    gone = agent("dataset", "fs", "rm", scratch, "raw", "raw/", "--yes", "--json").document
    assert [entry["path"] for entry in gone["deleted"]] == ["raw"]
    assert paths(agent, scratch) == ["two.txt"]


def test_the_people_of_a_workspace(agent: Agent) -> None:
    (here,) = agent("workspace", "list", "--json").document
    assert (here["name"], here["role"], here["current"]) == ("Sandbox", "owner", True)
    assert "Sandbox\towner\tyes\t" in agent("workspace", "list").out
    emails = {m["email"] for m in agent("workspace", "members", "--json").document}
    assert {"ada@example.org", "vera@example.org"} <= emails
    assert "Grace Hopper\tgrace@example.org\t" in agent("workspace", "members").out
    (team,) = agent("workspace", "teams", "--json").document
    assert (team["name"], team["system"]) == ("Publishers", True)
    assert "Publishers\t0\t" in agent("workspace", "teams").out
    assert agent("workspace", "teams", "publ", "--json").document["people"] == []
    assert "nobody is in team" in agent("workspace", "teams", "Publishers").err
    refused(agent("workspace", "teams", "nope"), 2, "no team is called 'nope'")


def test_the_users_of_workflows_are_named_among_people(ready: Lab, agent: Agent) -> None:
    del ready
    table = [row.split("\t") for row in agent("workspace", "members").out.splitlines()]
    users = [row for row in table if row[3] == "integration"]
    assert any(row[0].startswith("word-count (write) ") for row in users), table
    assert ["Ada Lovelace", "ada@example.org", "owner", "person"] in [row[:4] for row in table]
    assert all(row[0] for row in table), "a row that nobody can name"
    people = agent("dataset", "show", DATASET, "--json").document["people"]
    assert any(one["name"].startswith("word-count (write) ") for one in people)
    assert "\tintegration\t" in agent("dataset", "show", DATASET).out


def test_somebody_from_outside_is_invited(agent: Agent, scratch: str) -> None:
    invited = agent("dataset", "share", scratch, "mary@example.com", "--invite", "--role", "editor")
    assert invited.out == f"Invited mary@example.com to dataset '{scratch}' as editor\n"
    refused(agent("dataset", "share", scratch, "mary", "--invite"), 2, "not an e-mail address")
    again = agent("dataset", "share", scratch, "grace@example.org", "--invite")
    refused(again, 2, "in the workspace already", "dataset share")
    refused(agent("dataset", "share", scratch, "grace", "--message", "hello"), 2, "--invite")


def test_a_dataset_gets_another_owner(agent: Agent, vera: Agent) -> None:
    assert agent("dataset", "create", "Gift").code == 0
    refused(agent("dataset", "update", "Gift", "--owner", "Vera"), 2, "--yes")
    refused(
        agent("dataset", "update", "Gift", "--owner", "nobody", "--yes"), 2, "no member is called"
    )
    given = agent("dataset", "update", "Gift", "--owner", "Vera", "--yes")
    assert given.out == "Vera Rubin is now the owner of dataset 'Gift'\n", given.err
    refused(agent("dataset", "delete", "Gift", "--yes"), 4)
    assert vera("dataset", "delete", "Gift", "--yes").code == 0
