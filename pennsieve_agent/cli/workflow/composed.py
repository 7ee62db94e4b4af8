"""A composed workflow as a file: read for ``workflow add``, written by ``workflow show --yaml``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pennsieve_agent.errors import SourceError, UsageProblem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pennsieve_agent.cli.context import Context
    from pennsieve_agent.domain.composition import Composition
    from pennsieve_agent.domain.workflows import Checkout
    from pennsieve_agent.services.workflows.find_workflow import LocatedWorkflow
    from pennsieve_agent.services.workflows.registration import Wish
    from pennsieve_agent.source.composition_yaml import Read

SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class ComposedFile:
    """A file that was read and found right, and where it lies."""

    path: Path
    read: Read

    @property
    def composition(self) -> Composition:
        """What it says."""
        return self.read.composition

    def uses(self) -> list[str]:
        """The code of each step, as it is fetched; a folder is meant from where the file is."""
        return [_from_file(step.uses, self.path.parent) for step in self.composition.steps]

    def fetch(self, context: Context, folder: Path) -> tuple[Checkout, ...]:
        """The code of each step, looked at and held to what the step asks of it.

        Raises:
            SourceError: code cannot be used, or does not fit the file.
        """
        from pennsieve_agent.cli.workflow.code_context import looked_at

        checkouts = self.with_commands(looked_at(context, self.uses(), None, folder))
        self.check_code(checkouts, context.streams.note)
        return checkouts

    def wish(self, wish: Wish) -> Wish:
        """What was typed, over what the file says."""
        composition = self.composition
        return replace(
            wish,
            name=wish.name or composition.name,
            layout=wish.layout or composition.layout or None,
            disk=wish.disk if wish.disk is not None else composition.disk or None,
        )

    def refuse_options(self, options: str) -> None:
        """Refuse what belongs to one step.

        Raises:
            UsageProblem: it was typed.
        """
        if options:
            raise UsageProblem(
                f"{options}: this is for one step, and the file composes several",
                hint="write it in the file: command, bids, cpu and memory of a step",
            )

    def with_commands(self, checkouts: Sequence[Checkout]) -> tuple[Checkout, ...]:
        """The code of the steps with the command lines that the file gives them."""
        from pennsieve_agent.domain.composition import with_commands

        return with_commands(self.composition, checkouts)

    def check_code(self, checkouts: Sequence[Checkout], note: Callable[[str], None]) -> None:
        """Hold the steps to what their code declares.

        Raises:
            SourceError: one sets a parameter that its code lacks, or their results collide.
        """
        from pennsieve_agent.domain.composition import code_faults

        faults = [self.read.located(f) for f in code_faults(self.composition, checkouts)]
        refuse(faults, str(self.path), note)


def composed_file(
    repositories: Sequence[str], ref: str | None, note: Callable[[str], None]
) -> ComposedFile | None:
    """The composed workflow that was typed; None where it is code.

    Raises:
        SourceError: something is wrong in the file; each thing is noted.
        UsageProblem: it was typed beside other code, or with a tag.
    """
    files = [word for word in repositories if word.endswith(SUFFIXES) and Path(word).is_file()]
    if not files:
        return None
    if len(repositories) > 1 or ref:
        raise UsageProblem(
            f"'{files[0]}' is a whole workflow, so nothing else can be named beside it",
            hint="name all code, and its tags, in the file: uses: REPO@TAG",
        )
    return read_file(Path(files[0]), note)


def read_file(path: Path, note: Callable[[str], None]) -> ComposedFile:
    """A composed workflow.

    Raises:
        SourceError: it cannot be read, or something is wrong in it; each thing is noted.
    """
    from pennsieve_agent.source.composition_yaml import read_composition
    from pennsieve_agent.source.yaml_nodes import MAX_BYTES

    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise SourceError(f"the file cannot be read: {error.strerror}", where=str(path)) from None
    read = read_composition(data, str(path))
    refuse(read.faults, str(path), note)
    return ComposedFile(path, read)


def refuse(faults: Iterable[SourceError], file: str, note: Callable[[str], None]) -> None:
    """Raise the only fault; of several each is noted, and the answer counts them.

    Raises:
        SourceError: there is one.
    """
    faults = list(faults)
    if len(faults) == 1:
        raise faults[0]
    for fault in faults:
        note(f"error: {fault.where}: {fault.message}" + (f"; {fault.hint}" if fault.hint else ""))
    if faults:
        raise SourceError(
            f"{len(faults)} problems are in the file", where=file, hint="they are listed above"
        )


def _from_file(uses: str, folder: Path) -> str:
    from pennsieve_agent.services.workflows.workflow_steps import split_ref

    name, ref = split_ref(uses)
    if name.startswith(("./", "../")) or (folder / name).exists():
        return str(folder / name) + (f"@{ref}" if ref else "")
    return uses


def yaml_of(context: Context, located: LocatedWorkflow) -> str:
    """The file of a workflow that is there, as ``workflow add`` takes it.

    Raises:
        AgentError: an own node cannot be asked.
    """
    from pennsieve_agent.cli.workflow.code_context import code_record
    from pennsieve_agent.cli.workflow.named import nodes_of
    from pennsieve_agent.services.workflows.node_workflows import newest_document
    from pennsieve_agent.source.composition_yaml import composition_of, written

    workflow = located.workflow
    documents = (newest_document(node, calls, workflow.uuid) for node, calls in nodes_of(context))
    document = next(filter(None, documents), {})
    layout = str(document.get("layout") or "")
    disks = {str(row["id"]): int(row.get("disk") or 0) for row in document.get("steps", ())}
    steps = tuple(replace(s, disk=s.disk or disks.get(s.id, 0)) for s in workflow.steps)
    kept = code_record(context).addresses(workflow.uuid)
    shown = [step.source_url for step in workflow.processors]
    addresses = kept if len(kept) == len(shown) else shown
    known = [_typed(address) for address in addresses]
    layout = "" if layout == "tree" else layout
    return written(composition_of(replace(workflow, steps=steps), known, layout))


def _typed(address: str) -> str:
    """An address as one types it: a folder as its path."""
    from pennsieve_agent.source.repository_urls import local_path

    folder = local_path(address)
    return str(folder) if folder is not None else address
