"""A run's life: from the order to files in the dataset."""

from __future__ import annotations

from tests.sandbox.compute.lab import Ready


def test_a_run_ends_with_files_in_the_dataset(ready: Ready) -> None:
    run = ready.start()
    state = ready.lab.wait(run)
    assert state["status"] == "SUCCEEDED"
    assert [step["status"] for step in state["dag"]] == ["SUCCEEDED"] * 3
    assert state["startedAt"] <= state["completedAt"]
    files = ready.files()
    assert files["summary/first/raw/a.txt"] == "alpha"
    assert files["summary/first/raw/deep/b.txt"] == "beta"
    assert "summary/first/c.txt" not in files
    assert "summary/first/raw/a.txt" in ready.lab.packages(ready.dataset)
    assert ready.lab.lines(run, "sum") == ["copied a.txt", "copied b.txt"]
    outputs = ready.lab.client().get(f"/compute/workflows/runs/{run}").json()["outputs"]
    assert outputs == {"out.folder": "summary/first", "out.files": "2"}
    assert not (ready.lab.world.data / "runs" / run).exists()
