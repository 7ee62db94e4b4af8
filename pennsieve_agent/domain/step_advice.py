"""Which sizes a step should declare next time, and what that saves, from what runs measured. Pure.

The sizes are those of :mod:`.step_sizes`, which ``workflow test`` proposes as well: a quarter more
memory than any run used, and the processors that were busy on average. The price is that of the
same time on the other size: a program that gets along with fewer processors takes as long.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pennsieve_agent.domain.job_sizes import DEFAULT_CPU, DEFAULT_MEMORY, VCPU, fit
from pennsieve_agent.domain.prices import JobUsage, job_cost
from pennsieve_agent.domain.runs import Run, StepState
from pennsieve_agent.domain.step_sizes import HEADROOM, sizes_for
from pennsieve_agent.domain.workflows import Step, StepKind

_MB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Sample:
    """What an attempt of a step used: seconds, busy processors, bytes of memory at the most.

    ``peak`` and ``cores`` are None where nobody measured them.
    """

    seconds: float
    cores: float | None = None
    peak: int | None = None


@dataclass(frozen=True, slots=True)
class StepAdvice:
    """A step with its sizes of now and of next time: 1/1024 of a processor, and MB.

    ``saves`` is in USD a run, below 0 where the step needs more. ``why`` says why there is nothing
    to advise; then the sizes are those of now. ``peak`` is in bytes.
    """

    step: str
    code: str
    cpu: int
    memory: int
    next_cpu: int
    next_memory: int
    peak: int | None = None
    cores: float | None = None
    samples: int = 0
    saves: float = 0.0
    why: str = ""

    @property
    def changes(self) -> bool:
        """Whether other sizes are advised."""
        return (self.cpu, self.memory) != (self.next_cpu, self.next_memory)


def advise(runs: Sequence[Run], *, basic: bool) -> list[StepAdvice]:
    """The advice for each step with a program, by the newest run's sizes; ``runs`` newest first.

    ``basic`` says that the node's machines have public addresses, which cost something, too.
    """
    newest = runs[0]
    return [
        _advice(step, list(_samples(runs, step.id)), spot=newest.limits.spot, basic=basic)
        for step in newest.steps
        if step.kind is StepKind.PROCESSOR
    ]


def _samples(runs: Iterable[Run], step: str) -> Iterable[Sample]:
    for run in runs:
        for state in run.states:
            if state.id == step:
                yield from _of_state(state)


def _of_state(state: StepState) -> Iterable[Sample]:
    for attempt in state.attempts:
        if (used := attempt.measured) is None:
            continue
        seconds = attempt.running
        cpu = used.cpu_seconds
        cores = cpu / seconds if cpu is not None and seconds else None
        yield Sample(seconds or 0.0, cores, used.peak_memory)


def _advice(step: Step, samples: Sequence[Sample], *, spot: bool, basic: bool) -> StepAdvice:
    cpu, memory = step.cpu or DEFAULT_CPU, step.memory or DEFAULT_MEMORY
    peaks = [sample.peak for sample in samples if sample.peak is not None]
    cores = [sample.cores for sample in samples if sample.cores is not None]

    def advice(
        next_cpu: int = cpu, next_memory: int = memory, saves: float = 0.0, why: str = ""
    ) -> StepAdvice:
        return StepAdvice(
            step.id,
            step.source_url,
            cpu,
            memory,
            next_cpu,
            next_memory,
            max(peaks, default=None),
            max(cores, default=None),
            len(samples),
            saves,
            why,
        )

    if step.compute_type == "gpu":
        return advice(why="it has a whole machine with a GPU, whatever it declares")
    if not peaks:
        return advice(why="nothing was measured")
    # Where the processors were not measured, they stay.
    busy = max(cores) if cores else cpu / VCPU
    next_cpu, next_memory = sizes_for(max(peaks), busy)
    seconds = sum(sample.seconds for sample in samples) / len(samples)
    try:
        before, after = (
            job_cost(_usage(seconds, size, spot=spot, basic=basic))
            for size in ((cpu, memory), (next_cpu, next_memory))
        )
    except ValueError:  # more than any machine has, which ran somewhere else
        return advice(why="it declares more than a machine of AWS Fargate has")
    # What is rounded up to the same machine changes nothing.
    if fit(cpu, memory) == fit(next_cpu, next_memory):
        return advice(why="its sizes fit what it uses")
    return advice(next_cpu, next_memory, before - after)


def _usage(seconds: float, size: tuple[int, int], *, spot: bool, basic: bool) -> JobUsage:
    vcpus, memory = fit(*size)
    return JobUsage(seconds, vcpus, memory / 1024, spot=spot, public_address=basic)


def manifest_lines(advice: StepAdvice) -> list[str]:
    """The lines of ``app.yml`` (``contracts/workflows.md`` 1.8) to paste."""
    return ["resources:", f"  cpu: {advice.next_cpu}", f"  memory: {advice.next_memory}"]


def headroom_words() -> str:
    """How the sizes are found, in words."""
    return (
        f"memory: the most that a run used, plus {HEADROOM - 1:.0%} more; processors: those that "
        "were busy on average"
    )


def peak_mb(advice: StepAdvice) -> float | None:
    """The most memory that was used, in MB."""
    return None if advice.peak is None else round(advice.peak / _MB, 1)
