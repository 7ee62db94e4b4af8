"""Whether a run may start (``contracts/workflows.md`` 3.1, 4.1, 4.4).

The order of the checks is ours, as the platform's is not known: first what is named and does not
exist, then the compute node, then the request's content, and last what the caller may do with the
dataset. A run acts as its caller (4.1): what is granted to a workflow does not matter here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from pennsieve_agent.domain.datasets import Role
from pennsieve_agent.domain.runs import RunStatus
from pennsieve_agent.errors import UsageProblem
from pennsieve_agent.sandbox.compute import compute_answers
from pennsieve_agent.sandbox.compute.apps.catalogue import find_app_of, find_program, may_see
from pennsieve_agent.sandbox.compute.flows.dag import PROCESSOR, BadGraph
from pennsieve_agent.sandbox.compute.flows.definition_json import resolved_dag
from pennsieve_agent.sandbox.compute.flows.definitions import (
    NO_WORKFLOW,
    may_read,
    may_read_definition,
)
from pennsieve_agent.sandbox.compute.flows.layers import LayerShelf
from pennsieve_agent.sandbox.compute.neighbour_protocols import DatasetFiles, Neighbours
from pennsieve_agent.sandbox.compute.nodes.node_access import NodeAccess
from pennsieve_agent.sandbox.compute.nodes.node_json import shown_status
from pennsieve_agent.sandbox.compute.rows import find_definition, find_node
from pennsieve_agent.sandbox.compute.runs.layer_checks import check_layers, filled_layers
from pennsieve_agent.sandbox.compute.runs.start_request import (
    Node,
    RunOrder,
    check_order,
    request_of,
    with_amounts,
    with_versions,
)
from pennsieve_agent.sandbox.host.store import Row
from pennsieve_agent.sandbox.host.world import World
from pennsieve_agent.sandbox.http.routing import Caller

NOT_STARTED = RunStatus.NOT_STARTED


@dataclass(frozen=True, slots=True)
class Approved:
    """What a run will be made of."""

    definition: Row
    dag: list[Node]
    organization: str
    """The run's workspace: the definition's, or the caller's for what another one published."""


class RunChecks:
    """Decides whether a run may start."""

    def __init__(self, world: World, files: DatasetFiles, neighbours: Neighbours) -> None:
        self._store = world.store
        self._files = files
        self._neighbours = neighbours
        self._access = NodeAccess(world.store, neighbours.members)
        self._shelf = LayerShelf(world)

    def approve(self, caller: Caller, order: RunOrder) -> Approved:
        """The definition and the frozen graph of an order that may run.

        Raises:
            Refusal: it may not.

        """
        definition = self._definition(caller, order)
        node = self._node(caller, order)
        dag = self._dag(definition, order)
        check_layers(self._shelf, order, dag)
        self._check_applications(caller, node, dag)
        self._check_compiles(definition, order, dag)
        if order.dataset_id:
            self._check_dataset(caller, order)
        own = may_read(self._neighbours.members, caller, definition)
        return Approved(definition, dag, definition["organization_id"] if own else caller.org_id)

    def take_layers(self, order: RunOrder, dag: list[Node], run_uuid: str) -> None:
        """Give a new run its layers. To be called in the transaction that stores the run.

        Raises:
            Refusal: 409, another run took one meanwhile.

        """
        self._shelf.use(order.node_uuid, order.layers)
        for name in filled_layers(order, dag):
            if not self._shelf.claim(order.node_uuid, name, run_uuid):
                raise compute_answers.message(409, f"layer {name} is no longer EMPTY")

    def _definition(self, caller: Caller, order: RunOrder) -> Row:
        if not order.workflow_uuid or not order.node_uuid:
            raise compute_answers.message(400, "missing workflowId or computeNodeId")
        row = find_definition(self._store, order.workflow_uuid)
        if row is None or not may_read_definition(self._neighbours.members, caller, row):
            raise compute_answers.message(404, NO_WORKFLOW)
        if not row["is_active"]:
            raise compute_answers.message(400, f"workflow {row['name']} is archived")
        return row

    def _node(self, caller: Caller, order: RunOrder) -> Row:
        node = find_node(self._store, order.node_uuid)
        if node is None:
            raise compute_answers.message(404, "compute node not found")
        if not self._access.may_use(caller.user_id, node):
            raise compute_answers.message(403, "no access to this compute node")
        status = shown_status(self._store, node)
        if status != "Enabled":
            raise compute_answers.message(
                409, f"compute node {node['name']} is {status}, not Enabled"
            )
        return node

    def _dag(self, definition: Row, order: RunOrder) -> list[Node]:
        nodes: list[Node] = json.loads(definition["nodes"])
        try:
            check_order(order, nodes)
        except BadGraph as problem:
            raise compute_answers.message(400, str(problem)) from None
        chosen = {**definition, "nodes": json.dumps(with_versions(order, nodes))}
        return with_amounts(order, resolved_dag(self._store, chosen))

    def _check_applications(self, caller: Caller, node: Row, dag: list[Node]) -> None:
        allowed: list[str] = json.loads(node["processors"])
        for step in dag:
            if step["type"] != PROCESSOR:
                continue
            url, tag = step["sourceUrl"], step.get("tag", "")
            app = find_app_of(self._store, url)
            program = find_program(self._store, url, tag)
            if app is not None and not may_see(self._store, self._neighbours.members, caller, app):
                raise compute_answers.message(403, f"no access to application {url}")
            if program is None:
                raise compute_answers.message(
                    400, f"application {url} {tag}".rstrip() + " is not deployed"
                )
            if program["backend"] != self._neighbours.backend.name:
                text = f"application {url} was built for {program['backend']}; register it again"
                raise compute_answers.message(400, text)  # ours: the sandbox's engine has changed
            if allowed and not {url, f"{url}:{tag}"} & set(allowed):
                text = f"processor {url} is not allowed on this compute node"
                raise compute_answers.message(403, text)

    def _check_compiles(self, definition: Row, order: RunOrder, dag: list[Node]) -> None:
        run = {
            "workflow_uuid": definition["uuid"],
            "workflow_name": definition["name"],
            "dag": json.dumps(dag),
            "request": json.dumps(order.echo()),
            "node_uuid": order.node_uuid,
            "dataset_id": order.dataset_id,
            "name": order.name,
        }
        try:
            self._neighbours.compile("check", request_of(run), {})
        except UsageProblem as problem:
            raise compute_answers.message(400, problem.message) from None

    def _check_dataset(self, caller: Caller, order: RunOrder) -> None:
        dataset = order.dataset_id
        if not self._files.exists(dataset):
            raise compute_answers.message(404, "dataset not found")
        if not self._neighbours.dataset_role(caller.user_int_id, dataset).at_least(Role.EDITOR):
            raise compute_answers.message(
                403, "starting a run needs the role editor on the dataset"
            )
        self._check_packages(order)

    def _check_packages(self, order: RunOrder) -> None:
        for packages in order.sources.values():
            try:
                files = self._files.resolve(order.dataset_id, packages)
            except LookupError as error:
                which = error.args[0] if error.args else ", ".join(packages)
                text = f"package {which} is not in dataset {order.dataset_id}"
                raise compute_answers.message(400, text) from None
            if not files:
                raise compute_answers.message(400, "the packages hold no files")


def active_row(order: RunOrder, approved: Approved) -> dict[str, Any]:
    """The columns of a new run that come from the order."""
    return {
        "workflow_uuid": approved.definition["uuid"],
        "workflow_name": approved.definition["name"],
        "organization_id": approved.organization,
        "node_uuid": order.node_uuid,
        "dataset_id": order.dataset_id,
        "dag": json.dumps(approved.dag),
        "request": json.dumps(order.echo()),
        "status": NOT_STARTED.value,
    }
