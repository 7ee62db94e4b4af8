"""Adds to moto's CloudFormation what a node's stack needs: types, changes, deletions.

moto knows no egress rules and bucket policies in templates; it forgets what it cannot
change, asks more of Batch than AWS does, and leaves most of a network behind when its stack goes.
Everything here makes it do what AWS documents, and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from pennsieve_agent.sandbox.aws.functions.asynchronous import event_invoke_types
from pennsieve_agent.sandbox.aws.functions.function_files import check_files
from pennsieve_agent.sandbox.aws.functions.function_log import mounts_of
from pennsieve_agent.sandbox.aws.functions.function_network import check_interfaces
from pennsieve_agent.sandbox.aws.limits.function_quotas import (
    check_concurrency,
    check_mounts,
    check_variables,
)
from pennsieve_agent.sandbox.aws.limits.refused import Refused
from pennsieve_agent.sandbox.aws.stack_events import emulate_events
from pennsieve_agent.sandbox.aws.stack_networks import (
    after_subnet,
    before_endpoint,
    before_subnet,
)
from pennsieve_agent.sandbox.aws.stack_templates import refuse_bad_templates
from pennsieve_agent.sandbox.aws.stack_updates import change_on_update

SERVICE_ROLE = "AWSServiceRoleForBatch"
"""What Batch works with when it is given no role (AWS Batch, "Using service-linked roles")."""

_NOTED = (
    "AWS::CloudWatch::Alarm",
    "AWS::EC2::SecurityGroupEgress",
    # moto would enforce a bucket's policy without its conditions, and so refuse everybody.
    "AWS::S3::BucketPolicy",
)

Delete = Callable[[Any, str, str], None]


def fill_gaps() -> None:
    """Make moto's CloudFormation do what a node's stack needs; calling it again changes nothing."""
    from moto.cloudformation import parsing  # noqa: PLC0415 - slow

    from pennsieve_agent.sandbox.aws.codebuild.projects import (  # noqa: PLC0415 - slow
        project_types,
    )
    from pennsieve_agent.sandbox.aws.s3files.stack_types import stack_types  # noqa: PLC0415 - slow

    types = _new_types() | stack_types() | event_invoke_types() | project_types()
    parsing.get_model_map().update(types)
    known: dict[str, Any] = dict(parsing.get_model_map())
    for type_, delete in _DELETES.items():
        known[type_].delete = _method(delete)
    for model in known.values():
        if hasattr(model.update_from_cloudformation_json, "__isabstractmethod__"):
            model.update_from_cloudformation_json = staticmethod(_kept)
    change_on_update(known, _after_function)
    _lenient_batch(known["AWS::Batch::ComputeEnvironment"])
    _wrap(known["AWS::S3::Bucket"], _after_bucket)
    _wrap(known["AWS::IAM::Role"], _after_role)
    _wrap(known["AWS::KMS::Key"], lambda *_: None, _before_key)
    _wrap(known["AWS::EC2::Subnet"], after_subnet, before_subnet)
    _wrap(known["AWS::EC2::VPCEndpoint"], lambda *_: None, before_endpoint)
    _wrap(known["AWS::Lambda::Function"], _after_function)
    _wrap(known["AWS::EC2::NatGateway"], _after_nat)
    refuse_bad_templates()
    emulate_events()


def _method(delete: Delete) -> Callable[[Any, str, str], None]:
    def method(self: Any, account_id: str, region_name: str) -> None:
        delete(self, account_id, region_name)

    return method


def _kept(original_resource: Any, **_: Any) -> Any:
    """Skip a change that moto cannot make; the stack keeps the resource unchanged."""
    return original_resource


def _new_types() -> dict[str, Any]:
    from moto.core.common_models import CloudFormationModel  # noqa: PLC0415 - slow

    class Noted(CloudFormationModel):
        """A resource that the emulation only lists, without any behaviour."""

        type_ = ""

        def __init__(self, name: str, properties: dict[str, Any]) -> None:
            self.name, self.properties = name, properties

        @property
        def physical_resource_id(self) -> str:
            return self.name

        @classmethod
        def cloudformation_type(cls) -> str:
            return cls.type_

        @staticmethod
        def cloudformation_name_type() -> str:
            return ""

        @classmethod
        def create_from_cloudformation_json(
            cls, resource_name: str, cloudformation_json: dict[str, Any], *_: Any, **__: Any
        ) -> Any:
            return cls(resource_name, cloudformation_json["Properties"])

        @staticmethod
        def update_from_cloudformation_json(  # type: ignore[override]
            original_resource: Any, cloudformation_json: dict[str, Any], **_: Any
        ) -> Any:
            original_resource.properties = cloudformation_json["Properties"]
            return original_resource

        def delete(self, account_id: str, region_name: str) -> None:
            """Do nothing."""

    return {name: type("Noted", (Noted,), {"type_": name}) for name in _NOTED}


def _ec2(account: str, region: str) -> Any:
    from moto.ec2.models import ec2_backends  # noqa: PLC0415 - slow

    return ec2_backends[account][region]


def _batch(account: str, region: str) -> Any:
    from moto.batch.models import batch_backends  # noqa: PLC0415 - slow

    return batch_backends[account][region]


def _policy(policy: Any, account: str, _: str) -> None:
    from moto.iam.models import iam_backends  # noqa: PLC0415 - slow

    iam_backends[account]["aws"].delete_policy(policy.arn)


def _bucket(bucket: Any, account: str, _: str) -> None:
    """Refuse to delete a bucket that is not empty, which moto would leave without a word."""
    from moto.s3.models import s3_backends  # noqa: PLC0415 - slow

    if s3_backends[account]["aws"].delete_bucket(bucket.name) is None:
        raise ValueError("The bucket you tried to delete is not empty")


def _nothing(*_: Any) -> None:
    """Do nothing: it is deleted with what it is a part of."""


def _routes(table: Any, account: str, region: str) -> None:
    """Delete a route table with its associations, which moto forgets."""
    backend = _ec2(account, region)
    for association in list(table._associations):  # noqa: SLF001 - moto's own
        backend.disassociate_route_table(association)
    backend.delete_route_table(table.id)


def _endpoint(endpoint: Any, account: str, region: str) -> None:
    backend = _ec2(account, region)
    if endpoint.vpc_endpoint_type.lower() == "interface":
        backend.delete_vpc_endpoints([endpoint.id])
    backend.vpc_end_points.pop(endpoint.id, None)


def _nat(gateway: Any, account: str, region: str) -> None:
    """Delete a NAT gateway, which AWS goes on showing as deleted for about an hour.

    Amazon VPC, "Work with NAT gateways":
    https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-working-with.html
    """
    _ec2(account, region).delete_nat_gateway(gateway.id)


def _key(key: Any, account: str, region: str) -> None:
    """Let a key wait for its deletion (AWS CloudFormation, "AWS::KMS::Key", PendingWindowInDays).

    It goes on being there for so long, with its tags.
    """
    from moto.kms.models import kms_backends  # noqa: PLC0415 - slow

    kms_backends[account][region].schedule_key_deletion(key.id, pending_window_in_days=7)


_DELETES: dict[str, Delete] = {
    "AWS::Batch::ComputeEnvironment": lambda e, a, r: _batch(a, r).delete_compute_environment(
        e.arn
    ),
    "AWS::Batch::JobQueue": lambda q, a, r: _batch(a, r).delete_job_queue(q.arn),
    "AWS::EC2::EIP": lambda e, a, r: _ec2(a, r).release_address(allocation_id=e.allocation_id),
    "AWS::EC2::FlowLog": lambda f, a, r: _ec2(a, r).delete_flow_logs([f.id]),
    "AWS::EC2::InternetGateway": lambda g, a, r: _ec2(a, r).delete_internet_gateway(g.id),
    "AWS::EC2::NatGateway": _nat,
    "AWS::EC2::Route": _nothing,
    "AWS::EC2::RouteTable": _routes,
    "AWS::EC2::SecurityGroupIngress": _nothing,
    "AWS::EC2::SubnetRouteTableAssociation": _nothing,
    "AWS::EC2::VPCEndpoint": _endpoint,
    "AWS::EC2::VPCGatewayAttachment": lambda t, a, r: _ec2(a, r).detach_internet_gateway(
        t.gateway_id, t.vpc_id
    ),
    "AWS::IAM::ManagedPolicy": _policy,
    "AWS::KMS::Key": _key,
    "AWS::Lambda::Permission": _nothing,
    "AWS::S3::Bucket": _bucket,
}


def _lenient_batch(environment: Any) -> None:
    """Batch works without a service role, and takes new limits and tags."""
    create = environment.create_from_cloudformation_json
    if getattr(create, "filled", False):
        return

    def with_role(
        name: str, resource: dict[str, Any], account_id: str, region: str, **_: Any
    ) -> Any:
        properties = resource["Properties"]
        resources = _lower(properties["ComputeResources"])
        backend = _batch(account_id, region)
        return backend.create_compute_environment(
            name,
            properties["Type"],
            properties.get("State", "ENABLED"),
            resources,
            properties.get("ServiceRole") or _service_role(account_id),
            properties.get("Tags"),
        )

    def resized(original_resource: Any, cloudformation_json: dict[str, Any], **_: Any) -> Any:
        changed = _lower(cloudformation_json["Properties"]["ComputeResources"])
        original_resource.compute_resources.update(changed)
        return original_resource

    with_role.filled = True  # type: ignore[attr-defined]
    environment.create_from_cloudformation_json = staticmethod(with_role)
    environment.update_from_cloudformation_json = staticmethod(resized)


def _service_role(account_id: str) -> str:
    """The role that AWS makes for Batch when it is first used."""
    from moto.iam.models import iam_backends  # noqa: PLC0415 - slow

    backend = iam_backends[account_id]["aws"]
    for role in backend.roles.values():
        if role.name.lower() == SERVICE_ROLE.lower():
            return str(role.arn)
    created = backend.create_service_linked_role("batch.amazonaws.com", "", "")
    return str(created.arn)


def _wrap(
    model: Any,
    after: Callable[[Any, dict[str, Any]], None],
    before: Callable[[dict[str, Any]], dict[str, Any]] = lambda properties: properties,
) -> None:
    """Do something before and after a resource of a type is made."""
    create = model.create_from_cloudformation_json
    if getattr(create, "filled", False):
        return

    def wrapped(name: str, resource: dict[str, Any], *where: Any, **more: Any) -> Any:
        properties = before(resource["Properties"])
        created = create(name, {**resource, "Properties": properties}, *where, **more)
        after(created, properties)
        return created

    wrapped.filled = True  # type: ignore[attr-defined]
    model.create_from_cloudformation_json = staticmethod(wrapped)


def _after_bucket(bucket: Any, properties: dict[str, Any]) -> None:
    """Turn a bucket's versioning on, which moto leaves out."""
    if status := (properties.get("VersioningConfiguration") or {}).get("Status"):
        bucket.versioning_status = status


def _after_function(function: Any, properties: dict[str, Any]) -> None:
    """Hold a function to Lambda's quotas; store what moto does not: logs, mounts, dead letters."""
    from moto.cloudformation.exceptions import ValidationError  # noqa: PLC0415 - slow

    reserved = int(properties.get("ReservedConcurrentExecutions") or 0)
    try:
        check_variables((properties.get("Environment") or {}).get("Variables") or {})
        check_concurrency(function.account_id, function.region, function.function_name, reserved)
        check_interfaces(function.role, properties.get("VpcConfig"))
        check_mounts(point for point, _ in mounts_of(properties))
        check_files(function.account_id, function.region, properties)
    except Refused as refused:
        raise ValidationError(message=refused.text) from None
    function.file_systems = mounts_of(properties)
    config = properties.get("LoggingConfig") or {}
    function.logs_group_name = config.get("LogGroup") or function.logs_group_name
    function.dead_letters = (properties.get("DeadLetterConfig") or {}).get("TargetArn", "")
    function.recursive_loop = properties.get("RecursiveLoop", "")


def _after_nat(gateway: Any, properties: dict[str, Any]) -> None:
    """Tag a NAT gateway, which moto leaves out."""
    gateway.add_tags({tag["Key"]: tag["Value"] for tag in properties.get("Tags", ())})


def _after_role(role: Any, _: dict[str, Any]) -> None:
    """Store the policies in a role's template as text, as moto's API needs them."""
    for name, document in role.policies.items():
        role.policies[name] = document if isinstance(document, str) else json.dumps(document)


def _before_key(properties: dict[str, Any]) -> dict[str, Any]:
    """Give moto the tags and the policy of a key in the form of its API."""
    tags = [{"TagKey": t["Key"], "TagValue": t["Value"]} for t in properties.get("Tags", ())]
    return {**properties, "Tags": tags, "KeyPolicy": json.dumps(properties["KeyPolicy"])}


def _lower(properties: dict[str, Any]) -> dict[str, Any]:
    """Names with a small first letter, as in Batch's API; templates have a capital one."""
    inner = {k: _lower(v) for k, v in properties.items() if isinstance(v, dict) and k != "Tags"}
    return {key[0].lower() + key[1:]: value for key, value in (properties | inner).items()}
