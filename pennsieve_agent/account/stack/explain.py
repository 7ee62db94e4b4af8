"""The resources of a stack in plain words, by group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum

from pennsieve_agent.aws.values import ResourceChange


class Group(StrEnum):
    """What a resource is for, in the order in which a plan shows them."""

    NETWORK = "Network"
    STORAGE = "Storage"
    COMPUTE = "Compute"
    FUNCTIONS = "Functions"
    ROLES = "Roles"
    RECORDS = "Records"
    OTHER = "Other"


_SERVICES = {
    "EC2": Group.NETWORK,
    "S3": Group.STORAGE,
    "S3Files": Group.STORAGE,
    "KMS": Group.STORAGE,
    "ECR": Group.STORAGE,
    "Batch": Group.COMPUTE,
    "CodeBuild": Group.FUNCTIONS,
    "AutoScaling": Group.COMPUTE,
    "Lambda": Group.FUNCTIONS,
    "Events": Group.FUNCTIONS,
    "Scheduler": Group.FUNCTIONS,
    "IAM": Group.ROLES,
    "DynamoDB": Group.RECORDS,
    "Logs": Group.RECORDS,
    "SNS": Group.FUNCTIONS,
    "CloudWatch": Group.FUNCTIONS,
    "SQS": Group.FUNCTIONS,
}
_GROUPS = {"AWS::EC2::LaunchTemplate": Group.COMPUTE, "AWS::EC2::FlowLog": Group.RECORDS}

_WHAT = {
    "AWS::Batch::ComputeEnvironment": "the compute capacity of jobs; it exists only while jobs run",
    "AWS::Batch::JobDefinition": "how one of the node's jobs runs",
    "AWS::Batch::JobQueue": "a queue in which the steps of runs wait for capacity",
    "AWS::CloudWatch::Alarm": "an alarm when something goes wrong on the node",
    "AWS::CodeBuild::Project": "builds images of workflows, when asked to; paid by the minute",
    "AWS::DynamoDB::Table": "the node's record of runs and their steps; paid by use",
    "AWS::EC2::EIP": "a public address for outgoing traffic",
    "AWS::EC2::FlowLog": "a log of the network's traffic",
    "AWS::EC2::InternetGateway": "connects the network to the internet",
    "AWS::EC2::LaunchTemplate": "how a GPU instance starts",
    "AWS::EC2::NatGateway": "lets private subnets connect to the internet, and nobody in",
    "AWS::EC2::Route": "a route of the network",
    "AWS::EC2::RouteTable": "the routes of the network",
    "AWS::EC2::SecurityGroup": "a firewall (security group)",
    "AWS::EC2::SecurityGroupEgress": "what a firewall allows out",
    "AWS::EC2::SecurityGroupIngress": "what a firewall allows in; only from the node itself",
    "AWS::EC2::Subnet": "a subnet in one availability zone",
    "AWS::EC2::SubnetRouteTableAssociation": "connects a subnet to its routes",
    "AWS::EC2::VPC": "a network of its own, separate from your others",
    "AWS::EC2::VPCEndpoint": "access to an AWS service without the internet",
    "AWS::EC2::VPCGatewayAttachment": "connects the network to the internet gateway",
    "AWS::ECR::Repository": "a repository for the node's own container images; paid by use",
    "AWS::Events::Rule": "starts the reconciler, on job events or on a schedule",
    "AWS::IAM::InstanceProfile": "gives a role to GPU instances",
    "AWS::IAM::ManagedPolicy": "a permissions boundary that you own: the limit for the roles",
    "AWS::IAM::Policy": "the permissions of one role",
    "AWS::IAM::Role": "a role for one purpose",
    "AWS::IAM::RolePolicy": "the permissions of one role",
    "AWS::KMS::Alias": "a name for the key",
    "AWS::KMS::Key": "an encryption key that you own",
    "AWS::Lambda::EventInvokeConfig": "what happens to a call that failed",
    "AWS::Lambda::Function": "a Lambda function of the node; no URL",
    "AWS::Lambda::Permission": "lets one EventBridge rule of this stack invoke one function",
    "AWS::Logs::LogGroup": "a log with a retention period",
    "AWS::Logs::ResourcePolicy": "lets AWS write to one of the node's logs",
    "AWS::S3::Bucket": "a private, encrypted, versioned bucket for the node's own files",
    "AWS::S3::BucketPolicy": "the bucket refuses unencrypted connections",
    "AWS::S3Files::AccessPoint": "how GPU instances enter the file system",
    "AWS::S3Files::FileSystem": "the files of runs: a part of the bucket as a file system; paid by "
    "use",
    "AWS::S3Files::FileSystemPolicy": "the file system is entered by its access points alone",
    "AWS::S3Files::MountTarget": "where jobs in one subnet reach the file system",
    "AWS::SNS::Topic": "sends e-mail to addresses that have confirmed that they want it",
    "AWS::SQS::Queue": "a queue of events",
}
_VERBS = {"Add": "create", "Modify": "update", "Remove": "delete"}
_OURS = {
    "BudgetTopic": "warns by e-mail before the month's budget is used up",
    "MailTopic": "tells people by e-mail that their runs have ended, who asked and confirmed it",
    "GatewayRole": "permissions of the function that answers the node's users",
    "AdminRole": "permissions of the function that answers you, the owner",
    "ReconcilerRole": "permissions of the function that carries out runs",
    "RelayRole": "permissions of the function that asks Pennsieve for transfers",
    "TransferRole": "permissions of the function that moves files of small runs; mounts nothing",
    "TransferFilesRole": "permissions of the function that does so with the files of runs mounted",
    "ExecutionRole": "permissions of AWS to pull a job's image, read its secrets and write its log",
    "BuilderRole": "permissions of builds: this node's archives of code, workflow images, a log",
    "JobRole": "permissions of a processor's container: its own files, nothing else",
    "MoverRole": "permissions of transfer jobs, which stage input and upload results",
    "FilesRole": "permissions of S3 Files, which copies files of runs to and from the bucket",
    "InstanceRole": "permissions of GPU instances, which their programs can take",
    "GpuExecutionRole": "permissions of AWS for jobs on GPU instances: no secrets, no keys",
    "FlowRole": "permissions of AWS to write the network's traffic log",
    "Schedule": "starts the reconciler every five minutes while runs are active",
    "Sweep": "starts the reconciler once an hour, should a request have been lost",
    "JobsChanged": "starts the reconciler when a job changes state",
    "Gateway": "answers people you share the node with; AWS checks each call; no URL",
    "Admin": "answers you, the owner; AWS checks each call; no URL",
    "Reconciler": "carries out runs; no URL",
    "Relay": "asks Pennsieve for transfers, which have no keys; no URL",
    "Transfer": "moves the files of small runs to and from Pennsieve; no URL",
    "TransferFiles": "does so with the files of runs mounted, inside the network; no URL",
    "TransferTells": "AWS tells the relay how a call ended",
    "TransferFilesTell": "AWS tells the relay how a call ended",
    "TransferPoint": "how the function TransferFiles enters the file system",
    "DeadLetters": "keeps for two weeks what the reconciler or the relay could not handle",
    "ReconcilerFails": "an alarm when the reconciler fails",
    "RelayFails": "an alarm when the relay fails",
    "EventsAreLost": "an alarm when an event could not be handled",
}


def group_of(type_: str) -> Group:
    """The group of a resource, by its CloudFormation type."""
    service = type_.partition("::")[2].partition("::")[0]
    return _GROUPS.get(type_) or _SERVICES.get(service, Group.OTHER)


def what(logical_id: str, type_: str) -> str:
    """What a resource is, in words; its CloudFormation type where we have none."""
    return _OURS.get(logical_id) or _WHAT.get(type_, type_)


def explain(change: ResourceChange) -> str:
    """One change of a stack in plain words."""
    verb = _VERBS.get(change.action, change.action.lower())
    note = ""
    if change.replacement == "True":
        note = "; AWS replaces it, and its contents are lost"
    elif change.replacement == "Conditional":
        note = "; AWS may have to replace it"
    return (
        f"{verb} {change.logical_id} ({change.type}): {what(change.logical_id, change.type)}{note}"
    )


def by_group(changes: Sequence[ResourceChange]) -> Iterator[tuple[Group, tuple[str, ...]]]:
    """The changes as lines, each group's together."""
    for group in Group:
        lines = tuple(explain(change) for change in changes if group_of(change.type) is group)
        if lines:
            yield group, lines
