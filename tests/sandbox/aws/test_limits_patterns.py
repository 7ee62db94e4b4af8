"""The patterns of AWS's models are held, all but a few that are listed with a reason."""

from __future__ import annotations

import warnings

import botocore.session
import pytest

from pennsieve_agent.sandbox.aws.limits.patterns import NOT_HELD, compiled

SERVICES = (
    *("account", "batch", "budgets", "cloudformation", "cloudwatch", "codebuild", "dynamodb"),
    *("ec2", "ecr", "events", "iam", "kms", "lambda", "logs", "organizations"),
    *("resourcegroupstaggingapi", "s3", "s3files", "secretsmanager", "service-quotas", "sns"),
    *("sqs", "ssm", "sts"),
)
"""All services that a node's account works with."""


def test_all_patterns_are_held_but_those_in_the_list() -> None:
    session = botocore.session.get_session()
    refused = set()
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # Python's doubts about a pattern, such as nested sets
        for service in SERVICES:
            model = session.get_service_model(service)
            shapes = ((name, model.shape_for(name)) for name in model.shape_names)
            for name, shape in shapes:
                pattern = shape.metadata.get("pattern")
                if pattern and compiled(pattern) is None:
                    refused.add((service, name))
    assert refused == set(NOT_HELD)
    assert len(NOT_HELD) == 9
    assert all(NOT_HELD.values())


TAGS = r"^([\p{L}\p{Z}\p{N}_.:/=+\-@]*)$"


@pytest.mark.parametrize(
    ("pattern", "right", "wrong"),
    [
        (TAGS, "Schröder 5\u00a0µ_.:/=+-@", "a?b"),
        (TAGS, "中文 ½", "smile \U0001f600"),
        (r"[\w-_]*", "a-b_c", "a b"),
        (r"\d{12}", "123456789012", "١٢٣٤٥٦٧٨٩٠١٢"),
        (r"[a-z]+", "abc", "abc\n"),
        (r"[a-z]+", "abc", "xyz1"),
        (r"[\u0020-\uD7FF\uE000-\uFFFD\uD800\uDC00-\uDBFF\uDFFF\r\n\t]*", "\U0001f600", "\x00"),
    ],
)
def test_a_pattern_means_what_it_means_to_aws(pattern: str, right: str, wrong: str) -> None:
    python = compiled(pattern)
    assert python is not None
    assert python.fullmatch(right)
    assert not python.fullmatch(wrong)
