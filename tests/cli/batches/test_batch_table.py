"""``run show``, ``run list``, ``run diff`` and ``run cost`` of a batch on an own node."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from pennsieve_agent.domain.batches import run_id
from tests.cli.batches.scene import START, SUBJECTS, Scene


def test_the_table_has_a_row_for_each_subject_and_why_it_failed(started: Scene) -> None:
    started.node.end(started.batch, "sub-02")
    shown = started("run", "show", "first batch")
    assert "status\tfailed: 2 succeeded, 1 failed" in shown.out
    assert "estimated cost\t0.06 USD" in shown.out
    rows = shown.out.split("\n\n")[1].splitlines()
    assert rows[0] == "SUBJECT\tSTATUS\tINPUT\tCOUNT\tTOOK\tCOST\tWHY"
    assert rows[3] == (
        "sub-02\tfailed\tdone\tfailed\t1 min 5 s\t0.02 USD\tstep 'count' failed: exit code 3"
    )
    failed = started("run", "show", "first batch", "--failed", "--json").document
    assert [row["subject"] for row in failed["rows"]] == ["sub-02"]
    assert failed["counts"]["succeeded"] == 2


@pytest.mark.parametrize("width", [80, 40])
def test_the_table_fits_a_terminal(started: Scene, width: int) -> None:
    started.node.end(started.batch, "sub-02")
    out = started("run", "show", "first batch", terminal=True, width=width).out
    lines = [line for line in out.splitlines() if started.batch not in line]  # never cut
    assert all(len(line) <= width for line in lines), out
    for subject in SUBJECTS:
        assert subject in out
    assert "exit code 3" in " ".join(out.split())


def test_the_table_as_csv_is_read_by_any_reader(started: Scene) -> None:
    started.node.end(started.batch, "sub-02")
    rows = list(csv.DictReader(io.StringIO(started("run", "show", "first batch", "--csv").out)))
    assert {row["subject"] for row in rows} == set(SUBJECTS)
    assert (rows[2]["subject"], rows[2]["status"]) == ("sub-02", "failed")
    assert (rows[2]["count"], rows[2]["seconds"]) == ("failed", "65.0")


def test_a_step_that_never_began_is_skipped_in_every_view(started: Scene) -> None:
    states = {"input": ["FAILED", "no such file"], "count": ["NOT_STARTED", ""]}
    started.node.set(started.batch, "sub-02", "FAILED", steps=states)
    started.node.set(started.batch, "sub-01", "STARTED", steps=states)
    rows = started("run", "show", "first batch", "--json").document["rows"]
    known = {row["subject"]: row["steps"]["count"]["status"] for row in rows if row["steps"]}
    assert known == {"sub-01": "pending", "sub-02": "skipped"}
    text = started("run", "show", "first batch").out
    assert "sub-02\tfailed\tfailed\tskipped" in text
    assert "sub-01\trunning\tfailed\twaiting" in text
    table_ = started("run", "show", "first batch", "--csv").out
    assert ",failed,skipped," in table_


def test_a_batch_is_meant_by_name_id_and_prefix_and_its_runs_by_theirs(started: Scene) -> None:
    started.node.end(started.batch)
    config = Path(started.agent.environ["PENNSIEVE_CONFIG"])
    for path in (config.parent / "batch-starts").glob("*"):
        path.unlink()  # another machine
    for reference in ("first batch", "first b", started.batch, started.batch[:13]):
        shown = started("run", "show", reference, "--status", "--json").document
        assert (shown["id"], shown["status"]) == (started.batch, "succeeded")
    run = started("run", "show", "first batch/sub-01", "--json").document
    assert run["id"] == run_id(started.batch, "sub-01")


def test_a_batch_of_one_is_not_taken_for_its_run(scene: Scene) -> None:
    scene(*START, "--each", "subjects/sub-01", "--name", "alone")
    scene.node.end(scene.batch)
    config = Path(scene.agent.environ["PENNSIEVE_CONFIG"])
    for path in (config.parent / "batch-starts").glob("*"):
        path.unlink()
    for reference in ("alone", "alon"):
        assert scene("run", "show", reference, "--status", "--json").document["id"] == scene.batch


def test_batches_and_runs_of_one_are_listed(started: Scene) -> None:
    started.node.end(started.batch, "sub-02")
    (row,) = started("run", "list", "--batches", "--json").document
    assert (row["name"], row["counts"]["failed"], row["node"]) == ("first batch", 1, "my-node")
    assert "2 succeeded, 1 failed" in started("run", "list", "--batches").out
    runs = started("run", "list", "--batch", "first batch", "--json").document
    assert {run["name"] for run in runs} == {f"first batch/{name}" for name in SUBJECTS}
    only = started("run", "list", "--batch", "first batch", "--status", "failed", "--json")
    assert [run["name"] for run in only.document] == ["first batch/sub-02"]
    started("run", "list", "--batches", "--mine", code=2)


def test_of_a_batch_half_done_the_runs_that_succeeded_are_compared(started: Scene) -> None:
    batch = started.batch
    for subject, status, cost in (("sub-01", "SUCCEEDED", 0.02), ("sub-02", "STARTED", None)):
        started.node.set(batch, subject, status, cost=cost)
    shown = started("run", "cost", "first batch").out
    for words in (
        "estimated cost\t0.02 USD\n",
        "  machines\t0.02 USD",
        "  of 1 run that succeeded\t0.02 USD, ",
        "  estimated\tno runs yet: from the declared resources",
        "count\t0.02 USD",
    ):
        assert words in shown, shown
    document = started("run", "cost", "first batch", "--json").document
    assert (document["runs_counted"], document["runs_compared"]) == (1, 1)
    assert document["estimate_of_compared"]["high_usd"] < document["estimate"]["high_usd"]
    started.node.end(batch, "sub-02")
    failed = started("run", "cost", "first batch", "--json").document
    assert (failed["runs_counted"], failed["runs_compared"]) == (3, 2)
    assert failed["estimated_usd_by_part"] == {"machines": pytest.approx(0.06)}


def test_a_batch_is_advised_by_its_runs_that_have_ended(started: Scene) -> None:
    early = started("run", "cost", "first batch", "--advise", code=2)
    assert "no run of batch 'first batch' has ended yet" in early.err
    started.node.end(started.batch)
    shown = started("run", "cost", "first batch", "--advise").out
    assert "Measured in 3 runs" in shown
    assert "4 CPU, 8192 MB\t0.5 CPU, 2048 MB" in shown
