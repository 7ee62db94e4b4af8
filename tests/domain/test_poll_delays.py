from __future__ import annotations

from itertools import pairwise

from pennsieve_agent.domain.poll_delays import pauses


def test_pauses_grow_and_end() -> None:
    found = list(pauses(60))
    assert found[0] == 0.3
    assert max(found) == 3.0
    assert all(a <= b for a, b in pairwise(found))
    assert 60 <= sum(found) < 63
