from __future__ import annotations

from dataclasses import astuple

from pennsieve_agent.domain.receipt.compare import PARTS, differences
from tests.domain.receipt.examples import batch_receipt, rows, run_document, run_receipt


def told(before: object, after: object) -> list[tuple[object, ...]]:
    return [astuple(row) for row in differences(before, after)]  # type: ignore[arg-type]


def test_a_receipt_does_not_differ_from_itself() -> None:
    assert differences(run_receipt(), run_receipt()) == []
    assert differences(batch_receipt(), batch_receipt()) == []


def test_each_part_tells_what_differs() -> None:
    before = run_receipt()
    steps = run_document()["steps"]
    steps[1] |= {"commit": "e" * 40, "memory": 16384}
    after = run_receipt(
        status="FAILED",
        reason="exit code 1",
        steps=steps,
        parameters={"spikes": {"THRESHOLD": "4", "BAND": "300-6000", "NEW": "1"}},
        ended="2026-11-28T12:19:30.000Z",
        metrics={},
        cost=0.05,
    )
    after["inputs"]["files"][0]["checksum"] = "33" * 32
    after["inputs"]["files"].pop()
    after["outputs"]["files"][0]["sha256"] = "cc" * 32
    rows_ = told(before, after)
    assert [row[0] for row in rows_] == sorted((row[0] for row in rows_), key=PARTS.index)
    assert {row[0] for row in rows_} == {*PARTS}
    assert ("state", "status", "succeeded", "failed") in rows_
    assert ("code", "spikes commit", before["steps"][1]["commit"], "e" * 40) in rows_
    assert ("parameters", "spikes.THRESHOLD", "5", "4") in rows_
    assert ("parameters", "spikes.NEW", None, "1") in rows_
    assert ("inputs", "raw/sub-01/a.edf", "11" * 32, "33" * 32) in rows_
    assert ("inputs", "raw/sub-01/b.edf", "22" * 32, None) in rows_
    assert ("resources", "spikes memory_mb", 8192, 16384) in rows_
    assert ("time", "seconds", 565.0, 1165.0) in rows_
    assert ("cost", "usd", 0.0214, 0.05) in rows_
    assert ("outputs", "rates.csv", "aa" * 32, "cc" * 32) in rows_


def test_results_in_two_folders_are_the_same_results() -> None:
    before, after = run_receipt(), run_receipt(folder="results/again")
    for row in after["outputs"]["files"]:
        row["path"] = row["path"].replace("spike-rate-1c20", "again")
    assert not [row for row in told(before, after) if row[0] == "outputs"]


def test_a_result_that_was_deleted_since_differs_from_one_that_is_there() -> None:
    before, after = run_receipt(), run_receipt()
    after["outputs"]["files"][0]["status"] = "missing"
    assert told(before, after) == [("outputs", "rates.csv", "aa" * 32, "missing")]


def test_batches_are_compared_by_subject() -> None:
    table = rows()
    later = [*table[:1], *table[2:]]
    told_ = told(batch_receipt(table), batch_receipt(later))
    assert ("state", "sub-02", "failed", None) in told_


def test_a_run_and_a_batch_differ_in_kind() -> None:
    assert ("state", "kind", "run", "batch") in told(run_receipt(), batch_receipt())
