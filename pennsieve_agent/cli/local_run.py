"""Running steps on this machine: what ``workflow test`` and ``run start --local`` share."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pennsieve_agent.errors import UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.cli.context import Context
    from pennsieve_agent.domain.workflows import Checkout, Workflow
    from pennsieve_agent.engine.backend import LocalBackend, Program
    from pennsieve_agent.local.node_here import Request
    from pennsieve_agent.local.prepared_code import InUse
    from pennsieve_agent.local.run_here import StepEnd
    from pennsieve_agent.node.node import Node
    from pennsieve_agent.node.records.run_record import RunRecord
    from pennsieve_agent.services.workflows.local_input import LocalInput


class Engine(StrEnum):
    """What runs the steps."""

    DOCKER = "docker"
    PROCESS = "process"


EngineOption = Annotated[
    Engine | None,
    typer.Option(
        "--engine", metavar="ENGINE", help="What runs the steps. Default: docker if it answers."
    ),
]
Input = Annotated[
    Path | None,
    typer.Option("--input", metavar="FOLDER", help="A folder of this machine as the input."),
]
To = Annotated[
    Path | None,
    typer.Option("--to", metavar="FOLDER", help="Keep the results in this new folder."),
]


@dataclass(frozen=True, slots=True)
class Code:
    """The code of a step, and its files on this machine; an image has none."""

    checkout: Checkout
    files: Path


@dataclass(frozen=True, slots=True)
class Plan:
    """A run as a node plans it; nothing has begun."""

    node: Node
    record: RunRecord
    request: Request

    @property
    def layout(self) -> str:
        """How the input lies."""
        return str(self.record.plan["layout"])


@dataclass(frozen=True, slots=True)
class Outcome:
    """A run that has ended: the end of each step, and what it made."""

    ends: tuple[StepEnd, ...]
    files: tuple[tuple[str, Path], ...]
    left_out: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Whether it would have succeeded on a node, which fails a run that leaves out results."""
        return not self.left_out and all(end.ok for end in self.ends)


def plan(
    context: Context,
    workflow: Workflow,
    code: Mapping[str, Code],
    request: Request,
    organization: str = "",
) -> Plan:
    """Plan a run of a workflow's code; ``organization`` is the workspace's id, if there is one.

    Raises:
        UsageProblem: a parameter or a size does not fit.
    """
    from pennsieve_agent.local import node_here

    hosts = context.profile.hosts
    node = node_here.node_here(node_here.Platform(hosts.api, hosts.api2, organization))
    return Plan(node, node_here.record_here(node, _version_of(workflow, code), request), request)


def _version_of(workflow: Workflow, code: Mapping[str, Code]) -> dict[str, Any]:
    """The document of the workflow's version, as it is registered on a node."""
    from pennsieve_agent.domain.image_names import archive_image
    from pennsieve_agent.services.workflows import version_request

    naming = version_request.Naming(workflow.uuid, workflow.name, workflow.description, "here")
    # What was built here is known by the step's id; a document has to name an image, too.
    image = archive_image("0" * 64)
    return version_request.version_document(
        naming,
        version_request.version_name([one.checkout.tag for one in code.values()]),
        workflow.steps,
        {
            id_: version_request.StepCode(
                one.checkout.commit, image, version_request.shown_address(one.checkout)
            )
            for id_, one in code.items()
        },
        version_request.NodeSettings(),
    )


@dataclass(frozen=True, slots=True)
class Here:
    """What runs steps, and the use of what it prepares, which other commands share."""

    backend: LocalBackend
    prepared: InUse


@contextmanager
def backend_here(context: Context, engine: Engine | None, holder: Path) -> Iterator[Here]:
    """What runs steps; what it is, is said where nothing is isolated.

    ``holder`` is the command's temporary folder. What commands that were killed left running is
    ended first.

    Raises:
        EngineError: the engine that was asked for does not answer.
    """
    from pennsieve_agent.engine.choose_backend import choose_backend
    from pennsieve_agent.local.prepared_code import using

    cache, note = context.config_path.parent / "local", context.streams.note
    name = engine.value if engine else None
    with closing(choose_backend(name, cache, str(holder))) as backend, using(cache) as prepared:
        if backend.name == Engine.PROCESS:
            why = f"without Docker ({backend.place})" if backend.place else "without Docker"
            note(f"{why}: {backend.isolation}")
        _end_left_behind(context, backend)
        yield Here(backend, prepared)


def _end_left_behind(context: Context, backend: LocalBackend) -> None:
    """End the programs of commands that were killed, and remove their folders."""
    from pennsieve_agent.transfer import temporary_folders

    left = backend.sweep(lambda holder: temporary_folders.is_held(Path(holder)))
    if left:
        temporary_folders.sweep()  # what still ran could write to them
        context.streams.note(
            f"ended what an earlier command left running when it was killed: {left}"
        )


@dataclass(frozen=True, slots=True)
class LocalRun:
    """One run. ``folder`` is its own; ``seconds`` is how long a build or a step may take.

    ``secrets`` are what its steps get as secrets of a node.
    """

    context: Context
    here: Here
    folder: Path
    seconds: float = 0.0
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)

    def build(self, code: Mapping[str, Code]) -> dict[str, Program]:
        """Build the code of each step, with its log as it comes.

        Raises:
            SourceError: it cannot be built, or not in time.
            EngineError: the engine itself failed.
        """
        return {step: self._built(step, one) for step, one in code.items()}

    def _built(self, step: str, code: Code) -> Program:
        from pennsieve_agent.domain.image_names import parse_image
        from pennsieve_agent.source.repository_urls import name_of

        if code.checkout.image:
            image = parse_image(code.checkout.image)
            self.context.streams.note(f"pulling {code.checkout.source_url}")
            return self.here.backend.pull(image.name, image.digest, "")
        stop = threading.Event()
        timer = threading.Timer(self.seconds, stop.set)
        timer.daemon = True
        if self.seconds:
            timer.start()
        try:
            return self.here.backend.prepare(
                code.files,
                _slug(name_of(code.checkout.source_url)),
                lambda line: self.context.streams.note(f"build {step} | {line}"),
                stop,
            )
        finally:
            timer.cancel()

    def perform(self, plan: Plan, programs: Mapping[str, Program], data: LocalInput) -> Outcome:
        """Run all steps; each end is said as it comes.

        Raises:
            UsageProblem: two files of the input would be in one place.
            EngineError: the engine itself failed.
        """
        from pennsieve_agent.console.words import span
        from pennsieve_agent.domain.input_layout import NO_FILES_AT_TOP, Layout
        from pennsieve_agent.local.run_here import Means, RunHere
        from pennsieve_agent.node.identity.node_secrets import hidden_parts, masked

        streams, hidden = self.context.streams, hidden_parts(self.secrets.values())

        def stage(into: Path) -> None:
            if not data.stage(into, Layout(plan.layout)):
                streams.note(NO_FILES_AT_TOP)

        def log(step: str, line: str) -> None:
            streams.note(f"{step} | {masked(line, hidden)}")

        means = Means(
            self.here.backend, programs, self.folder, stage, log, self.seconds, self.secrets
        )
        run = RunHere(plan.node, plan.record, means)
        ends = []
        for end in run.run():
            ends.append(end)
            said = "succeeded" if end.ok else f"failed: {end.reason}"
            streams.note(f"step '{end.step}' {said} ({span(end.seconds)})")
        results = run.results()
        with self.here.prepared.alone() as is_alone:
            if is_alone:
                self.here.backend.tidy(list(programs.values()))
        return Outcome(tuple(ends), tuple(results.files), tuple(results.left_out))


def keep(files: Sequence[tuple[str, Path]], into: Path) -> None:
    """Copy results into a folder that is new or empty.

    Raises:
        OSError: it cannot be written.
    """
    import shutil

    into.mkdir(parents=True, exist_ok=True)
    for name, path in files:
        target = into / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)


def check_target(into: Path | None) -> None:
    """Refuse a folder that has files.

    Raises:
        UsageProblem: it has, or is not a folder.
    """
    if into is None or not into.exists():
        return
    if not into.is_dir() or any(into.iterdir()):
        what = "has files already" if into.is_dir() else "is not a folder"
        raise UsageProblem(f"--to {into} {what}", hint="choose a new folder")


def _slug(name: str) -> str:
    text = "".join(c if c.isascii() and c.isalnum() else "-" for c in name.casefold())
    return text.strip("-")[:40].strip("-") or "code"
