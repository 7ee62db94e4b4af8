"""What an image is on the sandbox's machines: an archive's program, or what was pulled."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import docker
import pytest

from pennsieve_agent.engine.docker_backend import DockerBackend
from pennsieve_agent.engine.image_registry import push
from pennsieve_agent.engine.process_backend import ProcessBackend
from pennsieve_agent.errors import AgentError, EngineError, SourceError
from pennsieve_agent.sandbox.compute import SCHEMA
from pennsieve_agent.sandbox.compute.apps.images import HOST, REPOSITORY, Images
from pennsieve_agent.sandbox.host.store import Store
from pennsieve_agent.sandbox.host.world import PLATFORM_ACCOUNT_ID, Urls, World
from pennsieve_agent.source.commit_archive import pack
from tests.engine.images import busybox_image
from tests.registries import needs_registry
from tests.sandbox.aws.account import NUMBER, REGION, Cloud, open_cloud

BUCKET = f"pennsieve-node-0a1b2c3d-{NUMBER}-{REGION}"
DOCKERFILE = 'FROM busybox\nCOPY . /app\nENTRYPOINT ["/bin/sh", "/app/run.sh"]\n'


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Cloud]:
    with open_cloud(tmp_path / "aws") as made:
        yield made


@pytest.fixture
def world(cloud: Cloud, tmp_path: Path) -> Iterator[World]:
    store = Store(tmp_path / "sandbox.db", [SCHEMA])
    with closing(store):
        yield World(tmp_path, store, Urls("", "", cloud.url), lambda: 1.0)


def packed(folder: Path, files: dict[str, str]) -> bytes:
    for name, text in files.items():
        (folder / "files" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "files" / name).write_text(text)
    return pack(folder / "files", folder / "archive").path.read_bytes()


def uploaded(cloud: Cloud, content: bytes, name: str = "") -> str:
    """Put an archive into the node's bucket; answers the image that it is."""
    sha256 = name or hashlib.sha256(content).hexdigest()
    s3 = cloud.owner.client("s3")
    s3.create_bucket(Bucket="another")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key=f"archives/{sha256}.tar.gz", Body=content)
    return f"archive@sha256:{sha256}"


def test_an_archive_is_made_ready_once(cloud: Cloud, world: World, tmp_path: Path) -> None:
    content = packed(
        tmp_path, {"Dockerfile": DOCKERFILE, "run.sh": "echo hello\n", "requirements.txt": "#\n"}
    )
    image = uploaded(cloud, content)
    images = Images(world, ProcessBackend(tmp_path / "cache", "node"))
    said: list[str] = []
    program = images.program(image, said.append)
    assert program is not None
    assert said[0] == "installing requirements.txt"
    code = Path(json.loads(program.reference)["code"])
    assert (code / "run.sh").read_text() == "echo hello\n"
    cloud.owner.client("s3").delete_object(
        Bucket=BUCKET, Key=f"archives/{image.rpartition(':')[2]}.tar.gz"
    )
    assert images.program(image) == program
    assert images.program(f"archive@sha256:{'0' * 64}") is None


def test_an_archive_that_is_another_is_refused(cloud: Cloud, world: World, tmp_path: Path) -> None:
    image = uploaded(cloud, packed(tmp_path, {"Dockerfile": DOCKERFILE}), "0" * 64)
    images = Images(world, ProcessBackend(tmp_path / "cache", "node"))
    with pytest.raises(EngineError, match="not what its name says"):
        images.program(image)


@pytest.mark.parametrize(
    ("name", "kind", "target"),
    [
        ("../out", tarfile.REGTYPE, ""),
        ("/etc/out", tarfile.REGTYPE, ""),
        ("link", tarfile.SYMTYPE, "../../out"),
        ("link", tarfile.SYMTYPE, "/etc/passwd"),
        ("device", tarfile.CHRTYPE, ""),
        ("hard", tarfile.LNKTYPE, "Dockerfile"),
    ],
)
def test_an_archive_stays_in_its_folder(
    cloud: Cloud, world: World, tmp_path: Path, name: str, kind: bytes, target: str
) -> None:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as tar:
        entry = tarfile.TarInfo(name)
        entry.type, entry.linkname = kind, target
        tar.addfile(entry, io.BytesIO())
    image = uploaded(cloud, content.getvalue())
    images = Images(world, ProcessBackend(tmp_path / "cache", "node"))
    with pytest.raises(SourceError, match="the archive cannot be unpacked"):
        images.program(image)


def test_an_archive_that_cannot_be_built_says_why(
    cloud: Cloud, world: World, tmp_path: Path
) -> None:
    image = uploaded(cloud, packed(tmp_path, {"run.sh": "x"}))
    images = Images(world, ProcessBackend(tmp_path / "cache", "node"))
    with pytest.raises(SourceError, match="no Dockerfile"):
        images.program(image)


@pytest.mark.parametrize(
    "image",
    [
        "busybox",
        f"{HOST}/{REPOSITORY}:v1",
        f"{NUMBER}.dkr.ecr.{REGION}.amazonaws.com/pennsieve-node-0a1b2c3d/transfer@sha256:"
        + "0" * 64,
        f"{HOST}/{REPOSITORY}@sha256:{'0' * 64}",
    ],
)
def test_what_is_no_program(world: World, tmp_path: Path, image: str) -> None:
    assert Images(world, ProcessBackend(tmp_path / "cache", "node")).program(image) is None


class Engine:
    """A Docker backend, and what it is to leave."""

    def __init__(self) -> None:
        self.client = docker.from_env()
        self.backend = DockerBackend(self.client, "test-programs")

    def forget(self, name: str) -> None:
        subprocess.run(["docker", "rmi", name], capture_output=True, check=False, timeout=60)


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = Engine()
    yield made
    made.backend.close()


def sign_in(client: Any) -> tuple[str, str]:
    found = client.get_authorization_token()["authorizationData"][0]
    return found["proxyEndpoint"].partition("://")[2], found["authorizationToken"]


@pytest.mark.docker
@needs_registry
def test_what_the_store_built_is_pulled_by_digest(
    cloud: Cloud, world: World, engine: Engine
) -> None:
    images = Images(world, engine.backend)
    image = engine.client.images.get(busybox_image()).id
    version = {"uuid": "one", "backend": "docker", "reference": image}
    images.put(version)
    ecr = cloud.owner.client("ecr")
    (row,) = ecr.batch_get_image(
        registryId=PLATFORM_ACCOUNT_ID, repositoryName=REPOSITORY, imageIds=[{"imageTag": "one"}]
    )["images"]
    digest = row["imageId"]["imageDigest"]
    assert json.loads(row["imageManifest"])["layers"]
    found = images.program(f"{HOST}/{REPOSITORY}@{digest}")
    assert found is not None
    assert (found.backend, found.reference) == ("docker", image)
    engine.forget(f"{cloud.url[7:]}/{HOST}/{REPOSITORY}@{digest}")


@pytest.mark.docker
@needs_registry
def test_what_was_pushed_to_a_node_is_pulled_by_digest(
    cloud: Cloud, world: World, engine: Engine
) -> None:
    ecr = cloud.owner.client("ecr")
    name = "pennsieve-node-0a1b2c3d/workflows"
    ecr.create_repository(repositoryName=name, imageTagMutability="IMMUTABLE")
    root, login = sign_in(ecr)
    digest = push(engine.client, busybox_image(), f"{root}/{name}", "one", login, print)
    images = Images(world, engine.backend)
    host = f"{NUMBER}.dkr.ecr.{REGION}.amazonaws.com"
    found = images.program(f"{host}/{name}@{digest}")
    assert found is not None
    assert found.reference == engine.client.images.get(busybox_image()).id
    with pytest.raises(AgentError, match="pull"):
        images.program(f"{host}/{name}@sha256:{'0' * 64}")
    engine.forget(f"{root}/{name}@{digest}")
