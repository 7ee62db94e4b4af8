"""The roles of a node: each with its own document, nothing shared, and one boundary on all.

None is for Pennsieve, which has no rights in the account.
"""

from __future__ import annotations

from pennsieve_agent.account.spec.node_spec import Mode, NodeSpec
from pennsieve_agent.account.stack.boundary import node_boundary
from pennsieve_agent.account.stack.policies import (
    FILES_SERVICE,
    Where,
    files_access,
    flow_access,
    instance_access,
    key_access,
    role_access,
)
from pennsieve_agent.account.stack.statements import Document, document
from pennsieve_agent.account.stack.template_parts import (
    Resource,
    Resources,
    attribute,
    builds_images,
    has_key,
    ref,
    tags,
)
from pennsieve_agent.account.stack.trusts import service_trust

TASKS, FUNCTIONS = "ecs-tasks.amazonaws.com", "lambda.amazonaws.com"
BUILDS = "codebuild.amazonaws.com"
_OF_FUNCTIONS = {"gateway", "admin", "reconciler", "relay", "transfer", "transfer-files"}


def roles(spec: NodeSpec) -> Resources:
    """Every role, and the boundary that is on it."""
    resources = {
        **_boundary(spec),
        **_inner(spec, "gateway", "Answers users of the node"),
        **_inner(spec, "admin", "Answers the node's owner"),
        **_inner(spec, "reconciler", "Moves runs forward"),
        **_inner(spec, "execution", "Pulls the images of jobs and writes their logs"),
        **_inner(spec, "job", "What a processor's container has"),
        **_inner(spec, "mover", "Moves the files of runs in and out"),
        **_files_role(spec),
    }
    if spec.code is not None:  # the first template, without functions, has to be short
        resources |= {
            **_inner(spec, "relay", "Asks Pennsieve for transfers"),
            **_inner(spec, "transfer", "Moves the files of small runs in and out"),
            **_inner(spec, "transfer-files", "Does so with the files of runs mounted"),
        }
        if builds_images(spec):
            resources |= _inner(spec, "builder", "Builds images of workflows")
    if spec.settings.mode is not Mode.BASIC and not spec.settings.network:
        resources |= _flow_role(spec)
    if spec.settings.gpu:
        resources |= _instance_role(spec)
    return resources


def _boundary(spec: NodeSpec) -> Resources:
    if spec.settings.extras.boundary:
        return {}
    return {
        "Boundary": {
            "Type": "AWS::IAM::ManagedPolicy",
            "Properties": {
                "ManagedPolicyName": spec.names.boundary,
                "Path": "/",
                "Description": "The most that roles of Pennsieve nodes can do. Owned by you",
                "PolicyDocument": node_boundary(spec.names, spec.platform_account_id),
            },
        }
    }


def _inner(spec: NodeSpec, word: str, about: str) -> Resources:
    names = spec.names
    called = {
        "gpu-execution": names.gpu_execution_role,
        "gateway": names.gateway,
        "admin": names.admin,
        "reconciler": names.reconciler,
        "relay": names.relay,
        "execution": names.execution_role,
        "job": names.job_role,
        "mover": names.mover_role,
        "transfer": names.transfer,
        "transfer-files": names.transfer_files,
        "builder": names.builder,
    }
    name = called[word]
    if word in _OF_FUNCTIONS:
        trust = service_trust(FUNCTIONS, names)
    elif word == "builder":
        trust = service_trust(BUILDS, names, names.arn("codebuild", f"project/{name}"))
    else:
        trust = service_trust(TASKS, names, names.arn("ecs", "*"))
    role = _role(spec, name, about, trust)
    access = _access(spec, word)
    role["Properties"]["Policies"] = [{"PolicyName": f"{name}-access", "PolicyDocument": access}]
    return {"".join(map(str.capitalize, word.split("-"))) + "Role": role}


def _access(spec: NodeSpec, word: str) -> Document:
    names = spec.names
    files = ref(spec.kept.files)  # its ARN
    where = Where(
        names,
        spec.platform_account_id,
        spec.settings.role_path,
        files,
        builds_images(spec),
        keeps=spec.settings.mode is not Mode.COMPLIANT,
    )
    key = key_access(word, names, attribute("Key", "Arn")) if has_key(spec) else ()
    return document(*role_access(word, where)["Statement"], *key)


def _files_role(spec: NodeSpec) -> Resources:
    """S3 Files itself, which keeps the file system and its part of the bucket alike."""
    names = spec.names
    trust = service_trust(FILES_SERVICE, names, names.arn("s3files", "file-system/*"))
    role = _role(spec, names.files_role, "Copies files of runs to and from the bucket", trust)
    access = files_access(names, attribute("Key", "Arn") if has_key(spec) else None)
    policy = {"PolicyName": f"{names.files_role}-access", "PolicyDocument": access}
    role["Properties"]["Policies"] = [policy]
    return {"FilesRole": role}


def _flow_role(spec: NodeSpec) -> Resources:
    names = spec.names
    source = names.arn("ec2", "vpc-flow-log/*")
    trust = service_trust("vpc-flow-logs.amazonaws.com", names, source)
    name = f"{names.stack}-flows"
    role = _role(spec, name, "Writes the log of the network", trust)
    policy = {"PolicyName": f"{name}-access", "PolicyDocument": flow_access(names)}
    role["Properties"]["Policies"] = [policy]
    return {"FlowRole": role}


def _instance_role(spec: NodeSpec) -> Resources:
    """The machines with GPUs: what their ECS agent does, and what AWS does for jobs on them."""
    names = spec.names
    name = names.instance_role
    role = _role(
        spec, name, "What a machine with GPUs has", service_trust("ec2.amazonaws.com", names)
    )
    access = instance_access(Where(names, spec.platform_account_id, files=ref(spec.kept.files)))
    role["Properties"]["Policies"] = [{"PolicyName": f"{name}-access", "PolicyDocument": access}]
    profile = {"InstanceProfileName": name, "Roles": [ref("InstanceRole")]}
    path = {"Path": spec.settings.role_path}
    return {
        **_inner(spec, "gpu-execution", "Gives GPU jobs their parameters"),
        "InstanceRole": role,
        "InstanceProfile": {"Type": "AWS::IAM::InstanceProfile", "Properties": profile | path},
    }


def _role(spec: NodeSpec, name: str, about: str, trust: Document) -> Resource:
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "RoleName": name,
            "Path": spec.settings.role_path,
            "Description": about,
            "AssumeRolePolicyDocument": trust,
            "PermissionsBoundary": spec.settings.extras.boundary or ref("Boundary"),
            "Tags": tags(spec),
        },
    }
