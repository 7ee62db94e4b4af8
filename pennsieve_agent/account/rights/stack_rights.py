"""The rights with which CloudFormation makes a stack for whoever asks: no more than its types take.

Each right is limited to calls that come by way of CloudFormation, and to our names where AWS lets
us choose them. What AWS names itself (networks, keys, file systems) is limited by our tag instead:
it may be made, but only what has the tag may be changed or deleted. So no network, key or file
system that is there already can be touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

from pennsieve_agent.account.rights.resource_handlers import STACK_TYPES, actions
from pennsieve_agent.account.rights.right import NO_RESOURCE, Right
from pennsieve_agent.account.spec.names import MANAGER, MANAGER_TAG, NodeNames

_EQUALS, _LIKE = "StringEquals", "StringLike"
TAGGED = {_EQUALS: {f"aws:ResourceTag/{MANAGER_TAG}": MANAGER}}
TAGGING = {_EQUALS: {f"aws:RequestTag/{MANAGER_TAG}": MANAGER}}
_PASSED = {
    "AWS::CodeBuild::Project": ("codebuild.amazonaws.com",),
    "AWS::Lambda::Function": ("lambda.amazonaws.com",),
    "AWS::S3Files::FileSystem": ("elasticfilesystem.amazonaws.com",),
    "AWS::EC2::FlowLog": ("vpc-flow-logs.amazonaws.com",),
    # Batch is given the machines' role to give them (AWS managed policy AWSBatchFullAccess).
    "AWS::IAM::InstanceProfile": ("batch.amazonaws.com", "ec2.amazonaws.com"),
}
_LINKED = {
    "AWS::Batch::ComputeEnvironment": ("batch.amazonaws.com", "ecs.amazonaws.com"),
    "AWS::IAM::InstanceProfile": ("autoscaling.amazonaws.com",),
}
BOUNDARY_ACTIONS = frozenset(
    f"iam:{name}"
    for name in ("CreatePolicy", "CreatePolicyVersion", "CreateRole", "DeletePolicy",
                 "DeletePolicyVersion", "ListEntitiesForPolicy", "ListPolicyVersions",
                 "PutRolePermissionsBoundary", "PutRolePolicy")
)  # fmt: skip
"""What a stack with a boundary of its own takes that whoever may not write it lacks: to make it,
and to put it on roles instead of the account's."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a stack's resources are.

    ``boundary`` is the ARN of a permissions boundary that whoever installs cannot change. Empty, it
    is a part of each stack, and so theirs to write.
    """

    names: NodeNames
    boundary: str = ""
    role_path: str = "/"
    types: frozenset[str] = STACK_TYPES

    def arn(self, service: str, resource: str, *, regional: bool = True) -> str:
        """The ARN of something in the account."""
        return self.names.arn(service, resource.replace("**", "*"), regional=regional)

    def iam(self, kind: str, path: str = "") -> str:
        """The ARN of all of the node's own roles or profiles."""
        return self.arn(
            "iam", f"{kind}{path or self.role_path}{self.names.stack}-*", regional=False
        )


@dataclass(frozen=True, slots=True)
class _Scope:
    """A rule over what the handlers take: actions for the same resources, on the same conditions.

    ``actions`` is a service and patterns of its actions' names; those after ``!`` are left out.
    """

    sid: str
    why: str
    actions: str
    resources: tuple[str, ...]
    conditions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def of(self, needed: Iterable[str]) -> tuple[str, ...]:
        """The actions that this rule is about, in order."""
        service, _, words = self.actions.partition(": ")
        left_out = [word[1:] for word in words.split() if word.startswith("!")]
        patterns = [word for word in words.split() if not word.startswith("!")]
        names = (action.removeprefix(f"{service}:") for action in needed
                 if action.startswith(f"{service}:"))  # fmt: skip
        return tuple(
            f"{service}:{name}"
            for name in sorted(names)
            if any(fnmatchcase(name, pattern) for pattern in patterns)
            and not any(fnmatchcase(name, pattern) for pattern in left_out)
        )


def rights_for_stack(place: Place) -> tuple[Right, ...]:
    """What the types of resources in a stack take, through CloudFormation.

    The handlers say which actions; the scopes say on which resources and conditions. Actions that
    the installer may do without CloudFormation, too, are left out.
    """
    needed = actions(place.types)
    if "AWS::KMS::Key" not in place.types:
        needed = {action for action in needed if not action.startswith("kms:")}
    return tuple(_rights(_scopes(place), needed))


def _rights(scopes: Iterable[_Scope], needed: set[str]) -> Iterator[Right]:
    for scope in scopes:
        named = scope.of(needed)
        if named and scope.resources:
            yield Right(
                scope.sid,
                scope.why,
                named,
                scope.resources,
                conditions=scope.conditions,
                via_cloudformation=True,
            )


def _scopes(place: Place) -> Iterator[_Scope]:
    yield from _identities(place)
    yield from _storage(place)
    yield from _functions(place)
    yield from _network(place)
    yield from _keys(place)
    yield from _batch(place)
    yield from _others(place)
    yield from _former(place)


def _identities(place: Place) -> Iterator[_Scope]:
    names = place.names
    roles = (place.iam("role"),)
    boundary = place.boundary or names.boundary_arn
    # Exactly the one, wherever its name is known (IAM User Guide, "Permissions boundaries for IAM
    # entities", "Delegating responsibility to others using permissions boundaries").
    bounded = {_LIKE if "*" in boundary else _EQUALS: {"iam:PermissionsBoundary": boundary}}
    passed, linked = _services(_PASSED, place), _services(_LINKED, place)
    yield _Scope("MakeBoundedRole", "create the roles, never without their boundary",
                 "iam: CreateRole PutRolePermissionsBoundary PutRolePolicy", roles,
                 bounded)  # fmt: skip
    yield _Scope("ChangeRole", "change and delete the roles",
                 "iam: DeleteRole* ListRoleTags TagRole UntagRole"
                 " UpdateAssumeRolePolicy UpdateRole*",
                 roles)  # fmt: skip
    yield _Scope("MakeBoundary", "create the permissions boundary of the roles",
                 "iam: CreatePolicy* DeletePolicy* ListEntitiesForPolicy ListPolicyVersions",
                 () if place.boundary else (names.boundary_arn,))  # fmt: skip
    yield _Scope("GiveRoles", "pass the roles to the node's own parts, and to nothing else",
                 "iam: PassRole", (place.iam("role"),),
                 {_EQUALS: {"iam:PassedToService": passed}})  # fmt: skip
    yield _Scope("ServiceRoles", "create AWS's service-linked roles, once per account",
                 "iam: CreateServiceLinkedRole",
                 (place.arn("iam", "role/aws-service-role/*", regional=False),),
                 {_EQUALS: {"iam:AWSServiceName": linked}})  # fmt: skip
    yield _Scope("MachineProfile", "create the instance profile of GPU instances",
                 "iam: *InstanceProfile", (place.iam("instance-profile"),))  # fmt: skip


def _services(table: Mapping[str, tuple[str, ...]], place: Place) -> list[str]:
    return sorted(
        {
            service
            for type_, services in table.items()
            if type_ in place.types
            for service in services
        }
    )


def _storage(place: Place) -> Iterator[_Scope]:
    names = place.names
    bucket = f"arn:{names.partition}:s3:::{names.bucket}"
    files = (place.arn("s3files", "file-system/*"),)
    group = place.arn("logs", f"log-group:{names.log_group}*")
    yield _Scope("MakeBucket", "create the private bucket",
                 "s3: * !GetObject* !ListBucket", (bucket,))  # fmt: skip
    yield _Scope("ReadCode", "create the functions from the code in the bucket",
                 "s3: GetObject*", (f"{bucket}/code/*",))  # fmt: skip
    yield _Scope("MakeTable", "create the journal's table", "dynamodb: * !DescribeTable",
                 (place.arn("dynamodb", f"table/{names.table}"),))  # fmt: skip
    yield _Scope("MakeLogGroup", "create the log groups",
                 "logs: * !DescribeLogGroups !DescribeResourcePolicies", (group,))  # fmt: skip
    yield _Scope("ReadLogPolicies", f"read the log groups' policies; {NO_RESOURCE}",
                 "logs: DescribeResourcePolicies", ("*",))  # fmt: skip
    yield _Scope("MakeFiles", f"create the file system, with its tag; {NO_RESOURCE}",
                 "s3files: CreateFileSystem TagResource", ("*",), TAGGING)  # fmt: skip
    yield _Scope("ChangeFiles", "change and delete the file system, by its tag",
                 "s3files: * !CreateFileSystem", files, TAGGED)  # fmt: skip


def _former(place: Place) -> Iterator[_Scope]:
    """What earlier versions made, and an update or a removal deletes."""
    files = (place.arn("elasticfilesystem", "file-system/*"),)
    budget = place.arn("budgets", f"budget/{place.names.stack}*", regional=False)
    yield _Scope("DeleteFormerFiles", "delete the file system of an earlier version, by its tag",
                 "elasticfilesystem: *", files, TAGGED)  # fmt: skip
    yield _Scope("DeleteFormerBudget", "delete the budget of an earlier version",
                 "budgets: *", (budget,))  # fmt: skip


def _functions(place: Place) -> Iterator[_Scope]:
    yield _Scope("MakeFunctions", "create the node's Lambda functions", "lambda: *",
                 (place.arn("lambda", f"function:{place.names.stack}-*"),))  # fmt: skip
    yield _Scope("MakeDeadLetters", "create the queue of events that could not be handled",
                 "sqs: *", (place.arn("sqs", f"{place.names.stack}-*"),))  # fmt: skip
    yield _Scope("MakeAlarms", "create the alarms for functions that fail",
                 "cloudwatch: *",
                 (place.arn("cloudwatch", f"alarm:{place.names.stack}-*"),))  # fmt: skip
    yield _Scope("MakeBuilder", "create the project that builds images of workflows",
                 "codebuild: *",
                 (place.arn("codebuild", f"project/{place.names.stack}-*"),))  # fmt: skip
    rules = (f"rule/{place.names.stack}-*", "rule/DO-NOT-DELETE-S3-Files*")
    yield _Scope("MakeRules", "create the EventBridge rules that start the reconciler, and those"
                 " of S3 Files",
                 "events: * !ListRules",
                 tuple(place.arn("events", rule) for rule in rules))  # fmt: skip
    yield _Scope("ReadRules", f"let S3 Files find its own rule; {NO_RESOURCE}",
                 "events: ListRules", ("*",))  # fmt: skip


def _network(place: Place) -> Iterator[_Scope]:
    here = (place.arn("ec2", "*"),)
    # What belongs to something that has a tag is made on the condition of that tag.
    inner = "CreateLaunchTemplateVersion CreateRoute CreateTags"
    looked_at = "DescribeAddresses DescribeRouteTables DescribeSecurityGroups DescribeSubnets"
    looked_at += " DescribeVpcAttribute DescribeVpcEndpoints DescribeVpcs"
    interface = "*NetworkInterface *NetworkInterfaceAttribute"  # of mount targets, without our tag
    making = f"Allocate* Create* {interface}"
    changing = "Associate* Attach* Authorize* Delete* Detach* Disassociate* Modify* Release*"
    changing += " Replace* Revoke*"
    yield _Scope("ReadNetwork", f"read networks; {NO_RESOURCE}",
                 f"ec2: Describe* {_not(looked_at)}", ("*",))  # fmt: skip
    yield _Scope("MakeNetwork", "create the node's network",
                 f"ec2: {making} {_not(inner)}", here)  # fmt: skip
    yield _Scope("TagNetwork", "tag network resources while they are created",
                 "ec2: CreateTags", here, {"Null": {"ec2:CreateAction": "false"}})  # fmt: skip
    yield _Scope("ChangeNetwork", "change and delete the node's network, by its tag",
                 f"ec2: {inner} {changing} {_not(interface)}", here, TAGGED)  # fmt: skip
    yield _Scope("NameEndpoints", "give interface endpoints AWS's own names", "route53: *",
                 (f"arn:{place.names.partition}:route53:::hostedzone/*",))  # fmt: skip


def _keys(place: Place) -> Iterator[_Scope]:
    alias = place.arn("kms", f"alias/{place.names.stack}*")
    yield _Scope("MakeKey", f"create the key, with its tag; {NO_RESOURCE}",
                 "kms: CreateKey TagResource", ("*",), TAGGING)  # fmt: skip
    yield _Scope("ChangeKey", "change, use and delete the key, by its tag",
                 "kms: * !CreateKey !ListAliases", (place.arn("kms", "key/*"),),
                 TAGGED)  # fmt: skip
    yield _Scope("NameKey", "name the key", "kms: *Alias", (alias,))  # fmt: skip
    yield _Scope("FindKey", f"find the key's name; {NO_RESOURCE}", "kms: ListAliases",
                 ("*",))  # fmt: skip


def _batch(place: Place) -> Iterator[_Scope]:
    kinds = ("compute-environment", "job-queue")
    ours = tuple(place.arn("batch", f"{kind}/{place.names.stack}-*") for kind in kinds)
    yield _Scope("MakeQueues", "create the job queues and compute environments",
                 "batch: * !Describe*", ours)  # fmt: skip


def _others(place: Place) -> Iterator[_Scope]:
    yield _Scope("MakeTopic", "create the topics of mails: budget, ends of runs",
                 "sns: * !Unsubscribe",
                 (place.arn("sns", f"{place.names.stack}-*"),))  # fmt: skip
    # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsns.html
    yield _Scope("EndWarnings", f"end the topics' subscriptions; {NO_RESOURCE}",
                 "sns: Unsubscribe", ("*",))  # fmt: skip
    yield _Scope("MakeRepositories", "create the repositories for the node's own images",
                 "ecr: *", (place.arn("ecr", f"repository/{place.names.stack}/*"),))  # fmt: skip


def _not(words: str) -> str:
    return " ".join(f"!{word}" for word in words.split())
