"""Estimate what a node costs: while nothing runs, and per CPU-hour of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pennsieve_agent.account.spec.node_spec import NodeSpec, Settings
from pennsieve_agent.account.stack.stack_request import stack_request
from pennsieve_agent.domain import prices
from pennsieve_agent.domain.gpu_machines import gpu_machine

MOST_GB_A_VCPU = 8.0
"""GB of memory that a processor of Fargate can have (AWS, "Task size")."""


@dataclass(frozen=True, slots=True)
class Costs:
    """An estimate in USD: ``idle`` a month by what it is made of, ``vcpu_hour`` with 2 GB.

    ``most_hour`` is an hour in which every queue is full of jobs with the most memory.
    """

    idle: tuple[prices.Line, ...]
    vcpu_hour: float
    spot_hour: float
    most_hour: float

    @property
    def idle_total(self) -> float:
        """What the node costs a month while nothing runs."""
        return prices.total(self.idle)

    @property
    def idle_words(self) -> str:
        """The costs while nothing runs, and what they are for."""
        parts = ", ".join(f"{line.what} {line.usd:.2f}" for line in self.idle)
        return f"about {self.idle_total:.2f} USD a month while nothing runs ({parts})"

    @property
    def brief(self) -> str:
        """Both in one sentence, without what they are made of."""
        return (
            f"It costs about {self.idle_total:.2f} USD a month while nothing runs, and a run about "
            f"{self.vcpu_hour:.3f} USD per CPU-hour with 2 GB of memory (list "
            f"prices of us-east-1, {prices.DATE})"
        )

    @property
    def lines(self) -> tuple[str, ...]:
        """All of it, as sentences."""
        return (
            f"It costs {self.idle_words}",
            (
                f"A run costs about {self.vcpu_hour:.3f} USD per CPU-hour with 2 GB of memory, "
                f"{self.spot_hour:.3f} with --spot (list prices of us-east-1, {prices.DATE})"
            ),
            (
                f"Its limits (--max-vcpus, --max-gpu) let all runs together cost at most about "
                f"{self.most_hour:.2f} USD an hour for machines"
            ),
            (
                f"Images of workflows cost about {prices.ECR_GB_MONTH:.2f} USD per GB and month; "
                "building one on the node (--build node) "
                f"{', '.join(f'{usd:g}' for usd in prices.BUILD_MINUTE.values())} USD a minute for "
                f"--build-size {', '.join(prices.BUILD_MINUTE)}"
            ),
        )

    def to_json(self) -> dict[str, Any]:
        """The estimate for ``--json``."""
        return {
            "idle_usd_per_month": self.idle_total,
            "idle": {line.what: round(line.usd, 2) for line in self.idle},
            "usd_per_vcpu_hour": round(self.vcpu_hour, 4),
            "usd_per_spot_vcpu_hour": round(self.spot_hour, 4),
            "usd_per_hour_at_most": round(self.most_hour, 2),
            "prices": prices.VERSION,
        }


def costs_of(spec: NodeSpec) -> Costs:
    """What a node costs, by its mode and by what its template has."""
    resources = stack_request(spec).template["Resources"].values()
    endpoints = sum(
        len(body["Properties"].get("SubnetIds", ()))
        for body in resources
        if body["Type"] == "AWS::EC2::VPCEndpoint"
    )
    settings = spec.settings
    idle = prices.idle_cost(settings.mode, own_network=not settings.network, endpoints=endpoints)
    return Costs(idle, prices.vcpu_hour(), prices.vcpu_hour(spot=True), _most_hour(settings))


def _most_hour(settings: Settings) -> float:
    """Both queues full, with the most memory that a processor can have, and all GPU machines."""
    most = sum(prices.vcpu_hour(MOST_GB_A_VCPU, spot=spot) for spot in (False, True))
    machine = gpu_machine(settings.gpu.instance_type) if settings.gpu else None
    return settings.max_vcpus * most + (machine.hourly * settings.gpu.most if machine else 0.0)
