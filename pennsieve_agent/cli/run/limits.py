"""The options that limit what a run may take."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.errors import UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.domain.runs import RunLimits

MaxCost = Annotated[
    float | None,
    typer.Option("--max-cost", metavar="USD", help="End the run before it costs more than this."),
]
TimeLimit = Annotated[
    str | None,
    typer.Option("--time-limit", metavar="TIME", help="End the run after this: 90m, 12h, 2d."),
]
Spot = Annotated[
    bool,
    typer.Option(
        "--spot", help="Cheaper machines, which AWS may take back; the step is then repeated."
    ),
]
Retries = Annotated[
    int, typer.Option("--retries", metavar="N", help="Try a failed step again, N times.")
]
MemoryOnOom = Annotated[
    str | None,
    typer.Option(
        "--memory-on-oom",
        metavar="x2",
        help="Repeat a step that ran out of memory with more: x2 for twice as much.",
    ),
]
KeepSteps = Annotated[
    int,
    typer.Option(
        "--keep-steps", metavar="DAYS", help="If it fails, keep what steps made, for a retry."
    ),
]
MOST_KEPT = 14
MOST_RETRIES = 9
"""AWS Batch makes at most ten attempts (AWS Batch, "RetryStrategy")."""
LEAST_GROWTH, MOST_GROWTH = 1.5, 4.0
_TIME = r"(\d+(?:\.\d+)?)\s*([smhd]?)"
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


def limits(
    max_cost: float | None,
    time_limit: str | None,
    retries: int,
    *,
    spot: bool,
    memory_on_oom: str | None = None,
    keep_steps: int = 0,
) -> RunLimits:
    """What was typed.

    Raises:
        UsageProblem: a number makes no sense.

    """
    from pennsieve_agent.domain.runs import RunLimits

    if max_cost is not None and not 0 < max_cost < float("inf"):
        raise UsageProblem(
            f"--max-cost must be more than 0, not {max_cost:g}",
            hint="give an amount in USD, for example: --max-cost 5",
        )
    if not 0 <= retries <= MOST_RETRIES:
        raise UsageProblem(
            f"--retries must be 0 to {MOST_RETRIES}, not {retries}",
            hint=f"AWS Batch repeats a step at most {MOST_RETRIES} times",
        )
    seconds = 0 if time_limit is None else _seconds(time_limit)
    growth = 0.0 if memory_on_oom is None else _growth(memory_on_oom)
    if not 0 <= keep_steps <= MOST_KEPT:
        raise UsageProblem(
            f"what steps made cannot be kept for {keep_steps} days",
            hint=f"give 0 to {MOST_KEPT} days, for example: --keep-steps 7",
        )
    return RunLimits(max_cost or 0.0, seconds, spot, retries, growth, keep_steps)


def _growth(text: str) -> float:
    match = re.fullmatch(r"[xX]?(\d+(?:\.\d+)?)", text.strip())
    factor = float(match[1]) if match else 0.0
    if not LEAST_GROWTH <= factor <= MOST_GROWTH:
        raise UsageProblem(
            f"'{text}' is not a factor for the memory of a step",
            hint=f"from x{LEAST_GROWTH:g} to x{MOST_GROWTH:g}, for example: --memory-on-oom x2",
        )
    return factor


def _seconds(text: str) -> int:
    match = re.fullmatch(_TIME, text.strip().lower())
    seconds = float(match[1]) * _SECONDS[match[2]] if match else 0.0
    if seconds < _SECONDS["m"]:  # AWS Batch's own least (AWS Batch, "JobTimeout")
        raise UsageProblem(
            f"'{text}' is not a valid time limit (at least one minute)",
            hint="write minutes, hours or days, for example: --time-limit 90m",
        )
    return round(seconds)
