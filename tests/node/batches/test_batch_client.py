"""A batch as the program sends and reads it, on the node's real code."""

from __future__ import annotations

import pytest

from pennsieve_agent.domain.batches import BatchStatus, RowStatus
from pennsieve_agent.domain.forecast import Band, Forecast
from pennsieve_agent.domain.run_filter import RunQuery
from pennsieve_agent.errors import Conflict, Invalid, UsageProblem
from pennsieve_agent.services.batches import start_batch
from pennsieve_agent.services.batches.batch_backend import BatchQuery
from pennsieve_agent.services.batches.node_batches import NodeBatches
from pennsieve_agent.services.runs.node_runs import NodeRuns
from tests.node.batches.batch_calls import batch, deliver_all, finish, row
from tests.node.owned import Owned


class Answers:
    """What the journal was told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def answered(self, how: str) -> None:
        self.told.append(how)


def test_a_batch_is_sent_once_and_read_page_by_page(node: Owned) -> None:
    owner = node.furnish()
    asks = batch(5)
    sent = start_batch.send(owner, owner.node, asks, Answers())
    again = start_batch.send(owner, owner.node, asks, Answers())
    assert (sent.count, sent.before, again.before) == (5, False, True)
    backend = NodeBatches(owner.node, owner)
    deliver_all(node.world)
    finish(node.world)
    assert [row.subject for row in backend.rows(asks["id"])] == [
        f"sub-{number:02}" for number in range(5)
    ]
    assert [one.id for one in backend.newest(BatchQuery(limit=1))] == [asks["id"]]
    assert backend.get(asks["id"]).status is BatchStatus.SUCCEEDED
    assert not list(backend.rows(asks["id"], RowStatus.FAILED))
    with pytest.raises(Conflict):
        backend.cancel(asks["id"])


def test_what_was_said_of_the_cost_before_is_kept_with_the_batch_and_its_runs(
    node: Owned,
) -> None:
    owner = node.furnish()
    each = [Forecast(Band(n, n, n), None, "no runs yet") for n in range(3)]
    all_ = Forecast(Band(3, 3, 3), None, "no runs yet")
    estimates = {"estimate": all_.document(), "estimates": [one.document() for one in each]}
    asks = batch(3) | estimates
    start_batch.send(owner, owner.node, asks, Answers())
    deliver_all(node.world)
    finish(node.world)
    assert NodeBatches(owner.node, owner).get(asks["id"]).estimate == all_
    runs = NodeRuns(owner.node, owner).newest(RunQuery())
    known = {run.details.subject: run.details.estimate for run in runs if run.details}
    assert known == {f"sub-{n:02}": estimate for n, estimate in enumerate(each)}
    with pytest.raises(Invalid, match="one for each of its runs"):
        start_batch.send(owner, owner.node, batch(2) | estimates, Answers())


def test_what_is_wrong_with_subjects_is_told_of_each(node: Owned) -> None:
    owner = node.furnish()
    asks = batch()
    asks["runs"][0]["parameters"] = {"nothing": {"A": "1"}}
    asks["runs"][2] = row("sub-02", packages=[], files=[])
    answers = Answers()
    with pytest.raises(UsageProblem) as caught:
        start_batch.send(owner, owner.node, asks, answers)
    assert "'sub-00': " in caught.value.message
    assert answers.told == ["refused"]


def test_a_batch_is_cancelled_in_the_middle(node: Owned) -> None:
    owner = node.furnish()
    asks = batch(4)
    start_batch.send(owner, owner.node, asks, Answers())
    deliver_all(node.world)
    backend = NodeBatches(owner.node, owner)
    backend.cancel(asks["id"])
    finish(node.world)
    after = backend.get(asks["id"])
    assert (after.status, after.counts.canceled) == (BatchStatus.CANCELED, 4)
