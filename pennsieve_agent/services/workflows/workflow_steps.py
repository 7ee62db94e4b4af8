"""The repositories of a workflow and the steps made of them. Looking, and pure decisions."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pennsieve_agent.domain.command_lines import GROUP
from pennsieve_agent.domain.image_addresses import is_image
from pennsieve_agent.domain.target_types import DATASET_TARGET
from pennsieve_agent.domain.workflows import Checkout, Step, StepKind
from pennsieve_agent.errors import UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.platform.client import Platform
    from pennsieve_agent.services.workflows.image_checkout import FindImage

SOURCE_STEP, TARGET_STEP = "input", "output"
STANDARD = "standard"
"""The compute type that everything has unless it says otherwise."""


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
            hint="write the tag behind each repository: REPO@TAG",
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


def target_place(platform: Platform) -> str:
    """Where the data target runs: a compute type of its own, which has to be named.

    Source: ``contracts/upstream-2026-11.md`` 8.
    """
    types = platform.workflows.target_types()
    offered = next((target.compute_types for target in types if target.name == DATASET_TARGET), ())
    return STANDARD if not offered or STANDARD in offered else offered[0]


def chain(checkouts: Sequence[Checkout], target_place: str = STANDARD) -> tuple[Step, ...]:
    """Data source, one processor for each repository in turn, data target."""
    steps = [Step(SOURCE_STEP, StepKind.SOURCE)]
    for checkout in checkouts:
        manifest, command = checkout.manifest, checkout.manifest.command
        name = manifest.name
        if command is not None and command.bids == GROUP:
            name = f"{name} {GROUP}"
            if steps[-1].kind is StepKind.PROCESSOR:
                command = replace(command, continues=steps[-1].id)
        steps.append(
            Step(
                _step_id(name, {step.id for step in steps} | {TARGET_STEP}),
                StepKind.PROCESSOR,
                depends_on=(steps[-1].id,),
                source_url=checkout.source_url,
                tag=checkout.tag,
                compute_type=manifest.compute_types[0] if manifest.compute_types else STANDARD,
                cpu=manifest.cpu,
                memory=manifest.memory,
                parameters=manifest.parameters,
                command=command,
            )
        )
    target = Step(
        TARGET_STEP,
        StepKind.TARGET,
        depends_on=(steps[-1].id,),
        target_type=DATASET_TARGET,
        compute_type=target_place,
    )
    return (*steps, target)


def _step_id(name: str, taken: set[str]) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-") or "step"
    number, candidate = 1, slug
    while candidate in taken:
        number += 1
        candidate = f"{slug}-{number}"
    return candidate
