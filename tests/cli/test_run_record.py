"""What a run was made of, told afterwards: code, input, node, person; and what it took."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pennsieve_agent.cli.run import record_views
from pennsieve_agent.console import documents
from pennsieve_agent.console.shown import Details
from pennsieve_agent.console.streams import Streams
from pennsieve_agent.domain.runs import Run, RunDetails, RunStatus, StepCode
from pennsieve_agent.domain.workflows import Step, StepKind
from tests.cli.conftest import DATASET, Lab
from tests.cli.following import wait_for
from tests.cli.harness import Agent

COMMIT, IMAGE = r"[0-9a-f]{40}", r"sha256:[0-9a-f]{64}"


def lines_of(text: str) -> list[str]:
    return [re.sub(r"\x1b\[[0-9;]*m", "", line) for line in text.splitlines()]


def test_a_run_on_an_own_node_tells_its_code_and_its_files(ready: Lab, agent: Agent) -> None:
    shown = agent("run", "show", "zeroth", "--json").document
    assert [(f["path"], f["size"]) for f in shown["input"]["files"]] == [
        ("raw/a.txt", 14),
        ("raw/deep/b.txt", 10),
    ]
    assert {f["package_id"] for f in shown["input"]["files"]} == set(shown["input"]["package_ids"])
    assert (shown["input"]["count"], shown["input"]["size"]) == (2, 24)
    assert (shown["input"]["recorded"], shown["layout"]) == (True, "tree")
    assert shown["node_version"]
    (code,) = [step for step in shown["steps"] if step["source_url"]]
    assert (code["source_url"], code["tag"]) == (ready.url, "v1.0.0")
    assert re.fullmatch(COMMIT, code["commit"])
    assert re.fullmatch(IMAGE, code["digest"])
    (attempt,) = code["attempts"]
    assert attempt["running_seconds"] == code["seconds"]
    assert attempt["queued_seconds"] is None or attempt["queued_seconds"] >= 0
    assert attempt["measured"] is None or attempt["measured"]["by"] == "task"
    assert shown["parameters"]["word-count"]["MINIMUM"] == "1", "defaults are what it ran with"
    assert shown["created_by"]["email"] == "ada@example.org"


@pytest.mark.usefixtures("ready")
def test_all_of_it_fits_a_terminal_of_80_columns_and_can_be_copied(agent: Agent) -> None:
    shown = agent("run", "show", "zeroth", terminal=True, width=80)
    lines = lines_of(shown.out)
    assert max(map(len, lines)) <= 80
    document = agent("run", "show", "zeroth", "--json").document
    (code,) = [step for step in document["steps"] if step["source_url"]]
    words = {" ".join(line.split()) for line in lines}
    assert f"code {code['source_url']}" in words
    assert "tag v1.0.0" in words
    assert f"commit {code['commit']}" in words
    assert f"image {code['digest']}" in words
    assert "input 2 files, 24 B, layout tree" in words
    assert "raw/deep/b.txt 10 B" in words
    assert "word-count.STYLE plain" in words
    assert f"node my-compute, version {document['node_version']}" in words
    assert any(line.startswith("started by") and "arn:aws:iam" in line for line in lines)


@pytest.mark.usefixtures("ready")
def test_two_commands_tell_the_same_time(agent: Agent) -> None:
    shown = agent("run", "show", "zeroth", "--json").document
    metrics = agent("run", "cost", "zeroth", "--json").document["metrics"]
    assert {s["id"]: s["seconds"] for s in metrics["steps"]} == {
        s["id"]: s["seconds"] for s in shown["steps"]
    }
    assert (metrics["input_files"], metrics["input_size"]) == (2, 24)
    assert metrics["estimated_usd"] > 0
    cost = agent("run", "cost", "zeroth").out
    assert re.search(r"estimated cost\t0\.00\d\d USD, within the estimate\n", cost), cost
    assert "input\t2 files, 24 B\n" in cost
    assert "0.00 USD" not in cost


def test_a_run_on_a_node_of_pennsieves_tells_what_pennsieve_keeps(nodes: Lab, agent: Agent) -> None:
    started = agent(
        *("run", "start", "-d", DATASET, "-w", "word-count", "--node", "theirs"),
        *("--files", "raw", "--name", "recorded there", "--wait", "--json"),
    )
    assert started.code == 0, started.err
    assert "input" not in started.document, "nobody asked for it"
    shown = agent("run", "show", "recorded there", "--json").document
    assert [(f["path"], f["size"]) for f in shown["input"]["files"]] == [
        ("raw/a.txt", 14),
        ("raw/deep/b.txt", 10),
    ]
    assert (shown["input"]["recorded"], shown["node_version"]) == (False, None)
    (code,) = [step for step in shown["steps"] if step["source_url"]]
    assert (code["source_url"], code["tag"]) == (nodes.url, "v1.0.0")
    assert (code["commit"], code["digest"]) == (None, None)
    assert shown["created_by"]["name"] == "Ada Lovelace"
    text = agent("run", "show", "recorded there").out
    assert "started by\tAda Lovelace <ada@example.org>\n" in text
    assert "commit\tnot recorded on nodes that Pennsieve runs\n" in text
    assert "input\t2 files, 24 B, as its packages are now\n" in text
    assert "input\t2 packages, size unknown\n" in agent("run", "cost", "recorded there").out


@pytest.mark.usefixtures("ready")
def test_results_of_a_run_are_input_only_where_they_are_named(agent: Agent) -> None:
    words = ("run", "start", "-d", DATASET, "-w", "word-count", "--dry-run", "--json")
    for choice in ((), ("--files", "**/*"), ("--files", "*/**/*")):
        plan = agent(*words, *choice).document
        assert not [f["path"] for f in plan["files"] if f["path"].startswith("results/zeroth/")]
        assert plan["results_left_out"] >= 3
    assert "left out\t" in agent(*words[:-1]).out
    results = {"results/zeroth/a-plain.count", "results/zeroth/b-plain.count"}
    named = agent(*words, "--files", "results/zeroth/*.count").document
    assert {f["path"] for f in named["files"]} == results
    by_run = agent(*words, "--input-run", "zeroth").document
    assert {f["path"] for f in by_run["files"]} == results, "the receipt is not a result"
    assert (by_run["results_left_out"], named["results_left_out"]) == (0, 0)
    everything = agent(*words, "--include-results").document
    assert results < {f["path"] for f in everything["files"]}


@pytest.mark.parametrize("name", ["zeroth", "Zeroth"])
def test_a_name_is_taken_once(ready: Lab, agent: Agent, name: str) -> None:
    del ready
    for more in ((), ("--dry-run",)):
        again = agent(
            *("run", "start", "-d", DATASET, "-w", "word-count", "--files", "raw"),
            *("--name", name, *more),
        )
        assert again.code == 2
        assert "there is a run called 'zeroth' already" in again.err


def test_a_name_is_taken_once_on_pennsieves_node_too(nodes: Lab, agent: Agent) -> None:
    del nodes
    words = ("run", "start", "-d", DATASET, "-w", "word-count", "--files", "raw")
    first = agent(*words, "--node", "theirs", "--name", "taken there", "--wait")
    assert first.code == 0, first.err
    for node in ("theirs", "my-compute"):
        again = agent(*words, "--node", node, "--name", "taken-there")
        assert (again.code, "a run called 'taken there' already" in again.err) == (2, True)
    plan = agent(*words[:-2], "--node", "theirs", "--dry-run", "--json").document
    assert not [f for f in plan["files"] if f["path"].startswith("results/taken-there/")]


@pytest.mark.usefixtures("ready")
def test_two_runs_into_one_folder_are_told_apart(agent: Agent, tmp_path: Path) -> None:
    begin = ("run", "start", "-d", DATASET, "-w", "word-count")
    words = (*begin, "--files", "raw", "--folder", "shared")
    first = agent(*words, "--name", "shares one", "--wait")
    assert (first.code, "already" in first.err) == (0, False)

    def hold(count: int) -> bool:  # Pennsieve imports what was uploaded by and by
        return bool(agent(*words, "--dry-run", "--json").document["files_in_folder"] == count)

    wait_for(lambda: hold(5), lambda: first.err)
    assert "note\t'shared' has 5 files already" in agent(*words, "--dry-run").out
    second = agent(*words, "--name", "shares two", "--wait")
    assert (second.code, "'shared' has 5 files already" in second.err) == (0, True)
    wait_for(lambda: hold(10), lambda: second.err)

    def paths(name: str) -> set[str]:
        files = agent("run", "show", name, "--outputs", "--json").document["files"]
        return {file["path"] for file in files}

    assert {"shared/a-plain.count"} < paths("shares one")
    assert {"shared/a-plain (1).count"} < paths("shares two")
    assert not paths("shares one") & paths("shares two")
    shown = agent("run", "show", "shares two", "--outputs")
    assert "'shared/a-plain.count' is called 'shared/a-plain (1).count'" in shown.err
    fetched = agent("run", "download", "shares two", "--to", str(tmp_path))
    assert fetched.code == 0, fetched.err
    local = (path for path in tmp_path.rglob("*") if path.is_file())
    assert {path.relative_to(tmp_path).as_posix() for path in local} == paths("shares two")
    again = agent(*begin, "--input-run", "shares two", "--dry-run", "--json").document
    assert {file["path"] for file in again["files"]} == {
        *("shared/a-plain (1).count", "shared/b-plain (1).count"),
    }


def test_code_without_a_tag_has_none_in_its_record() -> None:
    commit = "7051d224f05577ced8d0ea8ff7b1244c8baf5c7f"
    named = {commit[:12]: None, "v1.0.0": "v1.0.0", "7": "7", "": None}
    for name, tag in named.items():
        step = Step("count", StepKind.PROCESSOR, source_url="local:count", tag=name)
        details = RunDetails(code={"count": StepCode(commit, "sha256:0")})
        assert documents.step_code(step, details)["tag"] == tag
        run = Run("r", RunStatus.SUCCEEDED, steps=(step,), details=details)
        (block,) = [part for part in record_views.code(run) if isinstance(part, Details)]
        assert f"tag\t{tag or 'none'}\n" in block(Streams.for_test())
