"""A batch on an own node of a sandbox, whose real code opens the runs and ends them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import DATASET, Lab, made, prepare
from tests.cli.harness import Agent
from tests.prepared import Prepared

SUBJECTS = ("sub-01", "sub-02", "Zoë 3")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, prepared: Prepared) -> Iterator[Lab]:
    """A lab with three subjects, and a workflow that may use them."""
    root = tmp_path_factory.mktemp("own-batches")
    for subject in SUBJECTS:
        path = root / "sandbox" / "datasets" / DATASET / "subjects" / subject / "a.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"one two {subject}\n")
    lab = made(root, prepared)
    prepare(
        lab,
        ("workflow", "add", lab.url, "--public"),
        ("dataset", "grant", "word-count", "--dataset", DATASET, "--access", "read-write"),
    )
    yield lab
    lab.box.stop()


def test_three_subjects_one_of_which_fails(lab: Lab, agent: Agent, tmp_path: Path) -> None:
    del lab
    file = tmp_path / "subjects.csv"
    file.write_text("subject,EXIT\nsub-01,0\nsub-02,3\nZoë 3,0\n", encoding="utf-8")
    words = ("run", "start", "-d", DATASET, "-w", "word-count", "--csv", str(file))
    started = agent(*words, "--each", "subjects/*", "--parallel", "2", "--name", "three", "--wait")
    assert started.code == 3, started.err
    assert "Started batch 'three'" in started.out
    assert "2 succeeded, 1 failed" in started.err
    shown = agent("run", "show", "three", "--json").document
    assert {row["subject"]: row["status"] for row in shown["rows"]} == {
        "sub-01": "succeeded",
        "sub-02": "failed",
        "Zoë 3": "succeeded",
    }
    (failed,) = agent("run", "show", "three", "--failed", "--json").document["rows"]
    assert (failed["subject"], failed["attempt"]) == ("sub-02", 1)
    assert failed["reason"]
    lines = agent("run", "logs", "three", "--subject", "Zo*").out.splitlines()
    assert any(line.startswith("Zoë 3 ") and line.endswith("done") for line in lines)
    files = [row["path"] for row in agent("dataset", "files", DATASET, "--json").document]
    assert "results/three/sub-01/a-plain.count" in files
    assert "results/three/Zoë-3/a-plain.count" in files
    to = tmp_path / "results"
    fetched = agent("run", "download", "three", "--to", str(to))
    assert fetched.code == 0, fetched.err
    assert "of 2 subjects" in fetched.out
    assert (to / "sub-01" / "a-plain.count").is_file()
    assert (to / "Zoë 3" / "a-plain.count").is_file()
    assert not (to / "sub-02").exists()
    again = agent("run", "download", "three", "--to", str(to), "--json").document
    assert not again["downloaded"]
    assert any(path.startswith("Zoë 3/") for path in again["skipped"])
    (row,) = agent("run", "list", "--batches", "--json").document
    assert row["counts"]["failed"] == 1
    run = agent("run", "show", "three/sub-01", "--json").document
    assert run["status"] == "succeeded"
    assert agent("run", "cancel", "three").code == 1
    taken = agent(*words, "--each", "subjects/*", "--name", "three")
    assert taken.code == 2, taken.out


def test_a_batch_leaves_out_what_was_done_and_retries_what_failed(
    lab: Lab, agent: Agent, tmp_path: Path
) -> None:
    del lab
    file = tmp_path / "subjects.csv"
    file.write_text("subject,EXIT\nsub-01,0\nsub-02,3\nZoë 3,0\n", encoding="utf-8")
    table = ("run", "start", "-d", DATASET, "-w", "word-count", "--csv", str(file))
    words = (*table, "--each", "subjects/*", "-p", "STYLE=fancy")
    assert agent(*words, "--name", "some", "--wait").code == 3

    plan = agent(*words, "--skip-done", "--dry-run", "--json").document
    assert [row["subject"] for row in plan["runs"]] == ["sub-02"]
    assert {row["subject"]: row["done_by"] for row in plan["done"]} == {
        "sub-01": "some/sub-01",
        "Zoë 3": "some/Zoë 3",
    }
    shown = agent(*words, "--skip-done", "--dry-run")
    assert "sub-01\tsome/sub-01\n" in shown.out
    assert "left out: 2 subjects of 3 that were done before" in shown.err
    one = ("run", "start", "-d", DATASET, "-w", "word-count", "-p", "STYLE=fancy")
    all_done = agent(*one, "--each", "subjects/sub-01", "-p", "EXIT=0", "--skip-done")
    assert (all_done.code, all_done.out) == (
        0,
        "Nothing is left to do: 1 subject was done before\n",
    )

    dry = agent("run", "retry", "some", "--dry-run")
    assert "start 1 subject of batch 'some' again: sub-02" in dry.out
    again = agent("run", "retry", "some", "--failed", "--wait", "--json")
    assert again.code == 3, again.err
    (row,) = [row for row in again.document["rows"] if row["status"] == "failed"]
    assert (row["subject"], row["attempt"]) == ("sub-02", 2)
    repeat = ("run", "start", "--repeat", "some", "--skip-done", "--dry-run", "--json")
    plan = agent(*repeat).document
    assert [run["subject"] for run in plan["runs"]] == ["sub-02"]
    assert plan["runs"][0]["parameters"] == {"word-count": {"EXIT": "3", "STYLE": "fancy"}}
    assert (len(plan["done"]), plan["differences"]) == (2, [])
    # A run of a batch is retried in its batch.
    assert agent("run", "retry", "some/sub-02", "--dry-run").code == 0
    good = agent("run", "retry", "some/sub-01")
    assert good.code == 1
    assert "subject 'sub-01' of batch 'some' did not fail" in good.err
