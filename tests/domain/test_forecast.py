"""The form of an estimate: what is said before a run and kept with it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pennsieve_agent.domain.forecast import Band, Forecast

SAID = Forecast(
    Band(0.1, 0.25, 0.5),
    Band(60.0, 120.0, 600.0),
    "from 14 runs of v1.2.0",
    14,
    "2026-11",
    "us-east-1",
)


def test_an_estimate_survives_its_document() -> None:
    document = SAID.document()
    assert Forecast.of(json.loads(json.dumps(document))) == SAID
    assert document["lowUsd"] == 0.1
    assert document["highSeconds"] == 600.0


def test_what_nobody_can_say_is_null() -> None:
    times = Forecast(None, Band(1, 2, 3), "from 2 runs")
    assert times.document()["expectedUsd"] is None
    assert Forecast.of(times.document()) == times


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"lowUsd": 0.6}, "in this order"),
        ({"highUsd": None}, "in this order"),
        ({"lowSeconds": -1}, "in this order"),
        ({"highSeconds": float("inf")}, "in this order"),
        ({"expectedUsd": "0.25"}, "in this order"),
        ({"basis": "a\nb"}, "not valid"),
        ({"basis": "x" * 201}, "not valid"),
        ({"runs": -1}, "not valid"),
        ({"runs": True}, "not valid"),
        ({"more": 1}, "'more' is not part of an estimate"),
    ],
)
def test_other_documents_are_refused(change: dict[str, Any], words: str) -> None:
    document = {**SAID.document(), **change}
    with pytest.raises(ValueError, match=words):
        Forecast.of(document)
    assert Forecast.known(document) is None


@pytest.mark.parametrize("document", [None, [], "", 3])
def test_no_document_is_no_estimate(document: object) -> None:
    assert Forecast.known(document) is None
