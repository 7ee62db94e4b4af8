"""What CloudFormation does in the name of whoever asks for a stack, by type of resource.

It makes, reads, tags, changes and deletes a resource with the caller's own rights. What that takes
is said by the handlers in AWS's schema of each type (CloudFormation User Guide, "Resource type
schema", ``handlers`` and ``permissions``; read from those that cfn-lint 1.58 carries). Everything
that reading takes is here, as AWS reads a whole resource whatever is set in it; of the rest,
only what our resources have: no replication, no import, no users. ``test_handlers.py`` compares
this table with AWS's, in both directions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

_HANDLERS = {
    "AWS::Batch::ComputeEnvironment": (
        "batch: CreateComputeEnvironment DeleteComputeEnvironment DescribeComputeEnvironments "
        "SetCapacityTags TagResource UntagResource UpdateComputeEnvironment; ec2: "
        "DescribeLaunchTemplateVersions; iam: CreateServiceLinkedRole"
    ),
    "AWS::Batch::JobQueue": (
        "batch: CreateJobQueue DeleteJobQueue DescribeJobQueues TagResource UntagResource "
        "UpdateJobQueue"
    ),
    "AWS::CloudWatch::Alarm": (
        "cloudwatch: DeleteAlarms DescribeAlarms ListTagsForResource PutMetricAlarm TagResource "
        "UntagResource"
    ),
    "AWS::CodeBuild::Project": "",
    "AWS::DynamoDB::Table": (
        "dynamodb: CreateTable DeleteTable DescribeContinuousBackups "
        "DescribeContributorInsights DescribeKinesisStreamingDestination DescribeTable "
        "DescribeTimeToLive GetResourcePolicy ListTagsOfResource TagResource UntagResource "
        "UpdateContinuousBackups UpdateTable UpdateTimeToLive; kms: CreateGrant Decrypt "
        "DescribeKey Encrypt RevokeGrant"
    ),
    "AWS::EC2::EIP": (
        "ec2: AllocateAddress AssociateAddress CreateTags DeleteTags DescribeAddresses "
        "DescribeTags DisassociateAddress ReleaseAddress"
    ),
    "AWS::EC2::FlowLog": (
        "ec2: CreateFlowLogs CreateTags DeleteFlowLogs DeleteTags DescribeFlowLogs "
        "DescribeTags; iam: PassRole"
    ),
    "AWS::EC2::InternetGateway": (
        "ec2: CreateInternetGateway CreateTags DeleteInternetGateway DeleteTags "
        "DescribeInternetGateways"
    ),
    "AWS::EC2::LaunchTemplate": (
        "ec2: CreateLaunchTemplate CreateLaunchTemplateVersion CreateTags DeleteLaunchTemplate "
        "DeleteTags DescribeLaunchTemplates"
    ),
    "AWS::EC2::NatGateway": (
        "ec2: CreateNatGateway CreateTags DeleteNatGateway DeleteTags DescribeNatGateways"
    ),
    "AWS::EC2::Route": (
        "ec2: CreateRoute DeleteRoute DescribeNetworkInterfaces DescribeRouteTables ReplaceRoute"
    ),
    "AWS::EC2::RouteTable": (
        "ec2: CreateRouteTable CreateTags DeleteRouteTable DeleteTags DescribeRouteTables"
    ),
    "AWS::EC2::SecurityGroup": (
        "ec2: AuthorizeSecurityGroupEgress AuthorizeSecurityGroupIngress CreateSecurityGroup "
        "CreateTags DeleteSecurityGroup DeleteTags DescribeInstances DescribeSecurityGroups "
        "RevokeSecurityGroupEgress RevokeSecurityGroupIngress"
    ),
    "AWS::EC2::SecurityGroupEgress": (
        "ec2: AuthorizeSecurityGroupEgress DescribeSecurityGroupRules RevokeSecurityGroupEgress"
    ),
    "AWS::EC2::SecurityGroupIngress": (
        "ec2: AuthorizeSecurityGroupIngress DescribeSecurityGroupRules DescribeSecurityGroups "
        "RevokeSecurityGroupIngress"
    ),
    "AWS::EC2::Subnet": (
        "ec2: CreateSubnet CreateTags DeleteSubnet DeleteTags DescribeNetworkAcls "
        "DescribeSubnets ModifySubnetAttribute"
    ),
    "AWS::EC2::SubnetRouteTableAssociation": (
        "ec2: AssociateRouteTable DescribeRouteTables DescribeSubnets DisassociateRouteTable "
        "ReplaceRouteTableAssociation"
    ),
    "AWS::EC2::VPC": (
        "ec2: CreateTags CreateVpc DeleteTags DeleteVpc DescribeNetworkAcls "
        "DescribeSecurityGroups DescribeVpcAttribute DescribeVpcEncryptionControls "
        "DescribeVpcs ModifyVpcAttribute"
    ),
    "AWS::EC2::VPCEndpoint": (
        "ec2: CreateTags CreateVpcEndpoint DeleteTags DeleteVpcEndpoints "
        "DescribeSecurityGroups DescribeSubnets DescribeVpcEndpoints DescribeVpcs "
        "ModifyVpcEndpoint"
    ),
    "AWS::EC2::VPCGatewayAttachment": (
        "ec2: AttachInternetGateway DescribeInternetGateways DescribeVpnGateways "
        "DetachInternetGateway"
    ),
    "AWS::ECR::Repository": (
        "ecr: CreateRepository DeleteRepository DescribeRepositories GetLifecyclePolicy "
        "GetRepositoryPolicy ListTagsForResource PutImageScanningConfiguration "
        "PutImageTagMutability TagResource UntagResource; kms: CreateGrant DescribeKey RetireGrant"
    ),
    "AWS::Events::Rule": (
        "events: DeleteRule DescribeRule ListTagsForResource ListTargetsByRule PutRule "
        "PutTargets RemoveTargets TagResource UntagResource"
    ),
    "AWS::IAM::InstanceProfile": (
        "iam: AddRoleToInstanceProfile CreateInstanceProfile DeleteInstanceProfile "
        "GetInstanceProfile PassRole RemoveRoleFromInstanceProfile"
    ),
    "AWS::IAM::ManagedPolicy": (
        "iam: CreatePolicy CreatePolicyVersion DeletePolicy DeletePolicyVersion GetPolicy "
        "GetPolicyVersion ListEntitiesForPolicy ListPolicyVersions"
    ),
    "AWS::IAM::Role": (
        "iam: CreateRole DeleteRole DeleteRolePolicy GetRole GetRolePolicy "
        "ListAttachedRolePolicies ListRolePolicies ListRoleTags PutRolePermissionsBoundary "
        "PutRolePolicy TagRole UntagRole UpdateAssumeRolePolicy UpdateRole "
        "UpdateRoleDescription"
    ),
    "AWS::KMS::Alias": "kms: CreateAlias DeleteAlias ListAliases UpdateAlias",
    "AWS::KMS::Key": (
        "kms: CreateKey DescribeKey EnableKeyRotation GetKeyPolicy GetKeyRotationStatus "
        "ListResourceTags PutKeyPolicy ScheduleKeyDeletion TagResource UntagResource "
        "UpdateKeyDescription"
    ),
    "AWS::Lambda::Function": (
        "ec2: DescribeNetworkInterfaces DescribeSecurityGroups DescribeSubnets DescribeVpcs; "
        "s3files: ListMountTargets; iam: PassRole; kms: CreateGrant Decrypt DescribeKey Encrypt "
        "GenerateDataKey; lambda: "
        "CreateFunction DeleteFunction DeleteFunctionConcurrency GetFunction "
        "GetFunctionCodeSigningConfig GetFunctionRecursionConfig GetFunctionScalingConfig "
        "GetRuntimeManagementConfig ListTags PutFunctionConcurrency "
        "PutFunctionRecursionConfig TagResource UntagResource "
        "UpdateFunctionCode UpdateFunctionConfiguration; s3: GetObject GetObjectVersion"
    ),
    "AWS::Lambda::EventInvokeConfig": (
        "lambda: DeleteFunctionEventInvokeConfig GetFunctionEventInvokeConfig "
        "PutFunctionEventInvokeConfig UpdateFunctionEventInvokeConfig"
    ),
    "AWS::Lambda::Permission": "lambda: AddPermission GetPolicy RemovePermission",
    "AWS::Logs::LogGroup": (
        "logs: AssociateKmsKey CreateLogGroup DeleteLogGroup DeleteRetentionPolicy "
        "DescribeIndexPolicies DescribeLogGroups DescribeResourcePolicies DisassociateKmsKey "
        "GetDataProtectionPolicy ListTagsForResource PutRetentionPolicy TagResource "
        "UntagResource"
    ),
    "AWS::S3::Bucket": (
        "s3: CreateBucket DeleteBucket DeleteBucketEncryption DeleteBucketLifecycle "
        "GetAccelerateConfiguration GetAnalyticsConfiguration GetBucketAbac GetBucketCORS "
        "GetBucketLogging GetBucketMetadataTableConfiguration GetBucketNotification "
        "GetBucketObjectLockConfiguration GetBucketOwnershipControls "
        "GetBucketPublicAccessBlock GetBucketTagging GetBucketVersioning GetBucketWebsite "
        "GetEncryptionConfiguration GetIntelligentTieringConfiguration "
        "GetInventoryConfiguration GetLifecycleConfiguration GetMetricsConfiguration "
        "GetReplicationConfiguration ListBucket ListTagsForResource PutBucketNotification "
        "PutBucketOwnershipControls "
        "PutBucketPublicAccessBlock PutBucketTagging PutBucketVersioning "
        "PutEncryptionConfiguration PutLifecycleConfiguration TagResource UntagResource"
    ),
    "AWS::SNS::Topic": (
        "sns: CreateTopic DeleteTopic GetDataProtectionPolicy GetTopicAttributes "
        "ListSubscriptionsByTopic ListTagsForResource SetTopicAttributes Subscribe TagResource "
        "Unsubscribe UntagResource"
    ),
    "AWS::SQS::Queue": (
        "sqs: CreateQueue DeleteQueue GetQueueAttributes GetQueueUrl ListQueueTags "
        "SetQueueAttributes TagQueue UntagQueue"
    ),
    "AWS::S3::BucketPolicy": "s3: DeleteBucketPolicy GetBucketPolicy PutBucketPolicy",
    "AWS::S3Files::AccessPoint": (
        "s3files: CreateAccessPoint DeleteAccessPoint GetAccessPoint ListTagsForResource "
        "TagResource UntagResource"
    ),
    "AWS::S3Files::FileSystem": (
        "s3files: CreateFileSystem DeleteFileSystem GetFileSystem "
        "GetSynchronizationConfiguration ListTagsForResource PutSynchronizationConfiguration "
        "TagResource UntagResource; kms: CreateGrant DescribeKey GenerateDataKeyWithoutPlaintext; "
        "iam: PassRole; s3: GetBucketNotification PutBucketNotification; events: DeleteRule "
        "DescribeRule ListRules ListTargetsByRule PutRule PutTargets RemoveTargets"
    ),
    "AWS::S3Files::FileSystemPolicy": (
        "s3files: DeleteFileSystemPolicy GetFileSystemPolicy PutFileSystemPolicy"
    ),
    "AWS::S3Files::MountTarget": (
        "s3files: CreateMountTarget DeleteMountTarget GetMountTarget ListMountTargets "
        "UpdateMountTarget; ec2: CreateNetworkInterface DeleteNetworkInterface DescribeSubnets "
        "ModifyNetworkInterfaceAttribute"
    ),
}
_BESIDE = {
    # AWS's schema has no handlers. The operations of its API that make, read, change and delete a
    # project, tags included, and the role that it is given (AWS CodeBuild API Reference).
    "AWS::CodeBuild::Project": (
        "codebuild: BatchGetProjects CreateProject DeleteProject UpdateProject; iam: PassRole"
    ),
    # Amazon DynamoDB Developer Guide, "DynamoDB encryption at rest usage notes": the least that it
    # needs of a key in the name of who makes a table.
    "AWS::DynamoDB::Table": (
        "kms: GenerateDataKey GenerateDataKeyWithoutPlaintext ReEncryptFrom ReEncryptTo"
    ),
    # Service Authorization Reference, Amazon EC2, dependent actions of CreateVpcEndpoint: for the
    # private names of an interface endpoint.
    "AWS::EC2::VPCEndpoint": "route53: AssociateVPCWithHostedZone",
}
"""What else it takes, which the schemas do not say."""

_FORMER = {
    "AWS::Budgets::Budget": "budgets: ModifyBudget",
    "AWS::EFS::FileSystem": (
        "elasticfilesystem: DeleteFileSystem DescribeFileSystems DescribeReplicationConfigurations"
    ),
    "AWS::EFS::MountTarget": "elasticfilesystem: DeleteMountTarget DescribeMountTargets",
}
"""What nodes of earlier versions have: an update deletes it, and so does a removal."""

EVERY_TYPE = frozenset(_HANDLERS)
FORMER_TYPES = frozenset(_FORMER)
STACK_TYPES = EVERY_TYPE | FORMER_TYPES
"""All that a node's stack may have, today's and earlier ones."""


def actions(types: Iterable[str]) -> set[str]:
    """What it takes to make, read, tag, change and delete resources of these types.

    Those of :data:`FORMER_TYPES` are only deleted.

    Raises:
        KeyError: a type that is not in the table.

    """
    return {
        action
        for type_ in types
        for text in ((_HANDLERS | _FORMER)[type_], _BESIDE.get(type_, ""))
        for action in _parsed(text)
    }


def _parsed(text: str) -> Iterator[str]:
    for part in filter(None, text.split("; ")):
        service, _, names = part.partition(": ")
        yield from (f"{service}:{name}" for name in names.split())
