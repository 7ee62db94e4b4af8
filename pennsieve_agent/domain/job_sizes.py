"""What a job gets: on Fargate the nearest size that is enough, with a GPU the whole machine.

Sizes of Fargate are AWS's ("Task size",
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html).
"""

from __future__ import annotations

from pennsieve_agent.domain.gpu_machines import gpu_machine

VCPU = 1024
DEFAULT_CPU, DEFAULT_MEMORY = 1024, 2048
CALL_BYTES, CALL_FILES = 20 * 10**9, 20_000
"""What a function stages in ten minutes, at 40 MB a second, to be on the safe side. More is left to
a job on AWS Batch."""
TRANSFER_CPU, TRANSFER_MEMORY = 1024, 2048
LEAST_DISK, MOST_DISK = 21, 200
"""GiB that can be asked for; 20 come with each task of Fargate
(https://docs.aws.amazon.com/batch/latest/APIReference/API_EphemeralStorage.html)."""
_GB = 1024
MANIFEST_CPU = (256, 512, 1024, 2048, 4096, 8192, 16384)
MANIFEST_MEMORY = (512, 1024, 2048, 4096, 8192, 16384, 30720, 61440, 122880)
"""What a manifest can declare (``contracts/workflows.md`` 1.8), in 1/1024 of a vCPU and MB."""
_SIZES: tuple[tuple[int, tuple[int, ...]], ...] = (
    (256, (512, 1024, 2048)),
    (512, tuple(range(1 * _GB, 4 * _GB + 1, _GB))),
    (1024, tuple(range(2 * _GB, 8 * _GB + 1, _GB))),
    (2048, tuple(range(4 * _GB, 16 * _GB + 1, _GB))),
    (4096, tuple(range(8 * _GB, 30 * _GB + 1, _GB))),
    (8192, tuple(range(16 * _GB, 60 * _GB + 1, 4 * _GB))),
    (16384, tuple(range(32 * _GB, 120 * _GB + 1, 8 * _GB))),
)


def memories(vcpus: float) -> tuple[int, ...]:
    """MB of memory that a task with so many processors can have; none for another number."""
    return next((amounts for size, amounts in _SIZES if size == vcpus * VCPU), ())


def fit(cpu: int, memory: int) -> tuple[float, int]:
    """Processors and MB of memory that a job gets; ``cpu`` is in 1/1024, 0 means the default.

    Raises:
        ValueError: nothing on Fargate is large enough.

    """
    cpu, memory = cpu or DEFAULT_CPU, memory or DEFAULT_MEMORY
    for size, amounts in _SIZES:
        if size < cpu:
            continue
        for amount in amounts:
            if amount >= memory:
                return size / VCPU, amount
    raise ValueError(
        f"{cpu / VCPU:g} processors with {memory} MB are more than AWS Fargate offers: 16 "
        "processors "
        "with 120 GB"
    )


def more_memory(
    vcpus: float, memory: int, factor: float, most_vcpus: float = 0.0
) -> tuple[float, int] | None:
    """The size on Fargate after one whose ``memory`` (MB) was not enough; None: none is larger.

    It has ``factor`` times the memory, or the most there is, and at least as many processors as
    before: at most ``most_vcpus``, where that is not 0.
    """
    offers = [
        (size / VCPU, amount)
        for size, amounts in _SIZES
        if size >= vcpus * VCPU and (not most_vcpus or size <= most_vcpus * VCPU)
        for amount in amounts
        if amount > memory
    ]
    enough = [offer for offer in offers if offer[1] >= memory * factor]
    largest = sorted(offers, key=lambda offer: (-offer[1], offer[0]))
    return next(iter(enough or largest), None)


def fit_gpu(cpu: int, memory: int, instance_type: str) -> tuple[float, int]:
    """Processors and MB of memory of a job with a GPU; ``cpu`` is in 1/1024.

    A machine has one GPU, so one job runs on it and gets all of it.

    Raises:
        ValueError: the machine is too small, or nobody knows its size.

    """
    machine = gpu_machine(instance_type)
    if machine is None:
        raise ValueError(
            f"this program does not know the size of the node's GPU machines, {instance_type}"
        )
    if cpu > machine.vcpus * VCPU or memory > machine.job_memory:
        raise ValueError(
            f"{cpu / VCPU:g} processors with {memory} MB are more than the node's GPU machines "
            f"have: {instance_type} has {machine.vcpus} processors and {machine.job_memory} MB "
            "for a job"
        )
    return float(machine.vcpus), machine.job_memory


def fault_of_disk(gib: object) -> str:
    """Why a step cannot have so much disk, for its image and /tmp; empty where it can, or asks 0.

    A machine with a GPU has a disk of its own, which no step changes.
    """
    if type(gib) is not int or (gib and not LEAST_DISK <= gib <= MOST_DISK):
        return f"must be from {LEAST_DISK} to {MOST_DISK} GiB (without it a step has 20)"
    return ""
