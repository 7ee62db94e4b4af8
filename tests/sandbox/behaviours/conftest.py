"""Each module of tests has a bench of its own, on each machine that runs steps."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.engine.images import python_image
from tests.prepared import Prepared
from tests.sandbox.behaviours.bench import NO_ENGINE, Bench


@pytest.fixture(
    scope="module",
    params=["process", pytest.param("docker", marks=pytest.mark.docker)],
)
def bench(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    prepared: Prepared,
) -> Iterator[Bench]:
    name = str(request.param)
    contained = name == "docker"
    image = python_image() if contained else "python:3.11-slim"
    with pytest.MonkeyPatch.context() as patch:
        if not contained:
            patch.setenv("DOCKER_HOST", NO_ENGINE)
        made = Bench(tmp_path_factory.mktemp("bench"), name, image, prepared)
        yield made
        made.aws.close()
        made.box.stop()
