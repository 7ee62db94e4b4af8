"""Small words about runs: figures in a comparison, and a run that can no longer be cancelled."""

from __future__ import annotations

import pytest

from pennsieve_agent.cli.run.cancel import _ended
from pennsieve_agent.cli.run.diff import _cell
from pennsieve_agent.domain.runs import Run, RunStatus


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (3e-06, "0.000003"),
        (57.924, "57.924"),
        (1234567.5, "1234567.5"),
        (0.0, "0"),
        (2e-9, "2e-09"),
    ],
)
def test_amounts_are_shown_in_digits(value: float, shown: str) -> None:
    assert _cell(value) == shown


def test_a_run_that_is_about_to_end_is_not_said_to_have_ended() -> None:
    run = Run("8305cd23-6126-46bc-bd0f-d63ef9dae13e", RunStatus.FINALIZING, name="beta")
    assert "'beta' is about to end by itself: finalizing" in str(_ended(run, RunStatus.FINALIZING))
    assert "'beta' has ended already: failed" in str(_ended(run, RunStatus.FAILED))
