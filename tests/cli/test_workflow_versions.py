"""The versions of a workflow on own nodes, and what differs between two."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import DATASET, MANIFEST, WORD_COUNT, Lab, commit, made, repository
from tests.cli.harness import Agent
from tests.cli.test_bad_input import refused
from tests.prepared import Prepared

NAME = "versioned"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, prepared: Prepared) -> Iterator[Lab]:
    """A lab of its own: what is granted here is in the way of tests that name no workflow."""
    one = made(tmp_path_factory.mktemp("versions"), prepared)
    yield one
    one.box.stop()


def test_versions_and_their_differences(agent: Agent, tmp_path: Path) -> None:
    code = repository(tmp_path / NAME, WORD_COUNT)
    first = agent("workflow", "add", str(code), "--name", NAME, "--json").document
    assert agent("dataset", "grant", NAME, "-d", DATASET).code == 0
    run = ("run", "start", "-w", NAME, "-d", DATASET, "--all", "--wait")
    assert (ended := agent(*run)).code == 0, ended.err
    manifest = MANIFEST.replace("default: plain", "default: fancy")
    assert manifest != MANIFEST
    dockerfile = WORD_COUNT["Dockerfile"] + "ENV MORE=1\n"
    commit(code, {"app.yml": manifest, "Dockerfile": dockerfile}, "v1.1.0")
    assert agent("workflow", "update", NAME, "--to", "v1.1.0", "--layout", "flat").code == 0

    rows = agent("workflow", "versions", NAME, "--json").document
    assert [(row["version"], row["newest"], row["runs"]) for row in rows] == [
        ("v1.1.0", True, 0),
        ("v1.0.0", False, 1),
    ]
    assert rows[1]["steps"][0]["commit"] == first["sources"][0]["commit"]
    assert rows[0]["registered_at"] > rows[1]["registered_at"]
    assert "v1.1.0 (newest)\t" in agent("workflow", "versions", NAME).out

    old = agent(*run, "--version", "v1.0", "--json")
    assert old.code == 0, old.err
    shown = agent("run", "show", old.document["id"], "--json").document
    ran = {row["id"]: row["commit"] for row in shown["steps"]}
    step = first["steps"][1]["id"]
    assert (ran[step], shown["layout"]) == (first["sources"][0]["commit"], "tree")
    refused(agent(*run, "--version", f"{step}=v9"), 2, f"has {step}=v9", "workflow versions")
    refused(agent(*run, "--version", "v1.0.0", "--local"), 2, "--version and --local")

    told = agent("workflow", "versions", NAME, "--diff", "v1.0.0", "v1.1.0", "--json").document
    changes = {(row["step"], row["what"]): (row["before"], row["after"]) for row in told["changes"]}
    assert changes[None, "input layout"] == ("tree", "flat")
    assert changes[step, "tag"] == ("v1.0.0", "v1.1.0")
    before, after = changes[step, "parameter STYLE"]
    assert (before.replace("default plain", "default fancy"), before != after) == (after, True)
    diffs = {row["file"]: row["diff"] for row in told["files"]}
    assert "\n+ENV MORE=1" in diffs["Dockerfile"]
    assert set(diffs) == {"Dockerfile", "app.yml"}
    text = agent("workflow", "versions", NAME, "--diff", "v1.0", "v1.1").out
    assert f"{step}\ttag\tv1.0.0\tv1.1.0\n" in text
    assert "+ENV MORE=1\n" in text
    same = agent("workflow", "versions", NAME, "--diff", "v1.1.0", "v1.1.0")
    assert same.out == "The two versions are the same\n"
    refused(
        agent("workflow", "versions", NAME, "--diff", "v1", "v2"),
        2,
        "several versions begin with 'v1'",
        "the versions are: v1.1.0, v1.0.0",
    )
    refused(agent("workflow", "versions", NAME, "--diff", "v1.0.0"), 2, "--diff")
    refused(agent("workflow", "versions", "nope"), 2, "no workflow is called 'nope'")
