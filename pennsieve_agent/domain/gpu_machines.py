"""Machines of AWS with one GPU: their processors, memory and list price.

Sizes are those that AWS lists (https://docs.aws.amazon.com/ec2/latest/instancetypes/ac.html); all
machines with one GPU of a family have four processors in the smallest size, and each next size has
twice as many. Prices are on-demand list prices of us-east-1 for Linux, in USD an hour, with the
date of :data:`~pennsieve_agent.domain.prices.DATE`
(https://aws.amazon.com/ec2/pricing/on-demand/).
"""

from __future__ import annotations

from dataclasses import dataclass

_SIZES = ("xlarge", "2xlarge", "4xlarge", "8xlarge", "16xlarge")
_SMALLEST = 4
_FAMILIES: dict[str, tuple[int, tuple[float, ...]]] = {
    "g4dn": (4, (0.526, 0.752, 1.204, 2.176, 4.352)),
    "g5": (4, (1.006, 1.212, 1.624, 2.448, 4.096)),
    "g6": (4, (0.8048, 0.9776, 1.3232, 2.0144, 3.3968)),
    "g6e": (8, (1.861, 2.24208, 3.00424, 4.52856, 7.57719)),
}
"""GiB of memory for each processor, and the prices by size."""
_SYSTEM_SHARE = 0.05
"""Of the memory, as AWS Batch recommends for the ECS agent and the system
(https://docs.aws.amazon.com/batch/latest/userguide/ecs-reserved-memory.html)."""
_KERNEL_MIB = 512
"""What the kernel and the platform keep before the agent counts the memory: "8 GiB" of an m4.large
are 7,985 MiB (https://docs.aws.amazon.com/batch/latest/userguide/memory-management.html)."""


@dataclass(frozen=True, slots=True)
class GpuMachine:
    """A type of machine: processors, MiB of memory as AWS lists it, and USD an hour."""

    instance_type: str
    vcpus: int
    memory: int
    hourly: float

    @property
    def job_memory(self) -> int:
        """MiB that one job may have; a job that asks for more is never placed."""
        return int(self.memory * (1 - _SYSTEM_SHARE)) - _KERNEL_MIB


def gpu_machine(instance_type: str) -> GpuMachine | None:
    """A type of machine by its name; None where its size is not known here."""
    family, _, size = instance_type.partition(".")
    if family not in _FAMILIES or size not in _SIZES:
        return None
    ratio, prices = _FAMILIES[family]
    place = _SIZES.index(size)
    vcpus = _SMALLEST * 2**place
    return GpuMachine(instance_type, vcpus, vcpus * ratio * 1024, prices[place])
