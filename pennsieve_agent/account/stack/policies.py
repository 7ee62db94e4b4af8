"""Who may do what in the user's account: policy documents as pure functions of names.

The roles' documents are made of what the node's code does
(:mod:`pennsieve_agent.node.role_permissions`). None but that of S3 Files allows actions by
wildcard; ``*`` is a resource only where AWS knows none, and :data:`NO_RESOURCE` says so for each
such action. What AWS names itself is told apart by our tag.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pennsieve_agent.account.spec.names import TOKEN_TAG, NodeNames
from pennsieve_agent.account.stack.key_uses import key_uses
from pennsieve_agent.account.stack.statements import Document, allow, document
from pennsieve_agent.domain.iam_policies import many
from pennsieve_agent.domain.step_files import FILES_PREFIX, RUNS_FOLDER
from pennsieve_agent.node.role_permissions import (
    GPU_PARAMETERS,
    PARAMETERS,
    PULL,
    RIGHTS,
    STEP_PARTS,
    Right,
)

Conditions = Mapping[str, Mapping[str, Any]]

PLATFORM_REPOSITORIES = "*"
"""The platform does not tell the names of its repositories (``contracts/workflows.md`` 1.6)."""
ANY_ACCOUNT = "*"

_OF_BUILDS = {"builder", "build-log"}
_OF_TOPICS = {"budget-topic", "mail-addresses", "mail-topic"}
_LIST = "AWS supports no resource-level permissions for lists"
FILES_SERVICE = "elasticfilesystem.amazonaws.com"
"""What S3 Files is called in trust policies and rules."""
KEY_ACTIONS = tuple(
    f"kms:{name}"
    for name in ("Decrypt", "Encrypt", "GenerateDataKey", "ReEncryptFrom", "ReEncryptTo")
)
FLOW_ACTIONS = ("logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents")
FILE_SYSTEMS = ("s3files", "file-system/*")
FILES_ACTIONS = (
    *("s3:AbortMultipartUpload", "s3:DeleteObject*", "s3:GetObject*"),
    *("s3:ListMultipartUploadParts", "s3:PutObject*"),
)
NO_RESOURCE = {
    "batch:DescribeComputeEnvironments": _LIST,
    "batch:DescribeJobDefinitions": _LIST,
    "batch:DescribeJobs": _LIST,
    "batch:ListJobs": _LIST,
    "ecr:GetAuthorizationToken": "it logs in to the registry as a whole",
    "ecs:DiscoverPollEndpoint": "it finds the endpoint to ask",
    **dict.fromkeys(
        (
            "ec2:AssignPrivateIpAddresses",
            "ec2:CreateNetworkInterface",
            "ec2:DeleteNetworkInterface",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSubnets",
            "ec2:UnassignPrivateIpAddresses",
        ),
        "AWS Lambda asks for it, for a function in a VPC "
        "(https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html)",
    ),
    "events:ListRuleNamesByTarget": _LIST,
    "events:ListRules": _LIST,
    "servicequotas:GetServiceQuota": "AWS has no resource of a quota that is read",
}
"""Actions given on ``*``, and why (AWS, "Service Authorization Reference")."""


_KEPT = "kept-list"


@dataclass(frozen=True, slots=True)
class Where:
    """The place that documents are about.

    ``files`` is the ARN of the node's file system, or what CloudFormation makes of it.
    ``platform_account_id`` is empty where it is not known. ``builds`` says whether the node can
    build images, ``keeps`` whether it keeps what steps made, which a compliant one does not.
    """

    names: NodeNames
    platform_account_id: str = ""
    role_path: str = "/"
    files: Any = ""
    builds: bool = True
    keeps: bool = True

    def role(self, name: str) -> str:
        """The ARN of one of the node's inner roles."""
        return self.names.arn("iam", f"role{self.role_path}{name}", regional=False)


def role_access(role: str, where: Where) -> Document:
    """What one of the node's own roles may do: a word of the rights table."""
    kinds = (set() if where.builds else _OF_BUILDS) | (set() if where.keeps else {_KEPT})
    rights = (r for r in RIGHTS[role] if r.kind not in kinds)
    return document(*_by_action(statement_of(right, where) for right in rights))


def _by_action(rows: Iterable[Document]) -> Iterator[Document]:
    """One statement for the same actions and condition, with all that they are done to."""
    statements: dict[str, Document] = {}
    for row in rows:
        key = repr((row["Action"], row.get("Condition")))
        before = statements.setdefault(key, row)
        if before is not row:
            before["Resource"] = [*many(before["Resource"]), *many(row["Resource"])]
    yield from statements.values()


def role_rights(role: str, where: Where, service: str) -> tuple[Document, ...]:
    """What one of the node's own roles may do with one service of AWS."""
    rights = (right for right in RIGHTS[role] if right.actions[0].startswith(f"{service}:"))
    return tuple(statement_of(right, where) for right in rights)


def flow_access(names: NodeNames) -> Document:
    """What AWS needs to write the network's traffic log."""
    group = names.arn("logs", f"log-group:{names.log_group}/network")
    return document(allow(FLOW_ACTIONS, [group, f"{group}:*"]))


def files_access(names: NodeNames, key: Any = None) -> Document:
    """What S3 Files does with the bucket and with EventBridge.

    By "Prerequisites for S3 Files"
    (https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-files-prereq-policies.html).
    Its actions are by wildcard, as AWS does not say which of them it uses. ``key`` is the ARN of
    the node's key, or what CloudFormation makes of it, where there is one.
    """
    bucket = f"arn:{names.partition}:s3:::{names.bucket}"
    changes = "DeleteRule DisableRule EnableRule PutRule PutTargets RemoveTargets"
    managed = {"Condition": {"StringEquals": {"events:ManagedBy": FILES_SERVICE}}}
    statements = [
        allow(("s3:ListBucket", "s3:ListBucketVersions"), bucket),
        allow(FILES_ACTIONS, f"{bucket}/{FILES_PREFIX}*"),
        allow(
            [f"events:{name}" for name in changes.split()],
            names.arn("events", "rule/DO-NOT-DELETE-S3-Files*"),
        )
        | managed,
        allow(("events:DescribeRule", "events:ListTargetsByRule"), names.arn("events", "rule/*")),
        allow(("events:ListRuleNamesByTarget", "events:ListRules"), "*"),
    ]
    if key is not None:
        via = {"StringEquals": {"kms:ViaService": f"s3.{names.region}.amazonaws.com"}}
        statements.append(allow(KEY_ACTIONS, key) | {"Condition": via})
    return document(*statements)


def key_access(role: str, names: NodeNames, key: Any) -> Iterator[Document]:
    """What one of the node's own roles needs of the node's key, in the modes that have one.

    ``key`` is the key's ARN, or what CloudFormation makes of it.
    """
    uses = key_uses(action for right in RIGHTS[role] for action in right.actions)
    if uses:
        via = [f"{service}.{names.region}.amazonaws.com" for service in sorted(uses)]
        through = {"StringEquals": {"kms:ViaService": via}}
        yield allow(tuple(set().union(*uses.values())), key) | {"Condition": through}


def instance_access(where: Where) -> Document:
    """What a machine's ECS agent calls, to pull images and write logs of jobs, too.

    On EC2 images are pulled by the machine's own role, not by the execution role
    (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-iam-role-overview.html).
    A machine mounts the files for its jobs. It reads nothing straight from the bucket: what a
    program can take from it must not open the files of other runs.
    """
    names = where.names
    cluster = names.arn("ecs", f"cluster/AWSBatch-{names.queue('gpu')}*")
    machines = names.arn("ecs", "container-instance/*")
    inside = {"Condition": {"ArnLike": {"ecs:cluster": cluster}}}
    joins = ("ecs:DeregisterContainerInstance", "ecs:RegisterContainerInstance")
    works = ("ecs:Poll", "ecs:StartTelemetrySession", "ecs:UpdateContainerInstancesState")
    tells = ("ecs:SubmitContainerStateChange", "ecs:SubmitTaskStateChange")
    finds = ("ecs:DiscoverPollEndpoint", "ecr:GetAuthorizationToken")
    pulls = tuple(f"ecr:{word}" for word in PULL.split())
    group = names.arn("logs", f"log-group:{names.log_group}:*")
    return document(
        allow((*joins, *tells), cluster),
        allow(works, machines) | inside,
        allow(finds, "*"),
        *(
            statement_of(Right(pulls, kind, ""), where)
            for kind in ("platform-images", "node-images")
        ),
        statement_of(Right(("s3files:ClientMount", "s3files:ClientWrite"), "mount", ""), where),
        allow(("logs:CreateLogStream", "logs:PutLogEvents"), group),
    )


def tagged(names: NodeNames) -> dict[str, Any]:
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
    if names.region == "*":  # the boundary, which has to be short
        return {"StringEquals": {f"aws:RequestTag/{TOKEN_TAG}": names.token, **when}}
    return {
        "StringEquals": {f"aws:RequestTag/{TOKEN_TAG}": names.token, **when},
        "StringEqualsIfExists": {f"aws:ResourceTag/{TOKEN_TAG}": names.token},
    }


def statement_of(right: Right, where: Where) -> Document:
    """One row of the rights table as a statement."""
    resources, conditions = _resources(right.kind, where)
    statement = allow(right.actions, resources)
    return statement | ({"Condition": conditions} if conditions else {})


def _resources(kind: str, where: Where) -> tuple[Any, Conditions]:
    """What a word of the rights table means for one node."""
    names = where.names
    plain = _names_of(kind, where)
    if plain is not None:
        return plain, {}
    job = names.arn("batch", "job/*")
    files = names.arn(*FILE_SYSTEMS)
    roles: tuple[str, ...] = (
        names.execution_role,
        names.gpu_execution_role,
        names.job_role,
        names.mover_role,
    )
    if names.region == "*":  # the boundary, which has to be short
        roles = (f"{names.stack}-*execution", names.job_role, names.mover_role)
    created = {"s3files:CreateAction": "CreateAccessPoint"}
    passed = {"iam:PassedToService": "ecs-tasks.amazonaws.com"}
    # Who subscribes always names a protocol, who lists never does ("Using identity-based policies
    # with SNS", https://docs.aws.amazon.com/sns/latest/dg/sns-using-identity-based-policies.html).
    by_mail = {"sns:Protocol": "email"}
    # Who mounts is not asked for tags ("S3 Files condition keys for clients",
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-files-security-iam.html).
    through = {"s3files:AccessPointArn": f"{files}/access-point/*"}
    # Below a whole id only, so that nobody finds the ids of other runs ("Bucket policy examples
    # using condition keys",
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/amazon-s3-policy-keys.html).
    listed = {"s3:prefix": [f"{FILES_PREFIX}{RUNS_FOLDER}/?*/*", "runs/?*/*"]}
    table: dict[str, tuple[Any, Conditions]] = {
        "job": (job, tagged(names)),
        "new-job": (job, _tagging(names, {})),
        "file-system": (files, tagged(names)),
        # An access point's ARN begins with that of its file system.
        "access-point": (files, tagged(names)),
        "new-access-point": (f"{files}/access-point/*", _tagging(names, created)),
        # The boundary, which knows no file system and has to be short, leaves this to the roles.
        "mount": (where.files or files, {"ArnLike": through} if where.files else {}),
        "bucket-list": (f"arn:{names.partition}:s3:::{names.bucket}", {"StringLike": listed}),
        "mail-addresses": (names.arn("sns", names.mail_topic), {"StringEqualsIfExists": by_mail}),
        _KEPT: (f"arn:{names.partition}:s3:::{names.bucket}", {"StringLike": listed}),
        "own-interface": ("*", {"Null": {"lambda:SourceFunctionArn": "true"}}),
        "roles-to-pass": ([where.role(role) for role in roles], {"StringEquals": passed}),
    }
    return table[kind]


def _names_of(kind: str, where: Where) -> str | list[str] | None:
    """The ARNs of what has a name of ours; None for what AWS names."""
    names = where.names
    bucket = f"arn:{names.partition}:s3:::{names.bucket}"
    owner = where.platform_account_id or ANY_ACCOUNT
    images = f"arn:{names.partition}:ecr:*:{owner}:repository/"
    secrets = names.arn("secretsmanager", f"secret:{names.secret_prefix}")
    parameters = names.arn("ssm", f"parameter{names.parameter_prefix}")
    transfers = [names.transfer, names.transfer_files]
    if names.region == "*":  # the boundary, which has to be short
        transfers = [f"{names.transfer}*"]
        if kind in _OF_TOPICS:
            return names.arn("sns", f"{names.stack}-*")
    table: dict[str, str | list[str]] = {
        "any": "*",
        "table": names.arn("dynamodb", f"table/{names.table}"),
        "gateway": names.arn("lambda", f"function:{names.gateway}"),
        "dead-letters": names.arn("sqs", names.dead_letters),
        "reconciler": names.arn("lambda", f"function:{names.reconciler}"),
        "relay": names.arn("lambda", f"function:{names.relay}"),
        "transfers": [names.arn("lambda", f"function:{name}") for name in transfers],
        "job-log": names.arn("logs", f"log-group:{names.log_group}:*"),
        "own-log": names.arn("logs", f"log-group:{names.log_group}/functions:*"),
        "build-log": names.arn("logs", f"log-group:{names.log_group}/builds:*"),
        "builder": names.arn("codebuild", f"project/{names.builder}"),
        "secret": f"{parameters}secrets/*",
        "parameters-of-gpu-step": f"{secrets}{GPU_PARAMETERS}*",
        "parameters-of-run": f"{secrets}{PARAMETERS}*",
        "budget-topic": names.arn("sns", names.budget_topic),
        "mail-topic": names.arn("sns", names.mail_topic),
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
        "bucket": bucket,
        "bucket-files": f"{bucket}/{FILES_PREFIX}*",
        "bucket-archives": f"{bucket}/archives/*",
        "bucket-documents": f"{bucket}/documents/*",
        "parameter": f"{parameters}workflows/*",
        "parameter-of-step": [f"{parameters}workflows/*-{part}" for part in STEP_PARTS],
        "platform-images": f"{images}{PLATFORM_REPOSITORIES}",
        "workflow-images": names.arn("ecr", f"repository/{names.workflow_images}"),
        "node-images": names.arn("ecr", f"repository/{names.stack}/*"),
    }
    return table.get(kind)
