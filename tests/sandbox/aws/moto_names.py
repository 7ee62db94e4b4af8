"""The list of what the sandbox uses of moto's inside, and how that is asked for."""

from __future__ import annotations

import importlib
import inspect
import json
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import boto3
import pytest

ACCOUNT, REGION = "123456789012", "us-east-1"
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"
ALLOWED = {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"}
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [ALLOWED]})
TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})
Test = Callable[..., None]
#: The tests by what the package imports, which is what they are given.
TESTS: dict[tuple[str, ...], Test] = {}


def of(*names: str) -> Callable[[Test], Test]:
    """Say which imports a test is about."""

    def add(test: Test) -> Test:
        TESTS[names] = test
        return test

    return add


def named(name: str) -> Any:
    """What ``module:name`` names in this moto."""
    module, _, attribute = name.partition(":")
    try:
        found = importlib.import_module(module)
        if not hasattr(found, attribute):
            importlib.import_module(f"{module}.{attribute}")  # which sets it, where it is a module
        return getattr(found, attribute)
    except ImportError as error:
        pytest.fail(f"moto {version('moto')} has no {name}, which the sandbox uses: {error}")


def client(service: str) -> Any:
    return boto3.client(
        service, region_name=REGION, aws_access_key_id="AKIAX", aws_secret_access_key="s"
    )


def takes(function: Callable[..., Any], *names: str) -> None:
    """A function has these parameters, in this order, and more only if they may be left out."""
    parameters = list(inspect.signature(function).parameters.values())
    assert [p.name for p in parameters[: len(names)]] == list(names), function
    assert all(
        p.default is not p.empty or p.kind >= p.VAR_POSITIONAL for p in parameters[len(names) :]
    )


def has(thing: object, *names: str) -> None:
    assert [name for name in names if not hasattr(thing, name)] == [], type(thing)
