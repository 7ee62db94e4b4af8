"""The roles of a stack with their documents, read from its very template."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pennsieve_agent.account.rights.policy_sentences import RoleDocuments
from pennsieve_agent.account.spec.node_spec import NodeSpec
from pennsieve_agent.account.stack.stack_request import stack_request
from pennsieve_agent.account.stack.template_parts import attribute, ref
from pennsieve_agent.domain.iam_policies import Document

_POLICY_TYPES = {"AWS::IAM::Policy", "AWS::IAM::RolePolicy"}


def roles_of(spec: NodeSpec) -> tuple[RoleDocuments, ...]:
    """Every role that a node has. None is for Pennsieve.

    An organisation's own boundary is not in the template, so it is not here either.
    """
    resources = _settled(stack_request(spec).template["Resources"], spec)
    return tuple(
        _role(resources, logical_id, body["Properties"])
        for logical_id, body in resources.items()
        if body["Type"] == "AWS::IAM::Role"
    )


def _settled(value: Any, spec: NodeSpec) -> Any:
    """Resources in which files and key, whose ARNs only AWS knows, have the node's name."""
    if value == ref(spec.kept.files):
        return spec.names.arn("s3files", f"file-system/{spec.names.stack}")
    if value == attribute("Key", "Arn"):
        return spec.names.arn("kms", f"key/{spec.names.stack}")
    if isinstance(value, Mapping):
        return {key: _settled(inner, spec) for key, inner in value.items()}
    return [_settled(inner, spec) for inner in value] if isinstance(value, list) else value


def _role(
    resources: Mapping[str, Any], logical_id: str, properties: Mapping[str, Any]
) -> RoleDocuments:
    name = str(properties.get("RoleName", logical_id))
    boundary = properties.get("PermissionsBoundary")
    ours = resources.get(boundary.get("Ref", ""), {}) if isinstance(boundary, Mapping) else {}
    inline = [policy["PolicyDocument"] for policy in properties.get("Policies", ())]
    return RoleDocuments(
        name=name,
        trust=properties["AssumeRolePolicyDocument"],
        permissions=(*inline, *_attached(resources, logical_id, name)),
        boundary=ours.get("Properties", {}).get("PolicyDocument"),
    )


def _attached(resources: Mapping[str, Any], logical_id: str, name: str) -> Iterator[Document]:
    for body in resources.values():
        properties = body.get("Properties", {})
        if body["Type"] not in _POLICY_TYPES:
            continue
        roles = properties.get("Roles", [properties.get("RoleName")])
        if name in roles or {"Ref": logical_id} in roles:
            yield properties["PolicyDocument"]
