"""``pennsieve workflow test``: build code and run it here, exactly as a node does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pennsieve_agent.cli import local_run, local_secrets, options
from pennsieve_agent.cli.command import command
from pennsieve_agent.cli.context import Context
from pennsieve_agent.cli.workflow import command_options
from pennsieve_agent.console.shown import Shown
from pennsieve_agent.errors import UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.cli.local_run import Code
    from pennsieve_agent.cli.workflow.composed import ComposedFile
    from pennsieve_agent.domain.composition import Composition
    from pennsieve_agent.domain.workflows import Checkout, Workflow
    from pennsieve_agent.local.node_here import Request
    from pennsieve_agent.services.workflows.local_input import LocalInput
    from pennsieve_agent.services.workflows.typed_command import TypedCommand

Repositories = Annotated[
    list[str],
    typer.Argument(
        metavar="REPO...",
        help="A folder, with what is not committed, or a git URL, REPO@TAG for a tag, or an image, "
        "docker://NAME:TAG. Several make a chain. Or a YAML file that composes steps.",
    ),
]
Ref = Annotated[
    str | None,
    typer.Option("--ref", metavar="TAG", help="Tag, branch or commit instead of the folder."),
]
OneStep = Annotated[
    str | None, typer.Option("--step", "-s", metavar="STEP", help="Only this step of a chain.")
]
Param = Annotated[
    list[str] | None,
    typer.Option(
        "--param", "-p", metavar="K=V", help="A parameter; STEP.K=V for one step; repeatable."
    ),
]
Undeclared = Annotated[
    bool, typer.Option("--undeclared", help="Allow parameters that no step declares.")
]
Layout = Annotated[
    options.InputLayout | None,
    typer.Option("--layout", metavar="LAYOUT", help="Input in its folders, or all at the top."),
]
Timeout = Annotated[
    float | None,
    typer.Option(
        "--timeout", metavar="SECONDS", min=1, help="End a build or a step that takes longer."
    ),
]


@command(
    "workflow test",
    answers="local_run",
    examples=[
        "pennsieve workflow test .",
        "pennsieve workflow test ./spike-rate --input ~/eeg --param THRESHOLD=4",
    ],
)
def try_out(
    context: Context,
    repositories: Repositories,
    ref: Ref = None,
    step: OneStep = None,
    input_: local_run.Input = None,
    param: Param = None,
    undeclared: Undeclared = False,
    layout: Layout = None,
    timeout: Timeout = None,
    to: local_run.To = None,
    engine: local_run.EngineOption = None,
    secret: local_secrets.Secret = None,
    command_: command_options.Command = None,
    bids: command_options.Bids = None,
    parameter: command_options.Declared = None,
    cpu: command_options.Cpu = None,
    memory: command_options.Memory = None,
) -> Shown:
    """Build code and run it on this machine as a node does.

    It needs neither Pennsieve nor AWS. The image is built for the machines of nodes, and a step has
    the variables, folders, processors and memory that it has there. Only disk is not limited here:
    on a node, image and /tmp have 20 GiB together, or what 'workflow add --disk' asks for. Shown
    are the results, what each step used, and the sizes to declare in its manifest.

    Without --input, the input is the repository's test data: data/input, test-data, tests/data or a
    folder like these. If Docker is not running, the program runs as a plain process, without
    limits. The exit code is 3 when the run failed.
    """
    from pennsieve_agent.cli.local_views import shown
    from pennsieve_agent.cli.workflow.composed import composed_file
    from pennsieve_agent.transfer.temporary_folders import temporary_folder

    local_run.check_target(to)
    typed = command_options.typed_command(command_, bids, parameter, cpu, memory)
    composed = composed_file(repositories, ref, context.streams.note)
    if composed is not None:
        composed.refuse_options(typed.options)
    sources: Sequence[str] = composed.uses() if composed else repositories
    layout = layout or options.InputLayout((composed and composed.composition.layout) or "tree")
    part = context.interruption.during(
        "the test was stopped; nothing of it is left",
        "start it with: the same command",
        always=True,
    )
    values = local_secrets.secrets(context, secret or ())
    with (
        part,
        temporary_folder() as folder,
        local_run.backend_here(context, engine, folder) as here,
    ):
        chain = _commanded(_code(context, sources, ref, folder), typed, composed)
        if composed is not None:
            composed.check_code([one.checkout for one in chain], context.streams.note)
        workflow, code = _only(chain, step, composed.composition if composed else None)
        data = _input(input_, code)
        request = _request(workflow, param, layout, undeclared=undeclared)
        plan = local_run.plan(context, workflow, code, request)
        run = local_run.LocalRun(context, here, folder / "run", timeout or 0, values)
        outcome = run.perform(plan, run.build(code), data)
        if to is not None:
            local_run.keep(outcome.files, to)
        return shown(outcome, code, data, here.backend, plan, to)


def _code(
    context: Context, repositories: Sequence[str], ref: str | None, folder: Path
) -> list[Code]:
    """The code of each step: folders as they are, and commits of all else."""
    from pennsieve_agent.cli.compute.node_images import find_image
    from pennsieve_agent.domain.image_addresses import is_image
    from pennsieve_agent.services.workflows.image_checkout import inspect_image
    from pennsieve_agent.services.workflows.workflow_steps import split_ref
    from pennsieve_agent.source import working_folder
    from pennsieve_agent.source.repository_urls import name_of

    if ref and len(repositories) > 1:
        raise UsageProblem(
            "--ref names one repository's tag, and several repositories were given",
            hint="write the tag after each repository: REPO@TAG",
        )
    chain = []
    for number, source in enumerate(repositories):
        files = folder / str(number)
        if is_image(source):
            image = inspect_image(source, ref, partial(find_image, context), context.streams.note)
            chain.append(local_run.Code(image, files))
            continue
        name, tag = (source, ref) if ref else split_ref(source)
        here = None if tag else working_folder.working_folder(name, Path.cwd())
        if here is None:
            chain.append(_committed(context, name, tag, files))
            continue
        checkout = working_folder.inspect_folder(here)
        _tell_notes(context, checkout)
        working_folder.copy_folder(here, files)
        context.streams.note(f"testing {name_of(checkout.source_url)} as the folder is now")
        chain.append(local_run.Code(checkout, files))
    return chain


def _committed(context: Context, source: str, tag: str | None, files: Path) -> Code:
    """A commit, with its submodules and the content of Git LFS."""
    from pennsieve_agent.cli.workflow.code_context import with_typed_token
    from pennsieve_agent.source.commit_archive import complete
    from pennsieve_agent.source.repository import inspect

    note = context.streams.note
    checkout = with_typed_token(
        context, files.parent, lambda empty: inspect(source, tag, empty, note)
    )
    _tell_notes(context, checkout)
    complete(checkout.source_url, checkout.commit, files, note)
    return local_run.Code(checkout, files)


def _tell_notes(context: Context, checkout: Checkout) -> None:
    """Say what is wrong with a manifest, of which the rest is used."""
    for note in checkout.manifest.notes:
        context.streams.note(str(note))


def _commanded(
    chain: Sequence[Code], typed: TypedCommand, composed: ComposedFile | None
) -> list[Code]:
    """The code with the command line that was typed for it; of a BIDS App's group it is twice."""
    from pennsieve_agent.services.workflows.typed_command import with_command

    code = [one.checkout for one in chain]
    checkouts = composed.with_commands(code) if composed else with_command(code, typed)
    files = {(one.checkout.source_url, one.checkout.tag): one.files for one in chain}
    return [local_run.Code(one, files[one.source_url, one.tag]) for one in checkouts]


def _only(
    chain: Sequence[Code], step: str | None, composition: Composition | None
) -> tuple[Workflow, dict[str, Code]]:
    """The workflow that ``workflow add`` would make, or one step of it by itself."""
    import uuid

    from pennsieve_agent.domain.composition import alone, one_target, steps_of
    from pennsieve_agent.domain.workflows import Workflow
    from pennsieve_agent.engine.run_parameters import did_you_mean
    from pennsieve_agent.services.workflows import workflow_steps

    whole = composition or workflow_steps.line_of([one.checkout for one in chain])
    code = {one.id: files for one, files in zip(whole.steps, chain, strict=True)}
    if step is not None:
        if step not in code:
            raise UsageProblem(
                f"no step is called '{step}'", hint=did_you_mean(step, code, "the steps are")
            )
        code, whole = {step: code[step]}, alone(whole, step)
    elif len(whole.targets) > 1:
        whole = one_target(whole)
    steps = steps_of(whole, [one.checkout for one in code.values()])
    return Workflow(str(uuid.uuid4()), whole.name, steps=steps), code


def _input(folder: Path | None, code: Mapping[str, Code]) -> LocalInput:
    from pennsieve_agent.services.workflows import local_input
    from pennsieve_agent.source.repository_urls import local_path, name_of

    if folder is not None:
        return local_input.input_folder(folder)
    first = next(iter(code.values()))
    if first.checkout.image:
        raise UsageProblem("an image has no test data", hint="give a folder: --input FOLDER")
    # Data that git ignores is not among the files that are built.
    here = None if first.checkout.commit else local_path(first.checkout.source_url)
    return local_input.test_data(here or first.files, name_of(first.checkout.source_url))


def _request(
    workflow: Workflow, param: list[str] | None, layout: options.InputLayout, *, undeclared: bool
) -> Request:
    from pennsieve_agent.engine.run_parameters import check_parameters
    from pennsieve_agent.local.node_here import Request

    chosen = check_parameters(workflow, param or (), undeclared=undeclared)
    return Request(chosen, layout=layout.value, undeclared=undeclared)
