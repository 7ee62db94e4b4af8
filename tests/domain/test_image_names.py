from __future__ import annotations

import pytest

from pennsieve_agent.domain.image_names import (
    Ecr,
    ImageRef,
    archive_image,
    archive_of,
    ecr_of,
    is_transfer,
    parse_image,
)
from pennsieve_agent.errors import UsageProblem

HEX = "0123456789abcdef" * 4
DIGEST = f"sha256:{HEX}"
HOST = "123456789012.dkr.ecr.us-east-1.amazonaws.com"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("public.ecr.aws/docker/library/python:3.12-slim", ("public.ecr.aws", "3.12-slim", "")),
        (f"{HOST}/a/b@{DIGEST}", (HOST, "", DIGEST)),
        (f"{HOST}/a/b:v1@{DIGEST}", (HOST, "v1", DIGEST)),
        ("localhost:5000/x", ("localhost:5000", "", "")),
        (f"127.0.0.1:80/{HOST}/a/b:t", ("127.0.0.1:80", "t", "")),
    ],
)
def test_addresses_of_images(text: str, expected: tuple[str, str, str]) -> None:
    found = parse_image(text)
    assert (found.registry, found.tag, found.digest) == expected
    assert str(found) == text


@pytest.mark.parametrize(
    "text",
    ["", "python", "library/python", "a b/c", f"{HOST}/A", f"{HOST}/a@sha256:short", f"{HOST}/"],
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(UsageProblem, match="not the address of an image"):
        parse_image(text)


def test_what_is_asked_for() -> None:
    assert ImageRef("r", "x").reference == "latest"
    assert ImageRef("r", "x", "t").reference == "t"
    assert ImageRef("r", "x", "t", DIGEST).reference == DIGEST
    assert ImageRef("r", "x", "t").pinned(DIGEST) == f"r/x@{DIGEST}"


def test_whose_registry_it_is() -> None:
    assert ecr_of(HOST) == Ecr("123456789012", "us-east-1")
    assert ecr_of("public.ecr.aws") is None
    assert ecr_of(f"{HOST}.example.org") is None


def test_archives() -> None:
    assert archive_of(archive_image(HEX)) == HEX
    assert archive_of(f"{HOST}/archive@{DIGEST}") == ""
    assert archive_of("archive@sha256:short") == ""


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (f"{HOST}/pennsieve-node-0a1b2c3d/transfer@{DIGEST}", True),
        ("public.ecr.aws/docker/library/python:3.12-slim", True),
        (f"{HOST}/pennsieve-node-0a1b2c3d/docker/library/python:3.12-slim@{DIGEST}", True),
        (f"{HOST}/pennsieve-node-0a1b2c3d/workflows@{DIGEST}", False),
        (f"{HOST}/evil/transfer@{DIGEST}", False),
        (f"{HOST}/pennsieve-node-0a1b2c3d/transfer/workflows@{DIGEST}", False),
    ],
)
def test_the_image_in_which_files_are_moved(image: str, expected: bool) -> None:  # noqa: FBT001
    assert is_transfer(image) is expected
