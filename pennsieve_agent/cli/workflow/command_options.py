"""Options that say how an image, or a repository of one, is called on own nodes."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.errors import UsageProblem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pennsieve_agent.domain.parameters import Parameter
    from pennsieve_agent.services.workflows.typed_command import TypedCommand


class Level(StrEnum):
    """The last level of a BIDS App that is run."""

    PARTICIPANT = "participant"
    GROUP = "group"


Command = Annotated[
    str | None,
    typer.Option(
        "--command",
        metavar="WORDS",
        help="Arguments of the image: {input}, {output}, and {NAME} for a parameter.",
    ),
]
Bids = Annotated[
    Level | None,
    typer.Option(
        "--bids",
        metavar="LEVEL",
        help="It is a BIDS App: participant, or group as a second step after participant.",
    ),
]
Declared = Annotated[
    list[str] | None,
    typer.Option(
        "--parameter",
        metavar="NAME[:TYPE][=DEFAULT]",
        help="A parameter of the command line; TYPE is string, number or boolean; repeatable.",
    ),
]
Cpu = Annotated[
    float | None,
    typer.Option("--cpu", metavar="CPUS", help="Processors of its steps: 0.25 to 16. Default: 1."),
]
Memory = Annotated[
    float | None,
    typer.Option("--memory", metavar="GB", help="Memory of its steps: 0.5 to 120. Default: 2."),
]
_PARAMETER = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?::([a-z]+))?(?:=(.*))?", re.DOTALL)
_EXAMPLE = "for example: --parameter threads:number=2"


def typed_command(
    command: str | None,
    bids: Level | None,
    parameter: Sequence[str] | None,
    cpu: float | None,
    memory: float | None,
) -> TypedCommand:
    """What was typed, as the service takes it.

    Raises:
        UsageProblem: a parameter or a size cannot be.
    """
    from pennsieve_agent.domain.job_sizes import VCPU, fit
    from pennsieve_agent.services.workflows.typed_command import TypedCommand

    parameters = tuple(map(_declared, parameter or ()))
    sizes = round((cpu or 0) * VCPU), round((memory or 0) * 1024)
    for option, value in (("--cpu", cpu), ("--memory", memory)):
        if value is not None and not value > 0:
            raise UsageProblem(f"{option} must be more than 0", hint=f"for example: {option} 4")
    try:
        fit(*sizes)
    except ValueError as error:
        raise UsageProblem(str(error), hint="ask for less: --cpu 16 --memory 120") from None
    return TypedCommand(command, bids.value if bids else "", parameters, *sizes)


def _declared(text: str) -> Parameter:
    from pennsieve_agent.domain.command_lines import INPUT, LEVEL, OUTPUT
    from pennsieve_agent.domain.parameters import Parameter, ParameterType
    from pennsieve_agent.engine.run_parameters import is_reserved

    match = _PARAMETER.fullmatch(text)
    types = (ParameterType.STRING, ParameterType.NUMBER, ParameterType.BOOLEAN)
    if match is None or (match[2] or "string") not in types:
        raise UsageProblem(
            f"--parameter {text} is not NAME, NAME:TYPE or NAME=DEFAULT", hint=_EXAMPLE
        )
    name, default = match[1], match[3]
    if is_reserved(name) or name in {INPUT, OUTPUT, LEVEL}:
        raise UsageProblem(f"--parameter {name}: that name is taken", hint="choose another name")
    parameter = Parameter(name, ParameterType.of(match[2] or "string"), default)
    try:
        if default:
            parameter.normalise(default)
    except ValueError as error:
        raise UsageProblem(f"--parameter {name}: the default {error}", hint=_EXAMPLE) from None
    return parameter
