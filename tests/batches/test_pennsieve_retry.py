"""Attempting subjects of a batch on Pennsieve's nodes again: each attempt is sent once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pennsieve_agent.domain.batches import BatchRow, RowStatus
from pennsieve_agent.domain.runs import RunStatus
from pennsieve_agent.errors import Conflict, Unreachable
from pennsieve_agent.services.batches.pennsieve_document import Sent, next_attempt, unique_name
from pennsieve_agent.services.batches.pennsieve_retry import claim
from pennsieve_agent.settings.started_batches import BatchJournal, KeptBatch, OpenBatch
from tests.batches.test_pennsieve_sender import (
    KilledError,
    Pennsieve,
    backend,
    files,
    kept,
    sender,
)


@pytest.fixture
def journal(tmp_path: Path) -> BatchJournal:
    return BatchJournal(tmp_path / "batches", lambda: 1_000_000.0)


def failed(journal: BatchJournal, there: Pennsieve, count: int, *numbers: int) -> KeptBatch:
    """A batch that is over, in which these subjects have failed."""
    with kept(journal, count) as batch:
        list(sender(there, batch).send())
        batch.answered("sent")
    names = {request.name for n, request in enumerate(there.taken) if n in numbers}
    there.status = {
        run: RunStatus.FAILED if there.names[run] in names else RunStatus.SUCCEEDED
        for run in there.status
    }
    return batch.kept


def again(there: Pennsieve, batch: OpenBatch, attempts: Mapping[str, int], *paths: str) -> None:
    claim(batch.kept, batch, attempts, rows(there, batch.kept), paths)


def rows(there: Pennsieve, batch: KeptBatch) -> list[BatchRow]:
    return list(backend(there, batch).rows(batch.id))


def test_what_failed_is_sent_once_more_under_a_name_of_its_own(journal: BatchJournal) -> None:
    there = Pennsieve(in_dataset=files(3))
    batch = failed(journal, there, 3, 1)
    with journal.resume(batch) as open_:
        again(there, open_, {"s0001": 1})
        waiting = rows(there, batch)[1]
        assert (waiting.status, waiting.attempt, waiting.run) == (RowStatus.WAITING, 2, "")
        list(sender(there, open_).send())
    assert [one.name for one in there.taken[3:]] == [unique_name(batch.id, "b", "s0001", 2)]
    assert len({one.name for one in there.taken}) == 4
    there.status = dict.fromkeys(there.status, RunStatus.SUCCEEDED)
    assert [(row.status, row.attempt) for row in rows(there, batch)] == [
        (RowStatus.SUCCEEDED, 1),
        (RowStatus.SUCCEEDED, 2),
        (RowStatus.SUCCEEDED, 1),
    ]


def test_two_who_retry_one_batch_send_each_subject_once(journal: BatchJournal) -> None:
    there = Pennsieve(in_dataset=files(3))
    batch = failed(journal, there, 3, 0, 1)
    with journal.resume(batch) as first:
        with pytest.raises(Conflict, match="is being sent by another command"):
            journal.resume(batch)
        again(there, first, {"s0000": 1})
        list(sender(there, first).send())
    with journal.resume(batch) as second:
        with pytest.raises(Conflict, match="'s0000' is running, or retried by another command"):
            again(there, second, {"s0000": 1, "s0001": 1})
        assert not list(sender(there, second).send())
    assert len(there.taken) == 4


def test_a_terminal_killed_in_the_middle_of_a_retry_goes_on(journal: BatchJournal) -> None:
    there = Pennsieve(in_dataset=files(6))
    batch = failed(journal, there, 6, *range(6))
    there.after = lambda count: KilledError() if count == 8 else None
    with journal.resume(batch) as cut:
        again(there, cut, {f"s000{n}": 1 for n in range(6)})
        with pytest.raises(KilledError):
            list(sender(there, cut).send())
    there.after = lambda _: None
    with journal.resume(batch) as rest:
        assert list(sender(there, rest).send())[-1] == 6
    names = [request.name for request in there.taken]
    assert len(names) == len(set(names)) == 12


def test_pennsieve_gone_in_the_middle_of_a_retry_loses_nothing(journal: BatchJournal) -> None:
    there = Pennsieve(in_dataset=files(3))
    batch = failed(journal, there, 3, *range(3))
    there.before = lambda count: Unreachable("no way") if count == 4 else None
    with journal.resume(batch) as open_:
        again(there, open_, {f"s000{n}": 1 for n in range(3)})
        with pytest.raises(Unreachable):
            list(sender(there, open_).send())
        there.before = lambda _: None
        assert list(sender(there, open_).send()) == [2, 3]
    assert len({request.name for request in there.taken}) == 6


def test_a_cancelled_batch_is_sent_on_for_those_alone_that_are_retried(
    journal: BatchJournal,
) -> None:
    there = Pennsieve(in_dataset=files(5))
    with kept(journal, 5) as open_:
        for number in sender(there, open_).send():
            if number == 2:
                backend(there, open_.kept).cancel(open_.kept.id)
        again(there, open_, {"s0000": 1, "s0004": 1})
        list(sender(there, open_).send())
    assert len(there.taken) == 4
    assert [row.status for row in rows(there, open_.kept)] == [
        RowStatus.STARTED,
        *[RowStatus.CANCELED] * 3,
        RowStatus.STARTED,
    ]


@pytest.mark.parametrize(
    ("path", "folder"),
    [
        ("results/b/sub-1/a.csv", "results/b/sub-1-attempt-2"),
        ("results/b/sub-10/a.csv", "results/b/sub-1"),
        ("raw/sub-1/a.csv", "results/b/sub-1"),
    ],
)
def test_an_attempt_has_a_folder_of_its_own_where_there_are_files(
    journal: BatchJournal, path: str, folder: str
) -> None:
    batch = kept(journal, 1).kept
    row: dict[str, Any] = {
        "subject": "sub-1",
        "targets": {"out": {"TARGET_FOLDER": "results/b/sub-1", "UPLOAD_BUCKET": "x"}},
    }
    attempt = next_attempt(batch, row, 2, [path])
    assert attempt.targets == {"out": {"TARGET_FOLDER": folder, "UPLOAD_BUCKET": "x"}}
    sent = Sent.of([{"subject": "sub-1", "run": "r"}, attempt.event("sub-1")])
    assert sent.attempt("sub-1").of_row(row)["targets"] == attempt.targets
    assert not sent.done
