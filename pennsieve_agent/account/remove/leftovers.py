"""Find what is left of a node in AWS: by its stack, by names, and by its tag."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pennsieve_agent.account.spec.names import TOKEN_TAG, NodeNames
from pennsieve_agent.account.world.clients import Clients
from pennsieve_agent.aws.cloudformation import find_stack
from pennsieve_agent.aws.iam import policies_called, roles_called
from pennsieve_agent.aws.parameters import parameters_called
from pennsieve_agent.aws.presence import table_exists
from pennsieve_agent.aws.remains import (
    deletion_date,
    file_systems_over,
    has_ended,
    job_definitions_called,
    log_groups_called,
    secrets_called,
    tagged,
)
from pennsieve_agent.aws.repositories import repository_exists
from pennsieve_agent.aws.s3 import bucket_exists
from pennsieve_agent.aws.session import Aws
from pennsieve_agent.domain.poll_delays import pauses

TAG_SECONDS = 120.0
"""How long to wait until AWS stops listing deleted resources by tag."""

_BY_USE = "costs depend on what is in it"
_COSTS = {
    "s3": _BY_USE,
    "dynamodb": _BY_USE,
    "ecr": _BY_USE,
    "logs": _BY_USE,
    "s3files": _BY_USE,
    "elasticfilesystem": _BY_USE,
    "secretsmanager": "costs 0.40 USD a month",
    "kms": "costs 1 USD a month",
    "natgateway": "costs about 33 USD a month",
    "vpc-endpoint": "costs about 7 USD a month per subnet",
    "elastic-ip": "costs about 4 USD a month",
}
_FORGOTTEN = re.compile(r":(batch:.*:job-definition/|batch:.*:job/|ecs:.*:task/)")
"""What cannot be deleted, costs nothing, and is removed by AWS itself."""


@dataclass(frozen=True, slots=True)
class Leftover:
    """A resource that still exists. ``cost`` says in words what it costs."""

    what: str
    cost: str = "costs nothing"

    def __str__(self) -> str:
        """Both, in a few words."""
        return f"{self.what} ({self.cost})"


@dataclass(frozen=True, slots=True)
class Remaining:
    """What still exists of a node. ``ending`` is what AWS deletes by itself, with the day."""

    leftovers: tuple[Leftover, ...] = ()
    ending: tuple[str, ...] = ()


def find_remaining(clients: Clients, names: NodeNames) -> Remaining:
    """Every resource of a node that exists."""
    aws = clients.aws
    named = tuple(dict.fromkeys(_by_name(aws, names)))
    known = tuple(leftover.what.split()[-1] for leftover in named)
    arns: list[str] = []
    days: dict[str, str] = {}
    for pause in pauses(TAG_SECONDS):
        every = tagged(aws, TOKEN_TAG, names.token)
        days = {arn: day for arn in every if (day := deletion_date(aws, arn))}
        arns = [arn for arn in every if arn not in days and not _is_over(aws, arn)]
        if named or not arns:
            break
        clients.sleep(pause)
    others = (arn for arn in arns if not any(f"{name}/" in f"{arn}/" for name in known))
    return Remaining(
        (*named, *(Leftover(arn, cost_of(arn)) for arn in others)),
        tuple(
            # AWS KMS pricing, https://aws.amazon.com/kms/pricing/: until then it costs nothing.
            f"the node's key {arn}, which AWS deletes on {day}; it costs nothing until then"
            for arn, day in days.items()
        ),
    )


def _is_over(aws: Aws, arn: str) -> bool:
    return _FORGOTTEN.search(arn) is not None or has_ended(aws, arn)


def cost_of(arn: str) -> str:
    """What something goes on to cost, in words, by its ARN."""
    service, kind = arn.split(":")[2], arn.split(":", 5)[5].split("/", maxsplit=1)[0]
    return _COSTS.get(kind) or _COSTS.get(service) or "costs nothing while nothing runs"


def _by_name(aws: Aws, names: NodeNames) -> Iterator[Leftover]:
    stack = find_stack(aws, names.stack)
    if stack is not None:
        yield Leftover(f"stack {names.stack}", f"{stack.status}; costs what is in it")
    yield from (Leftover(f"role {name}") for name in roles_called(aws, names.stack))
    yield from (Leftover(f"policy {name}") for name in policies_called(aws, names.stack))
    if bucket_exists(aws, names.bucket):
        yield Leftover(f"bucket {names.bucket}", _BY_USE)
    for arn in file_systems_over(aws, names.bucket):
        yield Leftover(f"file system {arn}", _BY_USE)
    if table_exists(aws, names.table):
        yield Leftover(f"table {names.table}", _BY_USE)
    yield from _kept_by_name(aws, names)


def _kept_by_name(aws: Aws, names: NodeNames) -> Iterator[Leftover]:
    """What the node itself created, or what AWS keeps for it."""
    for prefix in (names.log_group, f"/aws/lambda/{names.stack}"):
        for name in log_groups_called(aws, prefix):
            yield Leftover(f"log group {name}", _BY_USE)
    for name in secrets_called(aws, names.secret_prefix):
        yield Leftover(f"secret {name}", _COSTS["secretsmanager"])
    for name in parameters_called(aws, names.parameter_prefix):
        yield Leftover(f"parameter {name}")
    for name in (names.workflow_images, names.transfer_images):
        if repository_exists(aws, name):
            yield Leftover(f"repository {name}", _BY_USE)
    for name in job_definitions_called(aws, f"{names.stack}-"):
        yield Leftover(f"job definition {name}")
