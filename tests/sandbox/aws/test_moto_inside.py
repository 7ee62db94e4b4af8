"""What the sandbox uses of moto's inside, name by name; a new moto that changes one fails here.

A test of a sandbox would fail too, but not say why. Every import of moto in the package has its
test here, and no import has none.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws

import pennsieve_agent.sandbox
from tests.aws.emulator import IGNORED
from tests.sandbox.aws import moto_data, moto_runs, moto_stacks
from tests.sandbox.aws.moto_names import (
    TESTS,
    named,
    of,
    takes,
)

pytestmark = pytest.mark.filterwarnings(IGNORED)
PARTS = (moto_data, moto_runs, moto_stacks)
"""Each adds its own to the list."""


def imported_of_moto() -> set[str]:
    """Every name that the sandbox imports from moto."""
    return {
        f"{node.module}:{alias.name}"
        for path in Path(pennsieve_agent.sandbox.__file__).parent.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "moto"
        for alias in node.names
    }


@pytest.fixture(autouse=True)
def aws() -> Iterator[None]:
    with mock_aws():
        yield


@of("moto:backends", "moto.core:responses")
def what_moto_knows_of_itself(backends: Any, responses: Any) -> None:
    takes(backends.list_of_moto_modules)
    assert "s3" in set(backends.list_of_moto_modules())
    takes(responses.method_names_from_class, "clazz")


@of("moto.moto_api._internal:mock_random")
def random_names(mock_random: Any) -> None:
    mock_random.seed("a")
    first = mock_random.uuid4()
    mock_random.seed("a")
    assert mock_random.uuid4() == first


@of(
    "moto.moto_server.werkzeug_app:DomainDispatcherApplication",
    "moto.moto_server.werkzeug_app:create_backend_app",
)
def server(dispatcher: Any, create_backend_app: Any) -> None:
    takes(create_backend_app, "service")
    takes(dispatcher.__init__, "self", "create_app")


def test_every_import_of_moto_has_its_test() -> None:
    assert sorted(imported_of_moto()) == sorted(name for names in TESTS for name in names)


@pytest.mark.parametrize("names", TESTS, ids=", ".join)
def test_moto_still_has(names: tuple[str, ...]) -> None:
    TESTS[names](*map(named, names))
