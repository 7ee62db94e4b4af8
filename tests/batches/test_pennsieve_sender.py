"""Batches on Pennsieve's nodes: each run is sent once, whatever happens on the way."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

import pytest

from pennsieve_agent.domain.batches import BatchStatus, RowStatus
from pennsieve_agent.domain.datasets import DataFile
from pennsieve_agent.domain.runs import Run, RunRequest, RunStatus
from pennsieve_agent.domain.workflows import Workflow
from pennsieve_agent.errors import AgentError, Conflict, Invalid, RateLimited, Unreachable
from pennsieve_agent.platform.client import Platform
from pennsieve_agent.services.batches.pennsieve_batches import PennsieveBatches
from pennsieve_agent.services.batches.pennsieve_document import unique_name
from pennsieve_agent.services.batches.pennsieve_sender import SLOW_SECONDS, Sender
from pennsieve_agent.settings.started_batches import BatchJournal, KeptBatch, OpenBatch

WORKFLOW = Workflow("w", "word-count")


class KilledError(Exception):
    """The process ends here."""


@dataclass
class Pennsieve:
    """Takes starts; ``fail`` says what a start raises, before it is taken or after."""

    taken: list[RunRequest] = field(default_factory=list)
    status: dict[str, RunStatus] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    most_active: int = 0
    before: Callable[[int], Exception | None] = lambda _: None
    after: Callable[[int], Exception | None] = lambda _: None
    in_dataset: list[DataFile] = field(default_factory=list)
    slept: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.runs = self.workflows = self.datasets = self

    def workspace_id(self) -> str:
        return "N:organization:1"

    def get(self, _: str) -> Workflow:
        return WORKFLOW

    def files(self, _: str) -> list[DataFile]:
        return self.in_dataset

    def start(self, request: RunRequest) -> Run:
        if error := self.before(len(self.taken)):
            raise error
        self.taken.append(request)
        run = str(uuid.uuid4())
        self.status[run], self.names[run] = RunStatus.STARTED, request.name
        active = sum(not status.is_final for status in self.status.values())
        self.most_active = max(self.most_active, active)
        if error := self.after(len(self.taken)):
            raise error
        return Run(run, RunStatus.NOT_STARTED, request.name)

    def list(self, _: str, *, status: RunStatus | None = None, **__: Any) -> Iterator[Run]:
        for run, state in self.status.items():
            if status in {None, state}:
                yield Run(run, state, self.names[run])

    def cancel(self, run: str) -> None:
        if self.status[run].is_final:
            raise Conflict("it has ended")
        self.status[run] = RunStatus.CANCELED

    def state(self, _: str) -> Any:
        return replace(Run("x", RunStatus.FAILED))  # no steps: states are looked at below

    def sleep(self, seconds: float) -> None:
        """Time goes by: what runs ends when somebody waits for it."""
        self.slept.append(seconds)
        if seconds >= 5:
            self.status = dict.fromkeys(self.status, RunStatus.SUCCEEDED)


def kept(journal: BatchJournal, count: int, parallel: int = 50) -> OpenBatch:
    document = {
        "workflow": {"id": "w", "name": "word-count"},
        "dataset": "N:dataset:d",
        "node": {"id": "n", "name": "theirs"},
        "parallel": parallel,
        "created": "2026-11-29T10:00:00.000Z",
        "undeclared": False,
        "steps": [{"id": "count", "name": "count"}],
    }

    def make(batch_id: str) -> dict[str, Any]:
        runs = [
            {
                "subject": f"s{i:04}",
                "name": unique_name(batch_id, "b", f"s{i:04}"),
                "files": [[f"raw/s{i:04}.txt", f"N:package:{i}", 3]],
                "parameters": {},
                "targets": {},
            }
            for i in range(count)
        ]
        return {**document, "runs": runs}

    return journal.begin({"typed": count}, "n", "b", own=False, make=make)


def files(count: int) -> list[DataFile]:
    return [DataFile(f"N:package:{i}", f"raw/s{i:04}.txt", 3) for i in range(count)]


def sender(there: Pennsieve, batch: OpenBatch) -> Sender:
    document, events = batch.kept.document(), batch.kept.events()
    return Sender(
        cast("Platform", there), document, events, batch, there.sleep, batch.kept.is_cancelled
    )


def backend(there: Pennsieve, *batches: KeptBatch) -> PennsieveBatches:
    return PennsieveBatches(cast("Platform", there), batches)


@pytest.fixture
def journal(tmp_path: Path) -> BatchJournal:
    return BatchJournal(tmp_path / "batches", lambda: 1_000_000.0)


def test_a_terminal_killed_at_300_of_1000_goes_on_and_sends_each_once(
    journal: BatchJournal,
) -> None:
    there = Pennsieve(in_dataset=files(1000))
    there.after = lambda count: KilledError() if count == 300 else None
    with pytest.raises(KilledError), kept(journal, 1000, 100) as batch:
        for _ in sender(there, batch).send():
            pass
    there.after = lambda _: None
    again = journal.unanswered({"typed": 1000}, "n")
    assert again is not None
    with again:
        assert again.goes_on
        numbers = list(sender(there, again).send())
    assert numbers[-1] == 1000
    assert len({request.name for request in there.taken}) == len(there.taken) == 1000
    assert there.most_active <= 100


def test_a_run_whose_answer_was_lost_is_looked_for_before_it_is_sent_again(
    journal: BatchJournal,
) -> None:
    there = Pennsieve(in_dataset=files(3))
    there.after = lambda count: Unreachable("no answer") if count == 2 else None
    with kept(journal, 3) as batch:
        assert list(sender(there, batch).send()) == [1, 2, 3]
    assert len(there.taken) == 3


def test_an_outage_ends_the_command_and_nothing_is_sent_twice(journal: BatchJournal) -> None:
    there = Pennsieve(in_dataset=files(3))
    there.before = lambda count: Unreachable("no way") if count == 1 else None
    with kept(journal, 3) as batch:
        with pytest.raises(Unreachable):
            list(sender(there, batch).send())
        there.before = lambda _: None
        assert list(sender(there, batch).send()) == [2, 3]
    assert len(there.taken) == 3


def test_no_more_are_active_at_once_than_were_asked_for(journal: BatchJournal) -> None:
    there = Pennsieve(in_dataset=files(20))
    with kept(journal, 20, 4) as batch:
        list(sender(there, batch).send())
    assert there.most_active == 4


def test_a_request_to_slow_down_is_obeyed(journal: BatchJournal) -> None:
    there = Pennsieve(in_dataset=files(2))
    refused = iter([RateLimited("slow down")])
    there.before = lambda _: next(refused, None)
    with kept(journal, 2) as batch:
        list(sender(there, batch).send())
    assert SLOW_SECONDS in there.slept
    assert len(there.taken) == 2


def test_a_run_that_is_refused_is_left_out_with_its_reason(journal: BatchJournal) -> None:
    there = Pennsieve(in_dataset=files(3))
    refused = iter([None, Invalid("no such package")])
    there.before = lambda _: next(refused, None)
    with kept(journal, 3) as batch:
        list(sender(there, batch).send())
    rows = {row.subject: row for row in backend(there, batch.kept).rows(batch.kept.id)}
    assert rows["s0001"].status is RowStatus.SKIPPED
    assert rows["s0001"].reason == "no such package"
    assert len(there.taken) == 2


def test_subjects_whose_files_have_changed_since_are_left_out(journal: BatchJournal) -> None:
    there = Pennsieve(in_dataset=files(4))
    there.after = lambda count: KilledError() if count == 1 else None
    with pytest.raises(KilledError), kept(journal, 4) as batch:
        list(sender(there, batch).send())
    there.after = lambda _: None
    there.in_dataset = [DataFile("N:package:1", "raw/s0001.txt", 4), *files(4)[3:]]
    again = journal.resume(journal.all()[0])
    with again:
        list(sender(there, again).send())
    rows = {row.subject: row.reason for row in backend(there, again.kept).rows(again.kept.id)}
    assert rows["s0001"] == "its file 'raw/s0001.txt' has changed"
    assert rows["s0002"] == "its file 'raw/s0002.txt' is not in the dataset any more"
    assert not rows["s0003"]


def test_a_cancel_in_the_middle_of_sending_ends_it(journal: BatchJournal) -> None:
    there = Pennsieve(in_dataset=files(10))
    with kept(journal, 10) as batch:
        for number in sender(there, batch).send():
            if number == 4:
                backend(there, batch.kept).cancel(batch.kept.id)
    assert len(there.taken) == 4
    after = backend(there, batch.kept).get(batch.kept.id)
    assert (after.counts.canceled, after.status) == (10, BatchStatus.CANCELED)


def test_two_commands_do_not_send_one_batch(journal: BatchJournal) -> None:
    with kept(journal, 2) as batch:
        with pytest.raises(Conflict, match="is being sent by another command"):
            journal.resume(batch.kept)
        assert journal.unanswered({"typed": 2}, "n") is None


def test_names_keep_the_rule_of_pennsieve_and_are_unique() -> None:
    batch = str(uuid.uuid4())
    names = {unique_name(batch, "b" * 64, subject) for subject in ("被験者 1", "被験者 2", "Zoë/a")}
    assert len(names) == 3
    for name in names:
        assert len(name) <= 64
        assert name.isascii()
        assert name[0].isalnum()
        assert set(name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")


def test_a_journal_that_cannot_be_written_starts_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(AgentError, match="the journal of batches cannot be written"):
        kept(BatchJournal(tmp_path / "file" / "batches"), 1)


def test_half_a_line_of_a_machine_that_stopped_counts_as_nothing(journal: BatchJournal) -> None:
    with kept(journal, 2) as batch:
        batch.note({"subject": "s0000", "run": "r-0"})
    with batch.kept.path.open("a") as file:
        file.write('{"subject": "s0001", "ru')
    with journal.resume(journal.all()[0]) as again:
        again.note({"answer": "sent"})
        assert again.kept.events() == [{"subject": "s0000", "run": "r-0"}, {"answer": "sent"}]
