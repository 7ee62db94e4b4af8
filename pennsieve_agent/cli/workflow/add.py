"""``pennsieve workflow add``: code from git becomes a workflow."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.cli import options
from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.cli.workflow import command_options, target_option
from pennsieve_agent.console.shown import Shown, Table
from pennsieve_agent.console.tables import Column, Cut
from pennsieve_agent.errors import UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.services.workflows.registration import Wish


class Builder(StrEnum):
    """Where the container image is built."""

    AUTO = "auto"
    PENNSIEVE = "pennsieve"
    HERE = "here"
    NODE = "node"


class BuildMachine(StrEnum):
    """How large a machine of an own node builds."""

    SMALL = "small"
    MEDIUM = "medium"
    LARGE = "large"


class Needs(StrEnum):
    """Which key of the workflow's own identity its steps get."""

    READ = "read"
    WRITE = "write"
    NO = "no"


Repositories = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="REPO...",
        help="Git URL, OWNER/NAME on GitHub, or folder; REPO@TAG for a tag; or an image, "
        "docker://NAME:TAG. Several make a chain: each step reads what the one before wrote. Or a "
        "YAML file that composes steps.",
    ),
]
Ref = Annotated[
    str | None,
    typer.Option(
        "--ref", metavar="TAG", help="Tag, branch or commit. Default: the newest version tag."
    ),
]
Name = Annotated[
    str | None, typer.Option("--name", metavar="NAME", help="Default: the manifest's name.")
]
Build = Annotated[
    Builder,
    typer.Option(
        "--build",
        metavar="BUILD",
        help="Who builds it: Pennsieve (code on GitHub, at a tag), this machine's Docker, or your "
        "own compute node in its AWS account.",
    ),
]
BuildSize = Annotated[
    BuildMachine | None,
    typer.Option(
        "--build-size",
        metavar="SIZE",
        help="The machine of --build node: 0.005, 0.01 or 0.02 USD a minute. Default: small.",
    ),
]
Public = Annotated[
    bool,
    typer.Option("--public", help="Show the code to every Pennsieve user. Default: private."),
]
Layout = Annotated[
    options.InputLayout | None,
    typer.Option(
        "--layout",
        metavar="LAYOUT",
        help="Input on your own nodes: in its folders (tree), or all files at the top (flat).",
    ),
]
NeedsPennsieve = Annotated[
    Needs | None,
    typer.Option(
        "--needs-pennsieve",
        metavar="[=ACCESS]",
        help="Give its steps a key of the workflow's own Pennsieve identity; read if no ACCESS is "
        "given.",
    ),
]
Disk = Annotated[
    list[str] | None,
    typer.Option(
        "--disk",
        metavar="[STEP=]GIB",
        help="Disk of its steps on your own nodes, for image and /tmp: 21 to 200. Default: 20.",
    ),
]
Targets = Annotated[
    bool,
    typer.Option("--targets", help="Only list what a last step can do with results."),
]


@command(
    "workflow add",
    answers=("workflow_added", "list of target_type", "planned_change"),
    examples=[
        "pennsieve workflow add https://github.com/lab/spike-rate",
        "pennsieve workflow add ./filter@v2.0.0 ./spike-rate --name rates",
        "pennsieve workflow add docker://nipreps/mriqc:24.0.2 --bids participant",
        "pennsieve workflow add ./tiles --target asset=ome-zarr",
        "pennsieve workflow add workflow.yaml",
    ],
)
def add(
    context: Context,
    repositories: Repositories = None,
    ref: Ref = None,
    name: Name = None,
    build: Build = Builder.AUTO,
    build_size: BuildSize = None,
    public: Public = False,
    layout: Layout = None,
    needs_pennsieve: NeedsPennsieve = None,
    disk: Disk = None,
    command_: command_options.Command = None,
    bids: command_options.Bids = None,
    parameter: command_options.Declared = None,
    cpu: command_options.Cpu = None,
    memory: command_options.Memory = None,
    target: target_option.Target = None,
    targets: Targets = False,
    dry_run: options.DryRun = False,
) -> Shown:
    """Register code from git as a workflow.

    The repository needs a Dockerfile; its program reads INPUT_DIR and writes OUTPUT_DIR. An app.yml
    beside it declares parameters and resources. Pennsieve builds code on GitHub at a tag; other
    code is built on this machine or by your own compute nodes, and runs only on your own nodes. A
    workflow that exists already is not changed: 'workflow update' takes newer code.

    An image runs only on your own nodes, which get a copy of it. --command gives its arguments, and
    no shell reads them; --bids gives those of BIDS Apps. Everybody who may see the jobs of your AWS
    account can read the values of parameters in them.
    """
    from pennsieve_agent.cli.workflow import views
    from pennsieve_agent.cli.workflow.code_context import looked_at, registering
    from pennsieve_agent.cli.workflow.composed import composed_file
    from pennsieve_agent.domain.image_addresses import is_image
    from pennsieve_agent.services.workflows.typed_command import check_words, with_command

    if targets:
        return _targets(context)
    if not repositories:
        raise UsageProblem(
            "missing argument 'REPO...'", hint="for example: pennsieve workflow add GITHUB_URL"
        )
    wish = wish_of(name, build, layout, needs_pennsieve, disk, is_public=public, size=build_size)
    typed = command_options.typed_command(command_, bids, parameter, cpu, memory)
    check_words(typed, of_image=all(map(is_image, repositories)))
    composed = composed_file(repositories, ref, context.streams.note)
    target_option.check_target(target, in_file=composed is not None)
    if composed is not None:
        composed.refuse_options(typed.options)
        wish = composed.wish(wish)
    with registering(context) as (means, folder):
        from pennsieve_agent.services.workflows import register_workflow

        if composed is not None:
            checkouts = composed.fetch(context, folder)
        else:
            checkouts = with_command(looked_at(context, repositories, ref, folder), typed)
        composition = (
            composed.composition if composed else target_option.with_target(checkouts, target)
        )
        request = (means, checkouts, wish, composition)
        if dry_run:
            return views.would_add(register_workflow.plan(*request), *request)
        return views.added(register_workflow.add(*request), wish)


def wish_of(
    name: str | None,
    build: Builder,
    layout: options.InputLayout | None,
    needs_pennsieve: Needs | None,
    disk: list[str] | None,
    *,
    is_public: bool = False,
    size: BuildMachine | None = None,
) -> Wish:
    """What was typed, as the service takes it.

    Raises:
        UsageProblem: options contradict each other.
    """
    from pennsieve_agent.domain.image_builds import BuildSize
    from pennsieve_agent.services.workflows.build_choice import Build as BuildPlace
    from pennsieve_agent.services.workflows.registration import Wish

    needs = needs_pennsieve and ("" if needs_pennsieve is Needs.NO else needs_pennsieve.value)
    sizes = None if disk is None else disk_sizes(disk)
    if size is not None and build not in {Builder.NODE, Builder.AUTO}:
        raise UsageProblem(
            f"--build-size is for builds on a compute node, but --build {build.value} was given",
            hint="give --build node, or leave --build-size out",
        )
    return Wish(
        name,
        BuildPlace(build.value),
        is_public,
        layout and layout.value,
        needs,
        sizes,
        BuildSize(size.value if size else BuildSize.SMALL),
    )


def disk_sizes(typed: list[str]) -> dict[str, int]:
    """GiB by step, as typed: ``100`` for all, or ``sort=100``; 0 for what comes with a machine.

    Raises:
        UsageProblem: it is not a number that AWS takes.
    """
    from pennsieve_agent.domain.job_sizes import fault_of_disk

    sizes: dict[str, int] = {}
    for text in typed:
        step, _, number = text.rpartition("=")
        fault = fault_of_disk(int(number)) if number.isdecimal() else fault_of_disk(None)
        if fault:
            raise UsageProblem(
                f"--disk {text} {fault}", hint="for example: --disk 100, or --disk sort=100"
            )
        sizes[step.strip()] = int(number)
    return sizes


def _targets(context: Context) -> Shown:
    """What the last step of a workflow can do with results."""
    from pennsieve_agent.console import workflow_documents

    types = context.platform.workflows.target_types()
    document = [workflow_documents.target_type(target) for target in types]
    rows = [[t.name, t.label, ", ".join(p.name for p in t.parameters)] for t in types]
    return Shown(
        document, Table(["TARGET", Column("LABEL", Cut.END), Column("PARAMETERS", Cut.WRAP)], rows)
    )
