"""The journey, typed command by command against a real sandbox."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import DATASET, WORD_COUNT, Lab, commit, repository
from tests.cli.following import imported
from tests.cli.harness import Agent


def start(agent: Agent, *words: str) -> str:
    result = agent(
        "run", "start", "--workflow", "word-count", "--dataset", DATASET, "--json", *words
    )
    assert result.code == 0, result.err
    return str(result.document["id"])


def test_login_says_who_and_where(agent: Agent, lab: Lab) -> None:
    result = agent("login")
    assert result.code == 0
    assert result.out == "Signed in to workspace 'Sandbox' as Ada Lovelace <ada@example.org>\n"
    assert lab.state.api in result.err


def test_whoami_shows_no_secret(agent: Agent, lab: Lab) -> None:
    secret = lab.box.profile_values()["api_secret"]
    for words in (
        ("whoami",),
        ("whoami", "--json"),
        ("profile", "show", "sandbox"),
        ("profile", "list"),
    ):
        result = agent(*words)
        assert result.code == 0, result.err
        assert secret not in result.out + result.err


def test_the_journey_to_results(ready: Lab, agent: Agent) -> None:
    started = agent(
        *("run", "start", "--workflow", "word-count", "--dataset", DATASET),
        *("--files", "raw/**/*.txt", "--param", "STYLE=fancy", "--name", "first run"),
    )
    assert started.code == 0, started.err
    assert started.out.startswith("Started run 'first run' (")
    followed = agent("run", "logs", "first run", "--follow")
    assert followed.code == 0, followed.err
    lines = [line for line in followed.out.splitlines() if line.startswith("word-count")]
    assert [line.split("| ")[1] for line in lines] == [
        "tokens seen: []",
        "counting a.txt",
        "counting deep/b.txt",
        "done",
    ]
    outputs = agent("run", "show", "--outputs", "first run", "--json").document
    folder = "results/first-run"
    assert [f["path"] for f in outputs["files"]] == [
        f"{folder}/a-fancy.count",
        f"{folder}/b-fancy.count",
        f"{folder}/pennsieve-run.json",
        f"{folder}/pennsieve-workflow.json",
        f"{folder}/ro-crate-metadata.json",
    ]
    assert imported(ready.dataset / folder / "a-fancy.count") == "3\n"
    shown = agent("run", "show", "first run", "--json").document
    assert shown["status"] == "succeeded"
    assert {s["status"] for s in shown["steps"]} == {"succeeded"}
    assert agent("run", "show", "first run", "--status").out == "succeeded\n"


@pytest.mark.usefixtures("ready")
def test_a_log_is_the_same_whenever_it_is_read(agent: Agent) -> None:
    run = start(agent, "--wait", "--files", "raw")
    followed = agent("run", "logs", run, "--follow").out
    read = agent("run", "logs", run).out
    assert sorted(followed.splitlines()) == sorted(read.splitlines())
    document = agent("run", "logs", run, "--json").document
    assert len(document["messages"]) == len(read.splitlines())
    stream = [
        json.loads(x) for x in agent("run", "logs", run, "--follow", "--json").out.splitlines()
    ]
    assert len(stream) == len(document["messages"])


@pytest.mark.usefixtures("ready")
def test_a_dry_run_starts_nothing(agent: Agent) -> None:
    before = len(agent("run", "list", "--json", "-L", "1000").document)
    words = ("run", "start", "--dataset", DATASET, "--files", "**/*.txt", "--dry-run")
    plan = agent(*words, "--json").document
    assert [job["kind"] for job in plan["jobs"]] == ["stage-in", "processor", "data-target"]
    assert [f["path"] for f in plan["files"]] == ["raw/a.txt", "raw/deep/b.txt"]
    assert "2 files" in agent(*words).out
    assert len(agent("run", "list", "--json", "-L", "1000").document) == before


@pytest.mark.usefixtures("ready")
def test_a_program_that_fails(agent: Agent) -> None:
    result = agent(
        *("run", "start", "--dataset", DATASET, "--files", "raw", "--param", "EXIT=3", "--wait"),
    )
    assert result.code == 3
    assert "failed in step 'word-count'" in result.err
    run = agent("run", "list", "--json").document[0]["id"]
    assert agent("run", "show", run, "--status").code == 3
    states = {s["id"]: s["status"] for s in agent("run", "show", run, "--json").document["steps"]}
    assert states["word-count"] == "failed"
    assert states["output"] == "skipped"
    shown = agent("run", "show", run)
    assert "Step 'word-count' failed: " in shown.out
    assert "  done\n" in shown.out[shown.out.index("Its last ") :]
    name = agent("run", "show", run, "--json").document["name"]
    first, *_ = shown.err.splitlines()
    assert first == f"all of it: pennsieve run logs {name} --step word-count"


@pytest.mark.usefixtures("ready")
def test_a_program_that_writes_nothing(agent: Agent) -> None:
    run = start(agent, "--files", "raw", "--param", "SILENT=true", "--wait")
    assert "step 'word-count' wrote no files" in agent("run", "logs", run).out
    assert agent("run", "show", "--outputs", run, "--json").document["files"] == []


@pytest.mark.usefixtures("ready")
def test_cancel_stops_what_runs(agent: Agent) -> None:
    run = start(agent, "--files", "raw", "--param", "HOLD=true")
    timed = agent("run", "show", run, "--status")
    assert timed.code == 8
    result = agent("run", "cancel", run, "--wait")
    assert result.code == 0, result.err
    assert result.out.endswith("is canceled\n")
    assert agent("run", "show", run, "--status").code == 3
    again = agent("run", "cancel", run)
    assert (again.code, "is canceled already" in again.out) == (0, True), again.err
    done = agent("run", "list", "--status", "succeeded", "--json").document[0]["id"]
    ended = agent("run", "cancel", done)
    assert (ended.code, "has ended already: succeeded" in ended.err) == (1, True), ended.err


@pytest.mark.usefixtures("ready")
def test_a_wait_may_end_before_the_run(agent: Agent) -> None:
    result = agent(
        *("run", "start", "--dataset", DATASET, "--files", "raw", "--param", "HOLD=true"),
        *("--wait", "--timeout", "0.5"),
    )
    assert result.code == 8
    assert "is still" in result.err
    agent("run", "cancel", agent("run", "list", "--json").document[0]["id"], "--wait")


def test_adding_again_changes_nothing_and_an_update_takes_the_new_tag(
    ready: Lab, agent: Agent, tmp_path: Path
) -> None:
    code = repository(
        tmp_path / "moving", {**WORD_COUNT, "app.yml": 'schemaVersion: "1.0"\nname: moving\n'}
    )
    first = agent("workflow", "add", ready.publish(code), "--json").document
    assert first["created"] is True
    again = agent("workflow", "add", ready.publish(code), "--json").document
    assert (again["id"], again["created"]) == (first["id"], False)
    commit(code, {"more.txt": "x"}, "v1.10.0")
    commit(code, {"more.txt": "y"}, "v1.9.0")
    assert (
        agent("workflow", "add", ready.publish(code), "--json").document["steps"]
        == (first["steps"])
    )
    moved = agent("workflow", "update", "moving", "--json").document
    assert moved["id"] == first["id"]
    assert moved["steps"][1]["tag"] == "v1.10.0"
    assert [change["from_tag"] for change in moved["changes"]] == ["v1.0.0"]
    gone = agent("workflow", "archive", "moving", "--yes")
    assert gone.code == 0, gone.err
    assert agent("workflow", "show", "moving").code == 2


def test_several_repositories_make_a_chain(ready: Lab, agent: Agent, tmp_path: Path) -> None:
    second = repository(
        tmp_path / "adder",
        {
            "Dockerfile": DOCKER_ADDER,
            "app.yml": 'schemaVersion: "1.0"\nname: adder\n',
            "main.py": ADDER,
        },
    )
    added = agent(
        "workflow", "add", ready.url, ready.publish(second), "--name", "sum of words", "--json"
    )
    assert added.code == 0, added.err
    assert [s["id"] for s in added.document["steps"]] == ["input", "word-count", "adder", "output"]
    assert agent("dataset", "grant", "sum", "-d", DATASET, "--access", "read-write").code == 0
    result = agent(
        "run", "start", "-w", "sum", "-d", DATASET, "--files", "raw", "--name", "sum", "--follow"
    )
    assert result.code == 0, result.err
    assert imported(ready.dataset / "results/sum/sum.txt") == "5"


DOCKER_ADDER = """\
FROM python:3.11-slim
COPY main.py /app/main.py
CMD ["python", "/app/main.py"]
"""
ADDER = """\
import os, pathlib
counts = pathlib.Path(os.environ["INPUT_DIR"]).rglob("*.count")
total = sum(int(path.read_text()) for path in counts)
(pathlib.Path(os.environ["OUTPUT_DIR"]) / "sum.txt").write_text(str(total))
"""


@pytest.mark.usefixtures("ready")
def test_grants(agent: Agent) -> None:
    words = ("word-count", "--dataset", DATASET)
    assert (
        agent("dataset", "grant", *words, "--access", "read-write", "--json").document["changed"]
        is False
    )
    assert agent("dataset", "grant", *words, "--access", "read").code == 0
    assert [
        g["access"]
        for g in agent("dataset", "grants", DATASET, "--json").document
        if g["workflow"] == "word-count"
    ] == ["read"]
    refused = agent("run", "start", "-w", "word-count", "-d", DATASET)
    assert refused.code == 4
    assert "may only read" in refused.err
    assert agent("dataset", "revoke", *words).code == 0
    refused = agent("run", "start", "-w", "word-count", "-d", DATASET)
    assert refused.code == 4
    assert f"pennsieve dataset grant word-count --dataset '{DATASET}'; or " in refused.err
    assert agent("dataset", "grant", *words, "--access", "read-write").code == 0


@pytest.mark.parametrize("width", [80, 40])
@pytest.mark.parametrize(
    "words",
    [
        ("compute", "list"),
        ("compute", "show", "my-compute"),
        ("workflow", "list"),
        ("workflow", "show", "word-count"),
        ("dataset", "list"),
        ("dataset", "files", DATASET),
        ("dataset", "grants", DATASET),
        ("run", "list"),
        ("profile", "list"),
        ("whoami",),
        ("sandbox", "status"),
    ],
)
def test_every_list_fits_and_has_a_document(
    ready: Lab, agent: Agent, words: tuple[str, ...], width: int
) -> None:
    if words[0] == "sandbox":
        words = (*words, "--data", str(ready.box.data))
    shown = agent(*words, terminal=True, width=width)
    assert shown.code == 0, shown.err
    assert shown.out.strip()
    assert json.loads(agent(*words, "--json").out)


@pytest.mark.usefixtures("ready")
def test_a_node_can_be_removed_and_made_again(agent: Agent) -> None:
    for _ in range(2):
        made = agent("compute", "register", "--name", "second", "--yes", "--json")
        assert made.code == 0, made.err
        assert (made.document["name"], made.document["kind"]) == ("second", "own")
        assert agent("compute", "delete", "second", "--dry-run", "--json").document["steps"]
        gone = agent("compute", "delete", "second", "--yes")
        assert gone.code == 0, gone.err
    assert "second" not in agent("compute", "list").out
    assert agent("compute", "delete", "second", "--yes").code == 2


def test_registering_can_be_rehearsed(lab: Lab, agent: Agent) -> None:
    plan = agent("compute", "register", "--name", "never", "--dry-run", "--json").document
    assert plan["nothing_to_do"] is False
    shown = agent("compute", "register", "--name", "never", "--dry-run")
    assert "nothing was changed" in shown.err
    assert "never" not in agent("compute", "list").out
    refused = agent("compute", "register", "--name", "never")
    assert refused.code == 2
    assert "--yes" in refused.err
    assert lab.state.pid
