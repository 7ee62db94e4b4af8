from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pennsieve_agent.domain.forecast import Band, Forecast
from pennsieve_agent.domain.receipt import batch
from pennsieve_agent.domain.receipt.form import (
    FileSum,
    NotAReceipt,
    is_unchanged,
    read,
    sealed,
    text_of,
)
from pennsieve_agent.domain.receipt.node_run import receipt_of
from tests.domain.receipt.examples import (
    EVIL,
    batch_of,
    batch_receipt,
    faults,
    rows,
    run_document,
    run_receipt,
    stated,
)


def test_the_receipt_of_a_run_fits_the_published_schema() -> None:
    receipt = sealed(run_receipt(), [FileSum.of("index.html", b"<html>")])
    assert faults(receipt) == []
    assert read(text_of(receipt)) == receipt
    spikes = receipt["steps"][1]
    assert (spikes["commit"][:10], spikes["seconds"]) == ("4f2c1b7a9d", 362.0)
    assert spikes["attempts"][0]["measured"]["peak_memory_bytes"] == 4_294_967_296
    assert receipt["cost"]["parts"][0] == {"kind": "machines", "usd": 0.0181}
    assert receipt["cost"]["estimate"]["expected_usd"] == 0.02
    assert receipt["repeat"]["command"] == f"pennsieve run start --repeat {receipt['id']}"
    assert receipt["outputs"]["files"][1]["why"].startswith("it is not in the dataset")


def test_the_receipt_of_a_batch_that_is_half_done() -> None:
    receipt = sealed(batch_receipt())
    assert faults(receipt) == []
    assert receipt["counts"] == {
        **dict.fromkeys(("running", "canceled", "skipped"), 0),
        **dict.fromkeys(("waiting", "succeeded", "failed"), 1),
    }
    first, second, third = receipt["subjects"]
    assert first["inputs"]["files"][0]["path"] == "raw/sub-01/a.edf"
    assert second["steps"]["spikes"]["status"] == "failed"
    assert "no channel" in second["steps"]["spikes"]["reason"]
    assert (third["run_id"], third["repeat"], third["status"]) == (None, None, "waiting")
    assert receipt["cost"]["usd"] == pytest.approx(0.0294)
    assert receipt["steps"][1]["commit"]
    assert receipt["steps"][1]["attempts"] == []


def test_the_estimate_of_a_batch_is_beside_what_it_cost() -> None:
    table = rows()
    said = Forecast(Band(0.01, 0.02, 0.05), Band(60, 120, 300), "from 3 runs of v1.2.0", 3)
    started = replace(batch_of(table), estimate=said)
    receipt = batch.receipt_of(started, table, stated(), run_receipt())
    assert faults(sealed(receipt)) == []
    assert receipt["cost"]["estimate"]["high_usd"] == 0.05
    assert batch_receipt()["cost"]["estimate"] is None


@pytest.mark.parametrize(
    "changed",
    [
        {"status": "STARTED", "ended": "", "metrics": {}, "cost": None, "spent": 0.004},
        {"status": "NOT_STARTED", "started": "", "ended": "", "metrics": {}, "cost": None},
        {"status": "FAILED", "reason": "staging failed: N:package:1 is gone", "estimate": None},
        {"status": "CANCELED", "reason": "cancelled by its owner"},
        {"name": "", "person": {}, "caller": "", "estimate": {}, "workflow": {}},
        {"name": EVIL, "steps": [], "input": {}},
        {"estimate": {"lowUsd": 0.1, "later": {"a": "word"}}, "node": {}},
    ],
    ids=["running", "not begun", "staging", "cancelled", "bare", "script", "partial estimate"],
)
def test_every_state_of_a_run_has_a_receipt(changed: dict[str, object]) -> None:
    receipt = sealed(run_receipt(**changed))
    assert faults(receipt) == []
    assert is_unchanged(receipt)
    assert receipt["name"]


def test_a_run_that_goes_on_says_what_it_has_spent_so_far() -> None:
    receipt = run_receipt(status="STARTED", ended="", metrics={}, cost=None, spent=0.004)
    assert (receipt["cost"]["usd"], receipt["times"]["seconds"]) == (0.004, None)
    assert run_receipt(metrics={}, cost=None)["cost"]["usd"] is None


def test_what_nobody_can_tell_is_null() -> None:
    receipt = receipt_of(run_document(), stated(inputs=None, outputs=None))
    assert receipt["inputs"]["files"] is receipt["outputs"]["files"] is None
    assert receipt["inputs"]["count"] == 2
    assert faults(sealed(receipt)) == []


def test_a_receipt_that_was_edited_by_hand_is_told() -> None:
    receipt = sealed(run_receipt())
    assert is_unchanged(json.loads(text_of(receipt)))
    changed = json.loads(text_of(receipt))
    changed["parameters"]["spikes"]["THRESHOLD"] = "4"
    assert not is_unchanged(changed)
    without = {name: value for name, value in receipt.items() if name != "checksums"}
    assert not is_unchanged(without)
    assert not is_unchanged({**receipt, "checksums": {"receipt": ""}})


def test_the_order_and_the_spaces_of_a_receipt_do_not_matter() -> None:
    receipt = sealed(run_receipt())
    assert is_unchanged(json.loads(json.dumps(receipt, sort_keys=True)))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it is not JSON"),
        ("[1]", "it is not a receipt of a run"),
        ('{"form": "pennsieve-run/1"}', "an older version"),
        ('{"form": "pennsieve-receipt/9"}', "this version reads 'pennsieve-receipt/1'"),
        ('{"form": "pennsieve-receipt/1"}', "'kind' is missing in it"),
        (json.dumps({**sealed(run_receipt()), "steps": {}}), "'steps' is missing in it"),
        (json.dumps({**sealed(run_receipt()), "kind": "meal"}), "the unknown kind 'meal'"),
    ],
)
def test_something_else_than_a_receipt_is_refused(text: str, why: str) -> None:
    with pytest.raises(NotAReceipt, match=why):
        read(text)
