"""Commands that need no AWS never touch it: they run where its libraries cannot be imported."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pennsieve_agent.cli import tree
from pennsieve_agent.cli.command import click_command
from tests.cli.conftest import Lab, made
from tests.cli.harness import USES_AWS, Agent
from tests.prepared import Prepared

CONFIG = "PENNSIEVE_CONFIG"
AWS = {"boto3", "botocore", "s3transfer"}
#: They start or stop an emulated AWS, or the tests' own sandbox.
NOT_RUN = {("sandbox", word) for word in ("start", "stop", "reset")}
#: S3's own protocol carries the bytes of datasets, with keys of Pennsieve's and none of AWS's.
CARRY_BYTES = {("dataset", "upload"), ("dataset", "download")}


def commands() -> Iterator[list[str]]:
    """Every command but those, with a word for each argument that must be given."""
    for row in tree.walk():
        words = tuple(row.words.split())
        if words[:2] not in USES_AWS | NOT_RUN | CARRY_BYTES:
            yield [*words, *_given(click_command(row))]


def _given(command: Any) -> Iterator[str]:
    for parameter in command.params:
        if parameter.required:
            word = "1" if "int" in parameter.type.name else "x"
            yield from (
                [word]
                if parameter.param_type_name == "argument"
                else [
                    parameter.opts[0],
                    word,
                ]
            )


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, prepared: Prepared) -> Iterator[Lab]:
    """One in which nothing runs: ``run wait`` and ``run watch`` would wait for it."""
    found = made(tmp_path_factory.mktemp("no-aws"), prepared)
    yield found
    found.box.stop()


class NoAws:
    """Refuses to import AWS's libraries, and keeps who asked for one."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        del path, target
        if name.split(".", maxsplit=1)[0] in AWS:
            self.asked.append(name)
            raise ImportError(f"there is no {name} here")
        return None


@pytest.fixture
def no_aws(monkeypatch: pytest.MonkeyPatch) -> NoAws:
    for name in [name for name in sys.modules if name.split(".")[0] in AWS]:
        monkeypatch.delitem(sys.modules, name)
    finder = NoAws()
    monkeypatch.setattr(sys, "meta_path", [finder, *sys.meta_path])
    return finder


def test_no_command_imports_awss_libraries(
    lab: Lab, clean_machine: Path, no_aws: NoAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(clean_machine)  # some read the folder in which they are typed
    settings = clean_machine / "config.ini"
    agent = Agent(lab.box.environment() | {"HOME": str(clean_machine), CONFIG: str(settings)})
    lines = list(commands())
    assert len(lines) > 60
    touched, broken, codes = [], [], set()
    for words in lines:
        # Some change the settings: each gets them as they were.
        settings.write_text(Path(lab.box.environment()[CONFIG]).read_text())
        settings.chmod(0o600)
        result = agent(*words)
        codes.add(result.code)
        if no_aws.asked:
            touched.append((words, no_aws.asked.copy()))
            no_aws.asked.clear()
        if "called 'sandbox'" in result.err or "Traceback" in result.err:
            broken.append((words, result.err))
    assert touched == []
    assert broken == []
    assert codes >= {0, 2}


def test_the_others_do(agent: Agent, no_aws: NoAws) -> None:
    agent("aws", "test")
    assert no_aws.asked
