"""Registering a node in an AWS account that is new, and so has small quotas."""

from __future__ import annotations

from pathlib import Path

import pytest

from pennsieve_agent.sandbox.aws.limits.function_quotas import QUOTA
from tests.cli.harness import Agent, Result
from tests.quick_sandbox import quick


def test_a_new_account_is_told_what_to_ask_aws_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lambda gives new accounts 10 calls at once, of which none can be reserved."""
    monkeypatch.setenv(QUOTA, "10")
    box = quick(tmp_path / "sandbox")
    box.start_detached(0, "process")
    try:
        agent = Agent({**box.environment(), "HOME": str(tmp_path)})
        result = agent("compute", "register", "--name", "mine", "--yes")
    finally:
        box.stop()
    assert result.code != 0
    assert "AWS quota 'Concurrent executions' is 10 in us-east-1" in words(result)
    assert "--quota-code L-B99A9384 --desired-value 1000" in words(result)


def words(result: Result) -> str:
    """What was shown, wherever the lines were broken."""
    return " ".join((result.out + result.err).split())
