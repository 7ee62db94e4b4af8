"""A sandbox that is stopped or killed in the middle of a run, and started on other ports."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from pennsieve_agent.sandbox.host.control import Sandbox
from pennsieve_agent.sandbox.host.state import lock_holder
from tests.cli.following import imported, start_patient_run, wait_for
from tests.prepared import Prepared


@pytest.fixture
def box(tmp_path: Path, prepared: Prepared) -> Iterator[Sandbox]:
    (tmp_path / "box" / "datasets" / "Data").mkdir(parents=True)
    (tmp_path / "box" / "datasets" / "Data" / "a.txt").write_text("x")
    box = prepared.into(tmp_path / "box")
    box.start_detached(0, "process")
    yield box
    box.stop()


def kill(box: Sandbox) -> None:
    pid = lock_holder(box.data)
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    wait_for(lambda: lock_holder(box.data) != pid, lambda: "it does not end")


def nobody_works_on_a_run(box: Sandbox) -> bool:
    """Whether no invocation of the node holds a run.

    Where one is cut off, the run waits for the next beat of the node's clock, which is five minutes
    at most; ``tests/node`` has that with a clock of its own.
    """
    with closing(sqlite3.connect(box.data / "aws.db")) as items:
        rows = items.execute("SELECT key FROM dynamodb_items").fetchall()
    return not any("LEASE" in str(key) for (key,) in rows)


@pytest.mark.parametrize("end", ["stopped", "killed"])
def test_on_other_ports_everything_goes_on(box: Sandbox, tmp_path: Path, end: str) -> None:
    flag = tmp_path / "flag"
    agent, run = start_patient_run(box, tmp_path, flag)
    before = box.profile_values()["api_host"]
    if end == "stopped":
        assert box.stop()
    else:
        wait_for(lambda: nobody_works_on_a_run(box), lambda: "the node never came to rest")
        kill(box)
    assert box.start_detached(0, "process").api != before
    agent.environ.update(box.environment())

    flag.touch()  # the step's machine is gone with the sandbox, and so it is tried again
    followed = agent("run", "logs", run, "--follow")
    assert followed.code == 0, followed.err
    assert agent("run", "show", run, "--status").out == "succeeded\n"
    assert agent("run", "logs", run).out.count("patient | released") == 1
    (result,) = agent("run", "show", run, "--outputs", "--json").document["files"][:1]
    delivered = tmp_path / "box" / "datasets" / "Data"
    assert imported(delivered / result["path"]) == "yes"
    assert len(list(delivered.rglob("done*.txt"))) == 1

    doctor = agent("compute", "doctor")
    assert doctor.code == 0, doctor.out
    again = agent("run", "start", "-d", "Data", "--all", "--param", f"FLAG={flag}", "--wait")
    assert again.code == 0, again.err
