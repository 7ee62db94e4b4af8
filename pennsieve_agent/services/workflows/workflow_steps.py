"""The repositories of a workflow and the steps made of them. Looking, and pure decisions."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pennsieve_agent.domain.command_lines import GROUP
from pennsieve_agent.domain.composition import (
    INPUT,
    OUTPUT,
    STANDARD,
    ComposedStep,
    ComposedTarget,
    Composition,
    compute_type_of,
    ends_of,
    steps_of,
)
from pennsieve_agent.domain.image_addresses import is_image
from pennsieve_agent.domain.target_types import DATASET_TARGET
from pennsieve_agent.domain.workflows import Checkout, Step, StepKind
from pennsieve_agent.errors import UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.platform.client import Platform
    from pennsieve_agent.services.workflows.image_checkout import FindImage


def inspect_all(
    sources: Sequence[str],
    ref: str | None,
    workdir: Path,
    find: FindImage,
    note: Callable[[str], None],
) -> tuple[Checkout, ...]:
    """Inspect all repositories and images before anything is registered.

    Raises:
        SourceError, RegistryError: one of them cannot be used.
        UsageProblem: ``ref`` was given for several.
    """
    from pennsieve_agent.services.workflows.image_checkout import (  # noqa: PLC0415 - as git
        inspect_image,
    )
    from pennsieve_agent.source.repository import inspect  # noqa: PLC0415 - git is heavy

    if ref and len(sources) > 1:
        raise UsageProblem(
            "--ref names one repository's tag, and several repositories were given",
            hint="write the tag after each repository: REPO@TAG",
        )
    checkouts = []
    for number, source in enumerate(sources):
        if is_image(source):
            checkouts.append(inspect_image(source, ref, find, note))
            continue
        name, tag = (source, ref) if ref else split_ref(source)
        checkouts.append(inspect(name, tag, workdir / str(number), note))
    return tuple(checkouts)


def split_ref(source: str) -> tuple[str, str | None]:
    """``REPO@TAG`` as its two parts; an ``@`` before the last ``/`` or ``:`` is part of REPO."""
    name, at, tag = source.rpartition("@")
    if not at or not name or "/" in tag or ":" in tag:
        return source, None
    return name, tag


def pinned_steps(composition: Composition) -> tuple[str, ...]:
    """The steps whose code is named with a version, at which an update leaves them."""
    return tuple(step.id for step in composition.steps if split_ref(step.uses)[1])


def target_place(platform: Platform) -> str:
    """Where the data target runs: a compute type of its own, which has to be named.

    Source: ``contracts/upstream-2026-11.md`` 8.
    """
    types = platform.workflows.target_types()
    offered = next((target.compute_types for target in types if target.name == DATASET_TARGET), ())
    return STANDARD if not offered or STANDARD in offered else offered[0]


def line_of(checkouts: Sequence[Checkout]) -> Composition:
    """Repositories in turn as a composition: each step reads what the one before wrote."""
    steps: list[ComposedStep] = []
    for checkout in checkouts:
        taken = {INPUT, OUTPUT, *(step.id for step in steps)}
        command = checkout.manifest.command
        level = f" {GROUP}" if command is not None and command.bids == GROUP else ""
        name = _step_id(f"{checkout.manifest.name}{level}", taken)
        before = steps[-1].id if steps else INPUT
        steps.append(ComposedStep(name, checkout.source_url, (before,)))
    about = checkouts[-1].manifest
    targets = (ComposedTarget(OUTPUT, ends_of(steps)),)
    return Composition(about.name, tuple(steps), targets, description=about.description)


def chain(checkouts: Sequence[Checkout], target_place: str = STANDARD) -> tuple[Step, ...]:
    """Data source, one processor for each repository in turn, data target."""
    return steps_of(line_of(checkouts), checkouts, target_place)


def with_code(steps: Sequence[Step], checkouts: Sequence[Checkout]) -> tuple[Step, ...]:
    """The graph of a workflow with other code in its steps, one checkout for each in turn.

    Sizes that the newer code declares count before those that the step had.
    """
    codes = iter(checkouts)
    return tuple(
        _with_code(step, next(codes)) if step.kind is StepKind.PROCESSOR else step for step in steps
    )


def _with_code(step: Step, checkout: Checkout) -> Step:
    manifest, command = checkout.manifest, checkout.manifest.command
    if command is not None and step.command is not None:
        command = replace(command, continues=step.command.continues)
    return replace(
        step,
        source_url=checkout.source_url,
        tag=checkout.tag,
        cpu=manifest.cpu or step.cpu,
        memory=manifest.memory or step.memory,
        compute_type=compute_type_of(checkout) if manifest.file else step.compute_type,
        parameters=manifest.parameters,
        command=command,
    )


def _step_id(name: str, taken: set[str]) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-") or "step"
    number, candidate = 1, slug
    while candidate in taken:
        number += 1
        candidate = f"{slug}-{number}"
    return candidate
