"""Images as a node's owner looks them up: each in the region where it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pennsieve_agent.aws.node_images import pinned
from pennsieve_agent.aws.session import Aws
from pennsieve_agent.domain.image_names import parse_image
from pennsieve_agent.errors import AwsError, UsageProblem
from tests.aws.emulator import NUMBER, reset, settings

STORE = f"{NUMBER}.dkr.ecr.us-east-1.amazonaws.com/app-store"
DOCUMENT = json.dumps(
    {
        "schemaVersion": 2,
        "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
        "config": {"digest": f"sha256:{'c' * 64}", "size": 1},
        "layers": [],
    }
)


@pytest.fixture
def european(emulator: str, tmp_path: Path) -> Aws:
    """A node's account in Frankfurt, and an image of it in Virginia."""
    reset(emulator)
    aws = Aws(settings(tmp_path, emulator), "eu-central-1")
    virginia = aws.at("us-east-1")
    virginia.call("ecr", "create_repository", repositoryName="app-store")
    virginia.call(
        "ecr",
        "put_image",
        repositoryName="app-store",
        imageManifest=DOCUMENT,
        imageTag="v1",
    )
    return aws


def test_an_image_in_another_region_is_asked_for_there(european: Aws) -> None:
    image = parse_image(f"{STORE}:v1")
    digest = pinned(european, image)
    assert digest.startswith("sha256:")
    assert image.pinned(digest) == f"{STORE}@{digest}"
    here = parse_image(f"{STORE.replace('us-east-1', 'eu-central-1')}:v1")
    with pytest.raises(AwsError, match="may not read the image that Pennsieve built") as refused:
        pinned(european, here)
    assert "pennsieve compute update NODE" in str(refused.value.hint)


def test_an_image_that_is_not_there_or_nowhere_in_aws(european: Aws) -> None:
    with pytest.raises(UsageProblem, match="is not in its registry"):
        pinned(european, parse_image(f"{STORE}:v2"))
    with pytest.raises(UsageProblem, match="is not in ECR"):
        pinned(european, parse_image("docker.io/library/python:3"))
