"""A batch on a node that Pennsieve runs, as typed: run by run, with real runs."""

from __future__ import annotations

from pathlib import Path

from tests.cli.conftest import DATASET, Lab
from tests.cli.harness import Agent


def test_a_batch_is_sent_run_by_run_and_shown_as_one(nodes: Lab, agent: Agent) -> None:
    del nodes
    words = ("run", "start", "-d", DATASET, "--node", "theirs", "-w", "word-count")
    plan = agent(*words, "--each-file", "raw/**/*.txt", "--dry-run", "--json").document
    assert [run["subject"] for run in plan["runs"]] == ["a", "deep/b"]
    started = agent(*words, "--each-file", "raw/**/*.txt", "--name", "theirs batch", "--wait")
    assert started.code == 0, started.err
    assert "Started batch 'theirs batch'" in started.out
    assert "2 of 2 runs" in started.out
    assert "2 succeeded" in started.err
    shown = agent("run", "show", "theirs batch", "--json").document
    assert [row["status"] for row in shown["rows"]] == ["succeeded", "succeeded"]
    assert agent("run", "list", "--batches", "--json").document[0]["node"] == "Pennsieve"
    files = agent("dataset", "files", DATASET, "--json").document
    results = [file["path"] for file in files if file["path"].startswith("results/theirs-batch/")]
    assert {path.split("/")[2] for path in results} == {"a", "deep"}
    lines = agent("run", "logs", "theirs batch", "--subject", "a").out.splitlines()
    assert lines
    assert all(line.startswith("a ") for line in lines)
    listed = agent("run", "list", "--batch", "theirs batch", "--json").document
    assert [run["name"] for run in listed] == ["theirs batch/a", "theirs batch/deep/b"]
    for run in listed:  # what is listed can be typed
        assert agent("run", "show", run["name"], "--json").document["id"] == run["id"]
    unknown = agent("run", "show", "theirs batch/c")
    assert "batch 'theirs batch' has no subject 'c'" in unknown.err
    again = agent("run", "start", "--resume", "theirs batch")
    assert again.code == 0
    assert "2 of 2 runs" in again.out
    limits = agent(*words, "--each-file", "raw/*.txt", "--max-cost", "1")
    assert limits.code == 2
    assert "does not support limits" in limits.err
    kept = agent(*words, "--each-file", "raw/*.txt", "--keep-steps", "7")
    assert kept.code == 2
    assert "does not support limits" in kept.err
    assert "--memory-on-oom and --keep-steps, or use a node of your own" in kept.err
    alone = agent(*words, "--files", "raw/*.txt", "--keep-steps", "7")
    assert (alone.code, "and --keep-steps, or use a node" in alone.err) == (2, True)


def test_what_failed_on_pennsieves_nodes_is_retried_in_its_batch(
    nodes: Lab, agent: Agent, tmp_path: Path
) -> None:
    del nodes
    table = tmp_path / "subjects.csv"
    table.write_text("subject,EXIT\na,0\ndeep/b,3\n", encoding="utf-8")
    words = ("run", "start", "-d", DATASET, "--node", "theirs", "-w", "word-count")
    batch = (*words, "--each-file", "raw/**/*.txt", "--csv", str(table), "--name", "retried")
    assert agent(*batch, "--wait").code == 3
    limits = agent("run", "retry", "retried", "--max-cost", "1")
    assert (limits.code, "does not support limits" in limits.err) == (2, True)
    kept = agent("run", "retry", "retried", "--keep-steps", "7")
    assert (kept.code, "--memory-on-oom and --keep-steps" in kept.err) == (2, True)
    from_step = agent("run", "retry", "retried", "--from", "word-count")
    assert from_step.code == 2
    assert (
        "'retried' cannot go on from step 'word-count': it ran on a compute node that Pennsieve "
        "runs, which keeps nothing that steps made"
    ) in from_step.err
    plan = agent("run", "retry", "retried", "--dry-run")
    assert "start 1 subject of batch 'retried' again: deep/b" in plan.out
    again = agent("run", "retry", "retried", "--failed", "--wait", "--json")
    assert again.code == 3, again.err
    assert [(row["status"], row["attempt"]) for row in again.document["rows"]] == [
        ("succeeded", 1),
        ("failed", 2),
    ]
    assert "is run by Pennsieve: the run acts as you" in again.err
    plan = agent("run", "start", "--repeat", "retried", "-p", "EXIT=0", "--dry-run", "--json")
    assert plan.code == 0, plan.err
    runs = {run["subject"]: run["parameters"] for run in plan.document["runs"]}
    assert {subject: list(values.values()) for subject, values in runs.items()} == {
        "a": [{"EXIT": "0"}],
        "deep/b": [{"EXIT": "0"}],
    }
    assert (plan.document["node"], plan.document["differences"]) == ("theirs", [])
