"""Following a run while the server is stopped and started again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pennsieve_agent.sandbox.host.control import Sandbox
from tests.cli.following import Following, start_patient_run
from tests.domain.receipt.examples import RECORDS
from tests.prepared import Prepared


@pytest.fixture
def box(tmp_path: Path, prepared: Prepared) -> Iterator[Sandbox]:
    (tmp_path / "box" / "datasets" / "Data").mkdir(parents=True)
    (tmp_path / "box" / "datasets" / "Data" / "a.txt").write_text("x")
    box = prepared.into(tmp_path / "box")
    box.start_detached(0, "process")
    yield box
    box.stop()


def test_a_restart_loses_and_doubles_no_line(box: Sandbox, tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    agent, run = start_patient_run(box, tmp_path, flag)
    with Following(agent, run, tmp_path) as following:
        assert box.stop()
        state = box.start_detached(None, "process")
        assert state.api.endswith(box.profile_values()["api_host"].rpartition(":")[2])
        flag.touch()
        followed = following.lines(60)

    read = agent("run", "logs", run).out
    assert sorted(followed) == sorted(read.splitlines())
    mine = [x for x in followed if x.startswith("patient")]
    assert mine.count("patient | released") == 1
    outputs = agent("run", "show", "--outputs", run, "--json").document["files"]
    names = [f["path"].rpartition("/")[2] for f in outputs]
    assert names == ["done.txt", *RECORDS]
