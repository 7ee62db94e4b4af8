"""The real neighbours of the compute part."""

from __future__ import annotations

from functools import partial

from pennsieve_agent.engine.choose_backend import BACKENDS, choose_backend
from pennsieve_agent.engine.compile import compile_run
from pennsieve_agent.engine.run_parameters import did_you_mean
from pennsieve_agent.errors import UsageProblem
from pennsieve_agent.sandbox.compute.apps.fetch_tag import fetch_tag
from pennsieve_agent.sandbox.compute.apps.images import Images
from pennsieve_agent.sandbox.compute.neighbour_protocols import Neighbours
from pennsieve_agent.sandbox.compute.nodes.node_gateway import NodeGateway
from pennsieve_agent.sandbox.compute.workspace_members import StoredMembers
from pennsieve_agent.sandbox.data.roles import dataset_role
from pennsieve_agent.sandbox.host.world import World
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
    backend = choose_backend(engine, world.data / "engine")
    return Neighbours(
        members=StoredMembers(world.store),
        dataset_role=partial(dataset_role, world.store),
        checkout=partial(fetch_tag, world),
        manifest=read_manifest,
        compile=compile_run,
        backend=backend,
        nodes=NodeGateway(world),
        images=Images(world, backend),
    )
