"""Subjects, ids and documents of batches."""

from __future__ import annotations

import json

import pytest

from pennsieve_agent.domain.batches import (
    Batch,
    BatchCounts,
    BatchOf,
    BatchRow,
    BatchStatus,
    RowStatus,
    doubled,
    run_id,
    run_name,
    subject_problem,
    valid_subject,
)

BATCH = "0b7a9c1e-58a1-4d5c-9a3e-0d5a4f6f7a01"


def test_a_run_has_one_id_wherever_it_is_computed() -> None:
    first = run_id(BATCH, "sub-01", 1)
    assert first == run_id(BATCH, "sub-01") == "e0f51772-8dba-5a0a-83be-d59be6bbf972"
    others = {run_id(BATCH, "sub-01", 2), run_id(BATCH, "sub-02"), run_id(BATCH, "sub-01#1")}
    assert len(others | {first}) == 4
    with pytest.raises(ValueError, match="hexadecimal"):
        run_id("not-an-id", "sub-01")


@pytest.mark.parametrize(
    "subject", ["sub-01", "sub-01/ses-02", "Zürich 7", "被験者-1", "a" * 128, "日" * 80]
)
def test_valid_subjects(subject: str) -> None:
    assert valid_subject(subject)


@pytest.mark.parametrize(
    ("subject", "words"),
    [
        ("", "needs a name"),
        ("a" * 129, "at most 128"),
        ("日" * 81, "a part of a subject is at most 240 bytes long; it is 243"),
        ("sub\n01", "control"),
        ("\udc80", "control"),
        ("-rf", "'-'"),
        ("a//b", "empty part"),
        ("/a", "empty part"),
        ("a/", "empty part"),
        ("../b", "'..'"),
        ("a/./b", "'.'"),
        ("a/ /b", "empty part"),
        ("Zu\u0308rich", "NFC"),
    ],
)
def test_what_is_no_subject(subject: str, words: str) -> None:
    assert words in subject_problem(subject)
    assert not valid_subject(subject)


def test_subjects_whose_results_would_go_to_one_folder() -> None:
    subjects = ["sub-01", "Sub-01", "sub 02", "sub-02", "sub-03", "sub-01"]
    assert doubled(subjects) == [("sub-01", "Sub-01", "sub-01"), ("sub 02", "sub-02")]
    assert doubled(["a", "b"]) == []


def test_a_row_is_read_as_it_was_written() -> None:
    row = BatchRow(
        3,
        "sub-04/ses-01",
        run_id(BATCH, "sub-04/ses-01"),
        2,
        RowStatus.FAILED,
        "step 'mean': exit code 1",
        {"mean": ("FAILED", "exit code 1")},
        "2026-11-29T12:00:00.000Z",
        cost=0.25,
    )
    assert BatchRow.of(json.loads(json.dumps(row.document()))) == row
    assert BatchRow.of({"index": 0, "subject": "a"}) == BatchRow(0, "a", status=RowStatus.UNKNOWN)
    with pytest.raises(ValueError, match="not a number"):
        BatchRow.of({"index": "0", "subject": "a"})


def test_counts_and_status() -> None:
    S = RowStatus  # noqa: N806
    rows = [S.WAITING, S.STARTED, S.FINALIZING, S.CANCELING, S.SUCCEEDED, S.FAILED, S.SKIPPED]
    counts = BatchCounts.of_rows(rows)
    assert counts == BatchCounts(1, 3, 1, 1, 0, 1)
    assert BatchCounts.of(counts.document()) == counts
    assert counts.total == 7
    assert counts.status(cancel=False) is BatchStatus.STARTED
    assert counts.status(cancel=True) is BatchStatus.CANCELING
    assert BatchCounts(succeeded=2).status(cancel=False) is BatchStatus.SUCCEEDED
    assert BatchCounts(succeeded=2, canceled=1).status(cancel=True) is BatchStatus.CANCELED
    assert BatchCounts(succeeded=2, skipped=1).status(cancel=True) is BatchStatus.FAILED


def test_the_document_of_a_batch() -> None:
    document = {
        "id": BATCH,
        "name": "mean-1",
        "workflow": {"id": "w", "name": "mean", "version": "v1"},
        "dataset": "N:dataset:1",
        "created": "2026-11-29T12:00:00.000Z",
        "ended": "",
        "status": "STARTED",
        "parallel": 5,
        "steps": [{"id": "s1", "name": "mean"}],
        "counts": {"waiting": 2},
        "cost": None,
        "later": "fields of a newer node are ignored",
    }
    batch = Batch.of(document)
    assert (batch.name, batch.parallel, batch.counts.waiting) == ("mean-1", 5, 2)
    assert batch.steps[0].name == "mean"
    assert batch.status is BatchStatus.STARTED
    assert not batch.status.is_final
    with pytest.raises(ValueError, match="not a text"):
        Batch.of({**document, "name": 5})


def test_what_a_run_says_of_its_batch() -> None:
    of = BatchOf(BATCH, "mean-1", "sub-01", 2)
    assert BatchOf.of(of.document()) == of
    assert BatchOf.of({}) is None
    assert BatchOf.of(None) is None
    assert run_name(of.name, of.subject) == "mean-1/sub-01"
