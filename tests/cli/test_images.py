"""An image of a BIDS App as a workflow: added, granted, run, in containers of a real engine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bids import faults_of
from tests.cli.following import imported
from tests.cli.harness import Agent
from tests.cli.images_world import bids_app, bids_dataset, digest_of
from tests.prepared import Prepared
from tests.registries import needs_registry, registry

GROUP = "participant_id\tbytes\nsub-01\t3\nsub-02\t19\n"
pytestmark = [pytest.mark.docker, needs_registry]


@pytest.fixture
def agent(tmp_path: Path, prepared: Prepared) -> Iterator[Agent]:
    bids_dataset(tmp_path / "box" / "datasets" / "Phantoms" / "bids")
    box = prepared.into(tmp_path / "box")
    assert box.start_detached(0, None).engine == "docker"
    yield Agent({**box.environment(), "HOME": str(tmp_path)})
    box.stop()


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """An image of the BIDS App on loopback."""
    with registry(tmp_path / "registry") as url:
        yield bids_app(tmp_path / "app", f"{url.removeprefix('http://')}/lab/tiny-bids")


def test_a_bids_app_in_three_commands(agent: Agent, address: str, tmp_path: Path) -> None:
    planned = agent("workflow", "add", address, "--bids", "participant", "--dry-run")
    assert planned.code == 0, planned.err
    assert (
        "images are copied, and nothing is built; called as: {input} {output} {level}"
        in " ".join(planned.out.split())
    )
    added = agent("workflow", "add", address, "--bids", "group")
    assert added.code == 0, added.err
    grant = ("dataset", "grant", "tiny-bids", "-d", "Phantoms", "--access", "read-write")
    assert agent(*grant).code == 0
    start = ("run", "start", "-d", "Phantoms", "--all", "--name", "two", "--wait")
    run = agent(*start)
    assert run.code == 0, run.err + agent("run", "logs", "two").out
    results = tmp_path / "box/datasets/Phantoms/results/two"
    assert imported(results / "participants.tsv") == GROUP
    assert imported(results / "sub-01/beh/sub-01_task-rest_desc-size_beh.tsv") == "bytes\n3\n"
    description = json.loads(imported(results / "dataset_description.json"))
    digest = digest_of(address)
    assert description["GeneratedBy"] == [
        {
            "Name": "tiny-bids",
            "Version": "1.0.0",
            "Container": {"Type": "docker", "Tag": f"tiny-bids@{digest}"},
        }
    ]

    assert description["SourceDatasets"][0]["URL"].partition("/datasets/")[2].startswith("N:data")
    assert (
        imported(results / ".bidsignore")
        == "*pennsieve-run.json\n*pennsieve-workflow.json\nro-crate-metadata.json\n"
    )
    assert imported(results / "sub-02/beh/sub-02_task-rest_desc-size_beh.tsv") == "bytes\n19\n"
    assert faults_of(results) == []

    shown = agent("workflow", "show", "tiny-bids", "--json").document
    steps = {step["id"]: step for step in shown["steps"]}
    assert list(steps) == ["input", "tiny-bids", "tiny-bids-group", "output"]
    words = ["{input}", "{output}", "{level}"]
    words += ["[", "--participant-label", "{subject...}", "]"]
    assert steps["tiny-bids-group"]["command"] == words
    assert {s["image"].partition("@")[2] for s in steps.values() if s["image"]} == {digest}
    assert digest[:19] in agent("workflow", "show", "tiny-bids").out

    one = agent(*start[:6], "one", "--wait", "--param", "subject=02")
    assert one.code == 0, one.err
    labelled = "participant --participant-label 02"
    assert labelled in agent("run", "logs", "one", "--step", "tiny-bids").out

    here = ("--local", "-w", "tiny-bids", "-d", "Phantoms", "--files", "bids")
    local = agent("run", "start", *here, "--to", str(tmp_path / "here"))
    assert local.code == 0, local.err
    assert (tmp_path / "here/participants.tsv").read_text() == GROUP
    assert faults_of(tmp_path / "here") == []

    again = agent("workflow", "add", address, "--bids", "group")
    assert (again.code, "is there already" in again.out) == (0, True)
    bids_app(tmp_path / "newer", address.removeprefix("docker://").rpartition(":")[0], "1.1.0")
    updated = agent("workflow", "update", "tiny-bids", "--to", "1.1.0")
    assert updated.code == 0, updated.err
    assert "1.0.0" in updated.out
    names = [
        row["version"] for row in agent("workflow", "versions", "tiny-bids", "--json").document
    ]
    assert sorted(names) == ["1.0.0+1.0.0", "1.1.0+1.1.0"]
    differing = agent("workflow", "versions", "tiny-bids", "--diff", *sorted(names))
    assert (differing.code, "1.1.0" in differing.out) == (0, True), differing.err
    newer = agent("workflow", "show", "tiny-bids", "--json").document["steps"]
    assert [s["tag"] for s in newer] == [None, "1.1.0", "1.1.0", None]
    assert newer[2]["command"] == words


def test_an_image_on_this_machine(agent: Agent, address: str, tmp_path: Path) -> None:
    bids_dataset(tmp_path / "input")
    command = ("--command", "{input} {output} {level} --participant-label {who}")
    words = ("--bids", "participant", *command, "--parameter", "who=02")
    there = ("--input", str(tmp_path / "input"), "--to", str(tmp_path / "kept"))
    tried = agent("workflow", "test", address, *words, *there)
    assert tried.code == 0, tried.err
    assert "arguments: /mnt/run/" in tried.err
    assert (
        tmp_path / "kept/sub-02/beh/sub-02_task-rest_desc-size_beh.tsv"
    ).read_text() == "bytes\n19\n"
    assert not (tmp_path / "kept/sub-01").exists()
    without = agent("workflow", "test", address)
    assert (without.code, "an image has no test data" in without.err) == (2, True)
    process = agent("workflow", "test", address, *there[:2], "--engine", "process")
    assert "an image can be run by a container engine only" in process.err
