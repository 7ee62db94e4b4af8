"""The platform's compute side: accounts, nodes, the App Store, workflows and runs.

Rooms, for the three groups of routes on the v2 host, as in the contract:

    nodes    ``/compute/resources``: accounts, enablements, nodes, sharing, secrets, role policy
    apps     ``/applications``: the App Store, permissions, builds
    flows    ``/compute/workflows``: definitions, publishing, layers
    runs     ``/compute/workflows``: runs, their checks, logs, updates and totals

What they share is beside them: answers, request bodies, paging, tables, rows, times, workers;
:mod:`.neighbour_protocols` is what they need of the rest of the sandbox, :mod:`.neighbours` the
real ones, :mod:`.compute_parts` the whole as one object.

Behind them work threads, because the platform answers 202 and does the work later: the
:mod:`.nodes.provisioner` enters the customer's emulated AWS account and makes a node there
(:mod:`.nodes.build_node`), the :mod:`.apps.builder` makes repositories runnable, and the
:mod:`.runs.handover` hands runs to their nodes. All state is in SQLite, so each of them goes on
after a restart where it was.

All this is about nodes that Pennsieve runs. Of a node of the user's own the platform knows the
account, and nothing else: commands call its functions, which are the same code in the same emulated
account.

The platform runs nothing itself: it enters the account by the role and calls the node's gateway
(:mod:`.nodes.node_gateway`, :mod:`pennsieve_agent.node.hosted`). The node's code runs as functions
of the emulated account. The :mod:`.runs.job_machine` runs the jobs of its Batch, for both kinds of
node. Logs, secrets and allowed processors are the node's, and are read and written through.

The state of a run changes only through :mod:`.runs.run_states`, conditionally on the state it had,
so that of two changes that meet exactly one happens.

**Builds.** A registered version goes from ``registering`` to ``deploying`` (the tag is fetched,
from the sandbox's own GitHub if that has the repository, see :mod:`.apps.fetch_tag`; with a
container engine its image is built, without one the files are kept, see :mod:`.apps.images`) to
``deployed`` or ``error``. What the build said is in the sandbox's log.

**Whose a run is.** It acts as the person who started it: its node is handed that person's session,
and a callback token of the run, whose hash is kept. The token is accepted on v2, for the run's one
dataset, while the run is STARTED.

Left out: interactive sessions, LLM budgets, storage nodes, and Parquet exports.
"""

from __future__ import annotations

from pennsieve_agent.sandbox.compute.compute_parts import ComputeParts
from pennsieve_agent.sandbox.compute.neighbour_protocols import DatasetFiles, Neighbours
from pennsieve_agent.sandbox.compute.schema import SCHEMA
from pennsieve_agent.sandbox.host.world import World

__all__ = ["SCHEMA", "ComputeParts", "build"]


def build(
    world: World,
    files: DatasetFiles,
    engine: str | None = None,
    *,
    neighbours: Neighbours | None = None,
) -> ComputeParts:
    """Put the compute side together; nothing runs before :meth:`ComputeParts.start`.

    ``engine`` is the machine below the emulated Batch: ``docker`` or ``process``; None takes
    Docker when an engine answers. What the part needs of others is found by itself, unless
    ``neighbours`` are given.

    Raises:
        EngineError: the engine that was asked for cannot be used.

    """
    if neighbours is None:
        from pennsieve_agent.sandbox.compute.neighbours import real_neighbours  # noqa: PLC0415 - heavy

        neighbours = real_neighbours(world, engine)
    return ComputeParts(world, files, neighbours)
