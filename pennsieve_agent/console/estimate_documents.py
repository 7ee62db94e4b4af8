"""What a run is expected to cost and take, as JSON documents.

See :mod:`pennsieve_agent.console.documents` for what scripts may rely on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pennsieve_agent.domain.forecast import Forecast


def estimate(value: Forecast) -> dict[str, Any]:
    """An estimate: USD and seconds, null where nobody can say."""
    said = value.document()
    return {
        "low_usd": said["lowUsd"],
        "expected_usd": said["expectedUsd"],
        "high_usd": said["highUsd"],
        "low_seconds": said["lowSeconds"],
        "expected_seconds": said["expectedSeconds"],
        "high_seconds": said["highSeconds"],
        "basis": value.basis,
        "runs": value.runs,
        "prices_date": value.prices_date or None,
        "prices_region": value.region or None,
    }


def planned(value: Forecast | None, sure: Mapping[str, float] | None) -> dict[str, Any] | None:
    """The estimate of a plan, with what is ``sure`` of its cost; null where nothing is known."""
    if value is None:
        return None
    return {**estimate(value), **(sure or dict.fromkeys(("once", "files", "hour")))}
