"""What of moto's CloudFormation, and of the networks that it makes, the sandbox uses."""

from __future__ import annotations

import inspect
import json
from typing import Any

from pennsieve_agent.sandbox.aws.stacks import _DELETES
from tests.sandbox.aws.moto_names import (
    ACCOUNT,
    REGION,
    client,
    has,
    named,
    of,
    takes,
)


@of("moto.cloudformation:parsing")
def cloudformation_types(parsing: Any) -> None:
    models = parsing.get_model_map()
    assert parsing.get_model_map() is models  # what is put into it stays
    wrapped = {"AWS::S3::Bucket", "AWS::IAM::Role", "AWS::KMS::Key", "AWS::Lambda::Function"}
    assert {*_DELETES, *wrapped, "AWS::Batch::ComputeEnvironment"} <= models.keys()
    for model in models.values():
        has(model, "create_from_cloudformation_json", "update_from_cloudformation_json")


@of("moto.cloudformation:models", "moto.cloudformation:responses")
def yaml_of_cloudformation(models: Any, responses: Any) -> None:
    has(models.yaml, "load")
    has(responses.yaml, "load")


@of("moto.ec2.models.availability_zones_and_regions:RegionsAndZonesBackend")
def zones_by_id(backend: Any) -> None:
    zone = backend.zones[REGION][0]
    assert zone.zone_id.startswith("use1-az")
    assert zone.name.startswith(REGION)


@of("moto.cloudformation.models:cloudformation_backends")
def life_of_stacks(cloudformation_backends: Any) -> None:
    models, parsing = named("moto.cloudformation:models"), named("moto.cloudformation:parsing")
    takes(models.ChangeSet.apply, "self")
    takes(models.Stack.delete, "self")
    takes(parsing.parse_and_update_resource, "logical_id", "resource_json", "resources_map",
          "account_id", "region_name")  # fmt: skip
    client("cloudformation").create_stack(
        StackName="s", TemplateBody=json.dumps({"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}})
    )
    (stack,) = cloudformation_backends[ACCOUNT][REGION].stacks.values()
    has(stack, "template", "output_map", "template_dict", "events", "status")
    takes(stack._parse_template)
    takes(stack._create_output_map)
    takes(stack._add_stack_event, "resource_status", "resource_status_reason")
    has(stack.resource_map, "_resource_json_map", "_parsed_resources", "input_parameters")
    event = stack.events[-1]
    has(event, "logical_resource_id", "physical_resource_id", "resource_type", "resource_status")
    assert event.timestamp <= named("moto.core.utils:utcnow")()


@of("moto.core.common_models:CloudFormationModel")
def own_types(model: Any) -> None:
    marked = {name for name in dir(model) if hasattr(getattr(model, name), "__isabstractmethod__")}
    assert marked <= {
        *("cloudformation_name_type", "cloudformation_type", "create_from_cloudformation_json"),
        *("update_from_cloudformation_json", "delete_from_cloudformation_json"),
        *("delete", "physical_resource_id", "has_cfn_attr", "is_created"),
    }
    # A type that cannot be changed is told by this mark.
    assert hasattr(model.update_from_cloudformation_json, "__isabstractmethod__")


@of("moto.core.base_backend:BackendDict", "moto.core.base_backend:BaseBackend")
def own_backends(backends: Any, base: Any) -> None:
    made = backends(type("Mine", (base,), {}), "efs")
    assert made[ACCOUNT][REGION] is made[ACCOUNT][REGION]
    assert (made[ACCOUNT][REGION].account_id, made[ACCOUNT][REGION].region_name) == (
        ACCOUNT,
        REGION,
    )
    has(made[ACCOUNT], "values")


@of("moto.ec2.models:ec2_backends")
def networks(ec2_backends: Any) -> None:
    ec2 = client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    service = f"com.amazonaws.{REGION}.s3"
    ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=service)
    backend = ec2_backends[ACCOUNT][REGION]
    assert list(backend.route_tables[table]._associations) == []
    (point,) = backend.vpc_end_points.values()
    has(point, "id", "vpc_endpoint_type")
    assert backend.nat_gateways == {}
    takes(backend.delete_route_table, "route_table_id")
    takes(backend.disassociate_route_table, "association_id")
    takes(backend.delete_vpc_endpoints, "vpce_ids")
    takes(backend.delete_flow_logs, "flow_log_ids")
    takes(backend.delete_internet_gateway, "internet_gateway_id")
    takes(backend.detach_internet_gateway, "internet_gateway_id", "vpc_id")
    assert "allocation_id" in inspect.signature(backend.release_address).parameters
    takes(backend.describe_vpcs)


@of("moto.batch:exceptions")
def codes_of_refusals(exceptions: Any) -> None:
    for name in ("InvalidRequestException", "InvalidParameterValueException", "ValidationError"):
        assert isinstance(getattr(exceptions, name).TYPE, str)
    assert exceptions.InternalFailure.STATUS == 500


@of("moto.cloudformation.responses:CloudFormationResponse")
def refused_templates(response: Any) -> None:
    error = named("moto.cloudformation.exceptions:ValidationError")
    assert error(message="why").message == "why"
    takes(response._get_param, "self", "param_name", "if_none")
    takes(response._get_stack_from_s3_url, "self", "template_url")
    for name in ("create_change_set", "create_stack", "update_stack"):
        takes(getattr(response, name), "self")


@of("moto.cloudformation.exceptions:ValidationError")
def stack_errors(error: Any) -> None:
    takes(error.__init__, "self", "name_or_id", "message")
