"""What AWS says of a job that cannot start, in words for whoever started the run."""

from __future__ import annotations

import pytest

from pennsieve_agent.node.runs.batch_reasons import failure

NETWORK = "its network does not lead to an AWS service that it needs before it can start"


START = "ResourceInitializationError: "
AUTH = f"{START}unable to pull secrets or registry auth: "


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (f"{AUTH}The task cannot pull registry auth: There is a connection issue", NETWORK),
        ("CannotPullContainerError: failed to resolve ref: dial tcp: i/o timeout", NETWORK),
        (f"{START}failed to invoke EFS utils: mount.nfs4: Connection timed out", NETWORK),
        (f"{START}no VPC endpoint policy allows the logs:PutLogEvents action", NETWORK),
        (f"{AUTH}unable to retrieve secret from asm: AccessDenied", "a secret could not be read"),
    ],
)
def test_a_network_is_not_taken_for_a_secret(reason: str, words: str) -> None:
    body = {"statusReason": "Task failed to start", "container": {"reason": reason}}
    assert failure(body) == words
