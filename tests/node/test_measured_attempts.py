"""What an attempt waited for, how long it ran and what it used are told apart."""

from __future__ import annotations

from typing import Any

from pennsieve_agent.domain.measured import Measured
from pennsieve_agent.node.records.run_document import attempts_of
from pennsieve_agent.node.records.run_record import JobKind, JobRecord, RunRecord
from pennsieve_agent.node.records.run_store import RunStore
from pennsieve_agent.node.runs.run_costs import NodeLimits
from pennsieve_agent.node.runs.run_metrics import metrics_of
from pennsieve_agent.node.runs.transitions import AwsState, resubmit, update_jobs
from tests.node.world import RUN, World

USED = Measured(peak_memory=300 << 20, cpu_seconds=2.0, by="task").document()


def run_of(**changes: Any) -> RunRecord:
    before = JobRecord("stage", "in", JobKind.STAGE, status="SUCCEEDED", started=90, stopped=100)
    job = JobRecord("work", "work", JobKind.PROCESS, after=["stage"], id="job-1", **changes)
    return RunRecord("r", 80.0, jobs=[before, job])


def row(status: str, *attempts: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"status": status, "createdAt": 85_000, "attempts": list(attempts), **more}


def ended(started: float, stopped: float, code: int | None, log: str) -> dict[str, Any]:
    container: dict[str, Any] = {"logStreamName": log}
    container |= {} if code is None else {"exitCode": code}
    return {
        "startedAt": int(started * 1000),
        "stoppedAt": int(stopped * 1000),
        "container": container,
        "statusReason": "Host EC2 (instance i-1) terminated." if code is None else "",
    }


def times(job: JobRecord) -> list[tuple[Any, ...]]:
    names = ("queuedSeconds", "startupSeconds", "runningSeconds")
    return [tuple(one[name] for name in names) for one in attempts_of(job)]


def test_the_queue_the_start_and_the_program_have_their_own_time() -> None:
    record = run_of()
    job = record.job("work")
    # It could run when the job before it had ended, at 100, not when Batch was told of it.
    update_jobs(record, AwsState({"job-1": row("STARTING")}, starting={"job-1": (0, 107.5)}))
    update_jobs(record, AwsState({"job-1": row("STARTING")}, starting={"job-1": (0, 130.0)}))
    first = ended(150, 180, None, "a")
    update_jobs(record, AwsState({"job-1": row("RUNNABLE", first)}))
    # The second attempt waited since the first had lost its machine.
    update_jobs(record, AwsState({"job-1": row("STARTING", first)}, starting={"job-1": (1, 200)}))
    last = row("SUCCEEDED", first, ended(240, 300, 0, "b"), startedAt=240_000, stoppedAt=300_000)
    update_jobs(record, AwsState({"job-1": last}))
    assert times(job) == [(7.5, 42.5, 30.0), (20.0, 40.0, 60.0)]
    assert RunRecord.of(record.to_json()).job("work").starting == {"0": 107.5, "1": 200}


def test_what_nobody_saw_is_not_told() -> None:
    record = run_of()
    update_jobs(record, AwsState({"job-1": row("RUNNING", startedAt=150_000)}))
    assert times(record.job("work")) == [(None, None, None)]
    late = row("FAILED", ended(0, 180, None, ""), stoppedAt=180_000)
    update_jobs(record, AwsState({"job-1": late}, starting={"job-1": (0, 110)}))
    assert times(record.job("work")) == [(10, None, None)]  # it never started


def test_what_was_measured_stays_with_its_attempt() -> None:
    record = run_of()
    job = record.job("work")
    first = ended(150, 180, None, "a")
    update_jobs(record, AwsState({"job-1": row("RUNNABLE", first)}))
    job.attempts[0]["measured"] = USED
    last = row("FAILED", first, ended(200, 210, 3, "b"), startedAt=200_000, stoppedAt=210_000)
    update_jobs(record, AwsState({"job-1": last}))
    assert [one["measured"] for one in attempts_of(job)] == [USED, None]
    resubmit(job)
    assert [one["measured"] for one in attempts_of(job)] == [USED, None]
    assert job.starting == {}
    rows = metrics_of(record, NodeLimits(), 220.0)["nodeMetrics"]
    assert [one.get("maxMemoryUsedMiB") for one in rows] == [None, 300.0]


def test_an_event_tells_when_a_machine_was_there() -> None:
    world = World()
    world.start_own()
    job = world.begin_step("work")
    record = world.taken()
    (name,) = [one.name for one in record.work if one.id == job.id]
    detail = {"jobName": name, "jobId": job.id, "status": "STARTING", "attempts": []}
    time = "2026-11-29T20:00:00Z"
    assert world.deliver({"source": "aws.batch", "time": time, "detail": detail})
    (work,) = [one for one in world.record()["jobs"] if one["key"] == "work"]
    assert work["starting"] == {"0": 1_795_982_400.0}


def test_what_an_event_told_is_not_lost_while_another_works_on_the_run() -> None:
    world = World()
    world.start_own()
    while world.events:
        world.deliver(world.events.pop(0))
    world.finish_all_of("in")
    (job,) = world.ready()
    store = RunStore(world.node())
    assert store.take(RUN)
    detail = {"jobName": job.name, "jobId": job.id, "status": "STARTING", "attempts": []}
    time = "2026-11-29T20:00:00Z"
    assert world.deliver({"source": "aws.batch", "time": time, "detail": detail})
    assert world.taken().job("work").starting == {}
    store.drop(RUN)
    world.clock += 300
    world.begin(job)
    while world.events:
        world.deliver(world.events.pop(0))
    (work,) = [one for one in world.record()["jobs"] if one["key"] == "work"]
    assert work["starting"] == {"0": 1_795_982_400.0}
