"""A run's record survives JSON, and an update of the node while the run goes on."""

from __future__ import annotations

import json

from pennsieve_agent.node.records.run_record import JobKind, JobRecord, RunRecord


def test_a_record_survives_json() -> None:
    job = JobRecord("a", "a", JobKind.PROCESS, submissions=2)
    record = RunRecord("r", 0.0, jobs=[job], access_points={"run": "fsap-1"})
    assert RunRecord.of(record.to_json()) == record


def test_a_record_of_the_former_version_is_read() -> None:
    values = json.loads(
        RunRecord("r", 0.0, jobs=[JobRecord("a", "a", JobKind.PROCESS, submissions=2)]).to_json()
    )
    values["doors"] = {"run": "fsap-1"}
    del values["access_points"]
    values["jobs"][0]["asked"] = values["jobs"][0].pop("submissions")
    record = RunRecord.of(json.dumps(values))
    assert record.access_points == {"run": "fsap-1"}
    assert record.jobs[0].submissions == 2
