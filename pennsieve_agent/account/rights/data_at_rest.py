"""What a node keeps, by whose key it is encrypted, and for how long: read from its template. Pure.

What has no resource of its own in the template (secrets, keys of workflows, disks of machines) is
said by what the node's code does.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pennsieve_agent.account.spec.node_spec import NodeSpec
from pennsieve_agent.account.stack.template_parts import has_key
from pennsieve_agent.node.records.run_store import KEPT_SECONDS
from pennsieve_agent.node.role_permissions import PARAMETERS
from pennsieve_agent.node.table import DOCUMENTS

YOURS = "the node's own key in AWS KMS, which is yours"
AWS_OWNED = "a key that AWS owns and you do not see"
AWS_MANAGED = "a key of your account that AWS manages"
UNTIL_REMOVED = "until the node is removed"
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Kept:
    """One thing that is stored: ``what`` it is, ``where``, by which ``key`` and how ``long``."""

    what: str
    where: str
    key: str
    long: str


def at_rest(spec: NodeSpec, template: Mapping[str, Any]) -> tuple[Kept, ...]:
    """Everything that a node stores."""
    rows = [
        row
        for name, body in template["Resources"].items()
        if (make := _STORES.get(body["Type"])) is not None
        for row in make(name, body.get("Properties", {}))
    ]
    return (*rows, *_without_resource(spec))


def not_yours(kept: tuple[Kept, ...]) -> tuple[str, ...]:
    """What a key of one's own does not cover."""
    return tuple(f"{row.what} ({row.where}): {row.key}" for row in kept if row.key != YOURS)


def _bucket(name: str, properties: Mapping[str, Any]) -> Iterator[Kept]:
    rules = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    mine = any("KMSMasterKeyID" in rule["ServerSideEncryptionByDefault"] for rule in rules)
    key = YOURS if mine else AWS_OWNED
    where = f"Amazon S3, bucket {properties.get('BucketName', name)}"
    lasting = {
        str(rule["Prefix"]): int(rule["ExpirationInDays"])
        for rule in properties.get("LifecycleConfiguration", {}).get("Rules", ())
        if "Prefix" in rule and "ExpirationInDays" in rule
    }
    contents = {
        "code/": "the node's code and its stack's template",
        "archives/": "code of workflows that was uploaded",
        "runs/": "what runs were told: manifests of files",
        f"{DOCUMENTS}runs/": "large parts of records of runs: names of files, parameters",
        DOCUMENTS: "large parts of what is kept of workflows and their versions",
        "logs/": "whole logs of runs",
    }
    for prefix, what in contents.items():
        days = next((n for p, n in lasting.items() if prefix.startswith(p)), 0)
        yield Kept(what, f"{where}, {prefix}", key, f"{days} days" if days else UNTIL_REMOVED)
    old = [r["NoncurrentVersionExpiration"] for r in properties["LifecycleConfiguration"]["Rules"]
           if "NoncurrentVersionExpiration" in r]  # fmt: skip
    days = old[0]["NoncurrentDays"] if old else 0
    yield Kept(
        "versions of objects that were replaced or deleted",
        where,
        key,
        f"{days} days more" if days else UNTIL_REMOVED,
    )


def _table(name: str, properties: Mapping[str, Any]) -> Iterator[Kept]:
    how = properties.get("SSESpecification", {})
    key = YOURS if "KMSMasterKeyId" in how else AWS_MANAGED if how else AWS_OWNED
    where = f"Amazon DynamoDB, table {properties.get('TableName', name)}"
    days = KEPT_SECONDS // _DAY
    yield Kept("records of runs: who, when, files, parameters, costs", where, key, f"{days} days")
    yield Kept("workflows, grants and shares of the node", where, key, UNTIL_REMOVED)
    if properties.get("PointInTimeRecoverySpecification", {}).get("PointInTimeRecoveryEnabled"):
        yield Kept("copies of the table at each point in time", where, key, "35 days")


def _files(name: str, properties: Mapping[str, Any]) -> Iterator[Kept]:
    del name
    key = YOURS if "KmsKeyId" in properties else AWS_OWNED
    yield Kept(
        "files of runs: input, results and what steps write between",
        "Amazon S3 Files, the node's file system, and the bucket behind it",
        key,
        "until the run has ended and is cleaned up",
    )


def _log_group(name: str, properties: Mapping[str, Any]) -> Iterator[Kept]:
    group = str(properties.get("LogGroupName", name))
    key = YOURS if "KmsKeyId" in properties else AWS_OWNED
    what = "what programs of runs print"
    if group.endswith("/functions"):
        what = "calls of the node: who, what, when, status; and its errors"
    if group.endswith("/builds"):
        what = "what builds of images print: commands of Dockerfiles"
    if group.endswith("/network"):
        what = "traffic of the network: addresses, ports and amounts"
    days = properties.get("RetentionInDays")
    yield Kept(what, f"CloudWatch Logs, {group}", key, f"{days} days" if days else "for ever")


def _queue(name: str, properties: Mapping[str, Any]) -> Iterator[Kept]:
    key = YOURS if "KmsMasterKeyId" in properties else AWS_OWNED
    days = int(properties.get("MessageRetentionPeriod", 4 * _DAY)) // _DAY
    where = f"Amazon SQS, queue {properties.get('QueueName', name)}"
    yield Kept("events of jobs that could not be handled", where, key, f"{days} days")


def _images(name: str, properties: Mapping[str, Any]) -> Iterator[Kept]:
    mine = "KmsKey" in properties.get("EncryptionConfiguration", {})
    where = f"Amazon ECR, repository {properties.get('RepositoryName', name)}"
    yield Kept("container images", where, YOURS if mine else AWS_OWNED, UNTIL_REMOVED)


def _topic(name: str, properties: Mapping[str, Any]) -> Iterator[Kept]:
    key = AWS_MANAGED if properties.get("KmsMasterKeyId") == "alias/aws/sns" else YOURS
    where = f"Amazon SNS, topic {properties.get('TopicName', name)}"
    what = "warnings of the budget" if name == "BudgetTopic" else "mails about the ends of runs"
    yield Kept(what, where, key, "until they are delivered")


_STORES = {
    "AWS::S3::Bucket": _bucket,
    "AWS::DynamoDB::Table": _table,
    "AWS::S3Files::FileSystem": _files,
    "AWS::Logs::LogGroup": _log_group,
    "AWS::SQS::Queue": _queue,
    "AWS::ECR::Repository": _images,
    "AWS::SNS::Topic": _topic,
}


def _without_resource(spec: NodeSpec) -> Iterator[Kept]:
    parameters = YOURS if has_key(spec) else AWS_MANAGED
    store = f"AWS Systems Manager, parameters {spec.names.parameter_prefix}"
    yield Kept(
        "secrets of users and of the node",
        f"{store}secrets/*",
        parameters,
        "until they are deleted, at the latest with the node",
    )
    yield Kept(
        "keys with which workflows sign in to Pennsieve",
        f"{store}workflows/*",
        parameters,
        "until the workflow or the node is removed",
    )
    yield Kept(
        "parameters of runs, which may be secret",
        f"AWS Secrets Manager, {spec.names.secret_prefix}{PARAMETERS}*",
        parameters,
        "until the run has ended",
    )
    yield Kept(
        "files of small runs on their way to and from Pennsieve, and the functions' settings",
        "AWS Lambda",
        AWS_OWNED,  # https://docs.aws.amazon.com/lambda/latest/dg/security-encryption-at-rest.html
        "files until the call has ended, settings until the node is removed",
    )
    yield Kept(
        "disks of machines while a job runs",
        # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-task-storage.html
        "AWS Fargate" + (" and Amazon EBS" if spec.settings.gpu else ""),
        AWS_OWNED if not spec.settings.gpu else f"{AWS_OWNED}; EBS: {AWS_MANAGED}",
        "until the job ends",
    )
