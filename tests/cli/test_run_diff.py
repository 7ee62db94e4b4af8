"""``run diff`` compares a run with a run and a batch with a batch."""

from __future__ import annotations

import pytest

from pennsieve_agent.cli.run.diff import of_one_kind
from pennsieve_agent.errors import UsageProblem
from tests.domain.receipt.examples import batch_receipt, run_receipt


@pytest.mark.parametrize("is_first", [True, False])
def test_a_run_beside_a_batch_is_refused_with_what_to_name(*, is_first: bool) -> None:
    both = run_receipt(), batch_receipt()
    with pytest.raises(UsageProblem, match="'spike-rate-1c20' is a run and 'first-batch'") as said:
        of_one_kind(*both if is_first else both[::-1])
    assert "pennsieve run show first-batch" in str(said.value.hint)


def test_two_of_a_kind_are_compared() -> None:
    of_one_kind(run_receipt(), run_receipt())
    of_one_kind(batch_receipt(), batch_receipt())
