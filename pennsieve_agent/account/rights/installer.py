"""The least permissions to register nodes: what this program, and CloudFormation for it, do.

Each :class:`Right` says why it is needed. CloudFormation creates the stack's resources with the
permissions of whoever asked for the stack; those are given only for calls that come through
CloudFormation (``aws:CalledVia``). Resources are limited to our names wherever AWS supports that
for the action; with the token ``*`` the names stand for all nodes of the account.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pennsieve_agent.account.rights.resource_handlers import STACK_TYPES
from pennsieve_agent.account.rights.right import (
    NO_RESOURCE,
    Document,
    Right,
    document,
    documents,
)
from pennsieve_agent.account.rights.stack_rights import TAGGED, Place, rights_for_stack
from pennsieve_agent.account.spec.names import TOKEN_TAG, NodeNames, node_names
from pennsieve_agent.account.spec.node_spec import Code, NodeSpec, Settings
from pennsieve_agent.account.stack.key_uses import key_uses
from pennsieve_agent.account.stack.template import node_template
from pennsieve_agent.aws.values import AwsIdentity

PUSH = (
    "BatchCheckLayerAvailability BatchGetImage CompleteLayerUpload DescribeImages"
    " GetDownloadUrlForLayer InitiateLayerUpload PutImage UploadLayerPart"
)
"""What AWS asks IAM of who pushes an image by the registry's own protocol (Amazon ECR, "IAM
permissions for pushing an image"), and to see whether the image exists already."""

NODE_TYPES: Mapping[str, Mapping[str, Any]] = {
    "ForAllValues:StringEquals": {"cloudformation:ResourceTypes": sorted(STACK_TYPES)},
    "Null": {
        "cloudformation:ImportResourceTypes": "true",
        "cloudformation:ResourceTypes": "false",
    },
}
"""Stacks of a node's own types alone, and nothing that is there already is taken into one.

Else types that act with a role of their own (extensions, custom resources) could be used, and keys
or network interfaces of others be imported and changed. Whoever asks must name the types
(CloudFormation User Guide, "Control CloudFormation access with AWS Identity and Access Management",
condition keys; https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/control-access-with-iam.html).
"""


def all_nodes(identity: AwsIdentity) -> NodeNames:
    """The names of every node that an account can have."""
    return node_names("*", replace(identity, region="*"))


def types_of(settings: Settings) -> frozenset[str]:
    """The types of resources that a node with these settings has."""
    names = NodeNames("0" * 8, "0" * 12, "us-east-1")
    spec = NodeSpec(
        names,
        "",
        settings=settings,
        code=Code("0" * 64, ""),
        zones=("",),
        transfer_digest="sha256:",
    )
    return frozenset(body["Type"] for body in node_template(spec)["Resources"].values())


def installer_policy(names: NodeNames, boundary: str = "") -> Document:
    """Everything in one policy, to be evaluated here; it is longer than IAM accepts."""
    return document(installer_rights(Place(names, boundary)))


def installer_policies(place: Place) -> tuple[Document, ...]:
    """The policies to give to whoever registers nodes, each as short as IAM demands."""
    return documents(installer_rights(place))


def installer_rights(place: Place) -> tuple[Right, ...]:
    """Everything that registering, checking and removing nodes needs."""
    names = place.names
    own = (*_stack_and_functions(names), *_key(place), *_checks(place), *_images(names))
    own = (*own, *_deletions(names))
    return (*own, *_looks(names), *rights_for_stack(place))


def _stack_and_functions(names: NodeNames) -> Sequence[Right]:
    """The stack, the bucket and the functions of a node."""
    stack = names.arn("cloudformation", f"stack/{names.stack}/*")
    bucket = f"arn:{names.partition}:s3:::{names.bucket}"
    changes = _actions("cloudformation", "DeleteChangeSet DeleteStack")
    reads = _actions("cloudformation", "DescribeStackEvents DescribeStackResources")
    sets = _actions("cloudformation", "DescribeChangeSet ExecuteChangeSet GetTemplate"
                    " ListChangeSets TagResource")  # fmt: skip
    listing = ("s3:ListBucket", "s3:ListBucketMultipartUploads", "s3:ListBucketVersions")
    emptying = ("s3:AbortMultipartUpload", "s3:DeleteObject", "s3:DeleteObjectVersion")
    return (
        Right("PlanStack", "plan the node's stack, of the types of resources that nodes have",
              ("cloudformation:CreateChangeSet",), (stack,), NODE_TYPES),
        Right("Stacks", "create, follow and delete the node's stack",
              (*changes, *reads, *sets), (stack,)),
        Right("FindStacks", f"find the stack by its tags; {NO_RESOURCE}",
              ("cloudformation:DescribeStacks",), ("*",)),
        Right("LookIntoBucket", "count what a removal deletes", listing, (bucket,)),
        Right("EmptyBucket", "empty the node's bucket before its stack is deleted",
              emptying, (f"{bucket}/*",)),
        Right("PutCode", "upload the node's code to its bucket, once",
              ("s3:GetObject", "s3:PutObject"), (f"{bucket}/code/*",)),
        Right("AskNode", "call the function that answers the node's owner",
              ("lambda:InvokeFunction",), (names.function_arn(names.admin),)),
        Right("ShareNode", "read and change who may call the node",
              _actions("lambda", "AddPermission GetPolicy RemovePermission"),
              (names.function_arn(names.gateway),)),
    )  # fmt: skip


def _key(place: Place) -> Sequence[Right]:
    """What the bucket takes of the node's key; it does not go by CloudFormation.

    A template that is in the bucket is read with the rights of whoever names it (AWS CloudFormation
    User Guide, "Control CloudFormation access with IAM",
    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/control-access-with-iam.html).
    """
    names = place.names
    if "AWS::KMS::Key" not in place.types:
        return ()
    (actions,) = key_uses(("s3:GetObject", "s3:PutObject")).values()
    by_s3 = {"kms:ViaService": f"s3.{names.region}.amazonaws.com"}
    return (
        Right("EncryptCode", "encrypt code and template with the node's key, by way of S3",
              tuple(actions), (place.arn("kms", "key/*"),), TAGGED | {"StringLike": by_s3}),
    )  # fmt: skip


def _checks(place: Place) -> Sequence[Right]:
    """What a check of a node reads, and the proof that a removal left nothing."""
    names = place.names
    boundaries = (names.boundary_arn, names.account_boundary_arn, place.boundary)
    policies = tuple(dict.fromkeys(filter(None, boundaries)))
    return (
        Right("LookAtRoles", "check that the roles exist and are unchanged",
              _actions("iam", "GetRole GetRolePolicy ListAttachedRolePolicies ListRolePolicies"),
              _roles(place)),
        Right("LookAtFunctions", "read which version of the code the functions have",
              ("lambda:GetFunctionConfiguration",),
              (names.arn("lambda", f"function:{names.stack}-*"),)),
        Right("LookAtBoundary", "check that the permissions boundary exists and is unchanged",
              ("iam:GetPolicy", "iam:GetPolicyVersion"), policies),
        Right("ProveTableGone", "check that a removal left no table",
              ("dynamodb:DescribeTable",), (names.arn("dynamodb", f"table/{names.table}"),)),
        Right("LookAtNetworks", f"check that the network exists and fits; {NO_RESOURCE}",
              _actions("ec2", "DescribeAvailabilityZones DescribeRouteTables DescribeSecurityGroups"
                       " DescribeSubnets DescribeVpcAttribute DescribeVpcEndpoints"
                       " DescribeVpcEndpointServices DescribeVpcs"), ("*",)),
        Right("LookAtQueues", f"check that the job queues work; {NO_RESOURCE}",
              ("batch:DescribeComputeEnvironments", "batch:DescribeJobQueues"), ("*",)),
        Right("ProveLogsGone", "check that a removal left no log group",
              ("logs:DescribeLogGroups",), (names.arn("logs", "log-group:*"),)),
        Right("ProveKeyEnds", "check that AWS deletes the key, by its tag",
              ("kms:DescribeKey",), (place.arn("kms", "key/*"),), TAGGED),
        Right("ProveAllGone", "check that a removal left nothing, by tag and by name; "
              f"{NO_RESOURCE}",
              ("batch:DescribeJobDefinitions", "ec2:DescribeNatGateways", "iam:ListPolicies",
               "iam:ListRoles",
               "secretsmanager:ListSecrets", "ssm:DescribeParameters", "tag:GetResources"),
              ("*",)),
    )  # fmt: skip


def _images(names: NodeNames) -> Sequence[Right]:
    """The node's images."""
    images = (names.arn("ecr", f"repository/{names.stack}/*"),)
    return (
        Right("EmptyRepositories", "delete the images of a node that is removed",
              _actions("ecr", "BatchDeleteImage DescribeRepositories ListImages"), images),
        Right("PushImages", "push the image of transfer jobs, and images of your own code",
              _actions("ecr", PUSH), images),
        Right("SignInToRegistry", f"log in to the registry to push images; {NO_RESOURCE}",
              ("ecr:GetAuthorizationToken",), ("*",)),
    )  # fmt: skip


def _deletions(names: NodeNames) -> Sequence[Right]:
    """What a removal deletes that is not in the stack."""
    return (
        Right("DeleteParameters", "delete the secrets of a node that is removed",
              ("ssm:DeleteParameters",),
              (names.arn("ssm", f"parameter{names.parameter_prefix}*"),)),
        Right("StopBuilds", "stop builds of images that go on",
              _actions("codebuild", "BatchGetBuilds ListBuildsForProject StopBuild"),
              (names.arn("codebuild", f"project/{names.builder}"),)),
        Right("DeleteAccessPoints", "delete the access points of runs that were cut off",
              ("s3files:DeleteAccessPoint",),
              (names.arn("s3files", "file-system/*/access-point/*"),),
              conditions={"Null": {f"aws:ResourceTag/{TOKEN_TAG}": "false"}}),
        Right("ListAccessPoints", "list them", ("s3files:ListAccessPoints",),
              (names.arn("s3files", "file-system/*"),), conditions=TAGGED),
        Right("DeleteFiles", "delete the file system where the last files that a run wrote are not "
              "in the bucket yet, which no stack does", ("s3files:DeleteFileSystem",),
              (names.arn("s3files", "file-system/*"),), conditions=TAGGED),
        Right("FindFiles", f"find the node's file system; {NO_RESOURCE}",
              ("s3files:ListFileSystems",), ("*",)),
        Right("DeleteSecrets", "delete the parameters of runs that did not end",
              ("secretsmanager:DeleteSecret",),
              (names.arn("secretsmanager", f"secret:{names.secret_prefix}*"),)),
        Right("EndJobDefinitions", "deregister the job definitions of a node that is removed",
              ("batch:DeregisterJobDefinition",),
              (names.arn("batch", f"job-definition/{names.stack}-*"),)),
    )  # fmt: skip


def _looks(names: NodeNames) -> Sequence[Right]:
    people = tuple(names.arn("iam", f"{kind}/*", regional=False) for kind in ("user", "role"))
    return (
        Right("CheckRights", "name every missing permission before anything is created",
              ("iam:SimulatePrincipalPolicy",), people, needed=False),
        Right("PinImages", "read the digest of images that Pennsieve built; Pennsieve's account "
              "decides whether you may", ("ecr:BatchGetImage",),
              (f"arn:{names.partition}:ecr:*:*:repository/*",), needed=False),
        Right("LookAtLimits", f"read the account's quotas; {NO_RESOURCE}",
              ("ec2:DescribeAddresses", "ec2:DescribeRegions", "lambda:GetAccountSettings",
               "servicequotas:GetServiceQuota"), ("*",), needed=False),
    )  # fmt: skip


def _roles(place: Place) -> tuple[str, ...]:
    names = place.names
    older = ["ROLE-*"] if names.token == "*" else []  # noqa: S105 - no password
    roles = [names.platform_role, *older]
    arns = (names.arn("iam", f"role/{role}", regional=False) for role in roles)
    return (place.iam("role"), *arns)


def _actions(service: str, words: str) -> tuple[str, ...]:
    return tuple(f"{service}:{word}" for word in words.split())
