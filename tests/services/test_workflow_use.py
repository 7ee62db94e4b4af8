"""How often workflows were run, on Pennsieve and on own nodes together."""

from __future__ import annotations

from pennsieve_agent.domain.runs import Run, RunStatus
from pennsieve_agent.domain.workflows import Workflow, WorkflowUse
from pennsieve_agent.services.workflows.workflow_use import fits, use_of_runs, with_runs

EARLY, LATE = "2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z"


def run(status: RunStatus, at: str) -> Run:
    return Run("r", status, workflow_uuid="w", started_at=at)


def test_runs_of_both_places_are_counted_together() -> None:
    # Pennsieve tells of three runs, of which one has not ended, that half succeeded.
    there = WorkflowUse(3, 3, 1.5, EARLY, "SUCCEEDED")
    assert there.success_rate == 0.5
    here = use_of_runs([run(RunStatus.FAILED, LATE), run(RunStatus.STARTED, EARLY)])
    use = with_runs(Workflow("w", "rates", use=there), here).use
    assert use == WorkflowUse(5, 4, 1.5, LATE, "FAILED")
    assert with_runs(Workflow("other", "rates"), here).use is None
    assert use_of_runs([run(RunStatus.STARTED, EARLY)])["w"].success_rate is None


def test_a_text_is_looked_for_in_name_and_description() -> None:
    assert fits("SPIKE", "spike-rate")
    assert fits("rate of", "x", "The Rate of spikes")
    assert not fits("other", "spike-rate", "The rate of spikes")
