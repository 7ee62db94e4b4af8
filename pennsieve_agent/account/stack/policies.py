"""Who may do what in the user's account: policy documents as pure functions of names.

The roles' documents are made of what the node's code does (:mod:`pennsieve_agent.node.rights`).
None allows an action by wildcard; ``*`` is a resource only where AWS knows none, and
:data:`NO_RESOURCE` says so for each such action. What AWS names itself is told apart by our tag.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pennsieve_agent.account.names import TOKEN_TAG, NodeNames
from pennsieve_agent.account.stack.statements import Document, allow, document
from pennsieve_agent.node.rights import RIGHTS, Right

Conditions = Mapping[str, Mapping[str, Any]]

PLATFORM_REPOSITORIES = "*"
"""The platform does not tell the names of its repositories (``contracts/workflows.md`` 1.6)."""

_LIST = "AWS knows no resource for a list"
NO_RESOURCE = {
    "batch:DescribeComputeEnvironments": _LIST,
    "batch:DescribeJobDefinitions": _LIST,
    "batch:DescribeJobs": _LIST,
    "batch:ListJobs": _LIST,
    "ecr:GetAuthorizationToken": "it signs in to the registry as a whole",
    "ecs:DiscoverPollEndpoint": "it finds out where to ask",
}
"""Actions given on ``*``, and why (AWS, "Service Authorization Reference")."""


@dataclass(frozen=True, slots=True)
class Where:
    """The place that documents are about.

    ``files`` is the ARN of the node's file system, or what CloudFormation makes of it.
    """

    names: NodeNames
    platform_account_id: str
    role_path: str = "/"
    files: Any = ""

    def role(self, name: str) -> str:
        """The ARN of one of the node's inner roles."""
        return self.names.arn("iam", f"role{self.role_path}{name}", regional=False)


def platform_access(names: NodeNames) -> Document:
    """What the platform may do with this node: call its gateway, and nothing else."""
    function = names.arn("lambda", f"function:{names.gateway}")
    return document(allow("CallGateway", ("lambda:InvokeFunction",), function))


def role_access(role: str, where: Where) -> Document:
    """What one of the node's own roles may do: a word of the rights table."""
    return document(*(_statement(number, right, where) for number, right in _rights(role)))


def platform_boundary(names: NodeNames, platform_account_id: str = "*") -> Document:
    """The most that any role of our stacks can ever do, whatever policies are put on it later.

    It names all nodes of this account, in any region, because the account has one role for them.
    """
    every = replace(names, token="*", region="*")  # noqa: S106 - no password
    where = Where(every, platform_account_id, "/*")
    found: dict[str, tuple[set[str], Document]] = {}
    rows = [_statement(0, right, where) for rights in RIGHTS.values() for right in rights]
    rows += [
        statement
        for access in (platform_access, flow_access, key_access, cache_access, instance_access)
        for statement in access(every)["Statement"]
    ]
    for row in rows:
        key = repr((row["Resource"], row.get("Condition")))
        found.setdefault(key, (set(), row))[0].update(row["Action"])
    return document(
        *({**row, "Sid": f"Most{number}", "Action": sorted(actions)}
          for number, (actions, row) in enumerate(found.values()))
    )  # fmt: skip


def flow_access(names: NodeNames) -> Document:
    """What AWS needs to write down who spoke to whom in the network."""
    group = names.arn("logs", f"log-group:{names.log_group}/network")
    actions = ("logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents")
    return document(allow("WriteFlows", actions, [group, f"{group}:*"]))


def key_access(names: NodeNames) -> Document:
    """What whoever uses the bucket needs of the node's key, in the modes that have one."""
    return document(
        {
            **allow(
                "UseKeyForBucket",
                ("kms:Decrypt", "kms:GenerateDataKey"),
                names.arn("kms", "key/*"),
            ),
            "Condition": {
                **_tagged(names),
                "StringLike": {"kms:ViaService": f"s3.{names.region}.amazonaws.com"},
            },
        }
    )


def cache_access(names: NodeNames) -> Document:
    """What pulls public images by way of the account's own cache, where there is no internet."""
    names_of = "BatchCheckLayerAvailability BatchGetImage BatchImportUpstreamImage CreateRepository"
    actions = [f"ecr:{name}" for name in (*names_of.split(), "GetDownloadUrlForLayer")]
    repository = names.arn("ecr", f"repository/{names.stack}/*")
    return document(allow("PullThroughCache", actions, repository))


def instance_access(names: NodeNames) -> Document:
    """What a machine's ECS agent calls (AWS, "Amazon ECS container instance IAM role")."""
    cluster = names.arn("ecs", f"cluster/AWSBatch-{names.queue('gpu')}*")
    machines = names.arn("ecs", "container-instance/*")
    inside = {"Condition": {"ArnLike": {"ecs:cluster": cluster}}}
    joins = ("ecs:DeregisterContainerInstance", "ecs:RegisterContainerInstance")
    works = ("ecs:Poll", "ecs:StartTelemetrySession", "ecs:UpdateContainerInstancesState")
    tells = ("ecs:SubmitContainerStateChange", "ecs:SubmitTaskStateChange")
    finds = ("ecs:DiscoverPollEndpoint", "ecr:GetAuthorizationToken")
    group = names.arn("logs", f"log-group:{names.log_group}:*")
    return document(
        allow("JoinCluster", (*joins, *tells), cluster),
        allow("WorkInCluster", works, machines) | inside,
        allow("FindCluster", finds, "*"),
        allow("WriteJobLogs", ("logs:CreateLogStream", "logs:PutLogEvents"), group),
    )


def _tagged(names: NodeNames) -> dict[str, Any]:
    """Only what carries this node's tag; any node's, where the names stand for all."""
    every = names.token == "*"  # noqa: S105 - no password
    if every:
        return {"Null": {f"aws:ResourceTag/{TOKEN_TAG}": "false"}}
    return {"StringEquals": {f"aws:ResourceTag/{TOKEN_TAG}": names.token}}


def _tagging(names: NodeNames, when: Mapping[str, str]) -> dict[str, Any]:
    """Only with this node's tag, and nothing that has another's; any node's, as above."""
    if names.token == "*":  # noqa: S105 - no password
        tagged: dict[str, Any] = {"Null": {f"aws:RequestTag/{TOKEN_TAG}": "false"}}
        return tagged | ({"StringEquals": dict(when)} if when else {})
    return {
        "StringEquals": {f"aws:RequestTag/{TOKEN_TAG}": names.token, **when},
        "StringEqualsIfExists": {f"aws:ResourceTag/{TOKEN_TAG}": names.token},
    }


def _rights(role: str) -> Sequence[tuple[int, Right]]:
    return list(enumerate(RIGHTS[role], 1))


def _statement(number: int, right: Right, where: Where) -> Document:
    resources, conditions = _resources(right.kind, where)
    sid = "".join(word.capitalize() for word in right.kind.split("-"))
    found = allow(f"{sid}{number}", right.actions, resources)
    return found | ({"Condition": conditions} if conditions else {})


def _resources(kind: str, where: Where) -> tuple[Any, Conditions]:
    """What a word of the rights table means for one node."""
    names = where.names
    plain = _names_of(kind, where)
    if plain is not None:
        return plain, {}
    job, door = names.arn("batch", "job/*"), names.arn("elasticfilesystem", "access-point/*")
    files = names.arn("elasticfilesystem", "file-system/*")
    roles = (names.execution_role, names.job_role, names.mover_role)
    created = {"elasticfilesystem:CreateAction": "CreateAccessPoint"}
    passed = {"iam:PassedToService": "ecs-tasks.amazonaws.com"}
    # Who mounts is not asked for tags (Amazon EFS, "EFS condition keys for clients").
    through = {"elasticfilesystem:AccessPointArn": door}
    table: dict[str, tuple[Any, Conditions]] = {
        "job": (job, _tagged(names)),
        "new-job": (job, _tagging(names, {})),
        "file-system": (files, _tagged(names)),
        "access-point": (door, _tagged(names)),
        "new-access-point": (door, _tagging(names, created)),
        "mount": (where.files or files, {"ArnLike": through}),
        "roles-to-pass": ([where.role(role) for role in roles], {"StringEquals": passed}),
    }
    return table[kind]


def _names_of(kind: str, where: Where) -> str | list[str] | None:
    """The ARNs of what has a name of ours; None for what AWS names."""
    names = where.names
    bucket = f"arn:{names.partition}:s3:::{names.bucket}"
    images = f"arn:{names.partition}:ecr:*:{where.platform_account_id}:repository/"
    table: dict[str, str | list[str]] = {
        "any": "*",
        "table": names.arn("dynamodb", f"table/{names.table}"),
        "gateway": names.arn("lambda", f"function:{names.gateway}"),
        "reconciler": names.arn("lambda", f"function:{names.reconciler}"),
        "job-log": names.arn("logs", f"log-group:{names.log_group}:*"),
        "own-log": names.arn("logs", f"log-group:{names.log_group}/functions:*"),
        "secret": names.arn("secretsmanager", f"secret:{names.secret_prefix}*"),
        "schedule": names.arn("events", f"rule/{names.schedule}"),
        "submission": [
            names.arn("batch", f"job-queue/{names.stack}-*"),
            names.arn("batch", f"job-definition/{names.stack}-*"),
            names.arn("batch", "job/*"),
        ],
        "job-definition": names.arn("batch", f"job-definition/{names.stack}-*"),
        "bucket-code": f"{bucket}/code/*",
        "bucket-runs": f"{bucket}/runs/*",
        "bucket-logs": f"{bucket}/logs/*",
        "platform-images": f"{images}{PLATFORM_REPOSITORIES}",
    }
    return table.get(kind)
