"""The six lines of the README on a node of one's own, typed one after the other by one person.

Everything is real but Pennsieve and AWS: functions that AWS calls, a workflow's own identity, jobs
of Batch as processes, and a receipt that lies with the results.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pennsieve_agent.sandbox.host.control import Sandbox
from tests.cli.conftest import WORD_COUNT, repository
from tests.cli.following import imported
from tests.cli.harness import Agent, Result


@pytest.fixture
def box(tmp_path: Path) -> Iterator[Sandbox]:
    folder = tmp_path / "box" / "datasets" / "Mouse EEG" / "raw" / "deep"
    folder.mkdir(parents=True)
    (folder.parent / "a.txt").write_text("one two three\n")
    (folder / "b.txt").write_text("four five\n")
    box = Sandbox(tmp_path / "box")
    box.start_detached(0, "process")
    yield box
    box.stop()


def typed(agent: Agent, *words: str) -> Result:
    result = agent(*words)
    assert result.code == 0, result.err
    return result


def check_download(agent: Agent, run: str, to: Path) -> None:
    """The results come to a folder, where another file of that name is replaced only if wanted."""
    words = ("run", "download", run, "--to", str(to))
    assert typed(agent, *words, "--json").code == 0
    result = to / "results" / "first" / "b-plain.count"
    assert result.read_text() == "2\n"
    result.write_text("mine")
    other = agent(*words)
    assert (other.code, "replace them with --overwrite" in other.err) == (2, True)
    assert typed(agent, *words, "--overwrite").code == 0
    assert result.read_text() == "2\n"
    assert "'--to'" in agent(*words[:-1], str(result)).err


def test_six_lines_on_an_own_node(box: Sandbox, tmp_path: Path) -> None:
    code = repository(tmp_path / "word-count", WORD_COUNT)
    agent = Agent({**box.environment(), "HOME": str(tmp_path)})
    typed(agent, "login")
    told = typed(agent, "compute", "register", "--yes").err.splitlines()
    created = [line for line in told if re.fullmatch(r"  ✓ \w+ created( \(.*\))?", line)]
    assert len(created) > 30  # each resource, as AWS comes to it
    assert "Traceback" not in (box.data / "sandbox.log").read_text()
    typed(agent, "workflow", "add", str(code))
    granted = typed(agent, "dataset", "grant", "word-count", "--dataset", "Mouse EEG")
    assert granted.out == (
        "Workflow 'word-count' may read and write dataset 'Mouse EEG' on your compute nodes: "
        "my-compute\n"
    )
    people = typed(agent, "dataset", "show", "Mouse EEG").out
    assert re.search(r"\nword-count \(write\) [0-9a-f]{16}\tmanager\tintegration\t", people)
    assert "\tperson\tada@example.org\t" in people
    plan = typed(agent, "run", "start", "--dataset", "Mouse EEG", "--dry-run").out
    assert "node\tmy-compute, your own, AWS account 123456789012, us-east-1" in plan
    assert "acts as\tthe workflow's own identity" in plan
    assert "input\tthe whole dataset: 2 files, 24 B" in plan
    start = ("run", "start", "--dataset", "Mouse EEG", "--all", "--name", "first", "--json")
    started = typed(agent, *start)
    followed = typed(agent, "run", "logs", "--follow")
    lines = [x.split("| ")[1] for x in followed.out.splitlines() if x.startswith("word-count")]
    assert lines == ["tokens seen: []", "counting a.txt", "counting deep/b.txt", "done"]

    run = started.document["id"]
    shown = typed(agent, "run", "show", run, "--json").document
    assert (shown["status"], shown["node"]) == ("succeeded", "my-compute")
    details = shown["details"]
    assert details["caller"] == "arn:aws:iam::123456789012:user/ada"
    who = {"id": details["caller"], "name": "Ada Lovelace", "email": "ada@example.org"}
    assert shown["created_by"] == who
    assert details["input"] == {"files": 2, "size": 24}
    assert len(details["code"]["word-count"]["commit"]) == 40
    assert details["code"]["word-count"]["digest"].startswith("sha256:")
    (listed,) = typed(agent, "run", "list", "--mine", "--json").document
    assert (listed["id"], listed["node"]) == (run, "my-compute")
    files = typed(agent, "run", "show", "--outputs", run, "--json").document["files"]
    assert [file["path"] for file in files] == [
        "results/first/a-plain.count",
        "results/first/b-plain.count",
        "results/first/pennsieve-run.json",
        "results/first/pennsieve-workflow.json",
        "results/first/ro-crate-metadata.json",
    ]
    dataset = box.data / "datasets" / "Mouse EEG" / "results" / "first"
    assert imported(dataset / "a-plain.count") == "3\n"
    receipt = json.loads(imported(dataset / "pennsieve-run.json"))
    assert (receipt["id"], receipt["form"]) == (run, "pennsieve-receipt/1")
    check_download(agent, run, tmp_path / "here")
    totals = typed(agent, "run", "cost", "--total", "--json").document
    assert (totals["total"], totals["succeeded"]) == (1, 1)
    steps = typed(agent, "run", "cost", run, "--json").document["metrics"]["steps"]
    assert [step["id"] for step in steps] == ["input", "word-count", "output"]

    typed(agent, "dataset", "revoke", "word-count", "--dataset", "Mouse EEG")
    refused = agent("run", "start", "--dataset", "Mouse EEG", "--workflow", "word-count")
    assert refused.code == 4
    assert "has no access to dataset 'Mouse EEG'" in refused.err
