"""From the installer's policies no known way leads to an administrator's rights.

A search: each way that is known to lead from some rights in IAM to more ("Privilege escalation
methods", as security tools list them) is tried on each resource of a small account, in each context
that the caller can choose, first with the installer's policies, then as every role that these let
make. What is allowed must be in ``CONTAINED``: it stays within the nodes, and the words say so.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from pennsieve_agent.account.rights.installer import (
    all_nodes,
    installer_policies,
)
from pennsieve_agent.account.rights.installer_sentences import ADMINISTRATOR, what_remains
from pennsieve_agent.account.rights.resource_handlers import EVERY_TYPE
from pennsieve_agent.account.rights.right import CLOUDFORMATION, MOST_POLICY_CHARACTERS, VIA, length
from pennsieve_agent.account.rights.stack_rights import Place
from pennsieve_agent.account.spec.names import NodeNames
from pennsieve_agent.account.stack.boundary import node_boundary
from pennsieve_agent.aws.values import AwsIdentity
from pennsieve_agent.domain.iam_policies import Ask, Document, Verdict, decide
from tests.aws.emulator import IGNORED
from tests.sandbox.aws.account import NUMBER, REGION, Cloud, open_cloud, service_trust

pytestmark = pytest.mark.filterwarnings(IGNORED)
WHO = AwsIdentity(NUMBER, f"arn:aws:iam::{NUMBER}:user/ada", "U", REGION, "")
NODES = all_nodes(WHO)
NODE = NodeNames("0a1b2c3d", NUMBER, REGION)
BOUNDARY = NODE.account_boundary_arn
SAFE = Place(NODES, BOUNDARY)
OPEN = Place(NODES)
EVERYTHING: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}

IAM = f"arn:aws:iam::{NUMBER}"
HERE = f"{REGION}:{NUMBER}"
ADMIN_ROLE, NODE_ROLE = f"{IAM}:role/Admin", f"{IAM}:role/{NODE.gateway}"
JOB_ROLE = f"{IAM}:role/{NODE.job_role}"
OWN_BOUNDARY = NODE.boundary_arn
RESOURCES: Mapping[str, Sequence[str]] = {
    "iam": (
        *("*", ADMIN_ROLE, NODE_ROLE, JOB_ROLE, BOUNDARY, OWN_BOUNDARY, f"{IAM}:policy/other"),
        *(f"{IAM}:user/ada", f"{IAM}:group/g", f"{IAM}:role/{NODE.account_role}"),
        *(f"{IAM}:instance-profile/web", f"{IAM}:instance-profile/{NODE.instance_role}"),
    ),
    "lambda": ("*", *(f"arn:aws:lambda:{HERE}:function:{n}" for n in ("prod", NODE.gateway)),
               f"arn:aws:lambda:{HERE}:layer:shared"),
    "cloudformation": (
        *(f"arn:aws:cloudformation:{HERE}:stack/{n}/1" for n in ("prod", NODE.stack)), "*"),
    "s3": ("arn:aws:s3:::prod", f"arn:aws:s3:::{NODE.bucket}"),
    "kms": ("*", f"arn:aws:kms:{HERE}:key/1"),
    "secretsmanager": tuple(
        f"arn:aws:secretsmanager:{HERE}:secret:{n}-AbCdEf" for n in ("prod", f"{NODE.stack}/a")
    ),
    "ssm": ("*", f"arn:aws:ec2:{HERE}:instance/i-1", f"arn:aws:ssm:{HERE}:parameter/prod",
            f"arn:aws:ssm:{HERE}:parameter{NODE.parameter_prefix}workflows/a"),
    "sts": (ADMIN_ROLE, NODE_ROLE),
}  # fmt: skip
WAYS = {
    "iam": "CreatePolicyVersion SetDefaultPolicyVersion CreateAccessKey CreateLoginProfile"
    " UpdateLoginProfile AttachUserPolicy AttachGroupPolicy AttachRolePolicy PutUserPolicy"
    " PutGroupPolicy PutRolePolicy AddUserToGroup UpdateAssumeRolePolicy CreateRole CreatePolicy"
    " DeletePolicy DeletePolicyVersion CreateUser PassRole PutRolePermissionsBoundary"
    " DeleteRolePermissionsBoundary DeleteUserPermissionsBoundary PutUserPermissionsBoundary"
    " AddRoleToInstanceProfile CreateServiceLinkedRole CreateServiceSpecificCredential"
    " DeactivateMFADevice UpdateSAMLProvider CreateOpenIDConnectProvider"
    " UpdateOpenIDConnectProviderThumbprint DetachRolePolicy DeleteRolePolicy",
    "lambda": "CreateFunction UpdateFunctionCode UpdateFunctionConfiguration AddPermission"
    " InvokeFunction CreateEventSourceMapping PublishLayerVersion AddLayerVersionPermission"
    " CreateFunctionUrlConfig",
    "cloudformation": "CreateStack UpdateStack CreateChangeSet ExecuteChangeSet SetStackPolicy"
    " CreateStackSet UpdateStackSet RegisterType ActivateType",
    "codebuild": "CreateProject UpdateProject StartBuild StartBuildBatch",
    "codestar": "CreateProject AssociateTeamMember",
    "batch": "RegisterJobDefinition SubmitJob CreateComputeEnvironment",
    "ec2": "RunInstances AssociateIamInstanceProfile ReplaceIamInstanceProfileAssociation"
    " ModifyInstanceAttribute CreateSnapshot ModifySnapshotAttribute",
    "ec2-instance-connect": "SendSSHPublicKey",
    "ecs": "RegisterTaskDefinition RunTask StartTask UpdateService ExecuteCommand",
    "glue": "CreateDevEndpoint UpdateDevEndpoint CreateJob UpdateJob StartJobRun",
    "sagemaker": "CreateNotebookInstance CreatePresignedNotebookInstanceUrl CreateTrainingJob",
    "datapipeline": "CreatePipeline PutPipelineDefinition",
    "states": "CreateStateMachine UpdateStateMachine StartExecution",
    "events": "PutTargets PutRule",
    "scheduler": "CreateSchedule",
    "ssm": "SendCommand StartSession StartAutomationExecution PutParameter GetParameter",
    "s3": "PutBucketPolicy PutBucketAcl PutBucketNotification",
    "kms": "PutKeyPolicy CreateGrant TagResource Decrypt ScheduleKeyDeletion",
    "secretsmanager": "GetSecretValue PutResourcePolicy",
    "sts": "AssumeRole TagSession",
    "organizations": "LeaveOrganization",
}
SERVICES = (
    *("lambda", "codebuild", "batch", "ec2", "cloudformation", "glue", "sagemaker", "ecs-tasks"),
    *("states", "events", "scheduler", "datapipeline", "ssm", "vpc-flow-logs", "codepipeline"),
    *("resources.cloudformation",),
)
TAG = {f"aws:{where}Tag/pennsieve:managed-by": "pennsieve-agent" for where in ("Request",)}
OTHERS_TYPE = "Custom::Escalation"


def contexts(action: str) -> Iterator[dict[str, Any]]:
    """What whoever asks can bring about, alone or by way of a stack."""
    more: list[dict[str, Any]] = [{}]
    match action:
        case "iam:PassRole":
            more = [{"iam:PassedToService": f"{s}.amazonaws.com"} for s in SERVICES]
        case _ if action.startswith("iam:"):
            limits = ("", f"{IAM}:policy/other", "arn:aws:iam::aws:policy/AdministratorAccess")
            more = [{"iam:PermissionsBoundary": b} if b else {} for b in (*limits, OWN_BOUNDARY)]
            more.append({"iam:PermissionsBoundary": BOUNDARY})
        case "cloudformation:CreateChangeSet":
            types: list[Any] = [None, [OTHERS_TYPE], [*EVERY_TYPE, OTHERS_TYPE], [*EVERY_TYPE]]
            more = [{"cloudformation:ResourceTypes": t} if t else {} for t in types]
            more += [c | {"cloudformation:ImportResourceTypes": ["AWS::KMS::Key"]} for c in more]
        case _ if action.startswith("kms:"):
            tag = {"aws:ResourceTag/pennsieve:managed-by": "pennsieve-agent"}
            more = [{}, TAG, tag]
        case _:
            pass
    for context, via in itertools.product(more, ({}, {VIA: [CLOUDFORMATION]})):
        yield {"aws:RequestedRegion": REGION, **context, **via}


def allowed(policies: Sequence[Document], boundary: Document | None = None) -> set[tuple[str, ...]]:
    """Each way that is open: the action, its resource, and what had to be in the request."""
    found = set()
    for service, names in WAYS.items():
        for name in names.split():
            action = f"{service}:{name}"
            for resource in RESOURCES.get(service, ("*", f"arn:aws:{service}:{HERE}:thing/prod")):
                for context in contexts(action):
                    ask = Ask(action, resource, context)
                    if decide(ask, policies, boundary) is Verdict.ALLOWED:
                        found.add((action, resource, *_chosen(context)))
    return found


def _chosen(context: Mapping[str, Any]) -> tuple[str, ...]:
    via = ("by CloudFormation",) if VIA in context else ()
    limit = context.get("iam:PermissionsBoundary")
    passed = context.get("iam:PassedToService")
    return (*((limit,) if limit else ()), *((passed,) if passed else ()), *via)


STACK, FUNCTION, CFN = RESOURCES["cloudformation"][1], RESOURCES["lambda"][2], "by CloudFormation"
#: What is allowed, and stays within the nodes; each is named in the words.
CONTAINED: Mapping[str, str] = {
    "iam:CreateRole": "limits every role that they create",
    "iam:PutRolePermissionsBoundary": "neither change nor remove it",
    "iam:PutRolePolicy": "They write the trust policies and permissions of the nodes' roles",
    "iam:DeleteRolePolicy": "They write the trust policies and permissions of the nodes' roles",
    "iam:UpdateAssumeRolePolicy": "They write the trust policies",
    "iam:AddRoleToInstanceProfile": "pass the nodes' roles to Lambda, Batch, EC2",
    "iam:PassRole": "pass the nodes' roles to Lambda, Batch, EC2 and flow logs",
    "lambda:CreateFunction": "replace the code of the nodes' functions",
    "lambda:UpdateFunctionCode": "replace the code of the nodes' functions",
    "lambda:UpdateFunctionConfiguration": "replace the code of the nodes' functions",
    "lambda:AddPermission": "(lambda:AddPermission)",
    "cloudformation:CreateChangeSet": "Never give one a service role",
    "cloudformation:ExecuteChangeSet": "Never give one a service role",
    "s3:PutBucketPolicy": "change the policies of the nodes' buckets and keys",
    "s3:PutBucketNotification": "(s3:PutBucketNotification), other AWS accounts included",
    "kms:PutKeyPolicy": "change the policies of the nodes' buckets and keys",
    "kms:CreateGrant": "change the policies of the nodes' buckets and keys",
    "kms:Decrypt": "change the policies of the nodes' buckets and keys",
    "kms:ScheduleKeyDeletion": "change the policies of the nodes' buckets and keys",
    "kms:TagResource": "Tags with the key pennsieve:managed-by mark what they may change",
}


def test_the_installer_gets_no_further_than_the_nodes() -> None:
    found = allowed(installer_policies(SAFE))
    words = " ".join(what_remains(SAFE))
    assert {action for action, *_ in found} == set(CONTAINED)
    assert all(words_ in words for words_ in CONTAINED.values())
    for action, resource, *how in found:
        if action.startswith("iam:"):
            assert resource in {NODE_ROLE, JOB_ROLE, RESOURCES["iam"][-1]}, (action, resource)
            assert CFN in how, action
        if action in {"iam:CreateRole", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary"}:
            assert BOUNDARY in how, action
        if action == "iam:PassRole":
            services = {"lambda", "batch", "codebuild", "ec2", "vpc-flow-logs"}
            assert how[0].removesuffix(".amazonaws.com") in services
        if action.startswith(("lambda:", "cloudformation:", "s3:")):
            assert resource in {STACK, FUNCTION, RESOURCES["s3"][1]}, (action, resource)


def test_nothing_but_the_nodes_own_types_is_made_or_imported() -> None:
    policies = installer_policies(SAFE)
    own = {"cloudformation:ResourceTypes": [*EVERY_TYPE]}
    asks = {
        "own": own,
        "unnamed": {},
        "others": {"cloudformation:ResourceTypes": [*EVERY_TYPE, OTHERS_TYPE]},
        "imported": own | {"cloudformation:ImportResourceTypes": ["AWS::KMS::Key"]},
    }
    found = {
        name: decide(Ask("cloudformation:CreateChangeSet", STACK, context), policies)
        for name, context in asks.items()
    }
    assert {name for name, verdict in found.items() if verdict is Verdict.ALLOWED} == {"own"}


def test_a_role_that_the_installer_makes_gets_no_further_either() -> None:
    """With every right that can be written on it, and anybody who may assume it."""
    found = allowed([EVERYTHING], node_boundary(NODES))
    reads = {"ssm:GetParameter", "ssm:PutParameter"}
    assert {action for action, *_ in found} == {"iam:PassRole", *reads}
    passed = {(resource, how[0]) for action, resource, *how in found if action == "iam:PassRole"}
    assert passed == {(JOB_ROLE, "ecs-tasks.amazonaws.com")}
    secrets = {resource for action, resource, *_ in found if action in reads}
    assert secrets == {RESOURCES["ssm"][-1]}


def test_the_search_finds_the_way_through_a_boundary_of_ones_own() -> None:
    found = allowed(installer_policies(OPEN))
    assert ("iam:CreatePolicyVersion", OWN_BOUNDARY, CFN) in found
    assert ("iam:CreateRole", NODE_ROLE, OWN_BOUNDARY, CFN) in found
    assert what_remains(OPEN)[0] == ADMINISTRATOR
    assert "administrator" not in what_remains(SAFE)[0]


def test_no_right_over_a_boundary_is_left() -> None:
    text = json.dumps(installer_policies(SAFE))
    for action in ("CreatePolicy", "SetDefaultPolicyVersion", "DeletePolicy", "DeleteRolePermis"):
        assert f"iam:{action}" not in text
    assert length(node_boundary(NODES)) <= MOST_POLICY_CHARACTERS


def test_aws_refuses_each_way_over_http(tmp_path: Path) -> None:
    """The same policies on a role of an emulated account, which checks each request."""
    with open_cloud(tmp_path) as cloud:
        installer = installer_session(cloud)
        for service, operation, parameters in WAYS_ALONE:
            with pytest.raises(ClientError) as refused:
                getattr(installer.client(service), operation)(**parameters)
            code = refused.value.response["Error"]["Code"]
            assert code.startswith("AccessDenied"), (service, operation, code)
        installer.client("iam").get_policy(PolicyArn=BOUNDARY)  # it may look at it
        plan = {"StackName": NODE.stack, "ChangeSetName": "c", "ChangeSetType": "CREATE"}
        installer.client("cloudformation").create_change_set(
            **plan, TemplateBody=TEMPLATE, ResourceTypes=sorted(EVERY_TYPE)
        )


def installer_session(cloud: Cloud) -> Any:
    """A session of a role with the policies, beside an administrator's role and the boundary."""
    trust = service_trust("lambda.amazonaws.com")
    iam = cloud.owner.client("iam")
    iam.create_policy(
        PolicyName=BOUNDARY.rpartition("/")[2], PolicyDocument=json.dumps(node_boundary(NODES))
    )
    cloud.role("Admin", trust, EVERYTHING)
    cloud.role(NODE.gateway, trust, EVERYTHING, BOUNDARY)
    role = cloud.role("installer", trust, {"Statement": []})
    for number, policy in enumerate(installer_policies(SAFE)):
        made = iam.create_policy(PolicyName=f"i-{number}", PolicyDocument=json.dumps(policy))
        iam.attach_role_policy(RoleName="installer", PolicyArn=made["Policy"]["Arn"])
    return cloud.assume(role)


TEMPLATE = json.dumps({"Resources": {"Logs": {"Type": "AWS::Logs::LogGroup"}}})
POLICY = json.dumps(EVERYTHING)
ZIP = {"ZipFile": b"PK\x05\x06" + b"\0" * 18}
FUNCTION_OF = {"Runtime": "python3.13", "Handler": "h.h", "Code": ZIP}
BUILD = {
    "source": {"type": "NO_SOURCE"},
    "artifacts": {"type": "NO_ARTIFACTS"},
    "environment": {"type": "LINUX_CONTAINER", "image": "i", "computeType": "BUILD_GENERAL1_SMALL"},
}
WAYS_ALONE: Sequence[tuple[str, str, dict[str, Any]]] = (
    ("iam", "create_policy_version", {"PolicyArn": BOUNDARY, "PolicyDocument": POLICY}),
    ("iam", "set_default_policy_version", {"PolicyArn": BOUNDARY, "VersionId": "v1"}),
    ("iam", "delete_policy", {"PolicyArn": BOUNDARY}),
    ("iam", "create_policy", {"PolicyName": NODE.boundary, "PolicyDocument": POLICY}),
    ("iam", "create_role", {"RoleName": f"{NODE.stack}-x", "AssumeRolePolicyDocument": POLICY,
                            "PermissionsBoundary": BOUNDARY}),
    ("iam", "put_role_policy", {"RoleName": NODE.gateway, "PolicyName": "p",
                                "PolicyDocument": POLICY}),
    ("iam", "put_role_policy", {"RoleName": "installer", "PolicyName": "own",
                                "PolicyDocument": POLICY}),
    ("iam", "attach_role_policy", {"RoleName": NODE.gateway,
                                   "PolicyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}),
    ("iam", "update_assume_role_policy", {"RoleName": "Admin", "PolicyDocument": POLICY}),
    ("iam", "update_assume_role_policy", {"RoleName": NODE.gateway, "PolicyDocument": POLICY}),
    ("iam", "delete_role_permissions_boundary", {"RoleName": NODE.gateway}),
    ("iam", "create_access_key", {"UserName": "ada"}),
    ("lambda", "create_function", {"FunctionName": NODE.gateway, "Role": ADMIN_ROLE,
                                   **FUNCTION_OF}),
    ("lambda", "update_function_code", {"FunctionName": "prod", **ZIP}),
    ("lambda", "add_permission", {"FunctionName": "prod", "StatementId": "s", "Principal": "*",
                                  "Action": "lambda:InvokeFunction"}),
    ("lambda", "publish_layer_version", {"LayerName": "shared", "Content": ZIP}),
    ("cloudformation", "create_stack", {"StackName": NODE.stack, "TemplateBody": TEMPLATE,
                                        "RoleARN": ADMIN_ROLE}),
    ("cloudformation", "create_change_set", {"StackName": NODE.stack, "ChangeSetName": "c",
                                             "TemplateBody": TEMPLATE}),
    ("cloudformation", "create_change_set", {"StackName": "prod", "ChangeSetName": "c",
                                             "TemplateBody": TEMPLATE,
                                             "ResourceTypes": ["AWS::Logs::LogGroup"]}),
    ("cloudformation", "create_change_set", {"StackName": NODE.stack, "ChangeSetName": "c",
                                             "TemplateBody": TEMPLATE,
                                             "ResourceTypes": ["AWS::IAM::User"]}),
    ("batch", "register_job_definition", {"jobDefinitionName": f"{NODE.stack}-x",
                                          "type": "container",
                                          "containerProperties": {"image": "i",
                                                                  "jobRoleArn": ADMIN_ROLE}}),
    ("codebuild", "create_project", {"name": "build", "serviceRole": ADMIN_ROLE, **BUILD}),
    ("ec2", "run_instances", {"ImageId": "ami-1", "MinCount": 1, "MaxCount": 1,
                              "IamInstanceProfile": {"Name": "Admin"}}),
    ("s3", "put_bucket_policy", {"Bucket": "prod", "Policy": POLICY}),
    ("kms", "put_key_policy", {"KeyId": "k", "Policy": POLICY}),
    ("sts", "assume_role", {"RoleArn": ADMIN_ROLE, "RoleSessionName": "session"}),
)  # fmt: skip
"""What is asked of AWS without CloudFormation between."""
