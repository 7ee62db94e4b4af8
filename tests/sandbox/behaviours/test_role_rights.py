"""The rights of a node's roles are what runs ask for. It uses its node up, so it is alone here."""

from __future__ import annotations

from pennsieve_agent.node.role_permissions import RIGHTS
from pennsieve_agent.sandbox.aws.rights.used_rights import read
from tests.sandbox.behaviours.bench import MANY, SECRET, Bench


def actions(role: str) -> set[str]:
    return {action for right in RIGHTS[role] for action in right.actions}


#: The right behind a signed address, which whoever downloads a kept log makes use of; and what is
#: asked for after a kill, while a job waits, and when nothing is left (``tests/node`` shows it).
#: Images are deleted 90 days after a version of them goes (``tests/node`` shows that, too).
OLDER_RUNS = "logs:FilterLogEvents"
"""Reads the logs of runs of an earlier version of the node."""
QUOTAS = "servicequotas:GetServiceQuota"
"""Read, as images are, by the checks before a start (tests/node/test_gateway_runs.py)."""
DIRECT = {"s3:GetObject", "s3:GetObjectVersion"}
"""S3 Files uses these with the rights of who mounts, not the code."""
NETWORK = {right for right in actions("transfer-files") if right.startswith("ec2:")}
"""AWS Lambda uses these, not the code."""
MAILS = {"sns:ListSubscriptionsByTopic", "sns:Subscribe"}
"""Asked where a run is started with --mail (tests/cli/test_mail.py)."""
SELDOM = {
    "gateway": {*MAILS, "s3:GetObject", "ecr:DescribeImages", QUOTAS, OLDER_RUNS},
    "admin": {
        *MAILS,
        QUOTAS,
        *("s3:GetObject", "ecr:BatchDeleteImage", "ecr:DescribeImageScanFindings", OLDER_RUNS),
        *(right for right in actions("admin") if right.startswith("codebuild:")),
    },
    "builder": actions("builder"),  # test_node_builds.py lets a node build
    "reconciler": {
        "batch:ListJobs",
        "batch:DescribeComputeEnvironments",
        "events:DisableRule",
        "secretsmanager:PutSecretValue",  # parameters that have changed meanwhile
        "sns:Publish",  # a budget that is used up, an end that is mailed
        "sns:ListSubscriptionsByTopic",
        "sqs:SendMessage",  # an event that was never handled
        "s3:GetObject",  # a plan that is too large for the table
        "s3:ListBucket",  # what a run keeps of its steps, which test_retry_from.py measures
        "ssm:PutParameter",  # a session that ends before the next step begins
        OLDER_RUNS,
    },
    "relay": {
        "s3:PutObject",  # what is too large for an answer, or for the table
        "sqs:SendMessage",  # as above
    },
    "gpu-execution": actions("gpu-execution"),
    "job": DIRECT,
    "mover": {"s3:GetObjectVersion", "s3:AbortMultipartUpload"},
    "transfer": {"s3:AbortMultipartUpload"},
    "transfer-files": {"s3:GetObjectVersion", *NETWORK},
}


def test_roles_have_the_rights_they_are_asked_for_and_no_others(bench: Bench) -> None:
    """What the node's code did is what its table of rights says, both ways."""
    bench.set_secret(SECRET)
    assert bench.user.ask("GET", "/health")["status"] == "HEALTHY"
    assert bench.end(bench.run({"a": ""}, files=MANY))[""] == "SUCCEEDED"
    held = bench.run({"a": ""}, a="hold")
    bench.started(held, "a")
    bench.until(held, lambda _: bool(bench.lines(held, "a")))
    bench.runs.cancel(held)
    assert bench.end(held)[""] == "CANCELED"
    bench.set_secret(f"{SECRET}2")
    bench.user.ask("DELETE", "/secrets", {"scope": "user", "deleteAll": "true"})
    bench.break_calls()
    assert bench.end(bench.run({"a": ""}))[""] == "SUCCEEDED"
    bench.as_owner(held)
    heard: dict[str, set[str]] = {role: set() for role in RIGHTS}
    for name, action in read(bench.box.data / "aws"):
        if roles := [role for role in RIGHTS if name.endswith(f"-{role}")]:
            heard[max(roles, key=len)].add(action)
    more = {role: heard[role] - actions(role) for role in RIGHTS}
    assert not any(more.values()), more
    less = {role: actions(role) - heard[role] - SELDOM.get(role, set()) for role in RIGHTS}
    assert not any(less.values()), less
