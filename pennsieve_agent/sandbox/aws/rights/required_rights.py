"""The rights that an operation needs: AWS's actions, their resources and their conditions.

After AWS's "Service Authorization Reference", for the operations that the node's roles use. Of an
operation that is not listed only its own name is known; it needs the right on ``*``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from pennsieve_agent.domain.iam_policies import Ask, many
from pennsieve_agent.sandbox.aws.wire import AwsRequest

Tags = Callable[[str], Mapping[str, str]]
"""The tags of what an ARN names."""
Boundaries = Callable[[str], str]
"""The ARN of the permissions boundary of the role that an ARN names; empty for none."""

FREE = {"sts:GetCallerIdentity"}
"""AWS asks nobody's policies about these."""
_S3_OTHER_NAMES = {
    "HeadObject": "GetObject",
    "HeadBucket": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "CreateMultipartUpload": "PutObject",
    "UploadPart": "PutObject",
    "CompleteMultipartUpload": "PutObject",
    "ListParts": "ListMultipartUploadParts",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListObjectVersions": "ListBucketVersions",
}
_S3_ON_BUCKETS = {"ListBucket", "ListBucketMultipartUploads", "ListBucketVersions"}
_TRANSACT = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
    "Get": "GetItem",
}
_BATCH_RESOURCES = {
    "SubmitJob": (("jobDefinition", "job-definition/"), ("jobQueue", "job-queue/")),
    "DeregisterJobDefinition": (("jobDefinition", "job-definition/"),),
    "TerminateJob": (("jobId", "job/"),),
    "CancelJob": (("jobId", "job/"),),
    "TagResource": (("resourceArn", ""),),
    "UntagResource": (("resourceArn", ""),),
}
"""The parameters that name what an operation is done to; the others need the right on ``*``."""


def asks(
    request: AwsRequest,
    account: str,
    tags: Tags = lambda _: {},
    boundary: Boundaries = lambda _: "",
) -> list[Ask]:
    """All rights that the request needs; empty when the operation is not known."""
    if not request.operation:
        return []
    here = _Here(request, account, boundary)
    rule = _RULES.get(request.service, _any)
    rights = [*rule(here), *_tagging(here)]
    return [_with_context(ask, request, account, tags) for ask in rights]


def _tagging(here: _Here) -> Iterator[Ask]:
    """The right to tag a new resource, for a request that makes one with tags.

    AWS tells so for Batch ("Tag your resources"), S3 Files (Service Authorization
    Reference) and Secrets Manager (CreateSecret).
    """
    request = here.request
    if not (request.parameters.get("tags") or request.parameters.get("Tags")):
        return
    match here.action:
        case "batch:SubmitJob":
            yield Ask("batch:TagResource", here.arn("job/new"))
        case "batch:RegisterJobDefinition":
            name = request.text("jobDefinitionName")
            yield Ask("batch:TagResource", here.arn(f"job-definition/{name}"))
        case "s3files:CreateAccessPoint":
            context = {"s3files:CreateAction": request.operation}
            new = here.named(f"{request.text('fileSystemId')}/access-point/new", "file-system/")
            yield Ask("s3files:TagResource", new, context)
        case "secretsmanager:CreateSecret":
            yield from (Ask("secretsmanager:TagResource", ask.resource) for ask in _secrets(here))
        case _:
            pass


def _with_context(ask: Ask, request: AwsRequest, account: str, tags: Tags) -> Ask:
    """With the condition keys of every request, and those of tags.

    Policies of endpoints ask whose account calls ("AWS global condition context keys",
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html).
    """
    own = {f"aws:ResourceTag/{key}": value for key, value in tags(ask.resource).items()}
    new_tags = request.parameters.get("tags") or request.parameters.get("Tags") or {}
    pairs = (
        new_tags.items()
        if isinstance(new_tags, dict)
        else ((t.get("Key", t.get("key")), t.get("Value", t.get("value"))) for t in new_tags)
    )
    by_key = {str(key): str(value) for key, value in pairs}
    context = {**own, **{f"aws:RequestTag/{key}": value for key, value in by_key.items()}}
    keys = {"aws:TagKeys": list(by_key)} if by_key else {}
    where = {"aws:RequestedRegion": request.region} if request.region else {}
    where["aws:PrincipalAccount"] = account
    return Ask(ask.action, ask.resource, {**where, **context, **keys, **ask.context})


class _Here:
    """A request in an account and region, and the ARNs in it."""

    def __init__(self, request: AwsRequest, account: str, boundary: Boundaries) -> None:
        self.request = request
        self.account = account
        self.boundary = boundary
        self.action = f"{request.service}:{request.operation}"

    def arn(self, resource: str, account: str = "", service: str = "") -> str:
        request = self.request
        service = service or request.service
        return f"arn:aws:{service}:{request.region}:{account or self.account}:{resource}"

    def named(self, name: str, kind: str) -> str:
        """The ARN of a resource that a request names by its ARN or its name."""
        return name if name.startswith("arn:") else self.arn(f"{kind}{name}")


def _any(here: _Here) -> list[Ask]:
    return [Ask(here.action)]


def _dynamodb(here: _Here) -> list[Ask]:
    request = here.request

    def on(action: str, table: str, index: str = "") -> Ask:
        place = here.named(table, "table/")
        return Ask(f"dynamodb:{action}", f"{place}/index/{index}" if index else place)

    match request.operation:
        case "TransactWriteItems" | "TransactGetItems":
            items = many(request.parameters.get("TransactItems"))
            return [
                on(_TRANSACT[k], part["TableName"]) for item in items for k, part in item.items()
            ]
        case "BatchWriteItem" | "BatchGetItem":
            tables: Iterable[str] = request.parameters.get("RequestItems") or {}
            return [on(request.operation, table) for table in tables]
        case _ if request.text("TableName"):
            return [on(request.operation, request.text("TableName"), request.text("IndexName"))]
        case _:
            return [Ask(here.action)]


def _batch(here: _Here) -> list[Ask]:
    request = here.request
    if request.operation == "RegisterJobDefinition":
        return _registering(here)
    resources = (
        here.named(request.text(member), kind)
        for member, kind in _BATCH_RESOURCES.get(request.operation, ())
    )
    return [Ask(here.action, resource) for resource in resources] or [Ask(here.action)]


def _registering(here: _Here) -> list[Ask]:
    request = here.request
    container = request.parameters.get("containerProperties") or {}
    tasks: Any = (request.parameters.get("ecsProperties") or {}).get("taskProperties") or ({},)
    roles = (
        container.get("jobRoleArn") or tasks[0].get("taskRoleArn"),
        container.get("executionRoleArn") or tasks[0].get("executionRoleArn"),
    )
    passed = {"iam:PassedToService": "ecs-tasks.amazonaws.com"}
    return [
        Ask(here.action, here.arn(f"job-definition/{request.text('jobDefinitionName')}")),
        *(Ask("iam:PassRole", role, passed) for role in roles if role),
    ]


def _lambda(here: _Here) -> list[Ask]:
    name = here.request.text("FunctionName")
    function = here.named(name, "function:") if name else "*"
    action = "InvokeFunction" if here.request.operation == "Invoke" else here.request.operation
    rights = [Ask(f"lambda:{action}", function)]
    if role := here.request.text("Role"):
        rights.append(Ask("iam:PassRole", role, {"iam:PassedToService": "lambda.amazonaws.com"}))
    return rights


def _iam(here: _Here) -> list[Ask]:
    request = here.request
    base = f"arn:aws:iam::{here.account}"
    if service := request.text("AWSServiceName"):
        return [Ask(here.action, "*", {"iam:AWSServiceName": service})]
    if name := request.text("RoleName"):
        role = f"{base}:role/{name}"
        limit = request.text("PermissionsBoundary") or here.boundary(role)
        return [Ask(here.action, role, {"iam:PermissionsBoundary": limit} if limit else {})]
    if policy := request.text("PolicyArn"):
        return [Ask(here.action, policy)]
    if name := request.text("PolicyName"):
        return [Ask(here.action, f"{base}:policy/{name}")]
    return [Ask(here.action)]


def _s3(here: _Here) -> list[Ask]:
    request = here.request
    action = _S3_OTHER_NAMES.get(request.operation, request.operation)
    bucket = f"arn:aws:s3:::{request.text('Bucket')}"
    if action in _S3_ON_BUCKETS:
        prefix = {"s3:prefix": request.text("Prefix")}
        return [Ask(f"s3:{action}", bucket, prefix)]
    if action == "DeleteObjects":
        rows = request.parameters.get("Objects") or [("*", "")]
        return [ask for key, version in rows for ask in _deletion(bucket, key, version)]
    if action == "DeleteObject":
        return _deletion(bucket, request.text("Key"), request.text("VersionId"))
    return [Ask(f"s3:{action}", f"{bucket}/{request.text('Key') or '*'}")]


def _deletion(bucket: str, key: str, version: str) -> list[Ask]:
    """To delete a version takes a right besides the one that deleting always takes.

    "DeleteObjects" (https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html).
    """
    rights = ["s3:DeleteObject", *(["s3:DeleteObjectVersion"] if version else [])]
    return [Ask(right, f"{bucket}/{key}") for right in rights]


def _logs(here: _Here) -> list[Ask]:
    request = here.request
    group = request.text("logGroupName") or request.text("logGroupIdentifier")
    if not group or request.operation == "DescribeLogGroups":
        return [Ask(here.action, here.arn("log-group::log-stream:"))]
    place = here.named(group, "log-group:").removesuffix(":*")
    return [Ask(here.action, f"{place}:log-stream:{request.text('logStreamName')}")]


def _s3files(here: _Here) -> list[Ask]:
    """By the Service Authorization Reference.

    (https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3files.html)
    """
    request = here.request
    for name in ("accessPointId", "resourceId"):
        known = request.text(name)
        if known.startswith("arn:"):
            return [Ask(here.action, known)]
        if known.startswith("fsap-"):
            return [Ask(here.action, here.arn(f"file-system/*/access-point/{known}"))]
    system = request.text("fileSystemId") or request.text("resourceId")
    return [Ask(here.action, here.named(system, "file-system/") if system else "*")]


def _secrets(here: _Here) -> list[Ask]:
    request = here.request
    name = request.text("SecretId") or request.text("Name")
    if not name:
        return [Ask(here.action)]
    # What AWS adds to a secret's name in its ARN: a hyphen and six characters.
    return [
        Ask(here.action, name if name.startswith("arn:") else here.arn(f"secret:{name}-??????"))
    ]


def _ssm(here: _Here) -> list[Ask]:
    request = here.request
    places = request.parameters.get("Names") or request.text("Name") or request.text("Path")
    names = [name for name in many(places) if name]
    return [Ask(here.action, here.arn(_parameter(name))) for name in names] or [Ask(here.action)]


def _parameter(name: str) -> str:
    return f"parameter/{name.lstrip('/')}"


def _events(here: _Here) -> list[Ask]:
    name = here.request.text("Name") or here.request.text("Rule")
    return [Ask(here.action, here.arn(f"rule/{name}") if name else "*")]


def _ecr(here: _Here) -> list[Ask]:
    name = here.request.text("repositoryName")
    if not name:
        return [Ask(here.action)]
    owner = here.request.text("registryId")
    return [Ask(here.action, here.arn(f"repository/{name}", owner))]


def _codebuild(here: _Here) -> list[Ask]:
    """By the Service Authorization Reference: builds are their project's.

    (https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscodebuild.html)
    """
    request = here.request
    ids = [request.text("id"), *many(request.parameters.get("ids") or ())]
    names = [
        request.text("projectName"),
        *(id_.rpartition("/")[2].partition(":")[0] for id_ in ids),
    ]
    projects = dict.fromkeys(here.named(name, "project/") for name in names if name)
    return [Ask(here.action, project) for project in projects] or [Ask(here.action)]


def _sts(here: _Here) -> list[Ask]:
    return [Ask(here.action, here.request.text("RoleArn") or "*")]


def _sns(here: _Here) -> list[Ask]:
    """By the Service Authorization Reference: on a topic, but what names a subscription on ``*``.

    Who subscribes is asked for the address, too. PublishBatch takes the right to publish
    (https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsns.html,
    https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-language-api-permissions-reference.html).
    """
    request = here.request
    action = "Publish" if request.operation == "PublishBatch" else request.operation
    topic = request.text("TopicArn") or request.text("TargetArn") or request.text("ResourceArn")
    if action == "CreateTopic":
        topic = here.arn(request.text("Name"))
    context: dict[str, str] = {}
    if action == "Subscribe":
        context = {f"sns:{name}": request.text(name) for name in ("Endpoint", "Protocol")}
    return [Ask(f"sns:{action}", topic or "*", context)]


def _cloudformation(here: _Here) -> list[Ask]:
    request = here.request
    name = request.text("StackName")
    if not name:
        return [Ask(here.action)]
    stack = name if name.startswith("arn:") else here.arn(f"stack/{name}/*")
    return [Ask(here.action, stack, dict(_resource_types(request)))]


def _resource_types(request: AwsRequest) -> Iterator[tuple[str, list[str]]]:
    """The types that a request limits a stack to, or imports (CloudFormation, condition keys)."""
    for key, pattern in (
        ("ResourceTypes", r"ResourceTypes\.member\.\d+"),
        ("ImportResourceTypes", r"ResourcesToImport\.member\.\d+\.ResourceType"),
    ):
        types = [v for k, v in request.parameters.items() if re.fullmatch(pattern, str(k))]
        if types:
            yield f"cloudformation:{key}", types


_RULES: Mapping[str, Callable[[Any], list[Ask]]] = {
    "dynamodb": _dynamodb,
    "batch": _batch,
    "lambda": _lambda,
    "iam": _iam,
    "s3": _s3,
    "logs": _logs,
    "s3files": _s3files,
    "secretsmanager": _secrets,
    "events": _events,
    "ecr": _ecr,
    "ssm": _ssm,
    "sns": _sns,
    "sts": _sts,
    "cloudformation": _cloudformation,
    "codebuild": _codebuild,
}
