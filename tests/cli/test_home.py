"""``pennsieve`` alone: how things are, with three questions at most; help where nobody answers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pennsieve_agent.settings.own_nodes_file import OwnNodes
from tests.cli.conftest import Lab
from tests.cli.harness import Agent
from tests.fakes.run_node import NODE
from tests.recording.recorder import Recorder


@pytest.fixture
def recorder(lab: Lab) -> Iterator[Recorder]:
    recorder = Recorder(lab.state)
    recorder.start()
    yield recorder
    recorder.close()


def test_who_has_an_own_node_sees_its_runs(agent: Agent, ready: Lab) -> None:
    del ready
    held = agent("run", "start", "-d", "Mouse EEG", "--files", "raw", "--param", "HOLD=true")
    assert held.code == 0, held.err
    broken = agent(
        *("run", "start", "-d", "Mouse EEG", "--files", "raw", "--param", "EXIT=3", "--wait")
    )
    assert broken.code == 3
    told = agent()
    assert told.code == 0, told.err
    assert "profile\t" in told.out
    assert "nodes\tmy-compute (us-east-1)" in told.out
    assert {"running", "failed"} <= set(told.out.replace("\n", "\t").split("\t"))
    rows = agent("run", "list", "--json").document
    assert f"next: pennsieve run show {rows[0]['name']}\n" in told.err
    assert "runs on other nodes are not counted here; all runs: pennsieve run list\n" in told.err
    count = sum(row["status"] == "failed" for row in rows)
    assert f"failed\t{count} on your own nodes\n" in told.out
    (run,) = (row["id"] for row in rows if row["status"] == "running")
    assert agent("run", "cancel", run, "--wait").code == 0


def test_a_node_that_does_not_answer_hides_no_other(agent: Agent, ready: Lab) -> None:
    del ready
    known = OwnNodes.beside(Path(agent.environ["PENNSIEVE_CONFIG"]))
    known.put("sandbox", NODE)
    try:
        told = agent()
    finally:
        known.remove("sandbox", NODE.token)
    assert told.code == 0, told.err
    assert "nodes\tmy-compute (us-east-1), my-node (us-east-1)\n" in told.out
    assert told.err.startswith("compute node 'my-node' was left out: "), told.err
    assert "next: pennsieve run " in told.err


def test_without_an_own_node_it_asks_three_things(
    lab: Lab, recorder: Recorder, clean_machine: Path, tmp_path: Path
) -> None:
    values = lab.box.profile_values()
    hosts = dict(
        zip(
            ("PENNSIEVE_API_HOST", "PENNSIEVE_API2_HOST", "PENNSIEVE_COGNITO_ENDPOINT"),
            recorder.urls,
            strict=True,
        )
    )
    key = {"PENNSIEVE_API_KEY": values["api_token"], "PENNSIEVE_API_SECRET": values["api_secret"]}
    elsewhere = {"PENNSIEVE_CONFIG": str(tmp_path / "config.ini"), "HOME": str(clean_machine)}
    told = Agent({**hosts, **key, **elsewhere})()
    assert told.code == 0, told.err
    assert f"profile\tenvironment, {recorder.urls[0]}" in told.out
    assert "nodes\tnone of your own is known here" in told.out
    assert 1 <= len(recorder.found) <= 3, [each.asked.path for each in recorder.found]


def test_where_nobody_answers_it_is_the_help_page(clean_machine: Path) -> None:
    gone = dict.fromkeys(
        ("PENNSIEVE_API_HOST", "PENNSIEVE_API2_HOST", "PENNSIEVE_COGNITO_ENDPOINT"),
        "http://127.0.0.1:1",
    )
    agent = Agent(
        {**gone, "PENNSIEVE_API_KEY": "k", "PENNSIEVE_API_SECRET": "s", "HOME": str(clean_machine)}
    )
    agent.quick = True
    told = agent()
    assert told.code == 2
    assert "Usage: pennsieve COMMAND" in told.err
    assert "127.0.0.1:1" in told.err
