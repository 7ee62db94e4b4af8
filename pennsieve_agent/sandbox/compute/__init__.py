"""The platform's compute side: accounts, nodes, the App Store, workflows and runs.

Three groups of routes on the v2 host, as in the contract:

* ``/compute/resources``: :mod:`.accounts`, :mod:`.enablements`, :mod:`.nodes`,
  :mod:`.node_changes`, :mod:`.node_sharing`, :mod:`.role_policy`;
* ``/applications``: :mod:`.applications`, :mod:`.app_permissions`;
* ``/compute/workflows``: :mod:`.definitions`, :mod:`.runs`, :mod:`.run_updates`.

Behind them work threads, because the platform answers 202 and does the work later: the
:mod:`.provisioner` enters the customer's emulated AWS account, the :mod:`.builder` makes
repositories runnable, and the :mod:`.dispatcher` hands queued runs to the sandbox's own compute
:mod:`.node`, which compiles and executes them with the engine. All state is in SQLite, so each of
them goes on after a restart where it was.

The state of a run changes only through :mod:`.run_states`, conditionally on the state it had, so
that of two changes that meet exactly one happens.
"""

from __future__ import annotations

from pennsieve_agent.sandbox.compute.parts import ComputeParts
from pennsieve_agent.sandbox.compute.schema import SCHEMA
from pennsieve_agent.sandbox.compute.seams import DatasetFiles, Neighbours
from pennsieve_agent.sandbox.world import World

__all__ = ["SCHEMA", "ComputeParts", "build"]


def build(
    world: World,
    files: DatasetFiles,
    engine: str | None = None,
    *,
    neighbours: Neighbours | None = None,
) -> ComputeParts:
    """Put the compute side together; nothing runs before :meth:`ComputeParts.start`.

    ``engine`` is ``docker`` or ``process``; None takes Docker when an engine answers. What the
    part needs of others is found by itself, unless ``neighbours`` are given.

    Raises:
        EngineError: the engine that was asked for cannot be used.

    """
    if neighbours is None:
        from pennsieve_agent.sandbox.compute.wiring import real_neighbours  # noqa: PLC0415 - heavy

        neighbours = real_neighbours(world, engine)
    return ComputeParts(world, files, neighbours)
