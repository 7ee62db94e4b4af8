"""What AWS says of a job that cannot start, in words for whoever started the run."""

from __future__ import annotations

import pytest

from pennsieve_agent.node.runs.batch_reasons import failure

NETWORK = "its network does not lead to an AWS service that it needs before it can start"


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (
            (
                "ResourceInitializationError: unable to pull secrets or registry auth: The task cannot "
                "pull registry auth from Amazon ECR: There is a connection issue between the task and "
                "Amazon ECR. Check your task network configuration."
            ),
            NETWORK,
        ),
        (
            (
                "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to "
                "resolve ref: dial tcp 10.0.0.1:443: i/o timeout"
            ),
            NETWORK,
        ),
        (
            (
                "ResourceInitializationError: failed to invoke EFS utils commands to set up EFS "
                "volumes: stderr: mount.nfs4: Connection timed out"
            ),
            NETWORK,
        ),
        (
            (
                "ResourceInitializationError: failed to validate logger args: AccessDeniedException: "
                "not authorized because no VPC endpoint policy allows the logs:PutLogEvents action"
            ),
            NETWORK,
        ),
        (
            (
                "ResourceInitializationError: unable to pull secrets or registry auth: execution "
                "resource retrieval failed: unable to retrieve secret from asm: AccessDeniedException"
            ),
            "a secret could not be read",
        ),
    ],
)
def test_a_network_is_not_taken_for_a_secret(reason: str, words: str) -> None:
    body = {"statusReason": "Task failed to start", "container": {"reason": reason}}
    assert failure(body) == words
