"""The roles of a node: each with its own document, nothing shared, and one boundary on all.

The platform's role is the account's: a further node gives the one that is there access to itself.
"""

from __future__ import annotations

from pennsieve_agent.account.spec import Mode, NodeSpec
from pennsieve_agent.account.stack.parts import Resource, Resources, attribute, ref, tags
from pennsieve_agent.account.stack.policies import (
    Where,
    cache_access,
    flow_access,
    instance_access,
    key_access,
    platform_access,
    platform_boundary,
    role_access,
)
from pennsieve_agent.account.stack.statements import Document, document
from pennsieve_agent.account.stack.trusts import SESSION_SECONDS, platform_trust, service_trust

TASKS, FUNCTIONS = "ecs-tasks.amazonaws.com", "lambda.amazonaws.com"


def roles(spec: NodeSpec) -> Resources:
    """Every role, and the boundary that is on it."""
    found = {
        **_boundary(spec),
        **_platform(spec),
        **_inner(spec, "gateway", "Answers Pennsieve"),
        **_inner(spec, "reconciler", "Moves runs forward"),
        **_inner(spec, "execution", "Pulls the images of jobs and writes their logs"),
        **_inner(spec, "job", "What a processor's container has"),
        **_inner(spec, "mover", "Moves the files of runs in and out"),
    }
    if spec.settings.mode is not Mode.BASIC and not spec.settings.network:
        found |= _flow_role(spec)
    if spec.settings.gpu:
        found |= _instance_role(spec)
    return found


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
                "PolicyDocument": platform_boundary(spec.names, spec.platform_account_id),
            },
        }
    }


def _platform(spec: NodeSpec) -> Resources:
    names = spec.names
    trust = platform_trust(spec.platform_account_id, spec.external_id, names.partition)
    access: Resource = {
        "Type": "AWS::IAM::Policy",
        "Properties": {
            "PolicyName": names.access_policy,
            "PolicyDocument": platform_access(names),
            "Roles": [ref("PlatformRole") if spec.makes_role else names.role],
        },
    }
    if not spec.makes_role:
        return {"PlatformAccess": access}
    role = _role(spec, names.role, "Assumed by Pennsieve to reach this account's nodes", trust)
    role["Properties"] |= {"Path": "/", "MaxSessionDuration": SESSION_SECONDS}
    return {"PlatformRole": role, "PlatformAccess": access}


def _inner(spec: NodeSpec, word: str, about: str) -> Resources:
    names = spec.names
    if word in {"gateway", "reconciler"}:
        name = names.gateway if word == "gateway" else names.reconciler
        trust = service_trust(FUNCTIONS, names)
    else:
        name = {
            "execution": names.execution_role,
            "job": names.job_role,
            "mover": names.mover_role,
        }[word]
        trust = service_trust(TASKS, names, names.arn("ecs", "*"))
    files = attribute("Files", "Arn")
    where = Where(names, spec.platform_account_id, spec.settings.role_path, files)
    access = role_access(word, where)
    if spec.settings.mode is not Mode.BASIC and word in {"reconciler", "mover"}:
        access = document(*access["Statement"], *key_access(names)["Statement"])
    if spec.settings.mode is Mode.COMPLIANT and word == "execution":
        access = document(*access["Statement"], *cache_access(names)["Statement"])
    role = _role(spec, name, about, trust)
    role["Properties"]["Policies"] = [{"PolicyName": f"{name}-access", "PolicyDocument": access}]
    return {f"{word.capitalize()}Role": role}


def _flow_role(spec: NodeSpec) -> Resources:
    names = spec.names
    source = names.arn("ec2", "vpc-flow-log/*")
    trust = service_trust("vpc-flow-logs.amazonaws.com", names, source)
    name = f"{names.stack}-flows"
    role = _role(spec, name, "Writes down who spoke to whom in the node's network", trust)
    policy = {"PolicyName": f"{name}-access", "PolicyDocument": flow_access(names)}
    role["Properties"]["Policies"] = [policy]
    return {"FlowRole": role}


def _instance_role(spec: NodeSpec) -> Resources:
    """The machines with GPUs: what their ECS agent does, and no more."""
    names = spec.names
    name = names.instance_role
    role = _role(
        spec, name, "What a machine with GPUs has", service_trust("ec2.amazonaws.com", names)
    )
    policy = {"PolicyName": f"{name}-access", "PolicyDocument": instance_access(names)}
    role["Properties"]["Policies"] = [policy]
    profile = {"InstanceProfileName": name, "Roles": [ref("InstanceRole")]}
    path = {"Path": spec.settings.role_path}
    return {
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
