"""What a node stores, in sentences: with which key, for how long, and at which price."""

from __future__ import annotations

from collections.abc import Iterator

from pennsieve_agent.account.spec.node_spec import NodeSpec
from pennsieve_agent.account.stack.bucket_rules import LOG_DAYS, OLD_VERSION_DAYS
from pennsieve_agent.account.stack.template_parts import KEY_DAYS, has_key
from pennsieve_agent.domain import prices

COPY_DAYS = 35
"""How long the journal's copies go back, and how long AWS keeps a last one after the journal is
deleted (Amazon DynamoDB Developer Guide, "Point-in-time backups for DynamoDB",
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Point-in-time-recovery.html)."""


def storage_words(spec: NodeSpec) -> tuple[str, ...]:
    """The sentences; the first is short and says whose keys encrypt."""
    return (key_words(spec), *_more(spec))


def key_words(spec: NodeSpec) -> str:
    """Whose keys encrypt what is stored."""
    if not has_key(spec):
        return "Everything that is stored is encrypted with AWS's own keys"
    return (
        "A key of your own encrypts what is stored: files, bucket, journal and its copies, logs, "
        "images, secrets, the parameters of runs, mails about them and events that failed"
    )


def _more(spec: NodeSpec) -> Iterator[str]:
    if has_key(spec):
        # Fargate: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-task-storage.html
        # Lambda: https://docs.aws.amazon.com/lambda/latest/dg/security-encryption-at-rest.html
        yield (
            "AWS's own keys encrypt the rest: disks of machines and of functions that move files, "
            "which end with their job; Lambda's copy of the node's code and its settings; "
            "definitions and states of jobs, the stack's template and tags. None of these holds "
            "a secret"
        )
    yield (
        f"The journal can be restored to any second of the last {COPY_DAYS} days; when the node is "
        f"deleted, AWS keeps a last copy of it for {COPY_DAYS} days, free of charge"
        + (
            f"; nobody can read it after {KEY_DAYS} days, when the key is gone"
            if has_key(spec)
            else ""
        )
    )
    yield (
        f"Logs are deleted after {LOG_DAYS} days, and the kept logs of runs in the bucket, too; "
        f"old versions of other objects {OLD_VERSION_DAYS} days after they are replaced"
    )
    yield (
        f"A GB costs a month: bucket {prices.S3_GB_MONTH:.3f}, small files and results of runs on "
        f"fast storage {prices.FILES_GB_MONTH:.2f}, "
        f"images {prices.ECR_GB_MONTH:.2f}, logs {prices.LOG_GB_MONTH:.2f}, journal "
        f"{prices.TABLE_GB_MONTH:.2f} and its copies {prices.TABLE_COPY_GB_MONTH:.2f} USD; secrets "
        "cost nothing"
        + (f", each use of the key {prices.KEY_USE:.6f} USD" if has_key(spec) else "")
    )
