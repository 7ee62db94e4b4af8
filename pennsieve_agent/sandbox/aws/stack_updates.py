"""What an update of a stack changes in a resource, where moto changes nothing or too little.

moto's CloudFormation leaves the policies, the trust and the boundary of a role as they were, and
knows no change of a managed policy, an endpoint, a key or a log group at all: a node that was
updated would keep the permissions of the version before it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

MOST_VERSIONS = 5
"""Of a managed policy (IAM User Guide, "Versioning IAM policies"); CloudFormation deletes the
oldest that is not in use to make room for another
(https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-managedpolicy.html)."""

Change = Callable[[Any, dict[str, Any]], None]
"""Changes a resource of moto's to the properties that the template has now."""


def change_on_update(known: Mapping[str, Any], after_function: Change) -> None:
    """Make updates change what CloudFormation changes; calling it again changes nothing.

    ``known`` is moto's class of each type, ``after_function`` what moto leaves out of a function.
    """
    changes: dict[str, Change] = {
        "AWS::EC2::VPCEndpoint": _endpoint,
        "AWS::IAM::ManagedPolicy": _policy,
        "AWS::IAM::Role": _role,
        "AWS::KMS::Key": _key,
        "AWS::Logs::LogGroup": _log_group,
    }
    for type_, change in changes.items():
        known[type_].update_from_cloudformation_json = staticmethod(_changed(change))
    function = known["AWS::Lambda::Function"]
    update = function.update_from_cloudformation_json
    if getattr(update, "filled", False):
        return

    def updated(cloudformation_json: dict[str, Any], **more: Any) -> Any:
        changed = update(cloudformation_json=cloudformation_json, **more)
        properties = cloudformation_json["Properties"]
        after_function(changed, properties)
        changed.reserved_concurrency = properties.get("ReservedConcurrentExecutions")
        return changed

    updated.filled = True  # type: ignore[attr-defined]
    function.update_from_cloudformation_json = staticmethod(updated)


def _changed(change: Change) -> Callable[..., Any]:
    def updated(original_resource: Any, cloudformation_json: dict[str, Any], **_: Any) -> Any:
        change(original_resource, cloudformation_json["Properties"])
        return original_resource

    return updated


def _text(document: Any) -> str:
    return document if isinstance(document, str) else json.dumps(document)


def _role(role: Any, properties: dict[str, Any]) -> None:
    role.assume_role_policy_document = _text(properties["AssumeRolePolicyDocument"])
    role.description = properties.get("Description", "")
    role.permissions_boundary_arn = properties.get("PermissionsBoundary")
    role.policies = {
        policy["PolicyName"]: _text(policy["PolicyDocument"])
        for policy in properties.get("Policies", ())
    }


def _policy(policy: Any, properties: dict[str, Any]) -> None:
    document = _text(properties["PolicyDocument"])
    if any(v.is_default and v.document == document for v in policy.versions):
        return
    if len(policy.versions) >= MOST_VERSIONS:
        policy.versions.remove(next(v for v in policy.versions if not v.is_default))
    policy.backend.create_policy_version(policy.arn, document, set_as_default=True)


def _endpoint(endpoint: Any, properties: dict[str, Any]) -> None:
    endpoint.policy_document = _text(properties["PolicyDocument"])
    endpoint.security_group_ids = properties.get("SecurityGroupIds", [])


def _key(key: Any, properties: dict[str, Any]) -> None:
    key.policy = _text(properties["KeyPolicy"])


def _log_group(group: Any, properties: dict[str, Any]) -> None:
    group.retention_in_days = properties.get("RetentionInDays")
