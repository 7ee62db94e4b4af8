"""``--dry-run`` says what would be done, and asks for no change."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import DATASET, Lab
from tests.cli.harness import Agent
from tests.recording.recorder import Recorder

PLANS = (
    ("dataset create|Rat EEG", "create dataset 'Rat EEG'"),
    (f"dataset update|{DATASET}|--name|Rat EEG", "name 'Rat EEG'"),
    (f"dataset delete|{DATASET}", "delete dataset"),
    (f"dataset fs mkdir|{DATASET}|raw/new/deep|--parents", "make folder raw/new/deep/"),
    (f"dataset fs mv|{DATASET}|notes.md|raw", "notes.md -> raw/notes.md"),
    (f"dataset fs mv|{DATASET}|notes.md|read.me", "notes.md -> read.me"),
    (f"dataset share|{DATASET}|--workspace|--role|editor", "the role editor"),
    (f"dataset unshare|{DATASET}|--workspace", "the workspace as a whole"),
    (f"dataset grant|word-count|-d|{DATASET}|--access|read", "let workflow 'word-count' read"),
    (f"dataset revoke|word-count|-d|{DATASET}", "away from workflow 'word-count'"),
    ("secret set|my-compute|TOKEN", "set secret TOKEN for your runs on compute node 'my-compute'"),
    ("secret set|theirs|TOKEN|--shared", "for everybody's runs on compute node 'theirs'"),
    ("workflow archive|word-count", "archive workflow 'word-count'"),
    ("workflow share|word-count", "let every workspace list and run"),
    ("workflow unshare|word-count", "hide workflow 'word-count'"),
    ("workflow app archive|word-count", "archive 'word-count'"),
    ("workflow app share|word-count|--public", "share 'word-count' with everybody on Pennsieve"),
    ("workflow app unshare|word-count|--workspace", "with everybody in the workspace"),
    ("compute share|theirs|--workspace", "let everybody in the workspace use"),
    ("compute unshare|theirs|--workspace", "stop sharing compute node 'theirs'"),
    (
        "compute share|my-compute|--aws|222233334444|--workflow|word-count",
        "run 'word-count' on compute node 'my-compute'",
    ),
    ("compute unshare|my-compute|--aws|222233334444", "stop sharing compute node 'my-compute'"),
    ("compute code allow|theirs|word-count", "let compute node 'theirs' run"),
    ("compute layer create|theirs|atlas", "create layer 'atlas'"),
)
"""Words typed, parted by bars, and what their plan says."""


@pytest.fixture
def recorder(nodes: Lab, agent: Agent, tmp_path: Path) -> Iterator[Recorder]:
    """What stands between the agent and the lab, by settings of its own."""
    recorder = Recorder(nodes.state)
    recorder.start()
    config = Path(agent.environ["PENNSIEVE_CONFIG"])
    text = config.read_text()
    state = nodes.state
    for url, ours in zip((state.api, state.api2, state.aws), recorder.urls, strict=True):
        text = text.replace(url, ours)
    (tmp_path / config.name).write_text(text)
    shutil.copy(config.parent / "own-nodes.json", tmp_path)
    agent.environ["PENNSIEVE_CONFIG"] = str(tmp_path / config.name)
    yield recorder
    recorder.close()


def test_nothing_is_changed(agent: Agent, recorder: Recorder) -> None:
    for line, words in PLANS:
        plan = agent(*line.split("|"), "--dry-run")
        assert (plan.code, plan.out[:6]) == (0, "Would "), (line, plan.err)
        assert words in plan.out, (line, plan.out)
        assert plan.err.endswith("nothing was changed (--dry-run)\n"), line
    document = agent(*PLANS[0][0].split("|"), "--dry-run", "--json").document
    assert document == {"would": "create dataset 'Rat EEG'", "changed": False}
    sent = {(one.asked.method, one.asked.path) for one in recorder.found}
    assert len(sent) > 10, "too little was recorded"
    sign_in = ("POST", "/")
    assert {call for call in sent if call[0] not in {"GET", "HEAD"}} - {sign_in} == set()


def test_a_new_workflow_is_planned_and_one_that_is_there_is_told(
    agent: Agent, recorder: Recorder, nodes: Lab
) -> None:
    line = ("workflow", "add", nodes.url, "--public", "--dry-run")
    plan = agent(*line, "--name", "second")
    assert plan.code == 0, plan.err
    assert plan.out.startswith("Would add workflow 'second' from "), plan.out
    for words in (" v1.0.0 (", "on Pennsieve, public", "'my-compute'", "Pennsieve builds it"):
        assert words in plan.out, plan.out
    assert "second" not in agent("workflow", "list").out
    there = agent(*line)
    assert (there.code, "is there already" in there.out) == (0, True), there.err
    changes = [o.asked.path for o in recorder.found if o.asked.method not in {"GET", "HEAD"}]
    assert set(changes) == {"/"}, "signing in alone"


def test_a_secret_that_no_node_takes_is_refused_in_a_dry_run(nodes: Lab, agent: Agent) -> None:
    del nodes
    for name, answers in (("PATH", ""), ("TOKEN", "a\x00b")):
        typed = ("secret", "set", "my-compute", name, "--dry-run")
        stdin = ("--stdin",) if answers else ()
        refused = agent(*typed, *stdin, answers=answers)
        assert (refused.code, refused.out) == (2, ""), name


def test_a_prefix_is_refused_for_what_cannot_be_undone(nodes: Lab, agent: Agent) -> None:
    del nodes
    for line in (
        f"dataset delete|{DATASET[:-1]}",
        f"dataset delete|{DATASET.lower()}",
        "compute delete|my-comp",
        "compute layer delete|thei|atlas",
        "secret delete|my-comp|KEY",
    ):
        refused = agent(*line.split("|"), "--yes")
        assert (refused.code, refused.out) == (2, ""), line
        assert "needs the full name or the id" in refused.err, line
