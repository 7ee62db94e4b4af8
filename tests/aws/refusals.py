"""What AWS's side says of a wrong setting, asked where nothing leaves this machine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from pennsieve_agent.aws.session import Aws
from pennsieve_agent.domain.profile import AwsSettings
from pennsieve_agent.errors import AwsError
from pennsieve_agent.transfer.network import BUNDLES, FOLDER

KEYS = {"AWS_ACCESS_KEY_ID": "AKIAABCDEFGHIJKLMNOP", "AWS_SECRET_ACCESS_KEY": "not-to-be-told"}
ARN = "arn:aws:iam::111122223333:role/lab"


@pytest.fixture(autouse=True)
def no_answer(clean_machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is not noticed ends in no answer: nothing leaves this machine."""
    del clean_machine
    for name in (*BUNDLES, FOLDER):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


def refused(
    monkeypatch: pytest.MonkeyPatch, variables: Mapping[str, str], profile: str | None = None
) -> AwsError:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with Aws(AwsSettings(), profile=profile) as aws, pytest.raises(AwsError) as raised:
        aws.identity()
    error = raised.value
    assert "not-to-be-told" not in f"{error.message} {error.where} {error.hint}"
    assert error.hint
    return error
