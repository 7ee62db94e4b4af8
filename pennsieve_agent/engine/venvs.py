"""Python environments for ``requirements.txt`` files, built once and kept."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import platform
import subprocess
import sys
import threading
import venv
from collections.abc import Iterator, Mapping
from pathlib import Path

from pennsieve_agent.engine.backend import Log
from pennsieve_agent.engine.children import run_child
from pennsieve_agent.engine.files import remove_tree
from pennsieve_agent.errors import EngineError, SourceError

REQUIREMENTS = "requirements.txt"
_COMPLETE = ".complete"
#: What pip needs to reach its index. Nothing else of our environment goes to a package's build.
_KEPT = ("PATH", "HOME", "LANG", "TMPDIR", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")
_KEPT_BEGINNINGS = ("PIP_", "LC_", "XDG_CACHE_")
_KEPT_ENDINGS = ("_proxy", "_PROXY")


def python_environment(cache: Path, code: Path, log: Log) -> Path:
    """A virtual environment with what ``code`` requires, from the cache or made now.

    One is made at a time for the same requirements, also by several processes. It is made in its
    final place, because its scripts name that place, and counts only when a file in it says that
    it is complete.

    Raises:
        SourceError: the requirements cannot be installed; the log says why.
        EngineError: this Python cannot make environments.
        OSError: for example, no space left.

    """
    cache.mkdir(parents=True, exist_ok=True)
    home = cache / _key(code)
    with _locked(home.with_suffix(".lock")):
        if (home / _COMPLETE).is_file() and (home / "bin" / "python").exists():
            return home
        remove_tree(home)
        _create(home)
        if (code / REQUIREMENTS).is_file():
            log(f"installing {REQUIREMENTS}")
            _install(home, code, log)
        (home / _COMPLETE).touch()
    return home


def _key(code: Path) -> str:
    """What an environment depends on: the requirements, and the Python it is made of."""
    digest = hashlib.sha256(f"{sys.version} {sys.base_prefix} {platform.machine()}".encode())
    requirements = code / REQUIREMENTS
    if requirements.is_file():
        text = requirements.read_bytes()
        digest.update(text)
        if _is_local(text.decode("utf-8", "replace")):
            digest.update(str(code).encode())
    return digest.hexdigest()[:24]


def _is_local(text: str) -> bool:
    """Whether requirements name files of the repository, so that they are its own alone."""
    lines = (line.strip() for line in text.splitlines())
    return any(line.startswith(("-", ".", "/")) or "file:" in line for line in lines)


def _create(home: Path) -> None:
    has_pip = importlib.util.find_spec("pip") is not None
    try:
        venv.EnvBuilder(with_pip=not has_pip, symlinks=True).create(home)
    except subprocess.CalledProcessError:
        raise EngineError(
            "this Python cannot make virtual environments",
            where=sys.executable,
            hint="install its venv and pip parts, for example: apt install python3-venv",
        ) from None


def _install(home: Path, code: Path, log: Log) -> None:
    # Our own pip installs into it: five times as fast as putting a pip into each environment.
    # -I keeps a file of the repository called pip.py, or the like, from being imported.
    python = str(home / "bin" / "python")
    has_pip = (home / "bin" / "pip").exists()
    pip = [python, "-I", "-m", "pip"] if has_pip else [sys.executable, "-I", "-m", "pip"]
    end = run_child(
        [
            *pip,
            *(() if has_pip else ("--python", python)),
            *("install", "--no-compile", "--no-input", "--disable-pip-version-check"),
            *("--progress-bar", "off", "--requirement", REQUIREMENTS),
        ],
        cwd=code,
        env=pip_environment(os.environ),
        log=log,
        stop=threading.Event(),
    )
    if end.code != 0:
        raise SourceError(
            f"what {REQUIREMENTS} asks for could not be installed",
            where=str(code / REQUIREMENTS),
            hint="the log has pip's own words; with a container engine, the Dockerfile decides",
        )


def pip_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The part of an environment that pip needs; a package's build sees it too."""
    return {
        name: value
        for name, value in environ.items()
        if name in _KEPT or name.startswith(_KEPT_BEGINNINGS) or name.endswith(_KEPT_ENDINGS)
    }


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
