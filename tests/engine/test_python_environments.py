"""Environments with a real pip, and a package made on the spot."""

from __future__ import annotations

import subprocess
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pennsieve_agent.engine.backend import Log
from pennsieve_agent.engine.dockerfile_runs import PipInstall
from pennsieve_agent.engine.python_environments import pip_environment
from pennsieve_agent.engine.python_environments import python_environment as make_environment
from pennsieve_agent.errors import SourceError
from tests.engine.make import Lines

NAME = "requirements.txt"
REQUIREMENTS = PipInstall(".", ("--requirement", NAME), (NAME,))


def python_environment(cache: Path, code: Path, log: Log) -> Path:
    """An environment for the repository's requirements, if it has any."""
    installs = [REQUIREMENTS] if (code / NAME).is_file() else []
    return make_environment(cache, code, installs, log, threading.Event())


def make_wheel(folder: Path) -> Path:
    """A package "tiny" with one command, as a wheel."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "tiny-1.0-py3-none-any.whl"
    info = "tiny-1.0.dist-info"
    files = {
        "tiny.py": "def main() -> None:\n    print('tiny 1.0')\n",
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": "[console_scripts]\ntiny = tiny:main\n",
    }
    record = "".join(f"{name},,\n" for name in [*files, f"{info}/RECORD"])
    with zipfile.ZipFile(path, "w") as wheel:
        for name, text in {**files, f"{info}/RECORD": record}.items():
            wheel.writestr(name, text)
    return path


def require(root: Path, text: str) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    (root / "requirements.txt").write_text(text)
    return root


def test_requirements_are_installed_once(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path / "wheels")
    code, lines = require(tmp_path / "code", f"tiny @ {wheel.as_uri()}\n"), Lines()

    home = python_environment(tmp_path / "cache", code, lines)
    found = subprocess.run([home / "bin" / "tiny"], capture_output=True, text=True, check=True)
    assert found.stdout == "tiny 1.0\n"
    assert any("Successfully installed tiny-1.0" in line for line in lines)

    again = Lines()
    assert python_environment(tmp_path / "cache", code, again) == home
    assert again == []


def test_one_half_made_is_made_anew(tmp_path: Path) -> None:
    code = tmp_path / "code"
    code.mkdir()
    home = python_environment(tmp_path / "cache", code, Lines())
    (home / ".complete").unlink()
    (home / "trace").touch()
    assert python_environment(tmp_path / "cache", code, Lines()) == home
    assert not (home / "trace").exists()


def test_only_one_is_made_at_a_time(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path / "wheels")
    code, lines = require(tmp_path / "code", f"tiny @ {wheel.as_uri()}\n"), Lines()
    with ThreadPoolExecutor(3) as pool:
        made = [pool.submit(python_environment, tmp_path / "cache", code, lines) for _ in range(3)]
    assert len({future.result() for future in made}) == 1
    assert lines.count("installing requirements.txt") == 1


def test_requirements_that_cannot_be_met(tmp_path: Path) -> None:
    code, lines = require(tmp_path / "code", "./nowhere.whl\n"), Lines()
    for _ in range(2):
        with pytest.raises(SourceError, match="could not install"):
            python_environment(tmp_path / "cache", code, lines)
    assert any("nowhere.whl" in line for line in lines)


def test_requirements_decide_which_environment(tmp_path: Path) -> None:
    def home(name: str, text: str | None) -> Path:
        code = tmp_path / name
        code.mkdir(exist_ok=True)
        if text is not None:
            require(code, text)
        return python_environment(tmp_path / "cache", code, Lines())

    plain = home("a", None)
    assert plain == home("b", None)
    # What they name may be another file in another repository.
    wheel = make_wheel(tmp_path / "c").name
    assert make_wheel(tmp_path / "d").name == wheel
    assert len({plain, home("c", f"./{wheel}\n"), home("d", f"./{wheel}\n")}) == 3


def test_requirements_in_a_folder_and_packages_of_the_repository(tmp_path: Path) -> None:
    code = tmp_path / "code"
    make_wheel(code / "wheels")
    require(code / "below", "../wheels/tiny-1.0-py3-none-any.whl\n")
    path = f"below/{NAME}"
    below = PipInstall("below", ("--requirement", NAME), (path,))
    wheel = "wheels/tiny-1.0-py3-none-any.whl"
    own = PipInstall(".", (f"./{wheel}",), packages=(wheel,))
    homes, lines = set(), Lines()
    for install in (below, own):
        home = make_environment(tmp_path / "cache", code, [install], lines, threading.Event())
        assert (home / "bin" / "tiny").exists()
        homes.add(home)
    assert len(homes) == 2
    assert f"installing {path}" in lines


def test_a_packages_build_sees_no_secret() -> None:
    found = pip_environment(
        {"PATH": "/bin", "PIP_INDEX_URL": "u", "https_proxy": "p", "AWS_SECRET_ACCESS_KEY": "s"}
    )
    assert found == {"PATH": "/bin", "PIP_INDEX_URL": "u", "https_proxy": "p"}
