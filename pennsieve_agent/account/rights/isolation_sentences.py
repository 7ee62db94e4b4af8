"""What keeps one run from another's files only by ids that nobody can guess. Pure.

IAM cannot tell one run's job from another's. A role's session in a container has no tags (Amazon
ECS Developer Guide, "Amazon ECS task IAM role",
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html), a mount is not
asked for the tags of its access point ("S3 Files condition keys for clients",
https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-files-security-iam.html), and a role for
each run would take rights to make roles. So a job's role may use every access point of the node, if
it knows its id. The sentences are made from the roles' own documents.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from pennsieve_agent.account.rights.policy_sentences import RoleDocuments
from pennsieve_agent.account.rights.statement_sentences import listing
from pennsieve_agent.domain.iam_policies import Statement, covers, many, statements
from pennsieve_agent.domain.step_files import FILES_PREFIX

TASKS = "ecs-tasks.amazonaws.com"
_LISTS = (
    "s3files:ListAccessPoints",
    "s3:ListBucket",
    "batch:ListJobs",
    "batch:DescribeJobs",
)
"""With these a job could find the ids of others."""


def rests_on_ids(roles: Sequence[RoleDocuments]) -> tuple[str, ...]:
    """Each thing of other runs that a job's role may use if it knows an id, and who can list them.

    Empty where every role is limited to what is its own run's.
    """
    lines: list[str] = []
    for role in roles:
        if _is_a_jobs(role):
            lines += dict.fromkeys(_of_role(role))
    return tuple(lines)


def _is_a_jobs(role: RoleDocuments) -> bool:
    return TASKS in str(role.trust) and not _may(role, "ecr:GetAuthorizationToken")


def _of_role(role: RoleDocuments) -> Iterator[str]:
    things = [
        what
        for document in role.permissions
        for statement in statements(document)
        if statement.get("Effect") == "Allow"
        for what in _by_id(statement)
    ]
    if not things:
        return
    listed = [action for action in _LISTS if _may(role, action, unless=_below_an_id)]
    hidden = f"it can list ids by {listing(listed)}" if listed else "it cannot list any of these"
    for what in dict.fromkeys(things):
        yield f"role {role.name}: {what}; {hidden}"


def _by_id(statement: Statement) -> Iterator[str]:
    keys = [str(key) for block in (statement.get("Condition") or {}).values() for key in block]
    if any(key.lower().endswith(":accesspointarn") for key in keys):
        yield (
            "the folder of any step or run of the node, for who knows the id of its access point "
            "(17 hexadecimal digits that AWS draws)"
        )
    resources = [str(resource) for resource in many(statement.get("Resource"))]
    reads = covers(statement, "s3:GetObject")
    if reads and any(r.endswith(f"/{FILES_PREFIX}*") for r in resources):
        yield "any active run's files in the bucket, for who knows the run's id (a random UUID)"
    if reads and any(r.endswith("/runs/*") for r in resources):
        yield "instructions of any run's transfer jobs, for who knows the run's id (a random UUID)"
    if covers(statement, "lambda:InvokeFunction"):
        yield (
            "Pennsieve by way of the relay, as any active run of the node, for who knows the "
            "run's id (a random UUID)"
        )


def _below_an_id(statement: Statement) -> bool:
    """Whether a bucket is listed only where the id of a run is known: the prefix has it whole."""
    prefixes = many((statement.get("Condition") or {}).get("StringLike", {}).get("s3:prefix", ()))
    return bool(prefixes) and all(str(prefix).endswith("/?*/*") for prefix in prefixes)


def _may(
    role: RoleDocuments, action: str, unless: Callable[[Statement], bool] = lambda _: False
) -> bool:
    return any(
        covers(statement, action) and statement.get("Effect") == "Allow" and not unless(statement)
        for document in role.permissions
        for statement in statements(document)
    )
