"""How a run on this machine is shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pennsieve_agent.console.file_tree import FileTree
from pennsieve_agent.console.local_documents import StepFigures, local_file, local_step
from pennsieve_agent.console.shown import Part, Prose, Shown, Table
from pennsieve_agent.console.tables import Column, Cut
from pennsieve_agent.console.words import peak_words, plural, size, span
from pennsieve_agent.domain.step_sizes import HEADROOM, sizes_for
from pennsieve_agent.errors import ExitCode

if TYPE_CHECKING:
    from pennsieve_agent.cli.local_run import Code, Outcome, Plan
    from pennsieve_agent.engine.backend import LocalBackend
    from pennsieve_agent.local.run_here import StepEnd
    from pennsieve_agent.services.runs.prepare_local_run import LocalPrepared
    from pennsieve_agent.services.workflows.local_input import LocalInput

_VCPU = 1024
_NAMED = 3


def shown(
    outcome: Outcome,
    code: Mapping[str, Code],
    data: LocalInput,
    backend: LocalBackend,
    plan: Plan,
    kept: Path | None,
    ready: LocalPrepared | None = None,
) -> Shown:
    """A run that has ended; ``ready`` is that of a registered workflow."""
    steps = [_figures(end) for end in outcome.ends]
    files = [(name, path.stat().st_size) for name, path in outcome.files]
    dataset = ready.dataset.name if ready is not None and ready.dataset is not None else None
    is_kept = kept is not None and bool(outcome.files)
    document = {
        "name": plan.record.name or None,
        "workflow": plan.record.workflow["name"],
        "status": "succeeded" if outcome.ok else "failed",
        "engine": backend.name,
        "isolation": backend.isolation,
        "input": {
            "folder": str(data.folder),
            "dataset": dataset,
            "files": len(data.files),
            "bytes": data.size,
            "layout": plan.layout,
        },
        "steps": [local_step(step) for step in steps],
        "files": [local_file(*file) for file in files],
        "left_out": list(outcome.left_out),
        "kept_in": str(kept) if is_kept else None,
        "uploaded_to": None,
        "not_uploaded": [],
    }
    return Shown(
        document,
        # Of a workflow that is registered the sizes are, too.
        [*_text(steps, files), *(() if ready is not None else _to_declare(steps, code))],
        list(_notes(outcome, steps, kept if is_kept else None)),
        exit_code=ExitCode.OK if outcome.ok else ExitCode.RUN_FAILED,
    )


def _figures(end: StepEnd) -> StepFigures:
    used, has_run = end.measured, end.exit_code is not None
    # What is shorter is mostly its start, which says nothing about its work.
    cores = (used.cpu_seconds or 0.0) / end.seconds if end.seconds >= 1 else 0.0
    return StepFigures(
        end.step,
        ("succeeded" if end.ok else "failed") if has_run else "not_run",
        end.reason,
        end.exit_code,
        end.seconds,
        int(end.vcpus * _VCPU),
        end.memory,
        used,
        len(end.files),
        sum(path.stat().st_size for _, path in end.files),
        sizes_for(used.peak_memory, cores) if end.ok and used.peak_memory else None,
        list(_problems(end)),
    )


def _problems(end: StepEnd) -> Iterator[str]:
    """What a step did that does not work on a node, or is lost there."""
    if end.ok and not end.files and not end.left_out:
        yield f"step '{end.step}' wrote nothing to OUTPUT_DIR"
    if end.changed:
        yield (
            f"step '{end.step}' changed its input ({_named(end.changed)}), which is read-only on "
            "a node: the step fails there"
        )
    if end.astray:
        yield (
            f"step '{end.step}' wrote outside of OUTPUT_DIR ({_named(end.astray)}), which is lost "
            "on a node"
        )


def _named(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _text(steps: list[StepFigures], files: list[tuple[str, int]]) -> Iterator[Part]:
    columns: list[str | Column] = [
        Column("STEP", Cut.MIDDLE),
        "RESULT",
        "TIME",
        "MEMORY",
        Column("REASON", Cut.WRAP),
    ]
    rows = [
        [step.name, step.status.replace("_", " "), span(step.seconds), _memory(step), step.reason]
        for step in steps
    ]
    yield Table(columns, rows)
    yield ""
    if files:
        yield f"{plural(len(files), 'result')}, {size(sum(count for _, count in files))}:"
        yield FileTree(files)
    else:
        yield "no results"


def _memory(step: StepFigures) -> str:
    """The most memory of a step, of what it had."""
    if step.measured.peak_memory is None:
        return "not measured"
    return f"{peak_words(step.measured)} of {step.memory} MB"


def _to_declare(steps: list[StepFigures], code: Mapping[str, Code]) -> Iterator[Part]:
    """Lines for the manifests."""
    for step in steps:
        if step.suggested is None:
            continue
        checkout = code[step.name].checkout
        manifest = checkout.manifest
        cpu, memory = step.suggested
        more = round((HEADROOM - 1) * 100)
        yield ""
        if checkout.image:
            sizes = f"--cpu {cpu / _VCPU:g} --memory {memory / 1024:g}"
            yield Prose(
                f"To give '{step.name}' when it is added (what it used and {more} % more memory): "
                f"{sizes}"
            )
            continue
        yield Prose(
            f"To declare in {manifest.file or 'app.yml'} of '{step.name}' (what it used and "
            f"{more} % more memory):"
        )
        yield f"{manifest.sizes_key}:\n  cpu: {cpu}\n  memory: {memory}"


def _notes(outcome: Outcome, steps: list[StepFigures], kept: Path | None) -> Iterator[str]:
    for step in steps:
        yield from step.problems
    for sentence in outcome.left_out:
        yield f"a node does not deliver all of these results: {sentence}"
    if kept is not None:
        yield f"the results are in {kept}"
    elif outcome.files:
        yield "nothing is kept; keep the results with: --to FOLDER"
