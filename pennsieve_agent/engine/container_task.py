"""From what a container of a step is told to a task for a backend: one way for all machines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pennsieve_agent.domain.plans import Job, JobKind
from pennsieve_agent.domain.step_files import LAYERS_MOUNT, RUN_MOUNT
from pennsieve_agent.engine.backend import Program, Task
from pennsieve_agent.engine.control_groups import Gauge

_OURS = frozenset({"INPUT_DIR", "OUTPUT_DIR", "LAYERS_DIR"})
_VCPU = 1024


@dataclass(frozen=True, slots=True)
class Mount:
    """A folder of this machine, and where the container has it."""

    inside: str
    path: Path
    read_only: bool


@dataclass(frozen=True, slots=True)
class StepContainer:
    """The container of a step. ``memory`` is in MiB; no ``command`` is that of the image.

    ``gauge`` shows what it uses.
    """

    name: str
    environ: Mapping[str, str] = field(repr=False)
    mounts: Sequence[Mount]
    cpus: float
    memory: int
    command: Sequence[str] = ()
    gauge: Gauge = field(default_factory=Gauge, compare=False)

    @property
    def places(self) -> dict[str, str]:
        """The folders of this machine by where the container has them."""
        return {mount.inside: str(mount.path.absolute()) for mount in self.mounts}

    def task(self, program: Program, scratch: Path) -> Task:
        """The task that runs it; ``scratch`` is the backend's own.

        Raises:
            ValueError: it could not write its output.

        """
        places = self.places
        writable = [mount.inside for mount in self.mounts if not mount.read_only]
        own, _, _ = self.environ.get("OUTPUT_DIR", "").rpartition("/")
        if RUN_MOUNT not in places or own not in writable:
            raise ValueError("the output cannot be written")
        return Task(
            run_id=self.name,
            job=self._job(places.get(LAYERS_MOUNT)),
            program=program,
            root=Path(places[RUN_MOUNT]),
            input=Path(placed(self.environ["INPUT_DIR"], places)),
            output=Path(placed(self.environ["OUTPUT_DIR"], places)),
            scratch=scratch,
            command=tuple(self.command),
            gauge=self.gauge,
        )

    def _job(self, layers: str | None) -> Job:
        names = sorted(p for p in Path(layers).iterdir() if p.is_dir()) if layers else []
        return Job(
            id=self.name,
            kind=JobKind.PROCESSOR,
            environment={k: v for k, v in self.environ.items() if k not in _OURS},
            cpu=int(self.cpus * _VCPU),
            memory=self.memory,
            layers={path.name: str(path) for path in names},
        )


def placed(text: str, places: Mapping[str, str]) -> str:
    """A path inside the container as the path that it is here; other text stays unchanged.

    The deepest mount counts, as one may lie in another.
    """
    for inside in sorted(places, key=len, reverse=True):
        if text == inside or text.startswith(f"{inside}/"):
            return places[inside] + text.removeprefix(inside)
    return text
