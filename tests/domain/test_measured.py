"""What was measured survives a node's document, and what is no figure is not measured."""

from __future__ import annotations

import json
import math

import pytest

from pennsieve_agent.domain.measured import Measured

WHOLE = Measured(peak_memory=5 << 20, cpu_seconds=1.25, read=10, written=0, by="cgroup")


@pytest.mark.parametrize("row", [WHOLE, Measured(cpu_seconds=0.0, by="process")])
def test_it_survives_a_document(row: Measured) -> None:
    assert Measured.of(json.loads(json.dumps(row.document()))) == row


@pytest.mark.parametrize("value", [None, True, "7", -1, math.nan, math.inf, [1]])
def test_what_is_no_figure_is_not_measured(value: object) -> None:
    row = Measured.of(WHOLE.document() | {"peakMemoryBytes": value})
    assert row is not None
    assert row.peak_memory is None
    assert row.cpu_seconds == 1.25


@pytest.mark.parametrize("document", [None, [], "x", {}, {"by": "cgroup"}])
def test_nothing_measured_is_none(document: object) -> None:
    assert Measured.of(document) is None
