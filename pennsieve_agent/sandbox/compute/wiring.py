"""The real neighbours of the compute part."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from pennsieve_agent.engine.choose import BACKENDS, choose_backend
from pennsieve_agent.engine.compile import compile_run
from pennsieve_agent.engine.parameters import did_you_mean
from pennsieve_agent.errors import UsageProblem
from pennsieve_agent.sandbox.compute.images import Images
from pennsieve_agent.sandbox.compute.members import StoredMembers
from pennsieve_agent.sandbox.compute.node_gateway import NodeGateway
from pennsieve_agent.sandbox.compute.seams import Neighbours
from pennsieve_agent.sandbox.integrations import enabled
from pennsieve_agent.sandbox.roles import dataset_role
from pennsieve_agent.sandbox.world import World
from pennsieve_agent.source.manifest import read as read_manifest


def real_neighbours(world: World, engine: str | None) -> Neighbours:
    """What the sandbox uses when it is not under test.

    ``engine`` is the kind of machine that jobs run on; None takes Docker when an engine answers.

    Raises:
        UsageProblem: there is no engine of that name.
        EngineError: the engine that was asked for cannot be used.

    """
    if engine is not None and engine not in BACKENDS:
        raise UsageProblem(
            f"there is no engine called '{engine}'",
            hint=did_you_mean(engine, BACKENDS, "choose one of"),
        )
    return Neighbours(
        members=StoredMembers(world.store),
        dataset_role=partial(dataset_role, world.store),
        grants=partial(enabled, world.store),
        checkout=partial(_checkout, world),
        manifest=read_manifest,
        compile=compile_run,
        backend=choose_backend(engine, world.data / "engine"),
        nodes=NodeGateway(world),
        images=Images(world),
    )


def _checkout(world: World, source_url: str, tag: str, into: Path) -> str:
    """What the sandbox's own GitHub has is taken from there, under the address of the real one."""
    from pennsieve_agent.sandbox.github import local_path  # noqa: PLC0415 - git is slow to load
    from pennsieve_agent.source.repository import checkout  # noqa: PLC0415 - git is slow to load

    found = local_path(world, source_url)
    return checkout(str(found) if found else source_url, tag, into)
