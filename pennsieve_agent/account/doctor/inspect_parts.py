"""Look at a node's parts and roles, for ``doctor``. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from pennsieve_agent.account.doctor.parts_health import Parts
from pennsieve_agent.account.doctor.role_drift import ActualRole, expected_roles, fits, role_drift
from pennsieve_agent.account.register.preflight_problems import findings
from pennsieve_agent.account.register.read_limits import read_limits_now
from pennsieve_agent.account.spec.names import NodeNames
from pennsieve_agent.account.spec.node_spec import NodeSpec
from pennsieve_agent.account.stack.stack_request import stack_request
from pennsieve_agent.account.world.clients import Clients
from pennsieve_agent.account.world.own_node_state import HEALTH
from pennsieve_agent.account.world.permitted_reads import PermittedReads
from pennsieve_agent.aws.deployed import deployed
from pennsieve_agent.aws.iam import attached_policies, find_role, managed_policy, role_policies
from pennsieve_agent.aws.queues import queues
from pennsieve_agent.aws.session import Aws
from pennsieve_agent.domain.own_node import OwnNode


def look_at_roles(aws: Aws, names: NodeNames, template: Mapping[str, Any]) -> Iterator[str]:
    """What differs about the roles and the boundary that a template makes, in a few words each."""
    for expected in expected_roles(template):
        role = find_role(aws, expected.name)
        actual = None
        if role is not None:
            actual = ActualRole(
                role, role_policies(aws, role.name), attached_policies(aws, role.name)
            )
        yield from role_drift(expected, actual)
    for properties in _of_type(template, "AWS::IAM::ManagedPolicy"):
        document = managed_policy(aws, names.boundary_arn)
        if document is None or not fits(properties["PolicyDocument"], document):
            yield f"policy {names.boundary}"


def look_at_parts(
    clients: Clients,
    reads: PermittedReads,
    node: OwnNode,
    names: NodeNames,
    spec: NodeSpec,
) -> Parts | None:
    """A node's parts; None where it is turned off, so that its template has no functions."""
    aws, settings, template = clients.aws, spec.settings, stack_request(spec).template
    functions = [str(p["FunctionName"]) for p in _of_type(template, "AWS::Lambda::Function")]
    if not functions:
        return None
    lines = [str(p["JobQueueName"]) for p in _of_type(template, "AWS::Batch::JobQueue")]
    limits = read_limits_now(aws, reads, names, settings)
    installed = {
        name: reads.attempt("functions", partial(deployed, aws, name), None) for name in functions
    }
    if "functions" in reads.unseen:
        reads.unseen["code"] = reads.unseen["functions"]
    return Parts(
        functions=installed,
        code=clients.bundle.code if clients.bundle is not None else None,
        answer=reads.attempt(
            "node's answer", lambda: clients.client(node).ask(*HEALTH, admin=True), None
        ),
        expected=lines,
        queues=reads.attempt("queues", lambda: queues(aws, lines), ()),
        findings=findings(limits, settings, creates=False),
    )


def _of_type(template: Mapping[str, Any], type_: str) -> Iterator[Mapping[str, Any]]:
    for resource in template["Resources"].values():
        if resource["Type"] == type_:
            yield resource["Properties"]
