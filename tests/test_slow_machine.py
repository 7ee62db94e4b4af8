"""On a slow machine a property takes longer, and holds as well."""

from __future__ import annotations

import threading

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

LONGER_THAN_ALLOWED_BY_DEFAULT = 0.3


@settings(max_examples=1)
@given(st.just(0))
def test_a_slow_example_does_not_fail(example: int) -> None:
    assert example == 0
    threading.Event().wait(LONGER_THAN_ALLOWED_BY_DEFAULT)


def test_making_examples_may_be_slow() -> None:
    assert settings.default is not None
    assert HealthCheck.too_slow in settings.default.suppress_health_check
