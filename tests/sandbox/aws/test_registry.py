"""The emulated ECR as engines and AWS's clients see it: one registry, told of alike."""

from __future__ import annotations

import base64
import io
import os
import signal
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from pennsieve_agent.aws.node_images import runs_archives
from pennsieve_agent.aws.registry import Registry
from pennsieve_agent.aws.registry_copy import copy_image, digest_of
from pennsieve_agent.aws.registry_http import Refusal
from pennsieve_agent.aws.session import Aws
from pennsieve_agent.engine.image_registry import pull, push
from pennsieve_agent.errors import EngineError, RegistryError, UsageProblem
from tests.aws.emulator import settings
from tests.engine.images import busybox_image
from tests.registries import digest, layer, needs_registry, put_image
from tests.sandbox.aws.account import (
    NUMBER,
    OWNER,
    REGION,
    Cloud,
    allow,
    open_cloud,
    service_trust,
)

HOST = f"{NUMBER}.dkr.ecr.{REGION}.amazonaws.com"
NAME = "pennsieve-node-0a1b2c3d/workflows"
PYTHON = "public.ecr.aws/docker/library/python:3.12-slim"
ARN = f"arn:aws:ecr:{REGION}:{NUMBER}:repository/{NAME}"


def made(cloud: Cloud, name: str = NAME, mutability: str = "IMMUTABLE") -> Any:
    ecr = cloud.owner.client("ecr")
    ecr.create_repository(repositoryName=name, imageTagMutability=mutability)
    return ecr


def login(client: Any) -> str:
    found = client.get_authorization_token()["authorizationData"][0]
    assert found["proxyEndpoint"].endswith(f"/{HOST}")
    return str(found["authorizationToken"])


def opened(cloud: Cloud, client: Any) -> Registry:
    return Registry(cloud.url, HOST, login(client))


@pytest.fixture
def owner(cloud: Cloud, tmp_path: Path) -> Iterator[Aws]:
    (tmp_path / "credentials").write_text(
        f"[default]\naws_access_key_id = {OWNER.access_key}\n"
        f"aws_secret_access_key = {OWNER.secret}\n"
    )
    with Aws(settings(tmp_path, cloud.url), REGION) as found:
        yield found


@needs_registry
def test_what_is_pushed_is_what_ecr_tells_of(cloud: Cloud) -> None:
    ecr = made(cloud)
    registry = opened(cloud, ecr)
    image = put_image(registry, NAME, [layer({"x": os.urandom(20_000_000)})])
    registry.put_document(NAME, "v1", image)
    for wanted in ({"imageTag": "v1"}, {"imageDigest": image.digest}):
        (found,) = ecr.batch_get_image(repositoryName=NAME, imageIds=[wanted])["images"]
        assert found["imageId"]["imageDigest"] == image.digest
        assert found["imageManifest"].encode() == image.content
        (detail,) = ecr.describe_images(repositoryName=NAME, imageIds=[wanted])["imageDetails"]
        assert detail["imageDigest"] == image.digest
    assert registry.document(NAME, "v1") == image
    row = image.json["layers"][0]
    with registry.blob(NAME, row["digest"]) as stream:
        assert digest(stream.read()) == row["digest"]


@needs_registry
def test_a_tag_that_is_immutable_stays(cloud: Cloud) -> None:
    ecr = made(cloud)
    registry = opened(cloud, ecr)
    one, other = (put_image(registry, NAME, [layer({"x": data})]) for data in (b"1", b"2"))
    registry.put_document(NAME, "v1", one)
    registry.put_document(NAME, "v1", one)
    with pytest.raises(RegistryError, match="cannot be overwritten because the tag is immutable"):
        registry.put_document(NAME, "v1", other)
    assert registry.document(NAME, "v1") == one


@needs_registry
def test_what_ecr_deleted_is_gone(cloud: Cloud) -> None:
    ecr = made(cloud)
    registry = opened(cloud, ecr)
    image = put_image(registry, NAME, [layer({"x": b"1"})])
    ecr.batch_delete_image(repositoryName=NAME, imageIds=[{"imageDigest": image.digest}])
    with pytest.raises(RegistryError, match="Requested image not found"):
        registry.document(NAME, image.digest)


@needs_registry
def test_who_may_do_what(cloud: Cloud) -> None:
    ecr = made(cloud)
    image = put_image(opened(cloud, ecr), NAME, [layer({"x": b"1"})])
    sign_in = ("ecr:GetAuthorizationToken", "*")
    pulls = [(f"ecr:{name}", ARN) for name in ("BatchGetImage", "GetDownloadUrlForLayer")]
    trust = service_trust("lambda.amazonaws.com")
    reader = cloud.assume(cloud.role("reader", trust, allow(sign_in, *pulls))).client("ecr")
    registry = opened(cloud, reader)
    assert registry.document(NAME, image.digest) == image
    with pytest.raises(RegistryError, match=r"not authorized to perform: ecr:InitiateLayerUpload"):
        registry.put_blob(NAME, digest(b"x"), 1, io.BytesIO(b"x"))
    with pytest.raises(RegistryError, match=r"not authorized to perform: ecr:PutImage"):
        registry.put_document(NAME, "v2", image)
    stranger = cloud.assume(cloud.role("stranger", trust, allow(("s3:GetObject", "*"))))
    with pytest.raises(Exception, match="AccessDenied"):
        login(stranger.client("ecr"))
    for word in ("", base64.b64encode(b"AWS:guess").decode()):
        with pytest.raises(Refusal) as caught:
            Registry(cloud.url, HOST, word).document(NAME, image.digest)
        assert caught.value.status == 401
    elsewhere = Registry(cloud.url, HOST.replace(NUMBER, "999999999999"), login(ecr))
    with pytest.raises(RegistryError, match="is not authorized to perform: ecr:Initiate"):
        elsewhere.put_blob(NAME, digest(b"x"), 1, io.BytesIO(b"x"))


@needs_registry
def test_a_repository_that_nobody_made(cloud: Cloud) -> None:
    registry = opened(cloud, cloud.owner.client("ecr"))
    with pytest.raises(RegistryError, match="repository with name 'no/such' does not exist"):
        registry.document("no/such", "v1")


@needs_registry
def test_images_outlast_the_sandbox(tmp_path: Path) -> None:
    with open_cloud(tmp_path) as cloud:
        image = put_image(opened(cloud, made(cloud)), NAME, [layer({"x": b"1"})])
    with open_cloud(tmp_path) as cloud:
        ecr = cloud.owner.client("ecr")
        assert opened(cloud, ecr).document(NAME, image.digest) == image
        wanted = [{"imageDigest": image.digest}]
        assert ecr.describe_images(repositoryName=NAME, imageIds=wanted)["imageDetails"]


@needs_registry
def test_a_registry_that_died_is_started_again(cloud: Cloud) -> None:
    ecr = made(cloud)
    registry = opened(cloud, ecr)
    image = put_image(registry, NAME, [layer({"x": b"1"})])
    guard = cloud.services._registry._guard
    assert guard is not None
    os.kill(guard.pid, signal.SIGKILL)
    guard.wait()
    assert registry.document(NAME, image.digest) == image


@needs_registry
def test_the_transfer_image_is_copied(cloud: Cloud, owner: Aws) -> None:
    ecr = made(cloud, "pennsieve-node-0a1b2c3d/transfer")
    wanted = digest_of(owner, PYTHON)

    def never(_: float) -> None:
        raise AssertionError("nothing was to be asked again")

    copied = copy_image(owner, PYTHON, "pennsieve-node-0a1b2c3d/transfer", never)
    assert copied == wanted
    found = ecr.describe_images(repositoryName="pennsieve-node-0a1b2c3d/transfer")
    assert [row["imageDigest"] for row in found["imageDetails"]] == [wanted]
    assert copy_image(owner, PYTHON, "pennsieve-node-0a1b2c3d/transfer", never) == wanted


def test_the_public_registry_has_python_alone(cloud: Cloud, owner: Aws) -> None:
    assert digest_of(owner, PYTHON) == digest_of(owner, PYTHON.replace("3.12", "3.13"))
    for name in ("public.ecr.aws/docker/library/python:2", "public.ecr.aws/other/image:3"):
        with pytest.raises(RegistryError, match="Not Found"):
            digest_of(owner, name)
    with pytest.raises(UsageProblem, match="not the address of an image"):
        digest_of(owner, "python")
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(f"{cloud.url}/v2/public.ecr.aws/x/blobs/y", timeout=5)  # noqa: S310
    assert caught.value.headers["WWW-Authenticate"].startswith("Bearer realm=")
    caught.value.close()


def test_without_the_program_an_image_is_copied_and_none_is_pushed(
    cloud: Cloud, owner: Aws, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    ecr = made(cloud)
    monkeypatch.setenv("PATH", str(tmp_path))
    copied = copy_image(owner, PYTHON, NAME, lambda _: None)
    registry = opened(cloud, ecr)
    image = registry.document(NAME, copied)
    for row in (image.json["config"], *image.json["layers"]):
        with registry.blob(NAME, row["digest"]) as stream:
            assert digest(stream.read()) == row["digest"]
    assert ecr.describe_images(repositoryName=NAME)["imageDetails"][0]["imageDigest"] == copied
    assert copy_image(owner, PYTHON, NAME, lambda _: None) == copied
    with pytest.raises(RegistryError, match="docker-registry is not installed"):
        runs_archives(owner)
    with pytest.raises(RegistryError, match="refused"):
        registry.put_blob(NAME, digest(b"x"), 1, io.BytesIO(b"y"))
    assert not registry.has_blob(NAME, digest(b"x"))


@pytest.mark.docker
@needs_registry
def test_an_engine_pushes_and_pulls_by_digest(cloud: Cloud) -> None:
    ecr = made(cloud)
    client = docker.from_env()
    name = f"{cloud.url.removeprefix('http://')}/{HOST}/{NAME}"
    lines: list[str] = []
    try:
        image = busybox_image()
        pushed = push(client, image, name, "one", login(ecr), lines.append)
        (row,) = ecr.batch_get_image(repositoryName=NAME, imageIds=[{"imageTag": "one"}])["images"]
        assert row["imageId"]["imageDigest"] == pushed
        found = pull(client, name, pushed, login(ecr))
        assert found == client.images.get(image).id
        said = client.containers.run(found, ["/bin/echo", "hello"], remove=True)
        assert said == b"hello\n"
        with pytest.raises(EngineError, match=r"could not (be pulled|pull)"):
            pull(client, name, f"sha256:{'0' * 64}", login(ecr))
        guess = base64.b64encode(b"AWS:guess").decode()
        with pytest.raises(EngineError, match="could not be pushed"):
            push(client, image, name, "two", guess, lines.append)
    finally:
        subprocess.run(
            ["docker", "rmi", f"{name}@{pushed}"], capture_output=True, check=False, timeout=60
        )
        client.close()
