"""The interface between the runner and a backend that executes a step."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from pennsieve_agent.domain.measured import NOT_MEASURED, Measured
from pennsieve_agent.domain.plans import Job
from pennsieve_agent.domain.step_files import RUN_MOUNT
from pennsieve_agent.engine.control_groups import Gauge
from pennsieve_agent.errors import EngineError

Log = Callable[[str], None]
"""Takes one line of a job's output, without its end-of-line, as soon as it is there."""


@dataclass(frozen=True, slots=True)
class Program:
    """Something runnable that a backend prepared from a repository at one commit.

    ``reference`` means something only to the backend that made it (an image id, a folder); it is
    text so that it can be stored and used after a restart.
    """

    backend: str
    reference: str

    def reference_for(self, backend: str) -> str:
        """The reference, for the backend of that name.

        Raises:
            EngineError: another backend made it; this one cannot use it.

        """
        if self.backend != backend:
            raise EngineError(
                f"it was prepared for the '{self.backend}' backend, and this is '{backend}'",
                hint="add the workflow again, or start the node with the other backend",
            )
        return self.reference


@dataclass(frozen=True, slots=True)
class Task:
    """One processor to run: the job, its program, and its folders on this machine.

    ``root`` is the run's folder, in which each step has a folder of its own, and all of which it
    may read (:mod:`pennsieve_agent.domain.step_files`). ``input`` is not to be written; ``output``
    is in the step's own folder and goes to the steps after it. ``scratch`` is the backend's own.
    ``command`` are the words after the image's entry point, as a container sees folders; none are
    those of the image. ``gauge`` shows what it uses while it runs.
    """

    run_id: str
    job: Job
    program: Program
    root: Path
    input: Path
    output: Path
    scratch: Path
    command: tuple[str, ...] = ()
    gauge: Gauge = field(default_factory=Gauge, compare=False)

    @property
    def own(self) -> Path:
        """The step's own folder, the only one that it may write."""
        return self.output.parent

    def inside(self, path: Path) -> str:
        """Where a step sees a path of the run."""
        return f"{RUN_MOUNT}/{path.relative_to(self.root).as_posix()}"

    def command_here(self) -> tuple[str, ...]:
        """The words of the command with the folders as they are on this machine."""
        places = {self.inside(path): str(path.absolute()) for path in (self.input, self.output)}
        words = self.command
        for inside, here in places.items():
            words = tuple(word.replace(inside, here) for word in words)
        return words

    def environment(
        self, input_dir: str, output_dir: str, layers_dir: str = ""
    ) -> Mapping[str, str]:
        """What the program sees, with the folders as the backend presents them."""
        layers = {"LAYERS_DIR": layers_dir} if self.job.layers else {}
        folders = {"INPUT_DIR": input_dir, "OUTPUT_DIR": output_dir}
        # A secret may be called LAYERS_DIR and then wins (contracts/workflows.md 5.2).
        return {**layers, **self.job.environment, **folders}


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a task ended. ``exit_code`` 0 is success; ``reason`` says in words why it is not.

    ``canceled`` means that it was stopped, because the run was cancelled or another step failed.
    ``astray`` are paths, as the program sees them, that it wrote outside of its own folder, and
    that are lost with it.
    """

    exit_code: int
    reason: str = ""
    canceled: bool = False
    out_of_memory: bool = False
    measured: Measured = field(default=NOT_MEASURED, compare=False)
    astray: tuple[str, ...] = field(default=(), compare=False)

    @property
    def ok(self) -> bool:
        """Whether the task did what it should."""
        return self.exit_code == 0


class Backend(Protocol):
    """Runs programs. One object serves many runs, from several threads at once."""

    name: str
    #: One sentence on what separates a program from this machine.
    isolation: str
    #: Which engine it is, or why there is none; empty where nobody needs to be told.
    place: str

    def prepare(
        self, checkout: Path, name: str, log: Log, stop: threading.Event | None = None
    ) -> Program:
        """Make a repository runnable: build its image, or its environment.

        ``name`` is a short name for people, of lower-case letters, digits and hyphens. When
        ``stop`` is set, it is given up.

        Raises:
            SourceError: the repository cannot be built; the log says why.
            EngineError: the engine itself failed.

        """
        ...

    def run(self, task: Task, log: Log, stop: threading.Event) -> Outcome:
        """Run a program to its end, handing on each line of output at once.

        When ``stop`` is set, whatever runs is ended (asked first, then killed) before this
        returns; nothing of the task is left running, whichever way it ends.

        Raises:
            EngineError: the engine itself failed.

        """
        ...


def nobody_lives(_: str) -> bool:
    """Whether a holder still lives: where there are none, none does."""
    return False


class LocalBackend(Backend, Protocol):
    """A backend of this machine, which belongs to one node, or to a command of this machine.

    Of a command, whatever runs has a mark with its ``holder``: the folder that is the command's as
    long as it lives.
    """

    def sweep(self, lives: Callable[[str], bool] = nobody_lives) -> int:
        """End what an earlier process of this node left running; how many there were.

        To be called once, before the first run. What belongs to a holder that ``lives`` is left.

        Raises:
            EngineError: the engine itself failed.

        """
        ...

    def tidy(self, kept: Sequence[Program]) -> None:
        """Remove what was prepared earlier for commands, where ``kept`` takes its place.

        Nobody else may be using what commands of this machine prepare.
        """
        ...

    def pull(self, name: str, digest: str, login: str) -> Program:
        """An image of a registry by digest; ``login`` is what basic authentication sends, or empty.

        Raises:
            EngineError: there is none, or this backend runs no images.

        """
        ...

    def close(self) -> None:
        """Let go of the engine. Nothing may run any more."""
        ...
