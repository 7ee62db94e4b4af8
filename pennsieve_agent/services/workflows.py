"""Registering code from git as a workflow."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pennsieve_agent.domain.waiting import pauses
from pennsieve_agent.domain.workflows import (
    DATASET_TARGET,
    BuildStatus,
    Checkout,
    Step,
    StepKind,
    Version,
    Workflow,
)
from pennsieve_agent.errors import AgentError, Conflict, SourceError, UsageProblem

if TYPE_CHECKING:
    from pennsieve_agent.platform.client import Platform

BUILD_SECONDS = 1800
SOURCE_STEP, TARGET_STEP = "input", "output"
STANDARD = "standard"
"""The compute type that everything has unless it says otherwise."""


@dataclass(frozen=True, slots=True)
class Added:
    """What ``add`` did: the workflow, what it was made of, and whether it is new."""

    workflow: Workflow
    checkouts: tuple[Checkout, ...]
    created: bool


def inspect_all(
    sources: Sequence[str], ref: str | None, workdir: Path, note: Callable[[str], None]
) -> tuple[Checkout, ...]:
    """Look at repositories before anything is registered.

    Raises:
        SourceError: one of them cannot be used.
        UsageProblem: ``ref`` was given for several.
    """
    from pennsieve_agent.source.repository import inspect  # noqa: PLC0415 - git is heavy

    if ref and len(sources) > 1:
        raise UsageProblem(
            "--ref names one repository's tag, and several repositories were given",
            hint="write the tag behind each repository: REPO@TAG",
        )
    found = []
    for number, source in enumerate(sources):
        name, tag = (source, ref) if ref else split_ref(source)
        found.append(inspect(name, tag, workdir / str(number), note))
    return tuple(found)


def split_ref(source: str) -> tuple[str, str | None]:
    """``REPO@TAG`` as its two parts; an ``@`` before the last ``/`` or ``:`` is part of REPO."""
    name, at, tag = source.rpartition("@")
    if not at or not name or "/" in tag or ":" in tag:
        return source, None
    return name, tag


def add(
    platform: Platform,
    organization_id: str,
    checkouts: Sequence[Checkout],
    name: str | None,
    sleep: Callable[[float], None],
    note: Callable[[str], None],
) -> Added:
    """Register repositories, wait until they are built, and make a workflow that runs them in turn.

    Doing it again with the same code changes nothing; with a newer tag of the same repositories,
    the workflow moves to that tag and keeps its id and its grants.

    Raises:
        SourceError: a repository could not be built.
        Conflict: another workflow has that name.
    """
    wanted = name or checkouts[-1].manifest.name
    existing = next((w for w in platform.workflows.list(organization_id) if w.name == wanted), None)
    present = platform.workflows.get(existing.uuid) if existing else None
    if present and [s.source_url for s in present.processors] != [c.source_url for c in checkouts]:
        raise Conflict(
            f"there is a workflow '{wanted}' made of other code",
            where=present.uuid,
            hint="choose another name with --name, or remove that one: "
            f"pennsieve workflow remove '{wanted}'",
        )
    for checkout in checkouts:
        _register(platform, checkout, sleep, note)
    if present is None:
        description = checkouts[-1].manifest.description
        steps = chain(checkouts, _target_place(platform))
        made = platform.workflows.create(wanted, description, organization_id, steps)
        return Added(platform.workflows.get(made.uuid), tuple(checkouts), created=True)
    versions = {
        step.id: checkout.tag
        for step, checkout in zip(present.processors, checkouts, strict=True)
        if step.tag != checkout.tag
    }
    if versions:
        platform.workflows.set_versions(present.uuid, versions)
    return Added(platform.workflows.get(present.uuid), tuple(checkouts), created=False)


def _target_place(platform: Platform) -> str:
    """Where the data target runs: a compute type of its own, which has to be named.

    Source: ``contracts/upstream-2026-11.md`` 8.
    """
    types = platform.workflows.target_types()
    offered = next((each.compute_types for each in types if each.name == DATASET_TARGET), ())
    return STANDARD if not offered or STANDARD in offered else offered[0]


def chain(checkouts: Sequence[Checkout], target_place: str = STANDARD) -> tuple[Step, ...]:
    """Data source, one processor for each repository in turn, data target."""
    steps = [Step(SOURCE_STEP, StepKind.SOURCE)]
    for checkout in checkouts:
        manifest = checkout.manifest
        steps.append(
            Step(
                _step_id(manifest.name, {step.id for step in steps} | {TARGET_STEP}),
                StepKind.PROCESSOR,
                depends_on=(steps[-1].id,),
                source_url=checkout.source_url,
                tag=checkout.tag,
                compute_type=manifest.compute_types[0] if manifest.compute_types else STANDARD,
                cpu=manifest.cpu,
                memory=manifest.memory,
                parameters=manifest.parameters,
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


def _register(
    platform: Platform,
    checkout: Checkout,
    sleep: Callable[[float], None],
    note: Callable[[str], None],
) -> Version:
    known = platform.applications.version(checkout.source_url, checkout.tag)
    # A tag can be moved, so only a commit is sure to be what was built before.
    if known and known.status is BuildStatus.DEPLOYED and not checkout.is_tag:
        return known
    commit = f" ({checkout.commit[:12]})" if checkout.is_tag else ""
    note(f"registering {checkout.source_url} at {checkout.tag}{commit}")
    deployment = platform.applications.register(checkout.source_url, checkout.tag)
    return _await_build(platform, checkout, deployment, sleep)


def _await_build(
    platform: Platform, checkout: Checkout, deployment: str, sleep: Callable[[float], None]
) -> Version:
    for pause in pauses(BUILD_SECONDS):
        version = platform.applications.build(checkout.source_url, deployment)
        if version and version.status is BuildStatus.DEPLOYED:
            return version
        if version and version.status is BuildStatus.ERROR:
            raise SourceError(
                f"the platform could not build it: {version.problem or 'no reason given'}",
                where=f"{checkout.source_url} at {checkout.tag}",
                hint="try it where you are: docker build .",
            )
        sleep(pause)
    raise AgentError(
        f"the build was not done after {BUILD_SECONDS // 60} minutes",
        where=f"{checkout.source_url} at {checkout.tag}",
        hint="run the same command again to go on waiting",
    )
