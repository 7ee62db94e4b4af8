"""Clients that send whatever they are told to, once, so that the service itself refuses it."""

from __future__ import annotations

from typing import Any

from botocore.config import Config

from tests.aws.held_clients import release
from tests.sandbox.aws.account import Cloud

NEVER = {"max_attempts": 0}


def client(cloud: Cloud, service: str) -> Any:
    """A client that checks nothing itself."""
    config = Config(parameter_validation=False, retries=NEVER)
    return release(cloud.owner.client(service, config=config))
