"""How a run is shown before its start, and at it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pennsieve_agent.cli.run import estimate_views, mail_options
from pennsieve_agent.cli.run.views import limits_words
from pennsieve_agent.console import documents, estimate_documents
from pennsieve_agent.console.shown import Details, Part, Shown, Table
from pennsieve_agent.console.tables import Column, Cut
from pennsieve_agent.console.words import plural, size
from pennsieve_agent.domain.figures import total
from pennsieve_agent.domain.forecast_limits import money

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pennsieve_agent.cli.context import Context
    from pennsieve_agent.domain.datasets import Dataset
    from pennsieve_agent.domain.run_estimate import Estimate
    from pennsieve_agent.domain.run_results import Input
    from pennsieve_agent.domain.workflows import Workflow
    from pennsieve_agent.services.runs.run_request import Prepared
    from pennsieve_agent.services.runs.start_run import Started


def plan(ready: Prepared) -> Shown:
    """What would run."""
    return Shown(
        _plan_document(ready),
        _plan_text(ready),
        notes=["nothing was started (--dry-run)"],
    )


def _plan_document(ready: Prepared) -> dict[str, Any]:
    return {
        "name": ready.request.name or None,
        **documents.plan(ready.plan),
        "workflow_version": ready.version or None,
        "node": ready.node.name,
        "node_kind": "own" if ready.own_node else "pennsieve",
        "dataset": ready.dataset.name,
        "files": [documents.file(f) for f in ready.files],
        "results_left_out": ready.input.left_out,
        "layout": ready.layout or None,
        "folder": ready.folder,
        "files_in_folder": ready.input.in_folder,
        "limits": documents.limits(ready.request.limits),
        "differences": list(ready.differences),
        "kept_usd_per_gb": kept_price(ready),
        "mail": documents.mail(ready.mail),
        "quotas": list(ready.quotas),
        "fingerprint": ready.fingerprint or None,
        "estimate": estimate_documents.planned(ready.estimate, _sure(ready)),
    }


def _plan_text(ready: Prepared) -> list[Part]:
    from pennsieve_agent.domain.plans import JobKind

    pairs = [
        ("workflow", f"{ready.plan.workflow_name} {ready.version}".strip()),
        ("dataset", ready.dataset.name),
        ("node", f"{ready.node.name}, {_whose(ready)}"),
        ("acts as", "the workflow's own identity" if ready.own_node else "you"),
        ("input", input_words(ready.input)),
        ("left out", left_out_words(ready.input)),
        ("layout", LAYOUTS.get(ready.layout, ready.layout)),
        ("results", ready.folder),
        ("note", _shared_folder(ready.input, ready.folder)),
        ("limits", limits_words(ready.request.limits)),
        ("steps kept", kept_words(ready)),
        ("mail", mail_options.words(ready.mail)),
        ("AWS allows", "; ".join(ready.quotas)),
        *estimate_views.pairs(ready.estimate, ready.own_node.region if ready.own_node else None),
        ("at least", sure_words(_estimated(ready))),
    ]
    rows = [
        [
            job.id,
            job.kind.value,
            ", ".join(job.depends_on),
            f"{job.source_url} {job.tag}" if job.kind is JobKind.PROCESSOR else job.target_folder,
        ]
        for job in ready.plan.jobs
    ]
    text: list[Part] = [
        Details(pairs),
        "",
        Table(["JOB", "KIND", "AFTER", Column("CODE OR FOLDER", Cut.RUN_ON)], rows),
    ]
    return [*text, *parameter_rows(ready.request.parameters)]


def parameter_rows(parameters: Mapping[str, Mapping[str, str]]) -> list[Part]:
    """The values that were chosen; nothing where none was."""
    settings = sorted(pair for values in parameters.values() for pair in values.items())
    if not settings:
        return []
    columns: list[str | Column] = ["PARAMETER", Column("VALUE", Cut.WRAP)]
    return ["", Table(columns, [list(pair) for pair in settings])]


_LEAST_FILES = 0.005
"""USD for the input from which on it is told apart."""
LAYOUTS = {
    "tree": "tree (files in their folders, without those that all files share)",
    "flat": "flat (all files at the top of INPUT_DIR)",
}


def _estimated(ready: Prepared) -> Estimate | None:
    """What the run will cost; None where that is not known.

    Pennsieve does not tell it of its nodes, and nobody here knows which GPU machines a node has.
    """
    from pennsieve_agent.domain.prices import region_of_prices
    from pennsieve_agent.domain.run_estimate import estimate

    own, amount = ready.own_node, total(file.size for file in ready.files)
    gpu = any(step.compute_type == "gpu" for step in ready.request.workflow.steps)
    if own is None or amount is None or gpu or not region_of_prices(own.region):
        return None
    spot = bool(ready.request.limits and ready.request.limits.spot)
    try:
        return estimate(ready.plan, amount, mode=own.mode, region=own.region, spot=spot)
    except ValueError:
        return None


def sure_words(cost: Estimate | None) -> str:
    """What is sure of a cost; empty where nothing is."""
    if cost is None:
        return ""
    files = f" ({money(cost.files)} of it for the input)" if cost.files >= _LEAST_FILES else ""
    once = f"{money(cost.once)} whatever its steps do{files}"
    return f"{once}, and {cost.hour:.3f} USD for each hour in which they run"


def _sure(ready: Prepared) -> dict[str, float] | None:
    cost = _estimated(ready)
    return None if cost is None else {k: round(v, 6) for k, v in asdict(cost).items()}


def note_kept(context: Context, ready: Prepared) -> None:
    """Say what keeping costs, before the run."""
    if words := kept_words(ready):
        context.streams.note(f"steps are kept {words}")


def kept_words(ready: Prepared, when: str = "if the run fails or is cancelled") -> str:
    """For how long what steps made is kept, where, and at what price; empty where it is not."""
    from pennsieve_agent.domain.prices import GB

    price = kept_price(ready)
    if price is None:
        return ""
    days = plural(ready.request.limits.keep_steps, "day")
    amount = total(file.size for file in ready.files)
    own = f", {money(price * amount / GB)} for the input" if amount is not None else ""
    return f"for {days} in the node's bucket {when}: about {price:.3f} USD for each GB in all{own}"


def kept_price(ready: Prepared) -> float | None:
    """What a GB that is kept costs in USD; None where nothing is kept."""
    from pennsieve_agent.domain.prices import kept_cost

    days = ready.request.limits.keep_steps if ready.request.limits else 0
    return round(kept_cost(days), 6) if days and ready.own_node else None


def _whose(ready: Prepared) -> str:
    if (own := ready.own_node) is None:
        return "run by Pennsieve"
    return f"your own, AWS account {own.account}, {own.region}"


def input_words(input_: Input) -> str:
    """How many files are read."""
    amount = size(total(file.size for file in input_.files))
    count = f"{plural(len(input_.files), 'file')}, {amount}"
    return f"the whole dataset: {count}" if input_.is_whole else count


def left_out_words(input_: Input) -> str:
    """How many files are not input because earlier runs made them."""
    if not (count := input_.left_out):
        return ""
    return f"{plural(count, 'file')} of results of earlier runs"


def _shared_folder(input_: Input, folder: str) -> str:
    """What happens in a folder for results that has files already; empty where it has none."""
    if not (count := input_.in_folder):
        return ""
    return (
        f"'{folder}' has {plural(count, 'file')} already; where a name is taken, Pennsieve "
        "gives the new file another, such as 'a (1).txt'"
    )


def note_files(context: Context, input_: Input, folder: str) -> None:
    """Say which files are not input, and which lie in the ``folder`` where results will be."""
    if words := _shared_folder(input_, folder):
        context.streams.note(words)
    if words := left_out_words(input_):
        context.streams.note(
            f"left out: {words} (take them with --input-run RUN or --include-results)"
        )


def note_idle_patterns(context: Context, input_: Input) -> None:
    """Say which patterns should have left out files, and leave out none."""
    from pennsieve_agent.services.files.choose_files import idle_notes

    for note in idle_notes(input_.idle):
        context.streams.note(note)


def note_coming_files(context: Context, dataset: Dataset, patterns: Sequence[str]) -> None:
    """Say which of the files that were named are on their way to the dataset, and are not read."""
    from pennsieve_agent.services.files.choose_files import coming_notes

    for note in coming_notes(context.platform, dataset, patterns) if patterns else ():
        context.streams.note(note)


def takes_input(context: Context, input_: Input, dataset: Dataset, *, whole: bool) -> bool:
    """Ask whether all files are input, where the user has chosen none; ``whole`` is his yes."""
    question = f"no files were chosen: take {input_words(input_)} of '{dataset.name}' as input?"
    return not input_.is_whole or context.streams.confirm(
        question,
        assume=whole,
        instead="choose files with: --files 'PATTERN'; or take them all with: --all",
    )


def note_undeclared(
    context: Context, workflow: Workflow, parameters: Mapping[str, Mapping[str, str]]
) -> None:
    """Say which parameters no step declares: a typo is passed on as well."""
    from pennsieve_agent.engine.run_parameters import undeclared_notes

    for sentence in undeclared_notes(workflow, parameters):
        context.streams.note(sentence)


def warn_pennsieve_node(context: Context, node: str) -> None:
    """What a run on a node of Pennsieve's means, before it is started.

    It acts as the person (``contracts/workflows.md`` section 8, trap 8), and the refresh token of
    the session goes with it, as its own session would end after 60 minutes (5.5).
    """
    context.streams.note(
        f"node '{node}' is run by Pennsieve: the run acts as you and can access all that you can; "
        "grants limit only your own nodes. It also gets the token that renews your session, which "
        "would else end after 60 minutes."
    )


def started(ready: Prepared, start: Started, *, followed: bool) -> Shown:
    """The run has begun, or had begun before; ``followed``: it is shown to its end."""
    run = start.run
    if start.before:
        text = (
            f"Run '{run.label}' ({run.uuid}) was started before; it was not started a second time"
        )
    else:
        text = f"Started run '{run.name or ready.request.name}' ({run.uuid})"
    what = (
        f"{ready.plan.workflow_name} on {input_words(ready.input)} of '{ready.dataset.name}', "
        f"node '{ready.node.name}'"
    )
    if followed:
        return Shown(text=text, notes=[what])
    notes = [what, f"follow it: pennsieve run logs {run.typed} --follow"]
    return Shown(documents.run(run), text, notes)
