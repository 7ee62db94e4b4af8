"""A registration whose process is killed, and two at once: nothing is made twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import DATASET, Lab
from tests.cli.following import wait_for
from tests.cli.harness import Agent
from tests.cli.test_bad_input import RUN, refused

NAME = "often-killed"
REGISTER = ("compute", "register", "--name", NAME, "--yes")


def typed(lab: Lab, home: str) -> subprocess.Popen[str]:
    environ = {**os.environ, **lab.box.environment(), "HOME": home, "PYTHONUNBUFFERED": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "pennsieve_agent", *REGISTER],
        env=environ,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )


def kill_after(process: subprocess.Popen[str], words: str) -> None:
    """Kill -9 as soon as it has said these words."""
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("✓") and words in line:
            process.send_signal(signal.SIGKILL)
            break
    else:
        pytest.fail(f"it never said '{words}'")
    process.wait(30)
    process.stderr.close()
    assert process.returncode == -signal.SIGKILL


def test_killed_by_the_system_it_goes_on_with_the_same_names(lab: Lab, agent: Agent) -> None:
    stacks = set()
    # One moment in AWS, one on Pennsieve: tests/account/test_register.py goes through all of them.
    for words in ("is ready", "is registered"):
        kill_after(typed(lab, agent.environ["HOME"]), words)
        stacks.add(agent(*REGISTER[:-1], "--dry-run", "--json").document["stack"])
    first, second = (typed(lab, agent.environ["HOME"]) for _ in range(2))
    codes = {process.wait(60) for process in (first, second)}
    for process in (first, second):
        assert process.stderr is not None
        process.stderr.close()
    assert 0 in codes
    assert codes <= {0, 2}, "the other one finds it at work, or done"

    assert len(stacks) == 1
    nodes = agent("compute", "list", "--json").document
    assert [node["kind"] for node in nodes if node["name"] == NAME] == ["own"]
    removed = agent("compute", "delete", NAME, "--yes", "--cancel-runs")
    assert removed.code == 0, removed.err
    assert "nothing unexpected is left in AWS" in removed.out
    assert "while nothing ran, the node cost about" in " ".join(removed.err.split())


@pytest.mark.usefixtures("ready")
def test_a_node_at_work_is_removed_when_its_runs_are_cancelled(lab: Lab, agent: Agent) -> None:
    assert agent(*REGISTER).code == 0
    # A node that was made after a grant has no key of the workflow's: each gets a new one.
    renewed = agent("workflow", "update", "word-count", "--renew-identity", "--yes")
    assert renewed.code == 0, renewed.err
    granted = agent("dataset", "grant", "word-count", "-d", DATASET, "--access", "read-write")
    assert granted.code == 0, granted.err
    held = (*RUN, "--all", "--node", NAME, "--param", "HOLD=true", "--name", "held-there")
    run = agent(*held, "--json").document["id"]
    mounted: list[Path] = []

    def is_mounted() -> bool:
        mounted[:] = lab.box.data.glob(f"files/fs-*/runs/{run}")
        return bool(mounted)

    wait_for(is_mounted, lambda: agent("run", "show", run).out)
    (mounted[0].parent / "cut-off").write_text("a file that is not in the bucket yet")
    refused(agent("compute", "delete", NAME, "--yes"), 1, "still has active runs: 'held-there'")
    removed = agent("compute", "delete", NAME, "--yes", "--cancel-runs")
    assert removed.code == 0, removed.err
    assert "nothing unexpected is left in AWS" in removed.out
    assert "while nothing ran, the node cost about" in " ".join(removed.err.split())
    assert "trying again without what is in the way" in " ".join(removed.err.split())
    assert "including the records of its runs" in " ".join(removed.err.split())
    assert agent("run", "show", "held-there").code != 0
