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
    "EFS": Group.STORAGE,
    "KMS": Group.STORAGE,
    "ECR": Group.STORAGE,
    "SecretsManager": Group.STORAGE,
    "Batch": Group.COMPUTE,
    "AutoScaling": Group.COMPUTE,
    "Lambda": Group.FUNCTIONS,
    "Events": Group.FUNCTIONS,
    "Scheduler": Group.FUNCTIONS,
    "IAM": Group.ROLES,
    "DynamoDB": Group.RECORDS,
    "Logs": Group.RECORDS,
    "Budgets": Group.RECORDS,
    "CloudWatch": Group.RECORDS,
}
_GROUPS = {"AWS::EC2::LaunchTemplate": Group.COMPUTE, "AWS::EC2::FlowLog": Group.RECORDS}

_WHAT = {
    "AWS::Batch::ComputeEnvironment": "machines that are there only while jobs run",
    "AWS::Batch::JobDefinition": "how a job of the node's own runs",
    "AWS::Batch::JobQueue": "a queue in which the steps of runs wait for machines",
    "AWS::Budgets::Budget": "a budget, which AWS's billing pages show; runs stop at it",
    "AWS::CloudWatch::Alarm": "an alarm when something of the node goes wrong",
    "AWS::DynamoDB::Table": "a table in which the node keeps what it did; paid by use",
    "AWS::EC2::EIP": "a public address through which the network reaches out",
    "AWS::EC2::FlowLog": "a record of who spoke to whom in the network",
    "AWS::EC2::InternetGateway": "the way from the network to the internet",
    "AWS::EC2::LaunchTemplate": "how a machine with GPUs starts",
    "AWS::EC2::NatGateway": "lets private machines reach out, and nobody in",
    "AWS::EC2::Route": "a route of the network",
    "AWS::EC2::RouteTable": "the routes of the network",
    "AWS::EC2::SecurityGroup": "a firewall",
    "AWS::EC2::SecurityGroupEgress": "what a firewall lets out",
    "AWS::EC2::SecurityGroupIngress": "what a firewall lets in, from the node itself only",
    "AWS::EC2::Subnet": "a part of the network in one data centre",
    "AWS::EC2::SubnetRouteTableAssociation": "ties a part of the network to its routes",
    "AWS::EC2::VPC": "a network of its own, apart from all others you have",
    "AWS::EC2::VPCEndpoint": "a way to an AWS service that does not touch the internet",
    "AWS::EC2::VPCGatewayAttachment": "ties the network to the internet",
    "AWS::ECR::Repository": "a repository for container images of the node's own; paid by use",
    "AWS::EFS::AccessPoint": "an access point: one folder of the file system",
    "AWS::EFS::FileSystem": "an encrypted file system for the files of runs; paid by use",
    "AWS::EFS::MountTarget": "where jobs reach the file system",
    "AWS::Events::Rule": "wakes the node when a job changes, or by the clock while runs are active",
    "AWS::IAM::InstanceProfile": "hands its role to a machine with GPUs",
    "AWS::IAM::ManagedPolicy": "a permissions boundary that you own: the most that a role can do",
    "AWS::IAM::Policy": "the rights of one role; nothing shared",
    "AWS::IAM::Role": "a role of its own for one purpose",
    "AWS::IAM::RolePolicy": "the rights of one role; nothing shared",
    "AWS::KMS::Alias": "a name for the key",
    "AWS::KMS::Key": "an encryption key that you own",
    "AWS::Lambda::EventInvokeConfig": "what becomes of a call that failed",
    "AWS::Lambda::Function": "a function of the node's own; it listens to nothing",
    "AWS::Lambda::Permission": "lets one rule of this stack call one function",
    "AWS::Logs::LogGroup": "a log whose lines are deleted after a time",
    "AWS::Logs::ResourcePolicy": "lets AWS write to a log of the node",
    "AWS::S3::Bucket": "a private, encrypted, versioned bucket for the node's own files",
    "AWS::S3::BucketPolicy": "the bucket refuses unencrypted connections",
    "AWS::SecretsManager::Secret": "a secret of the node's own",
}
_VERBS = {"Add": "create", "Modify": "change", "Remove": "delete"}
_OURS = {
    "GatewayRole": "what the node may do while it answers its users",
    "AdminRole": "what the node may do while it answers you, its owner",
    "ReconcilerRole": "what the node has while it moves runs forward",
    "ExecutionRole": "what AWS has to fetch a job's image and secrets, and to write its log",
    "JobRole": "what a processor's container has: its own files, nothing else",
    "MoverRole": "what the jobs have that move files in and out",
    "InstanceRole": "what a machine with GPUs has",
    "FlowRole": "what AWS has to write down who spoke to whom in the network",
    "Schedule": "wakes the node every five minutes while runs are active",
    "JobsChanged": "wakes the node when a job changes",
    "Gateway": "answers those you share the node with, by calls that AWS checks; it has no address",
    "Admin": "answers you, the owner, by calls that AWS checks; it has no address",
    "Reconciler": "moves runs forward; it listens to nothing",
}


def group_of(type_: str) -> Group:
    """The group of a resource, by its CloudFormation type."""
    service = type_.partition("::")[2].partition("::")[0]
    return _GROUPS.get(type_) or _SERVICES.get(service, Group.OTHER)


def what(logical_id: str, type_: str) -> str:
    """What a resource is, in words; AWS's own word where we have none."""
    return _OURS.get(logical_id) or _WHAT.get(type_, type_)


def explain(change: ResourceChange) -> str:
    """One change of a stack in plain words."""
    verb = _VERBS.get(change.action, change.action.lower())
    note = ""
    if change.replacement == "True":
        note = "; it is made anew, what is in it is lost"
    elif change.replacement == "Conditional":
        note = "; AWS decides whether it must be made anew"
    return (
        f"{verb} {change.logical_id} ({change.type}): {what(change.logical_id, change.type)}{note}"
    )


def by_group(changes: Sequence[ResourceChange]) -> Iterator[tuple[Group, tuple[str, ...]]]:
    """The changes as lines, each group's together."""
    for group in Group:
        lines = tuple(explain(change) for change in changes if group_of(change.type) is group)
        if lines:
            yield group, lines
