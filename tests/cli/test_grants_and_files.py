"""Grants with an end, the runs that used a dataset, and files as a tree: as they are typed."""

from __future__ import annotations

import csv
import io

import pytest

from tests.cli.conftest import DATASET
from tests.cli.harness import Agent


@pytest.mark.usefixtures("ready")
def test_the_runs_that_used_a_dataset(agent: Agent) -> None:
    document = agent("dataset", "grants", DATASET, "--audit", "--json").document
    first = document[-1]
    assert (first["run_name"], first["workflow"], first["node"]) == (
        "zeroth",
        "word-count",
        "my-compute",
    )
    assert (first["status"], first["person"]["name"]) == ("succeeded", "Ada Lovelace")
    assert first["version"]
    assert first["aws_identity"].startswith("arn:aws:")
    text = agent("dataset", "grants", DATASET, "--audit")
    assert "zeroth" in text.out
    assert "an own node keeps runs for 90 days" in text.err
    rows = list(
        csv.DictReader(io.StringIO(agent("dataset", "grants", DATASET, "--audit", "--csv").out))
    )
    assert [row["run_id"] for row in rows] == [row["run_id"] for row in document]
    assert rows[-1]["state"] == "succeeded"
    only = agent("dataset", "grants", DATASET, "--audit", "-w", "word-count", "--json").document
    assert {row["workflow"] for row in only} == {"word-count"}


@pytest.mark.parametrize("width", [80, 40])
@pytest.mark.usefixtures("ready")
def test_the_audit_fits_a_terminal(agent: Agent, width: int) -> None:
    shown = agent("dataset", "grants", DATASET, "--audit", terminal=True, width=width)
    assert max(map(len, shown.out.splitlines())) <= width


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--audit",), "--audit needs a dataset"),
        ((DATASET, "--csv"), "--csv needs --audit"),
        ((DATASET, "--audit", "--csv", "--json"), "--csv and --json cannot be given together"),
    ],
)
def test_what_does_not_go_together(agent: Agent, words: tuple[str, ...], says: str) -> None:
    refused = agent("dataset", "grants", *words)
    assert (refused.code, says in refused.err + refused.out) == (2, True), refused.err


def test_files_as_a_tree(agent: Agent) -> None:
    tree = agent("dataset", "files", DATASET, "--tree", terminal=True)
    lines = tree.out.splitlines()
    assert any(line.startswith("├── raw/") and " files " in line for line in lines), tree.out
    assert any(line.startswith("│   ") for line in lines)
    top = agent("dataset", "files", DATASET, "--tree", "--depth", "1", terminal=True).out
    assert len(top.splitlines()) < len(lines)
    assert "│   " not in top
    document = agent("dataset", "files", DATASET, "--tree", "--json").document
    listed = agent("dataset", "files", DATASET, "--json").document
    assert document["files"] == len(listed)
    assert document["size"] == sum(file["size"] for file in listed)
    folders = {row["path"]: row for row in document["entries"] if row["folder"]}
    raw = [file for file in listed if file["path"].startswith("raw/")]
    assert (folders["raw/"]["files"], folders["raw/"]["size"]) == (
        len(raw),
        sum(file["size"] for file in raw),
    )
    piped = agent("dataset", "files", DATASET, "--tree", "--depth", "1").out.splitlines()
    assert piped[0] == "FILES\tSIZE\tPATH"
    assert f"{len(raw)}\t{folders['raw/']['size']}\traw/" in piped


def test_a_part_of_a_dataset_as_a_tree(agent: Agent) -> None:
    document = agent("dataset", "files", DATASET, "--tree", "--files", "raw/**", "--json").document
    assert next(row["path"] for row in document["entries"] if row["path"].count("/") < 2) == "raw/"
    refused = agent("dataset", "files", DATASET, "--depth", "2")
    assert (refused.code, "--depth needs --tree" in refused.err) == (2, True)


@pytest.mark.parametrize("width", [80, 40])
def test_a_tree_fits_a_terminal(agent: Agent, width: int) -> None:
    shown = agent("dataset", "files", DATASET, "--tree", terminal=True, width=width)
    assert max(map(len, shown.out.splitlines())) <= width


@pytest.mark.usefixtures("ready")
def test_a_date_in_the_past_is_refused_before_anything_is_asked(agent: Agent) -> None:
    refused = agent("dataset", "grant", "word-count", "-d", DATASET, "--until", "2020-01-01")
    assert (refused.code, "is in the past" in refused.err) == (2, True)
    planned = agent(
        "dataset", "grant", "word-count", "-d", DATASET, "--until", "2099-01-31", "--dry-run"
    )
    assert f"dataset '{DATASET}' until 2099-01-31" in planned.out
