"""The node's code: the same bytes everywhere, small, complete, and without our other libraries."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from pennsieve_agent import __version__
from pennsieve_agent.account.world.node_code import bundle
from pennsieve_agent.node import bundle as module
from pennsieve_agent.node.bundle import MOST_BYTES, files

#: Ours that a node has not, and what a sandbox or a terminal needs.
ELSEWHERE = (
    *("rich", "typer", "docker", "httpx", "keyring", "git", "yaml", "click"),
    *("pennsieve_agent.cli", "pennsieve_agent.sandbox", "pennsieve_agent.engine.docker_backend"),
)
GUARD = """
import sys
class Guard:
    def find_spec(self, name, path=None, target=None):
        if name in {elsewhere!r} or name.split(".")[0] in {elsewhere!r}:
            raise AssertionError(name + " is not on a node")
sys.meta_path.insert(0, Guard())
sys.path.insert(0, {archive!r})
"""


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "node.zip"
    path.write_bytes(bundle().data)
    return path


def alone(archive: Path, program: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a program that has the zip, the standard library and boto3, and nothing else of ours."""
    guard = GUARD.format(elsewhere=ELSEWHERE, archive=str(archive))
    command = [sys.executable, "-I", "-c", guard + program]
    kept = {"PATH": os.environ["PATH"], "AWS_EC2_METADATA_DISABLED": "true", **environ}
    return subprocess.run(
        command, capture_output=True, text=True, env=kept, timeout=120, check=False
    )


def test_the_same_bytes_each_time_wherever_the_package_lies(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = bundle()
    copy = tmp_path / "pennsieve_agent"
    shutil.copytree(module.ROOT, copy, ignore=shutil.ignore_patterns("__pycache__"))
    for path in copy.rglob("*.py"):
        path.chmod(0o600)
        os.utime(path, (0, 0))
    monkeypatch.setattr(module, "ROOT", copy)
    assert bundle().digest == first.digest
    assert first.digest == hashlib.sha256(first.data).hexdigest()
    assert first.version == __version__
    assert first.data not in repr(first).encode()


def test_small_and_of_one_package() -> None:
    found = bundle()
    assert len(found.data) < MOST_BYTES
    with zipfile.ZipFile(io.BytesIO(found.data)) as archive:
        names = archive.namelist()
        assert archive.testzip() is None
    assert names == sorted(names)
    assert {name.partition("/")[0] for name in names} == {"pennsieve_agent"}
    assert not [name for name in names if "/cli/" in name or "/sandbox/" in name]


def test_a_library_that_a_node_has_not_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "pennsieve_agent"
    shutil.copytree(module.ROOT, copy, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "node" / "extra.py").write_text("def later():\n    import httpx\n")
    monkeypatch.setattr(module, "ROOT", copy)
    with pytest.raises(
        ValueError, match=r"node/extra\.py imports httpx, which a node does not have"
    ):
        files()


@pytest.mark.parametrize("name", ["gateway", "reconciler", "relay"])
def test_functions_start_from_the_zip_alone(archive: Path, name: str) -> None:
    done = alone(
        archive,
        f"from pennsieve_agent.node import {name}\n"
        f"print({name}.__file__, callable({name}.handler))\n",
    )
    assert not done.returncode, done.stderr
    assert done.stdout.split() == [f"{archive}/pennsieve_agent/node/{name}.py", "True"]


def test_the_mover_starts_without_boto3_too(archive: Path) -> None:
    """The image of mover jobs has Python alone."""
    done = alone(
        archive,
        "before = set(sys.modules)\n"
        "from pennsieve_agent.node.transfer_job import main\n"
        "new = {name.partition('.')[0] for name in set(sys.modules) - before}\n"
        "print(sorted(new - set(sys.stdlib_module_names)))\n",
    )
    assert not done.returncode, done.stderr
    assert done.stdout.strip() == "['pennsieve_agent']"
