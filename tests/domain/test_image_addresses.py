from __future__ import annotations

import pytest

from pennsieve_agent.domain.image_addresses import (
    address_of,
    image_of,
    is_image,
    shown_image,
    tag_of,
)
from pennsieve_agent.errors import UsageProblem

DIGEST = "sha256:" + "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("text", "name", "tag", "address"),
    [
        ("nipreps/mriqc:24.0.2", "docker.io/nipreps/mriqc", "24.0.2", "nipreps/mriqc"),
        ("docker.io/nipreps/mriqc", "docker.io/nipreps/mriqc", "latest", "nipreps/mriqc"),
        ("busybox:1.36", "docker.io/library/busybox", "1.36", "busybox"),
        ("index.docker.io/a/b:1", "docker.io/a/b", "1", "a/b"),
        ("ghcr.io/a/b/c:v1", "ghcr.io/a/b/c", "v1", "ghcr.io/a/b/c"),
        ("localhost:5000/a:1", "localhost:5000/a", "1", "localhost:5000/a"),
        (f"quay.io/a/b@{DIGEST}", "quay.io/a/b", "0123456789ab", "quay.io/a/b"),
    ],
)
def test_addresses_as_people_write_them(text: str, name: str, tag: str, address: str) -> None:
    image = image_of(f"docker://{text}")
    assert (image.name, tag_of(image)) == (name, tag)
    assert address_of(image) == f"docker://{address}"
    assert image_of(address_of(image)).name == name


def test_another_tag_or_digest() -> None:
    assert image_of("docker://a/b:1", "2").tag == "2"
    assert str(image_of("docker://a/b:1", DIGEST)) == f"docker.io/a/b@{DIGEST}"


@pytest.mark.parametrize("text", ["", "a b", "A/B:1", "a/b:", "a/b:1:2", "a/b@sha256:12", "://x"])
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(UsageProblem, match="is not the address of an image"):
        image_of(f"docker://{text}")


def test_a_private_registry_of_aws() -> None:
    with pytest.raises(UsageProblem, match="a private registry of AWS"):
        image_of("docker://123456789012.dkr.ecr.us-east-1.amazonaws.com/a:1")


def test_only_well_known_registries_are_told() -> None:
    assert shown_image("docker://nipreps/mriqc") == "docker://nipreps/mriqc"
    assert shown_image("docker://ghcr.io/a/b") == "docker://ghcr.io/a/b"
    assert shown_image("docker://registry.my-lab.example/group/secret") == "image:secret"


def test_what_is_meant_as_an_image() -> None:
    assert is_image("docker://a/b")
    assert not is_image("https://github.com/a/b")
