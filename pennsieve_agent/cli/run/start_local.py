"""``pennsieve run start --local``: a registered workflow on this machine, on a dataset's files."""

from __future__ import annotations

import shutil
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pennsieve_agent.cli import local_run, local_secrets
from pennsieve_agent.console.shown import Shown
from pennsieve_agent.errors import UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.cli.context import Context
    from pennsieve_agent.cli.run.local_options import LocalOptions
    from pennsieve_agent.domain.workflows import Checkout
    from pennsieve_agent.local.node_here import Request
    from pennsieve_agent.services.runs.prepare_local_run import LocalPrepared
    from pennsieve_agent.services.runs.run_request import RunOptions
    from pennsieve_agent.services.workflows.local_input import LocalInput
    from pennsieve_agent.services.workflows.registered_code import CodePlace


def start_local(
    context: Context, request: RunOptions, options: LocalOptions, *, whole: bool
) -> Shown:
    """Prepare a run, ask what is to be asked, and run it to its end."""
    from pennsieve_agent.cli.run import local_plan, start_views
    from pennsieve_agent.services.workflows.local_input import input_folder

    ready = _prepared(context, request, options)
    kept = options.to or Path(ready.folder)
    local_run.check_target(kept)
    places = local_plan.code_places(context, ready)
    data = None if options.input is None else input_folder(options.input)
    if options.dry_run:
        return local_plan.shown(context, ready, places, data, options, kept)
    if ready.dataset is not None:
        start_views.note_files(context, ready.input, ready.folder if options.upload else "")
        if not start_views.takes_input(context, ready.input, ready.dataset, whole=whole):
            return Shown(notes=["nothing was started"])
    return _run(context, ready, places, data, options, kept)


def _prepared(context: Context, request: RunOptions, options: LocalOptions) -> LocalPrepared:
    """The run, with everything checked; what the user should know of what he typed is said."""
    from pennsieve_agent.cli.run import places, start_views
    from pennsieve_agent.cli.workflow.named import nodes_of
    from pennsieve_agent.services.runs import prepare_local_run

    _check_input(request, options)
    earlier = places.earlier_runs(context)
    ready = prepare_local_run.prepare(
        prepare_local_run.LocalContext(
            context.platform, nodes_of(context), earlier, context.streams.note
        ),
        request,
        context.now(),
        reads_dataset=options.input is None,
        uploads=options.upload,
    )
    if options.upload and ready.dataset is not None:
        earlier.refuse_taken(ready.dataset, ready.input, ready.folder, request)
    start_views.note_undeclared(context, ready.workflow, ready.parameters)
    start_views.note_idle_patterns(context, ready.input)
    if ready.dataset is not None:
        start_views.note_coming_files(context, ready.dataset, request.files)
    return ready


def _check_input(request: RunOptions, options: LocalOptions) -> None:
    chosen = request.files or request.input_runs
    if options.input is None and not request.dataset:
        raise UsageProblem(
            "no input was named", hint="name one: --dataset DATASET, or --input FOLDER"
        )
    if options.input is not None and chosen:
        other = "--files" if request.files else "--input-run"
        raise UsageProblem(
            f"--input and {other} cannot be given together", hint="leave one of them out"
        )


def _run(
    context: Context,
    ready: LocalPrepared,
    places: tuple[CodePlace, ...],
    data: LocalInput | None,
    options: LocalOptions,
    kept: Path,
) -> Shown:
    from pennsieve_agent.cli.local_views import shown
    from pennsieve_agent.cli.run import local_results
    from pennsieve_agent.transfer.temporary_folders import temporary_folder

    secrets = local_secrets.secrets(context, options.secrets)
    if ready.registered.needs_pennsieve and not secrets:
        context.streams.note(
            "on a node its steps get a key of Pennsieve's and the node's secrets; here they get "
            "neither: give what they need with --secret NAME"
        )
    part = context.interruption.during(
        "the run was stopped; nothing of it is left but the files that were downloaded",
        "start it with: the same command",
        always=True,
    )
    with (
        part,
        temporary_folder() as folder,
        local_run.backend_here(context, options.engine, folder) as here,
    ):
        code = {place.step: _code(context, place, folder) for place in places}
        plan = local_run.plan(
            context, ready.workflow, code, _request(context, ready), context.workspace_id
        )
        run = local_run.LocalRun(context, here, folder / "run", secrets=secrets)
        programs = run.build(code)
        data = data or _downloaded(context, ready)
        _check_space(data.size)
        outcome = run.perform(plan, programs, data)
        receipt = local_results.Receipt(plan, programs, here.backend.name)
        local_results.keep(outcome, receipt, kept)
        answer = shown(outcome, code, data, here.backend, plan, kept, ready)
    if not options.upload:
        return answer
    return local_results.uploaded(context, ready, outcome, kept, answer)


def _code(context: Context, place: CodePlace, folder: Path) -> local_run.Code:
    """The files of a step's code, at the commit that was registered."""
    from pennsieve_agent.cli.compute.node_images import find_image
    from pennsieve_agent.cli.workflow.code_context import with_typed_token
    from pennsieve_agent.domain.image_addresses import is_image
    from pennsieve_agent.services.workflows.image_checkout import inspect_image
    from pennsieve_agent.source.commit_archive import complete
    from pennsieve_agent.source.repository import inspect

    note = context.streams.note
    files = folder / "code" / place.step
    if is_image(place.address):
        by_digest = f"sha256:{place.commit}" if place.commit else place.tag
        find = partial(find_image, context)
        return local_run.Code(inspect_image(place.address, by_digest, find, note), files)

    def look(ref: str | None) -> Checkout:
        return with_typed_token(
            context, folder, lambda empty: inspect(place.address, ref, empty, note)
        )

    checkout = look(place.tag or None)
    if place.commit and checkout.commit != place.commit:
        note(f"tag {place.tag} of {place.address} was moved; the registered commit is taken")
        checkout = look(place.commit)
    complete(checkout.source_url, checkout.commit, files, note)
    return local_run.Code(checkout, files)


def _request(context: Context, ready: LocalPrepared) -> Request:
    from pennsieve_agent.local.node_here import ANY_PACKAGES, Request

    return Request(
        ready.parameters,
        name=ready.name,
        dataset=ready.dataset.id if ready.dataset is not None else "",
        packages=ready.input.packages or ANY_PACKAGES,
        files=[
            {"path": file.path, "package": file.package_id, "size": file.size}
            for file in ready.files
        ],
        folder=ready.folder,
        person={"name": context.claimed.name, "email": context.claimed.email},
        layout=ready.layout.value,
        undeclared=ready.undeclared,
    )


def _downloaded(context: Context, ready: LocalPrepared) -> LocalInput:
    """The dataset's files, which are downloaded where they are not here."""
    from pennsieve_agent.cli.dataset.download import downloading
    from pennsieve_agent.cli.run.local_plan import cache
    from pennsieve_agent.services.workflows.local_input import LocalInput

    if ready.dataset is None or not ready.files:
        return LocalInput(Path(), ())
    kept = cache(context)
    place = kept.folder(ready.dataset)
    with downloading(context, ready.dataset.id, place) as download:
        download.overwrite = download.trusts_size = True
        places = kept.fetch(ready.dataset, ready.files, download)
    return LocalInput(place, tuple(places), places)


def _check_space(size: int) -> None:
    """Refuse an input that does not fit beside the copy that is kept."""
    folder = tempfile.gettempdir()
    if size > (free := shutil.disk_usage(folder).free):
        raise UsageProblem(
            f"the input has {size} bytes, and the disk of {folder}, where steps get their copy of "
            f"it, has room for {free}",
            hint="set TMPDIR to a folder on another disk",
        )
