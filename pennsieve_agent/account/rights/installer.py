"""The least rights of whoever registers a node: what this program, and CloudFormation for it, do.

Each :class:`Right` says why it is needed. AWS makes the stack's resources with the rights of the
person who asked for the stack; those rights are given only for calls that come by way of
CloudFormation (``aws:CalledVia``). Resources are narrowed to our names wherever AWS knows resources
for the action; with the token ``*`` the names stand for all nodes of the account.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pennsieve_agent.account.rights.right import Document, Right, document, documents
from pennsieve_agent.account.rights.stack_rights import Place, made_by_stack
from pennsieve_agent.account.spec.names import NodeNames, node_names
from pennsieve_agent.account.spec.node_spec import Code, NodeSpec, Settings
from pennsieve_agent.account.stack.template import node_template
from pennsieve_agent.aws.values import AwsIdentity

PUSH = (
    "BatchCheckLayerAvailability BatchGetImage CompleteLayerUpload DescribeImages"
    " GetDownloadUrlForLayer InitiateLayerUpload PutImage UploadLayerPart"
)
"""What AWS asks IAM of who pushes an image by the registry's own protocol (Amazon ECR, "IAM
permissions for pushing an image"), and looks whether it is there."""


def all_nodes(identity: AwsIdentity) -> NodeNames:
    """The names of every node that an account can have."""
    return node_names("*", "*", replace(identity, region="*"))


def types_of(settings: Settings) -> frozenset[str]:
    """The types of resources that a node with these settings has."""
    names = NodeNames("0" * 8, "prod", "0" * 12, "us-east-1")
    spec = NodeSpec(names, "", settings=settings, code=Code("0" * 64, ""))
    return frozenset(body["Type"] for body in node_template(spec)["Resources"].values())


def installer_policy(names: NodeNames, boundary: str = "") -> Document:
    """Everything in one policy, to be asked; IAM takes none so long."""
    return document(installer_rights(Place(names, boundary)))


def installer_policies(place: Place) -> tuple[Document, ...]:
    """The policies to give to whoever registers nodes, none longer than IAM takes one."""
    return documents(installer_rights(place))


def installer_rights(place: Place) -> tuple[Right, ...]:
    """Everything that registering, checking and removing nodes needs."""
    return (*_own_calls(place), *_looks(place.names), *made_by_stack(place))


def _own_calls(place: Place) -> Sequence[Right]:
    names, boundary = place.names, place.boundary
    stack = names.arn("cloudformation", f"stack/{names.stack}/*")
    bucket = f"arn:{names.partition}:s3:::{names.bucket}"
    changes = _actions("cloudformation", "CreateChangeSet DeleteChangeSet DeleteStack")
    reads = _actions("cloudformation", "DescribeStackEvents DescribeStackResources")
    sets = _actions("cloudformation", "DescribeChangeSet ExecuteChangeSet GetTemplate"
                    " ListChangeSets TagResource")  # fmt: skip
    listing = ("s3:ListBucket", "s3:ListBucketMultipartUploads", "s3:ListBucketVersions")
    emptying = ("s3:AbortMultipartUpload", "s3:DeleteObject", "s3:DeleteObjectVersion")
    images = (names.arn("ecr", f"repository/{names.stack}/*"),)
    policies = (names.boundary_arn, *((boundary,) if boundary else ()))
    return (
        Right("Stacks", "plan, make, follow and delete the node's stack",
              (*changes, *reads, *sets), (stack,)),
        Right("FindStacks", "find the stack by its tags; AWS knows no resource for a list",
              ("cloudformation:DescribeStacks",), ("*",)),
        Right("LookIntoBucket", "count what a removal deletes", listing, (bucket,)),
        Right("EmptyBucket", "empty the node's bucket before its stack goes",
              emptying, (f"{bucket}/*",)),
        Right("PutCode", "put the node's code into its bucket, once",
              ("s3:GetObject", "s3:PutObject"), (f"{bucket}/code/*",)),
        Right("AskNode", "ask the node how it is, and keep its registry",
              ("lambda:InvokeFunction",), (names.function_arn(names.admin),)),
        Right("ShareNode", "say who may call the node, and see who may",
              _actions("lambda", "AddPermission GetPolicy RemovePermission"),
              (names.function_arn(names.gateway),)),
        Right("LookAtRoles", "see whether the role is there, and as it should be",
              _actions("iam", "GetRole GetRolePolicy ListAttachedRolePolicies ListRolePolicies"),
              _roles(place)),
        Right("LookAtFunctions", "see which code the node has",
              ("lambda:GetFunctionConfiguration",),
              (names.arn("lambda", f"function:{names.stack}-*"),)),
        Right("LookAtBoundary", "see whether the boundary is there, and as it should be",
              ("iam:GetPolicy", "iam:GetPolicyVersion"), policies),
        Right("ProveTableGone", "see that a removal left no table",
              ("dynamodb:DescribeTable",), (names.arn("dynamodb", f"table/{names.table}"),)),
        Right("LookAtNetworks", "see whether the network is there and fits; AWS knows no resource",
              _actions("ec2", "DescribeRouteTables DescribeSubnets DescribeVpcAttribute"
                       " DescribeVpcEndpoints DescribeVpcs"), ("*",)),
        Right("LookAtQueues", "see whether the queues are well; AWS knows no resource",
              ("batch:DescribeComputeEnvironments", "batch:DescribeJobQueues"), ("*",)),
        Right("ProveLogsGone", "see that a removal left no log group",
              ("logs:DescribeLogGroups",), (names.arn("logs", "log-group:*"),)),
        Right("ProveAllGone", "find what is left, by tag and by name; AWS knows no resource for "
              "lists", ("batch:DescribeJobDefinitions", "iam:ListPolicies", "iam:ListRoles",
                        "secretsmanager:ListSecrets", "ssm:DescribeParameters",
                        "tag:GetResources"), ("*",)),
        Right("EmptyRepositories", "delete the images of a node that is removed",
              _actions("ecr", "BatchDeleteImage DescribeRepositories ListImages"), images),
        Right("PushImages", "copy the image in which files are moved, and push those of own code",
              _actions("ecr", PUSH), images),
        Right("SignInToRegistry", "the same; AWS knows no resource for signing in",
              ("ecr:GetAuthorizationToken",), ("*",)),
        Right("DeleteParameters", "delete the keys of workflows on a node that is removed",
              ("ssm:DeleteParameters",),
              (names.arn("ssm", f"parameter{names.parameter_prefix}*"),)),
        Right("DeleteSecrets", "delete the secrets of a node that is removed",
              ("secretsmanager:DeleteSecret",),
              (names.arn("secretsmanager", f"secret:{names.secret_prefix}*"),)),
        Right("EndJobDefinitions", "take its jobs' definitions out of use",
              ("batch:DeregisterJobDefinition",),
              (names.arn("batch", f"job-definition/{names.stack}-*"),)),
    )  # fmt: skip


def _looks(names: NodeNames) -> Sequence[Right]:
    people = tuple(names.arn("iam", f"{kind}/*", regional=False) for kind in ("user", "role"))
    return (
        Right("CheckRights", "name every missing right before anything is made",
              ("iam:SimulatePrincipalPolicy",), people, needed=False),
        Right("PinImages", "see which image Pennsieve built; its own account says who may",
              ("ecr:BatchGetImage",), (f"arn:{names.partition}:ecr:*:*:repository/*",),
              needed=False),
        Right("LookAtLimits", "see how much the account may have; AWS knows no resource",
              ("ec2:DescribeAddresses", "ec2:DescribeRegions", "lambda:GetAccountSettings",
               "servicequotas:GetServiceQuota"), ("*",), needed=False),
    )  # fmt: skip


def _roles(place: Place) -> tuple[str, ...]:
    names = place.names
    older = "ROLE-*" if names.token == "*" else names.role  # noqa: S105 - no password
    found = [names.arn("iam", f"role/{name}", regional=False) for name in (names.role, older)]
    return tuple(dict.fromkeys((place.iam("role"), *found)))


def _actions(service: str, words: str) -> tuple[str, ...]:
    return tuple(f"{service}:{word}" for word in words.split())
