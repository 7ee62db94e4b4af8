"""The platform's compute side: accounts, nodes, the App Store, workflows and runs.

Three groups of routes on the v2 host, as in the contract:

* ``/compute/resources``: :mod:`.accounts`, :mod:`.enablements`, :mod:`.nodes`,
  :mod:`.node_changes`, :mod:`.node_sharing`, :mod:`.node_secrets`, :mod:`.role_policy`;
* ``/applications``: :mod:`.applications`, :mod:`.app_permissions`, :mod:`.legacy_applications`;
* ``/compute/workflows``: :mod:`.definitions`, :mod:`.publishing`, :mod:`.layer_routes`,
  :mod:`.runs`, :mod:`.run_logs`, :mod:`.run_updates`, :mod:`.run_totals`.

Behind them work threads, because the platform answers 202 and does the work later: the
:mod:`.provisioner` enters the customer's emulated AWS account, the :mod:`.builder` makes
repositories runnable, and the :mod:`.dispatcher` hands queued runs to the sandbox's own compute
:mod:`.node`, which compiles and executes them with the engine. All state is in SQLite, so each of
them goes on after a restart where it was.

The state of a run changes only through :mod:`.run_states`, conditionally on the state it had, so
that of two changes that meet exactly one happens.

**Builds.** A registered version goes from ``registering`` to ``deploying`` (the tag is fetched,
from the sandbox's own GitHub if that has the repository, see :mod:`.fetching`; with a container
engine ``docker build``, without one the files are kept) to ``deployed`` or ``error``. What the
build said is in the sandbox's log.

**Secrets** are in files that only the user may read (:mod:`.secret_vault`), never in the database
and never in an answer. The processors of a run get its starter's and the shared ones as
environment variables, and its log has ``***`` in their place (:mod:`.masking`).

**A run's callback token** is made when the run is STARTED, or handed to its node, and its hash is
kept. It is accepted on v2 for the run's one dataset until the run leaves that state, and for the
run itself until it is final. A node that is an engine of this process needs none; with
``--engine batch`` the node is given it.

**With** ``--engine batch`` the platform runs nothing itself (:mod:`.handover`): it enters the
account by the role, with the external id, and hands each run to the node's gateway
(:mod:`.node_gateway`). The node's real code runs as functions of the emulated account, its jobs by
:mod:`.job_machine`. Its logs, secrets and allowed processors are read and written through.

Left out: interactive sessions, LLM budgets, storage nodes, and Parquet exports.
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

    ``engine`` is ``docker``, ``process`` or ``batch``; None takes Docker when an engine answers.
    With ``batch`` the platform hands runs to their nodes, and ``machine`` runs the jobs of these,
    in containers when an engine answers. What the
    part needs of others is found by itself, unless ``neighbours`` are given.

    Raises:
        EngineError: the engine that was asked for cannot be used.

    """
    if neighbours is None:
        from pennsieve_agent.sandbox.compute.wiring import real_neighbours  # noqa: PLC0415 - heavy

        neighbours = real_neighbours(world, engine)
    return ComputeParts(world, files, neighbours, batch=engine == "batch")
