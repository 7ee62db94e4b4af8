"""What an own run gets of Pennsieve: as its workflow, and within its grants."""

from __future__ import annotations

from typing import Any

import pytest

from pennsieve_agent.node import relay
from pennsieve_agent.node.identity import workflow_credentials
from pennsieve_agent.node.identity.node_secrets import masked
from pennsieve_agent.node.identity.pennsieve_api import Down
from pennsieve_agent.node.identity.workflow_credentials import Kind
from pennsieve_agent.node.identity.workflow_registry import READ, WRITE, Registry
from pennsieve_agent.node.identity.workflow_session import Signed
from pennsieve_agent.node.jobs.step_secrets import hidden_of, keep_session, step_secrets
from pennsieve_agent.node.records.run_record import JobKind, JobRecord, Origin, Phase, RunRecord
from pennsieve_agent.node.records.run_store import RunStore
from pennsieve_agent.node.transfer_job.relay import Relay
from pennsieve_agent.node.transfer_job.transfer_error import TransferError
from tests.node.own_world import DATASET, READ_KEY, SECRET, WORKFLOW, WRITE_KEY, OwnWorld
from tests.node.world import RUN

DOWNLOAD = ("POST", "/packages/download-manifest")
UPLOAD = ("POST", "/upload/manifest")
HOUR = 3600.0


@pytest.fixture
def running(own: OwnWorld) -> OwnWorld:
    """A run that reads a dataset and writes to it, of a workflow that is granted that."""
    own.hand_over()
    begin(own)
    grant(own, WRITE)
    return own


def begin(world: OwnWorld, needs: str = "") -> RunRecord:
    record = RunRecord(
        RUN,
        world.pennsieve.clock,
        phase=Phase.RUNNING,
        origin=Origin.OWN,
        dataset=DATASET,
        workflow={"id": WORKFLOW, "name": "spike-rate", "version": "v1"},
        plan={"needsPennsieve": needs},
        jobs=[JobRecord("in", "in", JobKind.STAGE), JobRecord("work", "work", JobKind.PROCESS)],
    )
    assert RunStore(world.node()).begin(record)
    return record


def grant(world: OwnWorld, access: str) -> None:
    row = {"workflow": WORKFLOW, "dataset": DATASET, "datasetName": "d", "access": access}
    Registry(world.node()).grant({**row, "by": {}})


def ask(world: OwnWorld, call: tuple[str, str], dataset: str = DATASET) -> dict[str, Any]:
    method, path = call
    asked = {"run": RUN, "method": method, "path": path, "query": {"dataset_id": dataset}}
    answer: dict[str, Any] = relay.handle({"relay": {**asked, "body": {}}}, world.node())
    return answer


def test_input_is_read_with_one_user_and_results_written_with_the_other(running: OwnWorld) -> None:
    assert ask(running, DOWNLOAD)["status"] == 200
    assert ask(running, UPLOAD)["status"] == 200
    assert running.pennsieve.asked == [(READ_KEY, *DOWNLOAD), (WRITE_KEY, *UPLOAD)]


def test_only_the_dataset_of_the_run_is_asked_for(running: OwnWorld) -> None:
    assert ask(running, DOWNLOAD, "N:dataset:other")["status"] == 403
    assert running.pennsieve.sign_ins == 0


def test_a_transfer_of_a_run_that_was_cancelled_ends_with_that_reason(running: OwnWorld) -> None:
    """Pennsieve has refused nothing, and the job's log must not say so."""
    store = RunStore(running.node())
    record = store.read(RUN)
    assert record is not None
    record.phase = Phase.ENDING
    assert store.take(RUN)
    store.write(record)
    for call in (DOWNLOAD, UPLOAD):
        answer = ask(running, call)
        assert answer["status"] == 403
        assert answer["reason"] == "the run is ending, so its files are not transferred any more"


def test_what_is_not_granted_is_not_asked_for(running: OwnWorld) -> None:
    grant(running, READ)
    assert ask(running, DOWNLOAD)["status"] == 200
    assert "may not change dataset N:dataset:d" in ask(running, UPLOAD)["reason"]
    Registry(running.node()).revoke(WORKFLOW, DATASET)
    answer = ask(running, DOWNLOAD)
    assert answer["reason"] == (
        "workflow 'spike-rate' may no longer use dataset N:dataset:d: its grant was revoked; grant "
        "it again with: pennsieve dataset grant 'spike-rate' --dataset N:dataset:d"
    )
    assert len(running.pennsieve.asked) == 1


def test_a_denial_that_the_platform_remembered_is_asked_again_with_a_new_token(
    running: OwnWorld,
) -> None:
    Signed(running.node(), WORKFLOW, Kind.READ).token()
    first = next(iter(running.pennsieve.tokens))
    running.pennsieve.tokens[first] = ("somebody-else", running.pennsieve.clock + HOUR)
    running.pennsieve.keys["somebody-else"] = ""  # the gateway lets it in nowhere
    assert ask(running, DOWNLOAD)["status"] == 200
    assert running.pennsieve.sign_ins == 2


def test_a_dataset_that_was_deleted_ends_the_job_with_that_reason(running: OwnWorld) -> None:
    running.pennsieve.on_dataset.clear()
    answer = ask(running, DOWNLOAD)
    assert "the dataset was deleted, or the workflow's user was removed from it" in answer["reason"]
    with pytest.raises(TransferError) as error:
        _relay(running).ask(*DOWNLOAD, {"dataset_id": DATASET})
    assert str(error.value) == answer["reason"]


def test_a_deleted_key_ends_the_job_with_what_to_type(running: OwnWorld) -> None:
    running.pennsieve.keys.clear()
    reason = ask(running, DOWNLOAD)["reason"]
    assert "its key was deleted on Pennsieve" in reason
    assert reason.endswith("pennsieve workflow update 'spike-rate' --renew-identity")


def test_an_hour_without_pennsieve_is_waited_for(running: OwnWorld) -> None:
    running.pennsieve.down = True
    began = running.pennsieve.clock
    up = began + HOUR

    def sleep(seconds: float) -> None:
        running.pennsieve.clock += seconds
        running.pennsieve.down = running.pennsieve.clock < up

    assert _relay(running, sleep).ask(*DOWNLOAD, {"dataset_id": DATASET}) == {"ok": True}
    assert running.pennsieve.clock - began < HOUR + 120


def test_a_transfer_does_not_wait_for_ever(running: OwnWorld) -> None:
    running.pennsieve.down = True
    with pytest.raises(TransferError, match="Pennsieve does not answer"):
        _relay(running).ask(*DOWNLOAD, {"dataset_id": DATASET})


def test_what_a_run_of_this_node_delivered_is_no_matter_of_pennsieves(running: OwnWorld) -> None:
    assert ask(running, ("PUT", f"/compute/workflows/runs/{RUN}/outputs"))["status"] == 200
    assert running.pennsieve.asked == []


def test_thirty_hours_of_a_run_read_and_write(running: OwnWorld) -> None:
    for _ in range(30):
        running.pennsieve.clock += HOUR
        assert ask(running, DOWNLOAD)["status"] == 200
    assert ask(running, UPLOAD)["status"] == 200
    assert running.pennsieve.sign_ins <= 32


@pytest.mark.parametrize("needs", ["read", "write"])
def test_a_promised_step_gets_the_workflows_key_and_a_fresh_token(
    own: OwnWorld, needs: str
) -> None:
    own.hand_over()
    record = begin(own, needs)
    assert keep_session(own.node(), record) == ""
    own.pennsieve.clock += HOUR / 2
    assert keep_session(own.node(), record) == ""
    values = {
        row["name"]: _value(own, row["valueFrom"]) for row in step_secrets(own.node(), record)
    }
    key = READ_KEY if needs == "read" else WRITE_KEY
    assert (values["PENNSIEVE_API_KEY"], values["PENNSIEVE_API_SECRET"]) == (key, f"{SECRET}1")
    whose, until = own.pennsieve.tokens[values["SESSION_TOKEN"]]
    assert (whose, until - own.pennsieve.clock) == (key, HOUR)
    line = f"key {key} secret {SECRET}1, token {values['SESSION_TOKEN']}; run {RUN}"
    hidden = hidden_of(own.node(), record)
    assert masked(line, hidden) == f"key *** secret ***, token ***; run {RUN}"


def test_a_step_that_was_promised_nothing_gets_nothing(own: OwnWorld) -> None:
    own.hand_over()
    record = begin(own)
    assert keep_session(own.node(), record) == ""
    assert step_secrets(own.node(), record) == []
    assert own.pennsieve.sign_ins == 0


def test_steps_wait_for_pennsieve_only_when_there_is_no_token_at_all(own: OwnWorld) -> None:
    own.hand_over()
    record = begin(own, "read")
    own.pennsieve.down = True
    with pytest.raises(Down):
        keep_session(own.node(), record)
    own.pennsieve.down = False
    keep_session(own.node(), record)
    own.pennsieve.clock += HOUR / 2
    own.pennsieve.down = True
    assert keep_session(own.node(), record) == ""
    workflow_credentials.remove(own.node(), WORKFLOW)
    assert "has no key on this compute node" in keep_session(own.node(), record)


def _value(world: OwnWorld, place: str) -> str:
    name = place.partition(":parameter")[2]
    answer = world.client("ssm").get_parameter(Name=name, WithDecryption=True)
    return str(answer["Parameter"]["Value"])


class _Direct(Relay):
    """A relay whose calls reach the function without AWS in between."""

    world: OwnWorld

    def _call(self, event: Any) -> dict[str, Any]:
        answer: dict[str, Any] = relay.handle(event, self.world.node())
        return answer


def _relay(world: OwnWorld, sleep: Any = None) -> Relay:
    relay = _Direct(RUN, "n-relay", "us-east-1", sleep or world.pennsieve.sleep)
    object.__setattr__(relay, "world", world)
    return relay
