"""The rights with which CloudFormation makes a stack for whoever asks: no more than its types take.

Each right is limited to calls that come by way of CloudFormation, and to our names where AWS lets
us choose them. What AWS names itself (networks, keys, file systems) is limited by our tag instead:
it may be made, but only what has the tag may be changed or deleted. So no network, key or file
system that is there already can be touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pennsieve_agent.account.rights.resource_handlers import EVERY_TYPE, actions
from pennsieve_agent.account.rights.right import Right
from pennsieve_agent.account.spec.names import MANAGER, MANAGER_TAG, NodeNames

_EQUALS, _LIKE = "StringEquals", "StringLike"
TAGGED = {_EQUALS: {f"aws:ResourceTag/{MANAGER_TAG}": MANAGER}}
TAGGING = {_EQUALS: {f"aws:RequestTag/{MANAGER_TAG}": MANAGER}}
_PASSED = {
    "AWS::Lambda::Function": ("lambda.amazonaws.com",),
    "AWS::EC2::FlowLog": ("vpc-flow-logs.amazonaws.com",),
    # Batch is given the machines' role to give them (AWS managed policy AWSBatchFullAccess).
    "AWS::IAM::InstanceProfile": ("batch.amazonaws.com", "ec2.amazonaws.com"),
}
_LINKED = {
    "AWS::Batch::ComputeEnvironment": ("batch.amazonaws.com", "ecs.amazonaws.com"),
    "AWS::EFS::FileSystem": ("elasticfilesystem.amazonaws.com",),
    "AWS::IAM::InstanceProfile": ("autoscaling.amazonaws.com",),
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a stack's resources are. ``boundary`` is an organisation's; empty for ours."""

    names: NodeNames
    boundary: str = ""
    role_path: str = "/"
    types: frozenset[str] = EVERY_TYPE

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
    """Actions that are given for the same resources, under the same conditions."""

    sid: str
    why: str
    actions: str
    resources: tuple[str, ...]
    conditions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


def made_by_stack(place: Place) -> tuple[Right, ...]:
    """What the types of resources in a stack take, through CloudFormation."""
    wanted = actions(place.types)
    if "AWS::KMS::Key" not in place.types:
        wanted = {action for action in wanted if not action.startswith("kms:")}
    return tuple(_rights(_scopes(place), wanted))


def _rights(scopes: Iterable[_Scope], wanted: set[str]) -> Iterator[Right]:
    for scope in scopes:
        service, _, words = scope.actions.partition(": ")
        found = tuple(sorted({f"{service}:{word}" for word in words.split()} & wanted))
        if found and scope.resources:
            yield Right(
                scope.sid,
                scope.why,
                found,
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


def _identities(place: Place) -> Iterator[_Scope]:
    names = place.names
    roles = (place.iam("role"),)
    bounded = {_LIKE: {"iam:PermissionsBoundary": place.boundary or names.boundary_arn}}
    passed, linked = _services(_PASSED, place), _services(_LINKED, place)
    yield _Scope("MakeBoundedRole", "make the roles, never without their boundary",
                 "iam: CreateRole PutRolePermissionsBoundary PutRolePolicy",
                 roles, bounded)  # fmt: skip
    yield _Scope("ChangeRole", "change and delete the roles",
                 "iam: DeleteRole DeleteRolePolicy ListRoleTags TagRole UntagRole"
                 " UpdateAssumeRolePolicy UpdateRole UpdateRoleDescription", roles)  # fmt: skip
    yield _Scope("MakeBoundary", "make the boundary that bounds the roles",
                 "iam: CreatePolicy CreatePolicyVersion DeletePolicy DeletePolicyVersion"
                 " ListEntitiesForPolicy ListPolicyVersions",
                 () if place.boundary else (names.boundary_arn,))  # fmt: skip
    yield _Scope("GiveRoles", "give the node's parts their roles, and nothing else any",
                 "iam: PassRole", (place.iam("role"),),
                 {_EQUALS: {"iam:PassedToService": passed}})  # fmt: skip
    yield _Scope("ServiceRoles", "let AWS make the roles of its own services, once per account",
                 "iam: CreateServiceLinkedRole",
                 (place.arn("iam", "role/aws-service-role/*", regional=False),),
                 {_EQUALS: {"iam:AWSServiceName": linked}})  # fmt: skip
    yield _Scope("MachineProfile", "make the profile of the machines with GPUs",
                 "iam: AddRoleToInstanceProfile CreateInstanceProfile DeleteInstanceProfile"
                 " GetInstanceProfile RemoveRoleFromInstanceProfile",
                 (place.iam("instance-profile"),))  # fmt: skip


def _services(table: Mapping[str, tuple[str, ...]], place: Place) -> list[str]:
    return sorted({one for type_, some in table.items() if type_ in place.types for one in some})


def _storage(place: Place) -> Iterator[_Scope]:
    names = place.names
    bucket = f"arn:{names.partition}:s3:::{names.bucket}"
    files = (place.arn("elasticfilesystem", "file-system/*"),)
    group = place.arn("logs", f"log-group:{names.log_group}*")
    yield _Scope("MakeBucket", "make the private bucket",
                 "s3: CreateBucket DeleteBucket DeleteBucketEncryption DeleteBucketLifecycle"
                 " DeleteBucketPolicy GetAccelerateConfiguration GetAnalyticsConfiguration"
                 " GetBucketAbac GetBucketCORS GetBucketLogging GetBucketMetadataTableConfiguration"
                 " GetBucketNotification GetBucketObjectLockConfiguration"
                 " GetBucketOwnershipControls GetBucketPolicy GetBucketPublicAccessBlock"
                 " GetBucketTagging GetBucketVersioning GetBucketWebsite GetEncryptionConfiguration"
                 " GetIntelligentTieringConfiguration GetInventoryConfiguration"
                 " GetLifecycleConfiguration GetMetricsConfiguration GetReplicationConfiguration"
                 " ListTagsForResource PutBucketOwnershipControls PutBucketPolicy"
                 " PutBucketPublicAccessBlock PutBucketTagging PutBucketVersioning"
                 " PutEncryptionConfiguration PutLifecycleConfiguration TagResource UntagResource",
                 (bucket,))  # fmt: skip
    yield _Scope("ReadCode", "make the functions from the code in the bucket",
                 "s3: GetObject GetObjectVersion", (f"{bucket}/code/*",))  # fmt: skip
    yield _Scope("MakeTable", "make the journal's table",
                 "dynamodb: CreateTable DeleteTable DescribeContinuousBackups"
                 " DescribeContributorInsights DescribeKinesisStreamingDestination"
                 " DescribeTimeToLive GetResourcePolicy ListTagsOfResource TagResource"
                 " UntagResource UpdateContinuousBackups UpdateTable UpdateTimeToLive",
                 (place.arn("dynamodb", f"table/{names.table}"),))  # fmt: skip
    yield _Scope("MakeLogGroup", "make the log groups",
                 "logs: AssociateKmsKey CreateLogGroup DeleteLogGroup DeleteRetentionPolicy"
                 " DescribeIndexPolicies DisassociateKmsKey GetDataProtectionPolicy"
                 " ListTagsForResource PutRetentionPolicy TagResource UntagResource",
                 (group,))  # fmt: skip
    yield _Scope("ReadLogPolicies", "read them back; AWS knows no resource for it",
                 "logs: DescribeResourcePolicies", ("*",))  # fmt: skip
    yield _Scope("MakeFiles", "make the file system, tagged; AWS knows no resource for it",
                 "elasticfilesystem: CreateFileSystem TagResource", ("*",), TAGGING)  # fmt: skip
    yield _Scope("ChangeFiles", "change and delete the file system, by its tag",
                 "elasticfilesystem: CreateMountTarget DeleteFileSystem DeleteFileSystemPolicy"
                 " DeleteMountTarget DescribeBackupPolicy DescribeFileSystemPolicy"
                 " DescribeFileSystems DescribeLifecycleConfiguration"
                 " DescribeMountTargetSecurityGroups DescribeMountTargets"
                 " DescribeReplicationConfigurations ListTagsForResource"
                 " ModifyMountTargetSecurityGroups PutBackupPolicy PutFileSystemPolicy"
                 " PutLifecycleConfiguration TagResource UntagResource UpdateFileSystem",
                 files, TAGGED)  # fmt: skip


def _functions(place: Place) -> Iterator[_Scope]:
    yield _Scope("MakeFunctions", "make the node's functions",
                 "lambda: AddPermission CreateFunction DeleteFunction DeleteFunctionConcurrency"
                 " GetFunction GetFunctionCodeSigningConfig GetFunctionRecursionConfig"
                 " GetFunctionScalingConfig GetPolicy GetRuntimeManagementConfig ListTags"
                 " PutFunctionConcurrency RemovePermission TagResource UntagResource"
                 " UpdateFunctionCode UpdateFunctionConfiguration",
                 (place.arn("lambda", f"function:{place.names.stack}-*"),))  # fmt: skip
    yield _Scope("MakeRules", "make the rules that wake the reconciler",
                 "events: DeleteRule DescribeRule ListTagsForResource ListTargetsByRule PutRule"
                 " PutTargets RemoveTargets TagResource UntagResource",
                 (place.arn("events", f"rule/{place.names.stack}-*"),))  # fmt: skip


def _network(place: Place) -> Iterator[_Scope]:
    here = (place.arn("ec2", "*"),)
    yield _Scope("ReadNetwork", "read networks; AWS knows no resource for it",
                 "ec2: DescribeFlowLogs DescribeInstances DescribeInternetGateways"
                 " DescribeLaunchTemplateVersions DescribeLaunchTemplates DescribeNatGateways"
                 " DescribeNetworkAcls DescribeNetworkInterfaces DescribeSecurityGroupRules"
                 " DescribeSecurityGroups DescribeTags DescribeVpcEncryptionControls"
                 " DescribeVpnGateways", ("*",))  # fmt: skip
    yield _Scope("MakeNetwork", "make the node's network",
                 "ec2: AllocateAddress CreateFlowLogs CreateInternetGateway CreateLaunchTemplate"
                 " CreateNatGateway CreateNetworkInterface CreateRouteTable CreateSecurityGroup"
                 " CreateSubnet CreateVpc CreateVpcEndpoint DeleteNetworkInterface"
                 " ModifyNetworkInterfaceAttribute", here)  # fmt: skip
    yield _Scope("TagNetwork", "tag what is made, while it is made",
                 "ec2: CreateTags", here, {"Null": {"ec2:CreateAction": "false"}})  # fmt: skip
    yield _Scope("ChangeNetwork", "change and delete the node's network, by its tag",
                 "ec2: AssociateAddress AssociateRouteTable AttachInternetGateway"
                 " CreateLaunchTemplateVersion DeleteLaunchTemplate AuthorizeSecurityGroupEgress"
                 " AuthorizeSecurityGroupIngress CreateRoute CreateTags DeleteFlowLogs"
                 " DeleteInternetGateway DeleteNatGateway DeleteRoute DeleteRouteTable"
                 " DeleteSecurityGroup DeleteSubnet DeleteTags DeleteVpc DeleteVpcEndpoints"
                 " DetachInternetGateway DisassociateAddress DisassociateRouteTable"
                 " ModifySubnetAttribute ModifyVpcAttribute ModifyVpcEndpoint ReleaseAddress"
                 " ReplaceRoute ReplaceRouteTableAssociation RevokeSecurityGroupEgress"
                 " RevokeSecurityGroupIngress",
                 here, TAGGED)  # fmt: skip
    yield _Scope("NameEndpoints", "give interface endpoints AWS's own names",
                 "route53: AssociateVPCWithHostedZone",
                 (f"arn:{place.names.partition}:route53:::hostedzone/*",))  # fmt: skip


def _keys(place: Place) -> Iterator[_Scope]:
    alias = place.arn("kms", f"alias/{place.names.stack}*")
    yield _Scope("MakeKey", "make the key, tagged; AWS knows no resource for it",
                 "kms: CreateKey TagResource", ("*",), TAGGING)  # fmt: skip
    yield _Scope("ChangeKey", "change, use and delete the key, by its tag",
                 "kms: CreateAlias CreateGrant Decrypt DeleteAlias DescribeKey EnableKeyRotation"
                 " Encrypt GenerateDataKey GenerateDataKeyWithoutPlaintext GetKeyPolicy"
                 " GetKeyRotationStatus ListResourceTags PutKeyPolicy RetireGrant RevokeGrant"
                 " ScheduleKeyDeletion TagResource UntagResource UpdateAlias UpdateKeyDescription",
                 (place.arn("kms", "key/*"),), TAGGED)  # fmt: skip
    yield _Scope("NameKey", "name the key", "kms: CreateAlias DeleteAlias UpdateAlias",
                 (alias,))  # fmt: skip
    yield _Scope("FindKey", "find the key's name; AWS knows no resource for a list",
                 "kms: ListAliases", ("*",))  # fmt: skip


def _batch(place: Place) -> Iterator[_Scope]:
    kinds = ("compute-environment", "job-queue")
    ours = tuple(place.arn("batch", f"{kind}/{place.names.stack}-*") for kind in kinds)
    yield _Scope("MakeQueues", "make the queues and where they run",
                 "batch: CreateComputeEnvironment CreateJobQueue DeleteComputeEnvironment"
                 " DeleteJobQueue SetCapacityTags TagResource UntagResource"
                 " UpdateComputeEnvironment UpdateJobQueue", ours)  # fmt: skip


def _others(place: Place) -> Iterator[_Scope]:
    budget = place.arn("budgets", f"budget/{place.names.stack}*", regional=False)
    yield _Scope("MakeBudget", "make the budget",
                 "budgets: ListTagsForResource ModifyBudget TagResource UntagResource ViewBudget",
                 (budget,))  # fmt: skip
    yield _Scope("ReadBilling", "let the budget see what is billed",
                 "billing: GetBillingViewData",
                 (place.arn("billing", "billingview/*", regional=False),))  # fmt: skip
    yield _Scope("MakeRepositories", "make the repositories for the node's own images",
                 "ecr: CreateRepository DeleteRepository DescribeRepositories GetLifecyclePolicy"
                 " GetRepositoryPolicy ListTagsForResource PutImageScanningConfiguration"
                 " PutImageTagMutability TagResource UntagResource",
                 (place.arn("ecr", f"repository/{place.names.stack}/*"),))  # fmt: skip
