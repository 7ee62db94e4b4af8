"""A command line that was typed for one repository or image: its steps. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from pennsieve_agent.domain.command_lines import (
    GROUP,
    PARTICIPANT,
    SUBJECT,
    CommandLine,
    CommandLineFault,
    of_bids_app,
    parse,
)
from pennsieve_agent.domain.parameters import Parameter
from pennsieve_agent.domain.workflows import Checkout, Manifest, Step
from pennsieve_agent.errors import UsageProblem
from pennsieve_agent.source.repository_urls import name_of

_SUBJECT = Parameter(
    SUBJECT, default="", description="Participants, with a space between; all if it is empty"
)


@dataclass(frozen=True, slots=True)
class TypedCommand:
    """What was typed: the words of ``--command``, a level of BIDS Apps, parameters and sizes.

    ``cpu`` is in 1/1024 of a vCPU, ``memory`` in MB; 0 leaves what the code says.
    """

    text: str | None = None
    bids: str = ""
    parameters: tuple[Parameter, ...] = ()
    cpu: int = 0
    memory: int = 0

    @property
    def options(self) -> str:
        """The options that were given, in a sentence; empty for none."""
        options = {
            "--command": self.text is not None,
            "--bids": bool(self.bids),
            "--parameter": bool(self.parameters),
            "--cpu": bool(self.cpu),
            "--memory": bool(self.memory),
        }
        return ", ".join(option for option, was_typed in options.items() if was_typed)


def check_words(typed: TypedCommand, *, of_image: bool) -> None:
    """Check the words of ``--command`` before any code or image is asked for.

    Code in git may declare more parameters than were typed; an image declares none.

    Raises:
        UsageProblem: no run could fill them.
    """
    if typed.text is None:
        return
    known = {parameter.name for parameter in typed.parameters}
    with _explained(typed.text):
        line = CommandLine(parse(typed.text), typed.bids)
        line.check(known if of_image else known | set(line.names))


def with_command(checkouts: Sequence[Checkout], typed: TypedCommand) -> tuple[Checkout, ...]:
    """The code with what was typed for it; at the level ``group`` it is there twice.

    Raises:
        UsageProblem: it was given for several, the code has a command line of its own, or no run
            could fill it.

    """
    if not typed.options:
        return tuple(one for checkout in checkouts for one in _levels(checkout))
    if len(checkouts) > 1:
        raise UsageProblem(
            f"{typed.options}: this is for one repository, and several were given",
            hint="add it as a workflow of its own",
        )
    checkout = checkouts[0]
    name, manifest = name_of(checkout.source_url), checkout.manifest
    if manifest.command is not None and (typed.bids or typed.text is not None):
        raise UsageProblem(
            f"{name} has a command line of its own: {manifest.command.text}",
            where="application.json",
            hint="leave --command and --bids out",
        )
    parameters = _declared(manifest, typed)
    said = replace(
        manifest,
        parameters=tuple(parameters.values()),
        cpu=typed.cpu or manifest.cpu,
        memory=typed.memory or manifest.memory,
    )
    line = _line(typed, manifest, parameters)
    return _levels(replace(checkout, manifest=replace(said, command=line)))


def _levels(checkout: Checkout) -> tuple[Checkout, ...]:
    """The code once, or of a BIDS App with the level of groups for each of its two steps."""
    manifest = checkout.manifest
    line = manifest.command
    if line is None or line.bids != GROUP:
        return (checkout,)
    first = replace(manifest, command=replace(line, bids=PARTICIPANT))
    return replace(checkout, manifest=first), checkout


def _declared(manifest: Manifest, typed: TypedCommand) -> dict[str, Parameter]:
    """All parameters by name: the code's own, and those that were typed."""
    declared = {parameter.name: parameter for parameter in manifest.parameters}
    for parameter in typed.parameters:
        if parameter.name in declared:
            raise UsageProblem(
                f"parameter '{parameter.name}' is declared twice", hint="leave one --parameter out"
            )
        declared[parameter.name] = parameter
    if typed.bids and typed.text is None:
        declared.setdefault(SUBJECT, _SUBJECT)
    return declared


def _line(
    typed: TypedCommand, manifest: Manifest, parameters: Mapping[str, Parameter]
) -> CommandLine | None:
    """The command line, of the last level of a BIDS App; None for the image's own arguments."""
    with _explained(typed.text):
        if typed.text is not None:
            line: CommandLine | None = CommandLine(parse(typed.text), typed.bids)
        elif typed.bids:
            line = of_bids_app(typed.bids, parameters)
        else:
            line = manifest.command
        if line is not None:
            line.check(parameters)
    return line


@contextmanager
def _explained(text: str | None) -> Iterator[None]:
    try:
        yield
    except CommandLineFault as fault:
        raise UsageProblem(
            f"the command line {fault}",
            where=text,
            hint="for example: --command '{input} {output} participant -n {threads}' "
            "--parameter threads:number=2",
        ) from None


def keeping(checkout: Checkout, step: Step | None) -> Checkout:
    """Newer code of a step with what was typed for it when it was added, as the step has it."""
    if step is None or (step.command is None and not checkout.image):
        return checkout
    manifest = checkout.manifest
    if manifest.command is not None:  # the newer code says it itself
        level = step.command.bids if step.command is not None else ""
        line = replace(manifest.command, bids=level or manifest.command.bids)
        return replace(checkout, manifest=replace(manifest, command=line))
    declared = {parameter.name for parameter in manifest.parameters}
    more = tuple(parameter for parameter in step.parameters if parameter.name not in declared)
    kept = replace(
        manifest,
        parameters=(*manifest.parameters, *more),
        command=step.command and replace(step.command, continues=""),
        cpu=manifest.cpu or step.cpu,
        memory=manifest.memory or step.memory,
    )
    return replace(checkout, manifest=kept)
