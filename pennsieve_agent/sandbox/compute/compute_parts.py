"""The compute side as one object."""

from __future__ import annotations

import hmac
import itertools

from pennsieve_agent.domain.runs import RunStatus
from pennsieve_agent.sandbox.compute.apps import legacy_applications
from pennsieve_agent.sandbox.compute.apps.app_permissions import AppPermissions
from pennsieve_agent.sandbox.compute.apps.applications import Applications
from pennsieve_agent.sandbox.compute.apps.builder import Builder
from pennsieve_agent.sandbox.compute.flows.definitions import Definitions
from pennsieve_agent.sandbox.compute.flows.layer_routes import NodeLayers
from pennsieve_agent.sandbox.compute.flows.layers import LayerShelf
from pennsieve_agent.sandbox.compute.flows.publishing import Publishing
from pennsieve_agent.sandbox.compute.neighbour_protocols import DatasetFiles, Neighbours
from pennsieve_agent.sandbox.compute.nodes import role_policy
from pennsieve_agent.sandbox.compute.nodes.accounts import Accounts
from pennsieve_agent.sandbox.compute.nodes.enablements import Enablements
from pennsieve_agent.sandbox.compute.nodes.gateway_vault import GatewayVault
from pennsieve_agent.sandbox.compute.nodes.node_changes import NodeChanges
from pennsieve_agent.sandbox.compute.nodes.node_secrets import NodeSecrets
from pennsieve_agent.sandbox.compute.nodes.node_sharing import NodeSharing
from pennsieve_agent.sandbox.compute.nodes.nodes import Nodes
from pennsieve_agent.sandbox.compute.nodes.provisioner import Provisioner
from pennsieve_agent.sandbox.compute.rows import find_run
from pennsieve_agent.sandbox.compute.runs.handover import Handover
from pennsieve_agent.sandbox.compute.runs.job_machine import JobMachine
from pennsieve_agent.sandbox.compute.runs.run_checks import RunChecks
from pennsieve_agent.sandbox.compute.runs.run_logs import RunLogs
from pennsieve_agent.sandbox.compute.runs.run_states import hash_token
from pennsieve_agent.sandbox.compute.runs.run_totals import RunTotals
from pennsieve_agent.sandbox.compute.runs.run_updates import RunUpdates
from pennsieve_agent.sandbox.compute.runs.runs import Runs
from pennsieve_agent.sandbox.host.world import World
from pennsieve_agent.sandbox.http.routing import Caller, Route


class ComputeParts:
    """Routes and threads of the compute side; made by :func:`~.compute.build`.

    It is used once: started, then stopped. :attr:`machine` is what runs the jobs of nodes.
    """

    def __init__(self, world: World, files: DatasetFiles, neighbours: Neighbours) -> None:
        self._store = world.store
        self._members = members = neighbours.members
        self._backend = neighbours.backend
        self.engine_name = neighbours.backend.name
        self.engine_place = neighbours.backend.place
        nodes, images = neighbours.nodes, neighbours.images
        shelf = LayerShelf(world)
        self._provisioner = Provisioner(world, nodes, shelf.forget)
        program = images.program if images else lambda *_: None
        self.machine = JobMachine(program, neighbours.backend, world.data / "jobs")
        self._builder = Builder(world, neighbours, images)
        self.handover = handover = Handover(world, nodes, shelf)
        checks = RunChecks(world, files, neighbours)
        groups = (
            Accounts(world, members),
            Enablements(world),
            Nodes(world, members, self._provisioner.put),
            NodeChanges(world, members, self._provisioner.put),
            NodeSharing(world, members, nodes),
            NodeSecrets(world.store, members, GatewayVault(world.store, nodes)),
            NodeLayers(world, members, shelf),
            Applications(world, members, self._builder.put),
            AppPermissions(world, members),
            Definitions(world, members),
            Publishing(world, members),
            Runs(world, members, checks, handover.put),
            RunLogs(world, members, handover.lines),
            RunTotals(world, members),
            RunUpdates(world, neighbours, handover.halt),
        )
        self.routes: list[Route] = [
            *role_policy.routes(),
            *legacy_applications.routes(),
            *itertools.chain.from_iterable(group.routes() for group in groups),
        ]

    def start(self) -> None:
        """Start the threads, which first take up what an earlier process left."""
        sweep = getattr(self._backend, "sweep", None)  # only some can leave anything
        if sweep is not None:
            sweep()
        self.machine.sweep()
        self._provisioner.start()
        self._builder.start()
        self.handover.start()

    def stop(self) -> None:
        """End the threads; nodes go on with their runs."""
        self.handover.stop()
        self._builder.stop()
        self._provisioner.stop()
        close = getattr(self._backend, "close", None)  # only some hold a connection
        if close is not None:
            close()

    def callback(self, run_id: str, token: str) -> Caller | None:
        """Who a run's callback token speaks for (``contracts/workflows.md`` 5.5).

        None unless the run is STARTED and has a workspace and a dataset.
        """
        run = find_run(self._store, run_id)
        if run is None or RunStatus.of(run["status"]) is not RunStatus.STARTED:
            return None
        if not run["organization_id"] or not run["dataset_id"] or not run["token_hash"]:
            return None
        if not hmac.compare_digest(run["token_hash"], hash_token(token)):
            return None
        role = self._members.org_role(run["created_by"], run["organization_id"])
        if role == 0:
            return None
        return Caller(
            user_int_id=run["user_int_id"],
            user_id=run["created_by"],
            email=run["email"],
            org_int_id=run["org_int_id"],
            org_id=run["organization_id"],
            org_role=role,
            run_id=run["uuid"],
            run_dataset_id=run["dataset_id"],
        )
