"""The permissions boundary of a node's roles, in as few characters as IAM takes (6,144)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from pennsieve_agent.account.spec.names import NodeNames
from pennsieve_agent.account.stack.key_uses import key_uses
from pennsieve_agent.account.stack.policies import (
    FLOW_ACTIONS,
    KEY_ACTIONS,
    Where,
    files_access,
    instance_access,
    statement_of,
    tagged,
)
from pennsieve_agent.account.stack.statements import Document, allow, document
from pennsieve_agent.domain.iam_policies import fits, many
from pennsieve_agent.node.role_permissions import RIGHTS

_WORDS = {
    "batch:Describe*": "DescribeComputeEnvironments DescribeJobDefinitions DescribeJobs",
    "dynamodb:*Item": "DeleteItem GetItem PutItem UpdateItem",
    "secretsmanager:*SecretValue": "GetSecretValue PutSecretValue",
    "codebuild:*Build*": "BatchGetBuilds ListBuildsForProject StartBuild StopBuild",
    "ecr:DescribeImage*": "DescribeImageScanFindings DescribeImages",
    "ecr:*LayerUpload": "CompleteLayerUpload InitiateLayerUpload",
    "ecs:*ContainerInstance": "DeregisterContainerInstance RegisterContainerInstance",
    "ecs:Submit*": "SubmitContainerStateChange SubmitTaskStateChange",
    "s3files:Client*": "ClientMount ClientRootAccess ClientWrite",
}
SHORT = {
    **{
        f"{short.partition(':')[0]}:{name}": short
        for short, names in _WORDS.items()
        for name in names.split()
    },
    **dict.fromkeys(("kms:ReEncryptFrom", "kms:ReEncryptTo"), "kms:ReEncrypt*"),
    **dict.fromkeys(
        ("kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext"), "kms:GenerateDataKey*"
    ),
    **dict.fromkeys(
        ("ec2:AssignPrivateIpAddresses", "ec2:UnassignPrivateIpAddresses"),
        "ec2:*PrivateIpAddresses",
    ),
}
"""Shorter words for the boundary, whose length IAM limits."""


def node_boundary(names: NodeNames, platform_account_id: str = "") -> Document:
    """The most that any role of a node's stack can ever do, whatever is put on it later.

    IAM accepts 6,144 characters, so it names no region, and one statement holds rights of several
    services: as an action is only ever asked about resources of its own service, that
    gives no more than a statement for each would.
    """
    anywhere = replace(names, region="*")
    where = Where(anywhere, platform_account_id, "/*")
    rows = [statement_of(right, where) for rights in RIGHTS.values() for right in rights]
    logs = anywhere.arn("logs", f"log-group:{anywhere.log_group}/*")
    documents = (
        document(allow(FLOW_ACTIONS, logs)),  # wider than any role's, as the whole has to be short
        _key_of_any_role(anywhere),
        instance_access(where),
        files_access(anywhere),
    )
    rows += [statement for access in documents for statement in access["Statement"]]
    rows = [row | {"Action": sorted({SHORT.get(a, a) for a in row["Action"]})} for row in rows]
    return document(*_merged(_by_actions(_by_resource(_uncovered(rows)))))


def _uncovered(rows: Sequence[Document]) -> list[Document]:
    """The statements without those that another one, which has no condition, says, too."""
    plain = [row for row in rows if "Condition" not in row and row["Resource"] != "*"]
    return [
        row
        for row in rows
        if "Condition" not in row
        or not any(
            set(row["Action"]) <= set(other["Action"]) and row["Resource"] == other["Resource"]
            for other in plain
        )
    ]


def _by_resource(rows: Sequence[Document]) -> Iterator[Document]:
    """One statement for each resource and condition, with all that is done to it.

    What another statement's resource covers is said there: the most that is ever allowed need not
    be as narrow as each role.
    """
    statements: dict[str, Document] = {}
    wide = [row for row in rows if isinstance(row["Resource"], str) and row["Resource"] != "*"]
    for narrow in rows:
        row = next((other for other in wide if _within(narrow, other)), narrow)
        row = {**row, "Action": narrow["Action"]}
        key = repr((row["Resource"], row.get("Condition")))
        before = statements.setdefault(key, {**row, "Action": []})
        together = sorted({*before["Action"], *row["Action"]})
        stems = tuple(action[:-1] for action in together if action.endswith("*"))
        before["Action"] = [
            action for action in together if action[-1] == "*" or not action.startswith(stems)
        ]
    yield from statements.values()


def _by_actions(rows: Iterable[Document]) -> Iterator[Document]:
    """One statement for the same actions on the same condition, with all their resources."""
    statements: dict[str, Document] = {}
    for row in rows:
        key = repr((row["Action"], row.get("Condition"), row["Resource"] == "*"))
        before = statements.setdefault(key, {**row, "Resource": []})
        before["Resource"] = [*before["Resource"], *many(row["Resource"])]
    for row in statements.values():
        yield row | {"Resource": "*"} if row["Resource"] == ["*"] else row


def _within(row: Document, other: Document) -> bool:
    """Whether all resources of one statement are among those of another, conditions alike."""
    names, wider = many(row["Resource"]), other["Resource"]
    alike = row.get("Condition") == other.get("Condition")
    if "ecr:PutImage" in row["Action"]:  # never into the repository of the transfer jobs' image
        return False
    if row["Action"][0].startswith("s3:"):  # a bucket's name with a star is not its objects
        alike = alike and ("/" in wider) == all("/" in name for name in names)
    return alike and names != [wider] and all(fits(wider, name) for name in names)


def _merged(rows: Iterable[Document]) -> Iterator[Document]:
    """The same rights in fewer statements, each with one row of a service at most."""
    merged: dict[tuple[str, int], Document] = {}
    counted: Counter[tuple[str, str]] = Counter()
    for row in rows:
        if row["Resource"] == "*":
            yield row
            continue
        conditions, service = row.get("Condition", {}), row["Action"][0].partition(":")[0]
        about = repr(conditions), service
        into = merged.setdefault(
            (about[0], counted[about]), allow((), []) | {"Condition": conditions}
        )
        counted[about] += 1
        into["Action"] = [*into["Action"], *row["Action"]]
        into["Resource"] = [*into["Resource"], *many(row["Resource"])]
    for row in merged.values():
        yield {key: value for key, value in row.items() if value}


def _key_of_any_role(names: NodeNames) -> Document:
    """The most that any role can do with the key: never by itself, only through a service.

    S3 Files has a role, too, with which it copies between the bucket and the file system
    (https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-files-prereq-policies.html).
    """
    uses = key_uses(a for rights in RIGHTS.values() for right in rights for a in right.actions)
    conditions = dict(tagged(names))
    conditions["Null"] = {**conditions.get("Null", {}), "kms:ViaService": "false"}
    actions = tuple(set(KEY_ACTIONS).union(*uses.values()))
    return document(allow(actions, names.arn("kms", "key/*")) | {"Condition": conditions})
