"""The node's four functions, and what wakes one of them. They have no address.

All are outside the node's network in every mode: they reach AWS and Pennsieve over TLS, and run no
code but the node's own.
"""

from __future__ import annotations

from typing import Any

from pennsieve_agent.account.spec.node_spec import Code, NodeSpec
from pennsieve_agent.account.stack.alarms import alarms, dead_letters
from pennsieve_agent.account.stack.template_parts import (
    Resource,
    Resources,
    attribute,
    builds_images,
    has_key,
    ref,
    tags,
)
from pennsieve_agent.node.node_settings import NodeSettings, variable
from pennsieve_agent.node.reconciler import HEEDED

RUNTIME = "python3.13"
MEMORY_MB = 512
GATEWAY_SECONDS = 30
RECONCILER_SECONDS = 300
RELAY_SECONDS = 60
"""As long as a transfer waits for an answer."""
CONCURRENCY = 5
"""What each function may use of the account's concurrency, and what it is sure to have."""
RELAY_CONCURRENCY = 10
"""More than the others, as any number of transfers ask at once. Who gets no slot asks again."""
_IN_CHAINS = frozenset({"reconciler", "relay", "transfer"})
"""Functions that may come more than 16 times in one chain of calls, where AWS Lambda would stop it
(https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html). The end of a run begins
the next one of a batch: two transfers and their ends for each run that fails before it has a job on
AWS Batch, whose events begin a new chain. Chains end by themselves: each takes a row of a batch, of
which there are at most 10,000, and a transfer is tried a limited number of times."""
MOVER_IMAGE = "docker/library/python:3.13-slim"
PUBLIC_REGISTRY = "public.ecr.aws"


def functions(spec: NodeSpec, code: Code) -> Resources:
    """The functions with their rules: what turns a node on."""
    names = spec.names
    return {
        "Gateway": node_function(spec, code, names.gateway, "gateway", GATEWAY_SECONDS),
        "Admin": node_function(spec, code, names.admin, "admin", GATEWAY_SECONDS),
        "Reconciler": _kept(
            node_function(spec, code, names.reconciler, "reconciler", RECONCILER_SECONDS)
        ),
        "Relay": _kept(_relay(spec, code)),
        **alarms(spec),
        "JobsChanged": _rule(
            spec,
            f"{names.stack}-jobs",
            "A job of the node has changed",
            EventPattern={
                "source": ["aws.batch"],
                "detail-type": ["Batch Job State Change"],
                "detail": {
                    "jobQueue": [ref(f"{queue}Queue") for queue in _queues(spec)],
                    "status": list(HEEDED),
                },
            },
        ),
        "Schedule": _rule(
            spec,
            names.schedule,
            "Runs are active; the node turns this on and off itself",
            ScheduleExpression="rate(5 minutes)",
            State="DISABLED",
        ),
        "Sweep": _rule(
            spec,
            f"{names.stack}-sweep",
            "Looks once an hour for a run whose request was lost",
            ScheduleExpression="rate(1 hour)",
            State="ENABLED",
        ),
        "JobsChangedCalls": _permission(spec, "JobsChanged"),
        "ScheduleCalls": _permission(spec, "Schedule"),
        "SweepCalls": _permission(spec, "Sweep"),
    }


def _queues(spec: NodeSpec) -> tuple[str, ...]:
    return ("Fargate", "Spot", *(("Gpu",) if spec.settings.gpu else ()))


def _relay(spec: NodeSpec, code: Code) -> Resource:
    function = node_function(spec, code, spec.names.relay, "relay", RELAY_SECONDS)
    function["Properties"]["ReservedConcurrentExecutions"] = RELAY_CONCURRENCY
    return function


def _kept(function: Resource) -> Resource:
    """A function that is sent events, so that those which it could not handle are kept."""
    return {**function, "Properties": {**function["Properties"], **dead_letters()}}


def node_function(
    spec: NodeSpec, code: Code, name: str, module: str, seconds: int
) -> dict[str, Any]:
    """One of the node's functions, which have their settings and their role as they are called."""
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            "FunctionName": name,
            **({"RecursiveLoop": "Allow"} if module in _IN_CHAINS else {}),
            "Description": f"Pennsieve node '{spec.names.token}': the {module}",
            "Runtime": RUNTIME,
            "Architectures": ["arm64"],
            "Handler": f"pennsieve_agent.node.{module}.handler",
            "Code": {"S3Bucket": spec.names.bucket, "S3Key": spec.names.code_key(code.digest)},
            "Role": attribute(f"{module.capitalize()}Role", "Arn"),
            "MemorySize": MEMORY_MB,
            "Timeout": seconds,
            "ReservedConcurrentExecutions": CONCURRENCY,
            "LoggingConfig": {"LogGroup": ref("FunctionLogs")},
            "Environment": {"Variables": _environment(spec, code)},
            "Tags": tags(spec),
        },
    }


def _environment(spec: NodeSpec, code: Code) -> dict[str, object]:
    """The settings of the node's functions, as environment variables."""
    names, settings = spec.names, spec.settings
    values = NodeSettings(
        token=names.token,
        region=names.region,
        account=names.account_id,
        mode=settings.mode.value,
        version=code.version,
        table=names.table,
        bucket=names.bucket,
        code_key=names.code_key(code.digest),
        log_group=names.log_group,
        file_system="",
        fargate_queue=names.queue("fargate"),
        spot_queue=names.queue("spot"),
        gpu_queue=names.queue("gpu") if settings.gpu else "",
        gpu_type=settings.gpu.instance_type if settings.gpu else "",
        execution_role="",
        job_role="",
        mover_role="",
        gateway=names.gateway,
        admin=names.admin,
        organization=spec.organization_id,
        reconciler=names.reconciler,
        relay=names.relay,
        transfer_function=names.transfer,
        files_function=names.transfer_files,
        builder=names.builder if builds_images(spec) else "",
        schedule=names.schedule,
        secret_prefix=names.secret_prefix,
        mover_image=mover_image(spec),
        api=spec.api,
        api2=spec.api2,
        cognito=spec.cognito,
        max_vcpus=str(settings.max_vcpus),
        monthly_budget=f"{settings.monthly_budget:g}",
    )
    return values.environment() | _created_with_the_stack(spec)


def _created_with_the_stack(spec: NodeSpec) -> dict[str, object]:
    """The settings that only CloudFormation knows, named as it names them."""
    gpu = spec.settings.gpu
    return {
        variable("file_system"): ref(spec.kept.files),
        variable("execution_role"): attribute("ExecutionRole", "Arn"),
        variable("job_role"): attribute("JobRole", "Arn"),
        variable("mover_role"): attribute("MoverRole", "Arn"),
        **({variable("gpu_execution_role"): attribute("GpuExecutionRole", "Arn")} if gpu else {}),
        **({variable("budget_topic"): ref("BudgetTopic")} if spec.settings.monthly_budget else {}),
        variable("mail_topic"): ref("MailTopic"),
        **({variable("key"): attribute("Key", "Arn")} if has_key(spec) else {}),
    }


def mover_image(spec: NodeSpec) -> str:
    """The image in which files are moved: the node's own copy, by digest.

    The public one is not reached from a network without internet, nor by way of a registry's cache,
    whose first pull needs a NAT in the same network (Amazon ECR, "Considerations for Amazon ECR VPC
    endpoints": https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html).
    """
    names = spec.names
    if not spec.transfer_digest:
        raise ValueError("the image of transfer jobs has no digest")
    registry = f"{names.account_id}.dkr.ecr.{names.region}.amazonaws.com"
    return f"{registry}/{names.transfer_images}@{spec.transfer_digest}"


def _rule(spec: NodeSpec, name: str, about: str, **how: object) -> Resource:
    target = {"Id": "reconciler", "Arn": attribute("Reconciler", "Arn")}
    properties = {"Name": name, "Description": about, "Targets": [target], **how}
    return {"Type": "AWS::Events::Rule", "Properties": {**properties, "Tags": tags(spec)}}


def _permission(spec: NodeSpec, rule: str) -> Resource:
    return {
        "Type": "AWS::Lambda::Permission",
        "Properties": {
            "FunctionName": ref("Reconciler"),
            "Action": "lambda:InvokeFunction",
            "Principal": "events.amazonaws.com",
            "SourceAccount": spec.names.account_id,
            "SourceArn": attribute(rule, "Arn"),
        },
    }
